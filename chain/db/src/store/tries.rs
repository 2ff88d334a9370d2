//! Carries the tries from one state to the next in memory, so that a block's root is computed once,
//! from those of the block before.

use crate::{
    error::DbError,
    state::StateChanges,
    traits::DbTx,
    trie::{self, TrieUpdate, Warm},
};
use alloy_primitives::B256;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is in memory of the tries. States are told apart by how many commits there were.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    /// Changes by the writer only.
    commits: AtomicU64,
    /// Set while readers may see a commit that was not counted yet.
    committing: AtomicBool,
    /// Computed last, so that sealing a block and appending it compute them once.
    prepared: Mutex<Option<Prepared>>,
    /// Those of some state, as far as they were needed.
    warm: Mutex<(u64, Warm)>,
}

/// Tries after some changes on top of some state.
#[derive(Debug)]
struct Prepared {
    commit: u64,
    changes: StateChanges,
    update: TrieUpdate,
}

/// What a writing transaction leaves of the tries.
#[derive(Debug)]
pub(super) enum Left {
    /// They are as before.
    Same,
    /// They are now these.
    New(Box<TrieUpdate>),
    /// Nobody knows them.
    Unknown,
}

impl Tries {
    /// How many commits there were.
    pub(super) fn commit(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// The same for a reader, after it took what it sees: while that may be one commit more, a number
    /// that no state has, so that nothing kept is taken for its tries.
    pub(super) fn commit_seen(&self) -> u64 {
        if self.committing.load(Ordering::Acquire) { u64::MAX } else { self.commit() }
    }

    /// Says that a commit is about to be seen, or that it was counted.
    pub(super) fn set_committing(&self, is_committing: bool) {
        self.committing.store(is_committing, Ordering::Release);
    }

    /// The tries after changes on the present state, for the writer.
    pub(super) fn update<TX: DbTx>(
        &self,
        tx: &TX,
        changes: &StateChanges,
    ) -> Result<TrieUpdate, DbError> {
        self.update_at(tx, self.commit(), changes)
    }

    /// The same, or what [`Self::prepare`] computed of the same changes just before.
    pub(super) fn update_prepared<TX: DbTx>(
        &self,
        tx: &TX,
        changes: &StateChanges,
    ) -> Result<TrieUpdate, DbError> {
        let last = self.prepared.lock().take();
        match last.filter(|last| last.commit == self.commit() && last.changes == *changes) {
            Some(last) => Ok(last.update),
            None => self.update(tx, changes),
        }
    }

    /// The root after changes on the state after some commit; keeps what was computed.
    pub(super) fn prepare<TX: DbTx>(
        &self,
        tx: &TX,
        commit: u64,
        changes: &StateChanges,
    ) -> Result<B256, DbError> {
        let update = self.update_at(tx, commit, changes)?;
        let (root, changes) = (update.root, changes.clone());
        *self.prepared.lock() = Some(Prepared { commit, changes, update });
        Ok(root)
    }

    /// Counts a commit and goes on to the state after it.
    pub(super) fn follow(&self, left: Left) {
        let mut warm = self.warm.lock();
        let before = self.commits.fetch_add(1, Ordering::Relaxed);
        if warm.0 != before || matches!(left, Left::Unknown) {
            warm.1 = Warm::default();
        }
        warm.0 = before.saturating_add(1);
        if let Left::New(update) = left {
            warm.1.follow(*update);
        }
    }

    /// The same for states that only the writer sees until they are committed.
    pub(super) fn branch(&self) -> Self {
        let (commits, warm) = (AtomicU64::new(self.commit()), Mutex::new(self.warm.lock().clone()));
        Self { commits, warm, ..Self::default() }
    }

    /// Counts the commit of such states and goes on to the last of them.
    pub(super) fn adopt(&self, branch: &Self) {
        let mut warm = self.warm.lock();
        let after = self.commits.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let (commit, tries) = std::mem::take(&mut *branch.warm.lock());
        *warm = (after, if commit == branch.commit() { tries } else { Warm::default() });
    }

    fn update_at<TX: DbTx>(
        &self,
        tx: &TX,
        commit: u64,
        changes: &StateChanges,
    ) -> Result<TrieUpdate, DbError> {
        let changes = changes.hashed();
        let picked = {
            let warm = self.warm.lock();
            if warm.0 == commit { warm.1.pick(&changes) } else { Warm::default() }
        };
        trie::update(tx, changes, picked)
    }
}
