//! Builds a block on the head: the first of the engine's three calls (propose, judge, finalise).

use super::header::{self, Attributes};
use crate::{
    execution::{
        At, BlockRecord, BlockRun, ChainView, Console, ExecutionError, Notes, Overlay, ReadError,
        Rewards, Sandbox, Transaction, settle,
    },
    pool::{PooledEntry, Ready},
};
use alloy_consensus::{Header, Sealable, Transaction as _, transaction::Recovered};
use alloy_eips::{Encodable2718, eip4895::Withdrawal, eip7685::Requests};
use alloy_evm::revm::{
    context::result::{EVMError, InvalidTransaction},
    database::CacheDB,
};
use alloy_primitives::{Address, TxHash};
use std::sync::Arc;
use utnet_db::StateChanges;
use utnet_primitives::Seconds;

/// Longest RLP of a block from Osaka on, in bytes (EIP-7934).
pub(crate) const LONGEST_BLOCK: usize = 8_388_608;

/// Bytes kept for header, withdrawals and list prefixes of a block.
const BLOCK_FRAME: usize = 4_096;

/// Where a block's transactions come from.
pub trait Source {
    /// The next transaction to try.
    fn pull(&mut self) -> Option<Arc<PooledEntry>>;

    /// Leaves out what else this sender has.
    fn skip(&mut self, sender: Address);
}

impl Source for Ready<'_> {
    fn pull(&mut self) -> Option<Arc<PooledEntry>> {
        Iterator::next(self)
    }

    fn skip(&mut self, sender: Address) {
        Ready::skip(self, sender);
    }
}

/// The first transactions of a source.
pub(crate) struct AtMost<'a> {
    pub(crate) source: &'a mut dyn Source,
    /// How many are left.
    pub(crate) most: u64,
}

impl Source for AtMost<'_> {
    fn pull(&mut self) -> Option<Arc<PooledEntry>> {
        self.most = self.most.checked_sub(1)?;
        self.source.pull()
    }

    fn skip(&mut self, sender: Address) {
        self.source.skip(sender);
    }
}

/// A fixed list of transactions, all to be tried.
impl Source for std::vec::IntoIter<Arc<PooledEntry>> {
    fn pull(&mut self) -> Option<Arc<PooledEntry>> {
        Iterator::next(self)
    }

    fn skip(&mut self, _sender: Address) {}
}

/// A block that could be the next one; under POCI not sealed yet.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The block.
    pub block: BlockRecord,
    /// What it changes.
    pub state: StateChanges,
    /// Transactions that can never enter a block on this head any more, with the reason.
    pub invalid: Vec<(TxHash, InvalidTransaction)>,
    /// Transactions that need what only the forked chain's node knows, which does not answer.
    pub left: Vec<(TxHash, ReadError)>,
    /// EIP-7685 requests that the block makes.
    pub requests: Requests,
    /// The state after the block.
    pub after: Overlay,
    /// What its transactions said, if somebody listened.
    pub notes: Notes,
}

impl Proposal {
    /// A sandbox on the state after the block, in its environment.
    ///
    /// # Errors
    /// When the state below cannot be read.
    pub fn sandbox(&self, view: &ChainView) -> Result<Sandbox, ReadError> {
        let env = view.env_of(&self.block.header);
        let mut sandbox = Sandbox::over(view, view.state(At::Latest)?, env);
        sandbox.state = self.after.clone();
        Ok(sandbox)
    }
}

/// Builds the next block on the head of a view. Changes nothing but what it returns. With a console,
/// it also keeps what transactions tell it, and why they fail.
///
/// # Errors
/// When the state cannot be read or a system call fails.
pub fn propose(
    view: &ChainView,
    attributes: &Attributes,
    rewards: Rewards<'_>,
    source: &mut dyn Source,
    console: Option<&Console>,
) -> Result<Proposal, ExecutionError> {
    build(view, attributes, rewards, console, |run, next| fill(run, next, view, source))
}

/// Builds the next block from the transactions that `fill` runs in it.
pub(super) fn build(
    view: &ChainView,
    attributes: &Attributes,
    rewards: Rewards<'_>,
    console: Option<&Console>,
    fill: impl FnOnce(&mut BlockRun<'_>, &Header) -> Result<Filled, ExecutionError>,
) -> Result<Proposal, ExecutionError> {
    let spec = view.spec();
    let parent = view.head();
    let mut next = header::open(spec, parent, parent.hash(), attributes);
    let mut state: Overlay = CacheDB::new(view.state(At::Latest)?.remembering());
    let mut env = spec.env_of(&next);
    // Impersonated senders may have code.
    env.cfg_env.disable_eip3607 = true;
    let spec_id = env.cfg_env.spec;
    let mut run = BlockRun::new(spec, &mut state, env);
    run.open(next.parent_hash, next.parent_beacon_block_root)?;
    if let Some(console) = console {
        run.listen(console)?;
    }
    let Filled { transactions, invalid, left } = fill(&mut run, &next)?;
    let executed = run.close(&[], rewards)?;
    let (changes, state_root) = settle(&state, spec_id)?;
    let bare: Vec<_> = transactions.iter().map(|tx| tx.inner().clone()).collect();
    header::close(&mut next, spec, &bare, &executed, state_root);
    Ok(Proposal {
        block: BlockRecord {
            header: next.seal_slow(),
            transactions,
            receipts: executed.receipts,
            ommers: Vec::new(),
            withdrawals: executed.withdrawals,
            sidecar: None,
        },
        state: changes,
        invalid,
        left,
        requests: executed.requests,
        after: state,
        notes: executed.notes,
    })
}

/// What came of the transactions that a block was offered.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// Those that it holds, in order.
    pub(super) transactions: Vec<Recovered<Transaction>>,
    /// Those that can never enter a block on this head any more, with the reason.
    pub(super) invalid: Vec<(TxHash, InvalidTransaction)>,
    /// Those that need what only the forked chain's node knows, which does not answer.
    pub(super) left: Vec<(TxHash, ReadError)>,
}

/// Runs transactions as long as they fit.
fn fill(
    run: &mut BlockRun<'_>,
    next: &Header,
    view: &ChainView,
    source: &mut dyn Source,
) -> Result<Filled, ExecutionError> {
    let blobs = view.spec().blob_params(Seconds(next.timestamp));
    let most_blob_gas = blobs.map_or(0, |params| params.max_blob_gas_per_block());
    let mut bytes = BLOCK_FRAME;
    let mut filled = Filled::default();
    // No transaction costs less than 21,000 gas.
    while run.gas_left() >= 21_000 {
        let Some(entry) = source.pull() else { break };
        let blob_gas = entry.transaction.blob_gas_used().unwrap_or_default();
        let transaction = entry.to_block();
        let length = transaction.encode_2718_len().saturating_add(8);
        if entry.transaction.gas_limit() > run.gas_left()
            || run.blob_gas_used().saturating_add(blob_gas) > most_blob_gas
            || bytes.saturating_add(length) > LONGEST_BLOCK
        {
            source.skip(entry.sender());
            continue;
        }
        match run.execute(&transaction) {
            Ok(_) => {
                bytes = bytes.saturating_add(length);
                filled.transactions.push(transaction);
            }
            Err(ExecutionError::Read(fault @ ReadError::Fork(_))) => {
                source.skip(entry.sender());
                filled.left.push((entry.hash, fault));
            }
            Err(ExecutionError::Transaction { source: error, .. }) => {
                source.skip(entry.sender());
                if let EVMError::Transaction(reason) = *error
                    && !may_become_valid(&reason)
                {
                    filled.invalid.push((entry.hash, reason));
                }
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(filled)
}

/// Whether the transaction may be included later, on another head.
const fn may_become_valid(reason: &InvalidTransaction) -> bool {
    matches!(
        reason,
        InvalidTransaction::NonceTooHigh { .. }
            | InvalidTransaction::GasPriceLessThanBasefee
            | InvalidTransaction::BlobGasPriceGreaterThanMax { .. }
            | InvalidTransaction::CallerGasLimitMoreThanBlock
    )
}

/// The withdrawals of a block that nobody gives any: an empty list since Shanghai.
pub(crate) fn no_withdrawals(is_shanghai: bool) -> Option<&'static [Withdrawal]> {
    is_shanghai.then_some(&[])
}
