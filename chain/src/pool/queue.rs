//! Queues transactions by sender and nonce and keeps the pool within its capacity.

use super::{PoolContent, PoolOrder, PoolStatus, PooledEntry, Ready, Rejected};
use crate::execution::PooledTransaction;
use alloy_consensus::{Transaction, transaction::Recovered};
use alloy_primitives::{Address, TxHash};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// A replacement must raise tip and fee cap by this share, in percent.
const PRICE_BUMP_PERCENT: u128 = 10;

/// How far above the account's next nonce a transaction may be.
const FARTHEST_NONCE: u64 = 16_384;

/// The transactions that wait for a block.
#[derive(Debug)]
pub(crate) struct Pool {
    senders: BTreeMap<Address, SenderQueue>,
    places: HashMap<TxHash, (Address, u64)>,
    /// The last transaction of each sender, cheapest first: what goes when the pool is full.
    tails: BTreeSet<Tail>,
    arrivals: u64,
    capacity: usize,
}

/// One sender's transactions.
#[derive(Clone, Debug, Default)]
pub(super) struct SenderQueue {
    /// The account's nonce.
    pub(super) next: u64,
    /// By nonce, none below `next`.
    pub(super) entries: BTreeMap<u64, Arc<PooledEntry>>,
}

/// Orders senders' last transactions: least fee cap first, among equals the latest arrival.
type Tail = (u128, Reverse<u64>, Address);

/// What an insertion did.
#[derive(Clone, Debug)]
pub(crate) struct Inserted {
    /// Hash of the new transaction.
    pub(crate) hash: TxHash,
    /// Transactions that are ready only since: the new one, and those it closed the gap to.
    pub(crate) ready: Vec<Arc<PooledEntry>>,
}

impl SenderQueue {
    /// The run of transactions without a gap from the account's nonce on.
    pub(super) fn pending(&self) -> impl Iterator<Item = (&u64, &Arc<PooledEntry>)> {
        let expected = self.next..;
        self.entries
            .iter()
            .zip(expected)
            .take_while(|((nonce, _), at)| *nonce == at)
            .map(|(e, _)| e)
    }

    /// What stands behind a gap.
    fn queued(&self) -> impl Iterator<Item = (&u64, &Arc<PooledEntry>)> {
        self.entries.range(self.after_pending()..)
    }

    /// The nonce after the last pending transaction.
    pub(super) fn after_pending(&self) -> u64 {
        self.pending().last().map_or(self.next, |(nonce, _)| nonce.saturating_add(1))
    }

    fn tail(&self, sender: Address) -> Option<Tail> {
        let (_, last) = self.entries.last_key_value()?;
        Some((last.transaction.max_fee_per_gas(), Reverse(last.arrival), sender))
    }
}

impl Pool {
    /// An empty pool for at most `capacity` transactions.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            senders: BTreeMap::new(),
            places: HashMap::new(),
            tails: BTreeSet::new(),
            arrivals: 0,
            capacity,
        }
    }

    /// Adds a transaction that has passed the rules; `next` is the sender's account nonce.
    pub(crate) fn insert(
        &mut self,
        transaction: Recovered<PooledTransaction>,
        next: u64,
    ) -> Result<Inserted, Rejected> {
        let (sender, nonce, hash) =
            (transaction.signer(), transaction.nonce(), *transaction.hash());
        if self.places.contains_key(&hash) {
            return Err(Rejected::AlreadyKnown);
        }
        if nonce < next {
            return Err(Rejected::NonceTooLow { got: nonce, next });
        }
        if nonce.saturating_sub(next) > FARTHEST_NONCE {
            return Err(Rejected::NonceTooHigh { got: nonce, next });
        }
        self.set_nonce(sender, next);
        match self.find_at(sender, nonce) {
            Some(old) => check_replacement(&old, &transaction)?,
            None => self.make_room(&transaction)?,
        }
        let before = self.senders.get(&sender).map_or(next, SenderQueue::after_pending);
        let arrival = self.arrivals;
        self.arrivals = self.arrivals.saturating_add(1);
        let entry = Arc::new(PooledEntry { transaction, hash, arrival });
        let replaced = self.change(sender, |queue| {
            queue.next = next;
            queue.entries.insert(nonce, entry)
        });
        if let Some(old) = replaced {
            self.places.remove(&old.hash);
        }
        self.places.insert(hash, (sender, nonce));
        Ok(Inserted { hash, ready: self.newly_ready(sender, nonce, before) })
    }

    /// The pending transactions that `nonce` made so: from it on if it closed the gap at `before`,
    /// itself if it replaced a pending one, else none.
    fn newly_ready(&self, sender: Address, nonce: u64, before: u64) -> Vec<Arc<PooledEntry>> {
        let Some(queue) = self.senders.get(&sender) else { return Vec::new() };
        let from = nonce.max(before);
        queue
            .pending()
            .filter(|(at, _)| **at >= from || **at == nonce)
            .map(|(_, entry)| Arc::clone(entry))
            .collect()
    }

    /// Makes room for one more if the pool is full, by taking out the cheapest sender's last.
    fn make_room(&mut self, newcomer: &Recovered<PooledTransaction>) -> Result<(), Rejected> {
        if self.places.len() < self.capacity {
            return Ok(());
        }
        let cheapest = self.tails.first().copied();
        match cheapest {
            Some((fee_cap, _, sender)) if fee_cap < newcomer.max_fee_per_gas() => {
                let last = self.senders.get(&sender).and_then(|q| q.entries.last_key_value());
                if let Some(hash) = last.map(|(_, entry)| entry.hash) {
                    self.remove(&hash);
                }
                Ok(())
            }
            _ => Err(Rejected::PoolFull),
        }
    }

    /// Takes a transaction out; those after it stay, behind the gap.
    pub(crate) fn remove(&mut self, hash: &TxHash) -> Option<Arc<PooledEntry>> {
        let (sender, nonce) = self.places.remove(hash)?;
        self.change(sender, |queue| queue.entries.remove(&nonce))
    }

    /// Takes all transactions of a sender out.
    pub(crate) fn remove_sender(&mut self, sender: Address) {
        let gone = self.change(sender, |queue| {
            let gone = std::mem::take(&mut queue.entries);
            (!gone.is_empty()).then_some(gone)
        });
        for entry in gone.unwrap_or_default().into_values() {
            self.places.remove(&entry.hash);
        }
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        self.senders.clear();
        self.places.clear();
        self.tails.clear();
    }

    /// Tells the pool an account's nonce; what stands below it goes.
    pub(crate) fn set_nonce(&mut self, sender: Address, next: u64) {
        let stale = self.change(sender, |queue| {
            queue.next = next;
            let kept = queue.entries.split_off(&next);
            Some(std::mem::replace(&mut queue.entries, kept))
        });
        for entry in stale.unwrap_or_default().into_values() {
            self.places.remove(&entry.hash);
        }
    }

    /// Changes one sender's queue and keeps the tails in step; an empty queue goes.
    fn change<R>(
        &mut self,
        sender: Address,
        change: impl FnOnce(&mut SenderQueue) -> Option<R>,
    ) -> Option<R> {
        let queue = self.senders.entry(sender).or_default();
        if let Some(tail) = queue.tail(sender) {
            self.tails.remove(&tail);
        }
        let result = change(queue);
        if let Some(tail) = queue.tail(sender) {
            self.tails.insert(tail);
        } else {
            self.senders.remove(&sender);
        }
        result
    }

    /// All senders that have a transaction here.
    pub(crate) fn senders(&self) -> impl Iterator<Item = Address> {
        self.senders.keys().copied()
    }

    /// Whether a sender has a transaction here.
    pub(crate) fn has_sender(&self, sender: &Address) -> bool {
        self.senders.contains_key(sender)
    }

    /// The pending transactions as a block takes them.
    pub(crate) fn ready(&self, order: PoolOrder, base_fee: u64) -> Ready<'_> {
        Ready::new(self.senders.iter().map(|(sender, queue)| (*sender, queue)), order, base_fee)
    }

    /// Everything, in order of arrival.
    pub(crate) fn all(&self) -> Vec<Arc<PooledEntry>> {
        let queues = self.senders.values();
        let mut all: Vec<_> = queues.flat_map(|queue| queue.entries.values().cloned()).collect();
        all.sort_unstable_by_key(|entry| entry.arrival);
        all
    }

    pub(crate) fn find(&self, hash: &TxHash) -> Option<Arc<PooledEntry>> {
        let (sender, nonce) = self.places.get(hash)?;
        self.find_at(*sender, *nonce)
    }

    fn find_at(&self, sender: Address, nonce: u64) -> Option<Arc<PooledEntry>> {
        self.senders.get(&sender)?.entries.get(&nonce).cloned()
    }

    pub(super) fn status(&self) -> PoolStatus {
        let pending = self.senders.values().map(|queue| queue.pending().count()).sum();
        PoolStatus { pending, queued: self.places.len().saturating_sub(pending) }
    }

    pub(super) fn content(&self) -> PoolContent {
        let mut content = PoolContent::default();
        for sender in self.senders.keys() {
            let (pending, queued) = self.content_from(*sender);
            if !pending.is_empty() {
                content.pending.insert(*sender, pending);
            }
            if !queued.is_empty() {
                content.queued.insert(*sender, queued);
            }
        }
        content
    }

    pub(super) fn content_from(&self, sender: Address) -> (Entries, Entries) {
        let Some(queue) = self.senders.get(&sender) else { return Default::default() };
        let owned = |(nonce, entry): (&u64, &Arc<PooledEntry>)| (*nonce, Arc::clone(entry));
        (queue.pending().map(owned).collect(), queue.queued().map(owned).collect())
    }

    pub(super) fn next_nonce(&self, sender: Address) -> Option<u64> {
        let queue = self.senders.get(&sender)?;
        queue.pending().last().map(|(nonce, _)| nonce.saturating_add(1))
    }

    /// How many transactions are here.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }
}

/// Transactions of one sender by nonce.
pub(super) type Entries = BTreeMap<u64, Arc<PooledEntry>>;

/// A replacement must pay ten percent more, rounded up, in tip and in fee cap.
fn check_replacement(
    old: &PooledEntry,
    new: &Recovered<PooledTransaction>,
) -> Result<(), Rejected> {
    let least_tip = bumped(old.transaction.priority_fee_or_price());
    let least_fee = bumped(old.transaction.max_fee_per_gas());
    let (tip, fee) = (new.priority_fee_or_price(), new.max_fee_per_gas());
    if tip < least_tip || fee < least_fee {
        return Err(Rejected::ReplacementUnderpriced { tip, least_tip, fee, least_fee });
    }
    Ok(())
}

fn bumped(price: u128) -> u128 {
    price.saturating_mul(100 + PRICE_BUMP_PERCENT).div_ceil(100)
}
