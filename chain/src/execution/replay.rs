//! Runs the transactions of a block again, one after another, each under an inspector of its own.

use super::{BlockRecord, ChainView, Overlay, Sandbox, TraceError, Transaction};
use alloy_consensus::transaction::Recovered;
use alloy_evm::{
    FromRecoveredTx,
    eth::EthEvmContext,
    revm::{Inspector, context::TxEnv, context::result::ResultAndState},
};
use alloy_primitives::B256;
use utnet_primitives::Height;

/// A transaction that ran again; what it changed is not kept yet.
pub(crate) struct Replayed<'a, I> {
    /// The transaction.
    pub(crate) transaction: &'a Recovered<Transaction>,
    /// Its position in the block.
    pub(crate) index: usize,
    /// What watched it.
    pub(crate) inspector: I,
    /// What it gave and changed.
    pub(crate) outcome: &'a ResultAndState,
    /// The state before it.
    pub(crate) before: &'a Sandbox,
}

impl<I> Replayed<'_, I> {
    /// The hash of the transaction.
    pub(crate) fn hash(&self) -> B256 {
        *self.transaction.tx_hash()
    }
}

/// Runs all transactions of a block again; `read` sees each before the next one runs.
///
/// # Errors
/// When the block does not run again, or `read` fails.
pub(crate) fn replay_block<I, R>(
    view: &ChainView,
    block: &BlockRecord,
    inspector: impl Fn() -> I,
    mut read: impl FnMut(Replayed<'_, I>) -> Result<R, TraceError>,
) -> Result<Vec<R>, TraceError>
where
    I: for<'a> Inspector<EthEvmContext<&'a mut Overlay>>,
{
    if block.transactions.is_empty() {
        // Genesis, too, has no state before it.
        return Ok(Vec::new());
    }
    let mut sandbox = Sandbox::before_transaction(view, block.height(), 0)?;
    let mut all = Vec::with_capacity(block.transactions.len());
    for (index, transaction) in block.transactions.iter().enumerate() {
        let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
        let mut inspector = inspector();
        let outcome = sandbox.run(env, &mut inspector)?;
        let before = &sandbox;
        all.push(read(Replayed { transaction, index, inspector, outcome: &outcome, before })?);
        sandbox.commit(outcome.state);
    }
    Ok(all)
}

/// Runs one transaction of a block again; `None` above the last.
///
/// # Errors
/// When the block is not on the chain or does not run again, or `read` fails.
pub(crate) fn replay_transaction<I, R>(
    view: &ChainView,
    (height, index): (Height, usize),
    mut inspector: I,
    read: impl FnOnce(&BlockRecord, Replayed<'_, I>) -> Result<R, TraceError>,
) -> Result<R, TraceError>
where
    I: for<'a> Inspector<EthEvmContext<&'a mut Overlay>>,
{
    let block = view.body(height)?.ok_or(TraceError::NoBlock { height })?;
    let transaction =
        block.transactions.get(index).ok_or(TraceError::NoTransaction { height, index })?;
    let mut sandbox = Sandbox::before_transaction(view, height, index)?;
    let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
    let outcome = sandbox.run(env, &mut inspector)?;
    let before = &sandbox;
    read(&block, Replayed { transaction, index, inspector, outcome: &outcome, before })
}
