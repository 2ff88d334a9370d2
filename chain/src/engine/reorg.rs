//! Takes blocks back, replaces them, or starts again.

use super::{
    api::{Beginning, EngineError, Submission},
    blocks::Contents,
    worker::Engine,
};
use crate::{
    execution::{At, Fork, PooledTransaction},
    genesis::ChainSpec,
    pool::PooledEntry,
};
use alloy_consensus::transaction::Recovered;
use std::{collections::BTreeMap, sync::Arc};
use utnet_db::Store;
use utnet_primitives::{Gas, Height};

fn entry(transaction: Recovered<PooledTransaction>) -> Arc<PooledEntry> {
    let hash = *transaction.hash();
    Arc::new(PooledEntry { transaction, hash, arrival: 0 })
}

impl Engine {
    pub(super) fn rollback(&mut self, depth: u64) -> Result<Height, EngineError> {
        let head = self.view()?.height();
        let genesis = Height(self.spec().header.number);
        let target = head
            .checked_sub(Height(depth))
            .filter(|target| *target >= genesis)
            .ok_or(EngineError::TooDeep { depth, head, first: genesis })?;
        if depth == 0 {
            return Ok(head);
        }
        self.unwind_to(target)?;
        self.recheck_pool()?;
        Ok(target)
    }

    /// Tells the pool every sender's nonce anew.
    fn recheck_pool(&self) -> Result<(), EngineError> {
        let state = self.view()?.state(At::Latest)?;
        let mut pool = self.shared.pool.write();
        let senders: Vec<_> = pool.senders().collect();
        for sender in senders {
            let nonce = state.account(sender)?.map_or(0, |account| account.nonce);
            pool.set_nonce(sender, nonce);
        }
        Ok(())
    }

    pub(super) fn reorg(
        &mut self,
        depth: u64,
        mut transactions: BTreeMap<u64, Vec<Submission>>,
    ) -> Result<(), EngineError> {
        for submission in transactions.values().flatten() {
            self.check_origin(submission)?;
        }
        self.rollback(depth)?;
        let mut left_out = None;
        for index in 0..depth {
            let given = transactions.remove(&index).unwrap_or_default().into_iter();
            let given: Vec<_> = given.map(|submission| entry(submission.transaction)).collect();
            self.make_block(Contents::Given(given.clone()))?;
            let view = self.view()?;
            let made = view.block(view.height())?;
            let mut made = made.map(|block| block.transactions).unwrap_or_default().into_iter();
            // They are in the order in which they were given.
            let mut is_in = |entry: &Arc<PooledEntry>| made.any(|tx| *tx.hash() == entry.hash);
            left_out = left_out.or_else(|| given.into_iter().find(|entry| !is_in(entry)));
        }
        // The chain has its height again all the same.
        match left_out {
            Some(entry) => Err(EngineError::LeftOut { hash: entry.hash }),
            None => Ok(()),
        }
    }

    /// Starts again. A chain on disk can only go back to its own genesis.
    pub(super) fn reset(&mut self, beginning: Option<Beginning>) -> Result<(), EngineError> {
        match beginning {
            Some(Beginning { spec, fork }) if spec.header.hash() != self.spec().header.hash() => {
                if !self.in_memory {
                    return Err(EngineError::OnDisk);
                }
                let store = self.begin_again(&spec)?;
                let gas_limit = Gas(spec.header.gas_limit);
                self.shared.replace(store, spec, fork);
                self.initial.gas_limit = gas_limit;
            }
            same => {
                // The same block may be asked of another node.
                let fork = same.and_then(|beginning| beginning.fork);
                self.reset_to_own(fork.or_else(|| self.shared.fork()))?;
            }
        }
        self.free_chips(Height(self.spec().header.number));
        self.snapshots.clear();
        self.shared.pool.write().clear();
        self.settings = self.initial.clone();
        self.settings.time = self.time_of_head()?;
        self.pace = crate::miner::Pace::new(self.settings.mining.period(), self.clock.now());
        self.publish_settings();
        self.replay()
    }

    /// Goes back to the present chain's first block.
    fn reset_to_own(&mut self, fork: Option<Arc<Fork>>) -> Result<(), EngineError> {
        let spec = self.spec();
        let first = spec.header.number;
        // A chain may have been loaded whose first states are unknown, or they were removed.
        let store = if self.in_memory && !self.has_own_first_state(&spec)? {
            self.begin_again(&spec)?
        } else {
            self.unwind_to(Height(first))?;
            self.shared.store()
        };
        self.shared.replace(store, spec, fork);
        Ok(())
    }

    /// Whether the store still has the state after the chain's own first block.
    fn has_own_first_state(&self, spec: &ChainSpec) -> Result<bool, EngineError> {
        let (view, number) = (self.view()?, spec.header.number);
        let first = view.header(Height(number))?;
        let is_own = first.is_some_and(|first| first.hash() == spec.header.hash());
        Ok(is_own && view.store().state_from()? <= number)
    }

    /// A new store in memory with a chain's first block, held to the present window of history.
    pub(super) fn begin_again(&self, spec: &ChainSpec) -> Result<Store, EngineError> {
        let store = Store::in_memory();
        super::start::init(&store, spec)?;
        store.set_pruning(self.shared.store().pruning());
        Ok(store)
    }
}
