//! Remembers where the chain stands, and goes back there.

use super::{
    api::{EngineError, HeadEvent, SnapshotId, Snapshots},
    worker::Engine,
};
use crate::{
    execution::{At, ChainView, ReadError},
    miner::BlockTime,
    pool::PooledEntry,
};
use alloy_primitives::B256;
use std::sync::Arc;
use utnet_db::StateChanges;
use utnet_primitives::{Height, Seconds};

/// Where the chain stood.
#[derive(Debug)]
pub(super) struct Snapshot {
    height: Height,
    hash: B256,
    /// What dev cheats had changed since the head.
    outside: StateChanges,
    time: BlockTime,
    /// Wall clock at the snapshot.
    wall: Seconds,
    next_base_fee: Option<u64>,
    next_prevrandao: Option<B256>,
    pool: Vec<Arc<PooledEntry>>,
}

impl Snapshot {
    /// Whether the block is still there on which it was taken: a rollback or reorg may have taken it away.
    fn is_on(&self, view: &ChainView) -> Result<bool, ReadError> {
        let kept = view.header(self.height)?;
        Ok(kept.is_some_and(|header| header.hash() == self.hash))
    }
}

impl Engine {
    pub(super) fn snapshot(&mut self) -> Result<SnapshotId, EngineError> {
        let view = self.view()?;
        let id = SnapshotId(self.next_snapshot);
        self.next_snapshot = self.next_snapshot.saturating_add(1);
        let snapshot = Snapshot {
            height: view.height(),
            hash: view.head().hash(),
            outside: view.store().outside_changes()?,
            time: self.settings.time,
            wall: self.clock.seconds(),
            next_base_fee: self.settings.next_base_fee,
            next_prevrandao: self.settings.next_prevrandao,
            pool: self.shared.pool.read().all(),
        };
        self.snapshots.insert(id, Arc::new(snapshot));
        Ok(id)
    }

    /// The snapshots that can be gone back to, each with the block it was taken at.
    pub(super) fn snapshots(&self) -> Result<Snapshots, EngineError> {
        let view = self.view()?;
        let mut listed = Snapshots::new();
        for (id, snapshot) in &self.snapshots {
            if snapshot.is_on(&view)? {
                listed.push((*id, (snapshot.height, snapshot.hash)));
            }
        }
        Ok(listed)
    }

    /// Goes back to a snapshot; then it and all later ones are over. When it cannot be gone back to, all
    /// of them stay: the later ones stand on blocks of their own.
    pub(super) fn revert(&mut self, id: SnapshotId) -> Result<bool, EngineError> {
        let Some(snapshot) = self.snapshots.get(&id).cloned() else { return Ok(false) };
        if !snapshot.is_on(&self.view()?)? {
            return Ok(false);
        }
        self.unwind_to(snapshot.height)?;
        self.shared.store().apply_outside_block(&snapshot.outside)?;
        self.settings.time.resume(snapshot.time, snapshot.wall, self.clock.seconds());
        self.settings.next_base_fee = snapshot.next_base_fee;
        self.settings.next_prevrandao = snapshot.next_prevrandao;
        self.publish_settings();
        self.refill_pool(&snapshot.pool)?;
        drop(self.snapshots.split_off(&id));
        Ok(true)
    }

    /// Puts back exactly these transactions.
    fn refill_pool(&self, entries: &[Arc<PooledEntry>]) -> Result<(), EngineError> {
        let state = self.view()?.state(At::Latest)?;
        let mut pool = self.shared.pool.write();
        pool.clear();
        for entry in entries {
            let next = state.account(entry.sender())?.map_or(0, |account| account.nonce);
            // One that does not fit any more would not have fitted at the snapshot either.
            drop(pool.insert(entry.transaction.clone(), next));
        }
        Ok(())
    }

    /// On a dev chain, which nobody else makes blocks of, what was taken back may be sealed anew.
    pub(super) fn free_chips(&mut self, height: Height) {
        if self.is_alone() {
            self.sealer.unwind(self.spec().header.hash(), height);
        }
    }

    /// Whether the rules say that nobody else makes blocks.
    pub(super) fn is_alone(&self) -> bool {
        self.spec().poci.as_ref().is_some_and(|schedule| schedule.sole_sealer)
    }

    /// Takes all blocks above a height back, with what cheats changed since, and tells everybody.
    pub(super) fn unwind_to(&mut self, height: Height) -> Result<(), EngineError> {
        let view = self.view()?;
        let mut removed = Vec::new();
        for number in (height.0.saturating_add(1)..=view.height().0).rev() {
            removed.extend(view.block(Height(number))?.map(Arc::new));
        }
        drop(view);
        self.shared.store().unwind_to(height.0)?;
        self.free_chips(height);
        for block in removed {
            self.shared.announce(HeadEvent::Removed(block));
        }
        Ok(())
    }
}
