//! Makes blocks with what the pool and POCI give, and takes finished ones as head.

use super::{
    api::{EngineError, HeadEvent},
    header::{Attributes, next_base_fee},
    judge::{AHEAD, is_shared},
    notes::Note,
    propose::{AtMost, Proposal, no_withdrawals, propose},
    worker::Engine,
};
use crate::{
    execution::{BlockRecord, ChainView, Console, ExecutionError, ReadError, Rewards, to_write},
    genesis::ChainSpec,
    poci::{Plan, PociFault},
    pool::PooledEntry,
};
use alloy_consensus::Sealable;
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256, Bytes, TxHash, keccak256};
use std::sync::Arc;
use tracing::{debug, warn};
use utnet_db::{AccountUpdate, DbError, StateChanges};
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

/// A block that is ready to be written.
struct Made {
    block: BlockRecord,
    state: StateChanges,
    /// Its timestamp, and the wall clock when it was made.
    time: (Seconds, Seconds),
}

impl Engine {
    /// The base fee of the next block; zero before London.
    pub(super) fn base_fee(&self, view: &ChainView) -> u64 {
        let natural = next_base_fee(view.spec(), view.head()).unwrap_or_default();
        self.settings.next_base_fee.unwrap_or(natural)
    }

    /// Makes the next block and takes it as head.
    pub(super) fn make_block(&mut self, contents: Contents) -> Result<(), EngineError> {
        let made = self.build(&self.view()?, contents);
        let Some(made) = made.inspect_err(|_no_block| self.sealer.take_back(0))? else {
            return Ok(());
        };
        let written = self.finalise(made.block, made.state);
        written.inspect_err(|fault| self.not_written(fault))?;
        self.sealer.written();
        self.pass(made.time);
        self.publish_settings();
        Ok(())
    }

    /// Makes blocks while nothing waits in the pool, so many at most, `gap` apart if that is given, and takes
    /// them as heads in one commit. Says how many.
    pub(super) fn make_empty_blocks(
        &mut self,
        most: u64,
        gap: Option<Seconds>,
    ) -> Result<u64, EngineError> {
        let (store, spec, fork) = self.shared.current();
        let (before, began) = (self.settings.clone(), self.clock.now());
        let mut made = Vec::new();
        let (mut left, mut sealed) = (most, 0);
        let ended = store.append_blocks(|view| {
            let Some(after) = left.checked_sub(1) else { return Ok(None) };
            let view = ChainView::new(view.clone(), Arc::clone(&spec), fork.clone())?;
            if let Some(gap) = gap.filter(|_| left < most) {
                let next = Seconds(view.head().timestamp).saturating_add(gap);
                self.settings.time.next_timestamp = Some(next);
            }
            let Some(Made { block, state, time }) = self.build(&view, Contents::Any)? else {
                return Ok(None);
            };
            let nonces = changed_nonces(&state);
            let write = to_write(&block, state, view.store().outside_changes()?);
            self.pass(time);
            (left, sealed) = (after, self.sealer.unwritten());
            made.push((block, nonces));
            Ok::<_, EngineError>(Some(write))
        });
        let ended = ended.map_err(EngineError::from).inspect_err(|fault| {
            self.settings = before;
            self.not_written(fault);
        })?;
        // What was sealed after these ended them.
        self.sealer.take_back(sealed);
        self.sealer.written();
        self.shared.commits.note(self.clock.now().saturating_sub(began));
        for (block, nonces) in made {
            self.take_as_head(block, nonces);
        }
        self.publish_settings();
        ended.map(|()| most.saturating_sub(left))
    }

    /// Takes back what was sealed for blocks that were not written; after a disk that may have them all the same it stays
    /// noted: the next start may find them and tell everybody.
    fn not_written(&mut self, fault: &EngineError) {
        if !may_be_written(fault) {
            self.sealer.take_back(0);
        }
        self.sealer.written();
    }

    /// Makes the next block, unless it is to hold something and does not.
    fn build(&mut self, view: &ChainView, contents: Contents) -> Result<Option<Made>, EngineError> {
        let wants_some = matches!(contents, Contents::Some);
        let parent_time = Seconds(view.head().timestamp);
        let wall = self.clock.seconds();
        let timestamp = self.settings.time.next(parent_time, wall);
        self.suffer(view, timestamp)?;
        self.keep_pace(view.spec(), timestamp, wall)?;
        let plan = self.plan(view, timestamp)?;
        let attributes = self.attributes(view, timestamp, plan.as_ref());
        let is_shanghai = view.spec().is_shanghai_active_at_timestamp(timestamp.0);
        let rewards = match &plan {
            Some(plan) => Rewards::Emission(plan.producer),
            None => Rewards::Given(no_withdrawals(is_shanghai)),
        };
        let proposal = self.propose(view, &attributes, rewards, contents)?;
        let Proposal { mut block, state, invalid, left, notes, .. } = proposal;
        for (hash, reason) in invalid {
            warn!(%hash, %reason, "dropped from the pool");
            self.shared.pool.write().remove(&hash);
        }
        self.tell_left(&left);
        if wants_some && block.transactions.is_empty() {
            return Ok(None);
        }
        if let Some(plan) = &plan {
            self.seal(plan, &mut block)?;
        }
        if !notes.is_empty() {
            self.shared.note(Note::Block { hash: block.hash(), notes: Arc::new(notes) });
        }
        Ok(Some(Made { block, state, time: (timestamp, wall) }))
    }

    /// Refuses to run further ahead of the chain's time than others take blocks from, unless it was asked to.
    fn keep_pace(
        &self,
        spec: &ChainSpec,
        timestamp: Seconds,
        wall: Seconds,
    ) -> Result<(), PociFault> {
        let time = &self.settings.time;
        let is_asked = time.next_timestamp.is_some() || time.block_interval.is_some();
        if !is_asked && is_shared(spec) && timestamp > time.now(wall).saturating_add(AHEAD) {
            let retry_at = timestamp.checked_sub(AHEAD).unwrap_or_default();
            return Err(PociFault::TooFast { retry_at });
        }
        Ok(())
    }

    /// Notes that a block was taken as head.
    fn pass(&mut self, (timestamp, wall): (Seconds, Seconds)) {
        self.settings.time.passed(timestamp, wall);
        self.settings.next_base_fee = None;
        self.settings.next_prevrandao = None;
        if self.stopped.is_over() {
            warn!("blocks are made again");
        }
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
        let most = self.settings.max_transactions.unwrap_or(u64::MAX);
        propose(view, attributes, rewards, &mut AtMost { source: &mut ready, most }, console)
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

    fn seal(&mut self, plan: &Plan, block: &mut BlockRecord) -> Result<(), EngineError> {
        // No chip is spent on what cannot be written.
        self.shared.store().check_writable()?;
        let mut header = block.header.inner().clone();
        let sidecar = self.sealer.seal(plan, &self.shared.spec(), &mut header)?;
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
        Ok(self.take_as_head(block, nonces))
    }

    /// Tells everybody of a block that was written.
    fn take_as_head(&self, block: BlockRecord, nonces: Vec<(Address, u64)>) -> Arc<BlockRecord> {
        let block = Arc::new(block);
        self.keep_sidecars(&block);
        self.follow_nonces(nonces);
        debug!(height = %block.height(), hash = %block.hash(), "new head");
        self.shared.announce(HeadEvent::Added(Arc::clone(&block)));
        block
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

/// Whether what was to be written may be found at the next start though it failed.
fn may_be_written(fault: &EngineError) -> bool {
    let EngineError::Read(ReadError::Store(fault)) = fault else { return false };
    matches!(fault.as_ref(), DbError::Disk(_))
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
