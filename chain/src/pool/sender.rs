//! Queues one sender's transactions by nonce and knows how far they run without a gap.

use super::{PooledEntry, queue::Entries};
use alloy_consensus::Transaction;
use alloy_primitives::Address;
use std::{cmp::Reverse, collections::btree_map::Range, sync::Arc};

/// One sender's transactions.
#[derive(Clone, Debug)]
pub(super) struct SenderQueue {
    /// The account's nonce.
    next: u64,
    /// The first nonce from `next` on that has no transaction.
    gap: u64,
    /// By nonce, none below `next`.
    entries: Entries,
}

/// Orders senders' last transactions: least fee cap first, among equals the latest arrival.
pub(super) type Tail = (u128, Reverse<u64>, Address);

impl SenderQueue {
    /// An empty queue of an account with this nonce.
    pub(super) const fn new(next: u64) -> Self {
        Self { next, gap: next, entries: Entries::new() }
    }

    /// The account's nonce.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// The nonce after the last pending transaction.
    pub(super) const fn after_pending(&self) -> u64 {
        self.gap
    }

    /// The transaction of a nonce.
    pub(super) fn find(&self, nonce: u64) -> Option<&Arc<PooledEntry>> {
        self.entries.get(&nonce)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<PooledEntry>> {
        self.entries.values()
    }

    /// The one with the highest nonce.
    pub(super) fn last(&self) -> Option<&Arc<PooledEntry>> {
        self.entries.last_key_value().map(|(_, last)| last)
    }

    /// The pending transactions from a nonce on.
    pub(super) fn pending_from(&self, nonce: u64) -> Range<'_, u64, Arc<PooledEntry>> {
        let from = nonce.max(self.next);
        self.entries.range(from.min(self.gap)..self.gap)
    }

    /// What stands behind a gap.
    pub(super) fn queued(&self) -> Range<'_, u64, Arc<PooledEntry>> {
        self.entries.range(self.gap..)
    }

    /// How many are pending.
    pub(super) fn pending_count(&self) -> usize {
        // As many as are in memory.
        usize::try_from(self.gap.saturating_sub(self.next)).unwrap_or(usize::MAX)
    }

    /// Puts a transaction in; the one that it replaces.
    pub(super) fn insert(
        &mut self,
        nonce: u64,
        entry: Arc<PooledEntry>,
    ) -> Option<Arc<PooledEntry>> {
        let replaced = self.entries.insert(nonce, entry);
        self.close_gap();
        replaced
    }

    /// Takes a transaction out; those after it stay, behind the gap.
    pub(super) fn remove(&mut self, nonce: u64) -> Option<Arc<PooledEntry>> {
        let gone = self.entries.remove(&nonce)?;
        self.gap = self.gap.min(nonce);
        Some(gone)
    }

    /// Takes everything out.
    pub(super) fn take_all(&mut self) -> Entries {
        self.gap = self.next;
        std::mem::take(&mut self.entries)
    }

    /// Learns the account's nonce; what stands below it comes out.
    pub(super) fn set_next(&mut self, next: u64) -> Entries {
        let is_within = (self.next..=self.gap).contains(&next);
        self.next = next;
        let kept = self.entries.split_off(&next);
        let stale = std::mem::replace(&mut self.entries, kept);
        if !is_within {
            self.gap = next;
            self.close_gap();
        }
        stale
    }

    /// Moves the gap behind whatever closes it.
    fn close_gap(&mut self) {
        let run = self.entries.range(self.gap..).zip(self.gap..);
        let closed = run.take_while(|((nonce, _), expected)| *nonce == expected).count();
        self.gap = self.gap.saturating_add(u64::try_from(closed).unwrap_or(u64::MAX));
    }

    /// Where the last one stands among all senders' last ones.
    pub(super) fn tail(&self, sender: Address) -> Option<Tail> {
        let last = self.last()?;
        Some((last.transaction.max_fee_per_gas(), Reverse(last.arrival), sender))
    }
}
