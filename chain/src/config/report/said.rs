//! Finds out what the transactions of a block said: console lines, reasons of failures with their place, call traces.

use crate::{
    engine::Chain,
    execution::{BlockRecord, Notes, ReadError, Sandbox, TraceError},
    explain::{Explainer, console_lines},
};
use alloy_evm::{FromRecoveredTx, revm::context::TxEnv};
use std::{collections::BTreeMap, sync::Arc};

/// Failed transactions of one block whose place is looked for: each is run again for it.
const MOST_STACKS: usize = 8;

/// What one transaction said.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// Lines for the console.
    pub(super) console: Vec<String>,
    /// Why it failed.
    pub(super) failure: Option<String>,
    /// Where it failed, innermost first.
    pub(super) stack: Vec<String>,
    /// Its calls as a tree.
    pub(super) trace: Option<String>,
}

impl Said {
    /// Whether nothing was said.
    pub(super) const fn is_empty(&self) -> bool {
        self.console.is_empty() && self.failure.is_none() && self.trace.is_none()
    }
}

/// What the transactions of a block said, by their index. Runs them again where that is needed, so
/// call it where blocking is allowed.
pub(super) fn said(
    chain: &Chain,
    explainer: &Explainer,
    block: &BlockRecord,
    notes: &Notes,
) -> BTreeMap<usize, Said> {
    let mut all = BTreeMap::<usize, Said>::new();
    for (index, told) in &notes.console {
        all.entry(*index).or_default().console = console_lines(told);
    }
    for (index, failure) in &notes.failures {
        all.entry(*index).or_default().failure = Some(explainer.reason(failure));
    }
    let again = run_again(chain, explainer, block, notes, &mut all);
    if let Err(fault) = again {
        // Taken back meanwhile, or pruned: the block's own lines are printed all the same.
        tracing::debug!(height = %block.height(), %fault, "the block is not explained");
    }
    all
}

fn run_again(
    chain: &Chain,
    explainer: &Explainer,
    block: &BlockRecord,
    notes: &Notes,
    all: &mut BTreeMap<usize, Said>,
) -> Result<(), TraceError> {
    let wants_stacks = explainer.knows_contracts() && !notes.failures.is_empty();
    if !wants_stacks && !explainer.shows_traces() {
        return Ok(());
    }
    let (view, height) = (chain.view()?, block.height());
    if view.height_of(block.hash())?.is_none() {
        return Err(ReadError::NoState { height }.into());
    }
    let call = |index: usize| {
        let transaction = block.transactions.get(index);
        let transaction = transaction.ok_or(TraceError::NoTransaction { height, index })?;
        Ok::<_, TraceError>(TxEnv::from_recovered_tx(transaction.inner(), transaction.signer()))
    };
    if wants_stacks {
        for (index, _) in notes.failures.iter().take(MOST_STACKS) {
            let mut sandbox = Sandbox::before_transaction(&view, height, *index)?;
            all.entry(*index).or_default().stack = explainer.stack(&mut sandbox, call(*index)?)?;
        }
    }
    if explainer.shows_traces() {
        let mut sandbox = Sandbox::before_transaction(&view, height, 0)?;
        for index in 0..block.transactions.len() {
            let (trace, changes) = explainer.trace(&mut sandbox, call(index)?)?;
            sandbox.commit(changes);
            all.entry(index).or_default().trace = Some(trace);
        }
    }
    Ok(())
}

/// The same on a thread where it disturbs nobody.
pub(super) async fn said_aside(
    chain: &Chain,
    explainer: &Explainer,
    block: &Arc<BlockRecord>,
    notes: Arc<Notes>,
) -> BTreeMap<usize, Said> {
    if notes.is_empty() && !explainer.shows_traces() {
        return BTreeMap::new();
    }
    let (chain, explainer, block) = (chain.clone(), explainer.clone(), Arc::clone(block));
    let work = move || said(&chain, &explainer, &block, &notes);
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}
