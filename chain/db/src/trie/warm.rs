//! Keeps in memory what was revealed of the latest tries, so that the next block finds it there.

use super::{TrieUpdate, node::Node};
use crate::state::HashedChanges;
use alloy_primitives::B256;
use alloy_trie::EMPTY_ROOT_HASH;
use std::collections::BTreeMap;

/// Most branches that are kept, about 700 bytes each.
const MOST: usize = 24_576;

/// Levels of branches that are kept when there are too many: as many of these as fit into half of the
/// room, since each block reveals more.
const LEVELS: std::ops::RangeInclusive<usize> = 3..=8;

/// The tries of one state, as far as they are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warm {
    pub(super) trie: Option<Node>,
    /// Storage tries by hash of address.
    pub(super) storages: BTreeMap<B256, Node>,
    /// Branches and storages in them; those that went may be counted.
    size: usize,
}

impl Warm {
    /// What changes will need of it. Costs no copy.
    pub(crate) fn pick(&self, changes: &HashedChanges) -> Self {
        let storages = changes.accounts.iter().filter_map(|(hashed, change)| {
            let trie = self.storages.get(hashed).filter(|_| !change.storage.is_empty())?;
            Some((*hashed, trie.clone()))
        });
        Self { trie: self.trie.clone(), storages: storages.collect(), size: 0 }
    }

    /// Goes on to the state after an update.
    pub(crate) fn follow(&mut self, update: TrieUpdate) {
        let TrieUpdate { trie, storages, revealed, .. } = update;
        self.trie = trie;
        self.size = self.size.saturating_add(revealed);
        for (hashed, update) in storages {
            match update.trie.filter(|_| update.root != EMPTY_ROOT_HASH) {
                Some(trie) => {
                    let is_new = self.storages.insert(hashed, trie).is_none();
                    self.size = self.size.saturating_add(is_new.into());
                }
                None => drop(self.storages.remove(&hashed)),
            }
        }
        if self.size > MOST {
            self.count();
        }
        if self.size > MOST {
            self.prune();
        }
    }

    /// Keeps the upper levels of all tries, or of the state trie alone where even these are too many.
    fn prune(&mut self) {
        let half = MOST / 2;
        let fitting = LEVELS.rev().find(|levels| self.branches(*levels) <= half);
        if fitting.is_none() {
            self.storages.clear();
        }
        let levels = fitting.unwrap_or(*LEVELS.start());
        for trie in self.storages.values_mut().chain(&mut self.trie) {
            *trie = trie.pruned(levels);
        }
        self.count();
    }

    fn count(&mut self) {
        self.size = self.branches(usize::MAX);
    }

    /// How many branches of so many levels there are, and storages.
    fn branches(&self, levels: usize) -> usize {
        let tries = self.storages.values().chain(&self.trie);
        let counts = tries.map(|trie| trie.branches(levels));
        counts.fold(self.storages.len(), usize::saturating_add)
    }
}
