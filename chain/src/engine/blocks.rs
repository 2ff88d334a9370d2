//! Makes blocks with what the pool and POCI give, and takes finished ones as head.

use super::{
    api::{EngineError, HeadEvent},
    header::{Attributes, next_base_fee},
    notes::Note,
    propose::{AtMost, Proposal, Source, no_withdrawals, propose},
    worker::Engine,
};
use crate::{
    execution::{BlockRecord, ChainView, Console, ExecutionError, ReadError, Rewards, to_write},
    poci::Plan,
    pool::PooledEntry,
};
use alloy_consensus::Sealable;
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256, Bytes, TxHash, keccak256};
use std::sync::Arc;
use tracing::{debug, warn};
use utnet_db::{AccountUpdate, StateChanges};
use utnet_primitives::Seconds;

/// Which transactions a block holds.
#[derive(Debug)]
pub(super) enum Contents {
    /// What is ready in the pool, be it nothing.
    Any,
    /// What is ready in the pool; no block is made if nothing of it fits.
    Some,
    /// These.
    Given(Vec<Arc<PooledEntry>>),
}

impl Engine {
    /// The base fee of the next block; zero before London.
    pub(super) fn base_fee(&self, view: &ChainView) -> u64 {
        let natural = next_base_fee(view.spec(), view.head()).unwrap_or_default();
        self.settings.next_base_fee.unwrap_or(natural)
    }

    /// Makes the next block and takes it as head.
    pub(super) fn make_block(&mut self, contents: Contents) -> Result<(), EngineError> {
        let wants_some = matches!(contents, Contents::Some);
        let view = self.view()?;
        let parent_time = Seconds(view.head().timestamp);
        let wall = self.clock.seconds();
        let timestamp = self.settings.time.next(parent_time, wall);
        self.suffer(&view, timestamp)?;
        let plan = self.plan(&view, timestamp)?;
        let attributes = self.attributes(&view, timestamp, plan.as_ref());
        let is_shanghai = view.spec().is_shanghai_active_at_timestamp(timestamp.0);
        let rewards = match &plan {
            Some(plan) => Rewards::Emission(plan.producer),
            None => Rewards::Given(no_withdrawals(is_shanghai)),
        };
        let proposal = self.propose(&view, &attributes, rewards, contents)?;
        let Proposal { mut block, state, invalid, left, notes, .. } = proposal;
        for (hash, reason) in invalid {
            warn!(%hash, %reason, "dropped from the pool");
            self.shared.pool.write().remove(&hash);
        }
        self.tell_left(&left);
        if wants_some && block.transactions.is_empty() {
            return Ok(());
        }
        if let Some(plan) = &plan {
            self.seal(plan, &mut block)?;
        }
        if !notes.is_empty() {
            self.shared.note(Note::Block { hash: block.hash(), notes: Arc::new(notes) });
        }
        self.finalise(block, state)?;
        self.settings.time.passed(timestamp, wall);
        self.settings.next_base_fee = None;
        self.settings.next_prevrandao = None;
        self.publish_settings();
        if self.stopped.is_over() {
            warn!("blocks are made again");
        }
        Ok(())
    }

    fn propose(
        &self,
        view: &ChainView,
        attributes: &Attributes,
        rewards: Rewards<'_>,
        contents: Contents,
    ) -> Result<Proposal, ExecutionError> {
        let console = self.shared.is_heard().then(Console::default);
        let console = console.as_ref();
        if let Contents::Given(list) = contents {
            return propose(view, attributes, rewards, &mut list.into_iter(), console);
        }
        let pool = self.shared.pool.read();
        let mut ready = pool.ready(self.settings.order, self.base_fee(view));
        let source: &mut dyn Source = &mut ready;
        match self.max_transactions {
            Some(most) => propose(view, attributes, rewards, &mut AtMost { source, most }, console),
            None => propose(view, attributes, rewards, source, console),
        }
    }

    /// Says which transactions wait for the forked chain's node.
    fn tell_left(&mut self, left: &[(TxHash, ReadError)]) {
        let Some((hash, fault)) = left.first() else {
            self.waiting.is_over();
            return;
        };
        if let Some(unsaid) = self.waiting.news(&fault.to_string(), self.clock.now()) {
            let others = left.len().saturating_sub(1);
            warn!(%hash, others, %fault, unsaid, "a transaction waits in the pool: it needs what only the forked chain knows");
        }
    }

    fn plan(&mut self, view: &ChainView, timestamp: Seconds) -> Result<Option<Plan>, EngineError> {
        match &view.spec().poci {
            Some(schedule) => Ok(Some(self.sealer.plan(view, schedule, timestamp)?)),
            None => Ok(None),
        }
    }

    fn attributes(&self, view: &ChainView, timestamp: Seconds, plan: Option<&Plan>) -> Attributes {
        let head = view.head();
        let dev_beacon = || {
            let seed = [head.mix_hash.as_slice(), &head.number.to_be_bytes()].concat();
            self.settings.next_prevrandao.unwrap_or_else(|| keccak256(seed))
        };
        Attributes {
            timestamp,
            beneficiary: plan.map_or(self.settings.coinbase, |plan| plan.beneficiary),
            beacon: plan.map_or_else(dev_beacon, |plan| plan.beacon),
            gas_limit: self.settings.gas_limit,
            base_fee: self.settings.next_base_fee,
            parent_beacon_block_root: B256::ZERO,
            extra_data: Bytes::new(),
        }
    }

    fn seal(&self, plan: &Plan, block: &mut BlockRecord) -> Result<(), EngineError> {
        let mut header = block.header.inner().clone();
        let sidecar = self.sealer.seal(plan, self.spec().chain_id, &mut header)?;
        block.header = header.seal_slow();
        block.sidecar = Some(sidecar);
        Ok(())
    }

    /// The third of the engine's calls: writes a block and its state, and tells everybody.
    pub(super) fn finalise(
        &mut self,
        block: BlockRecord,
        state: StateChanges,
    ) -> Result<Arc<BlockRecord>, EngineError> {
        let nonces = changed_nonces(&state);
        let outside = self.view()?.store().outside_changes()?;
        let began = self.clock.now();
        self.shared.store().append_block(to_write(&block, state, outside))?;
        self.shared.commits.note(self.clock.now().saturating_sub(began));
        let block = Arc::new(block);
        self.keep_sidecars(&block);
        self.follow_nonces(nonces);
        debug!(height = %block.height(), hash = %block.hash(), "new head");
        self.shared.announce(HeadEvent::Added(Arc::clone(&block)));
        Ok(block)
    }

    /// Tells the pool which nonces accounts have now.
    pub(super) fn follow_nonces(&self, nonces: Vec<(Address, u64)>) {
        let mut pool = self.shared.pool.write();
        for (account, nonce) in nonces {
            if pool.has_sender(&account) {
                pool.set_nonce(account, nonce);
            }
        }
    }

    /// Keeps the blobs of the block's transactions while they are still in the pool.
    fn keep_sidecars(&self, block: &BlockRecord) {
        let pool = self.shared.pool.read();
        for transaction in block.transactions.iter().filter(|tx| tx.is_eip4844()) {
            let hash = transaction.hash();
            if let Some(sidecar) = pool.find(hash).and_then(|entry| entry.sidecar().cloned()) {
                self.shared.keep_sidecar(*hash, sidecar);
            }
        }
    }
}

/// The nonces that changes give accounts.
pub(super) fn changed_nonces(changes: &StateChanges) -> Vec<(Address, u64)> {
    let nonce = |update: AccountUpdate| match update {
        AccountUpdate::Set(account) => Some(account.nonce),
        AccountUpdate::Deleted => Some(0),
        AccountUpdate::Unchanged => None,
    };
    let accounts = changes.accounts.iter();
    accounts.filter_map(|(address, change)| Some((*address, nonce(change.account)?))).collect()
}
