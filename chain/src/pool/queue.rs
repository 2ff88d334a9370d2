//! Queues transactions by sender and nonce and keeps the pool within its capacity.

use super::{
    PoolContent, PoolOrder, PoolStatus, PooledEntry, Ready, Rejected,
    sender::{SenderQueue, Tail},
};
use crate::execution::PooledTransaction;
use alloy_consensus::{Transaction, transaction::Recovered};
use alloy_primitives::{Address, TxHash};
use std::{
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

/// What an insertion did.
#[derive(Clone, Debug)]
pub(crate) struct Inserted {
    /// Hash of the new transaction.
    pub(crate) hash: TxHash,
    /// Transactions that are ready only since: the new one, and those it closed the gap to.
    pub(crate) ready: Vec<Arc<PooledEntry>>,
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
        if nonce == u64::MAX {
            return Err(Rejected::NonceMax);
        }
        if nonce.saturating_sub(next) > FARTHEST_NONCE {
            return Err(Rejected::NonceTooHigh { got: nonce, next });
        }
        if self.senders.get(&sender).is_none_or(|queue| queue.next() != next) {
            self.set_nonce(sender, next);
        }
        match self.find_at(sender, nonce) {
            Some(old) => check_replacement(&old, &transaction)?,
            None => self.make_room(&transaction)?,
        }
        let before = self.senders.get(&sender).map_or(next, SenderQueue::after_pending);
        let arrival = self.arrivals;
        self.arrivals = self.arrivals.saturating_add(1);
        let entry = Arc::new(PooledEntry { transaction, hash, arrival });
        let replaced = self.change(sender, next, |queue| queue.insert(nonce, entry));
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
        let itself = queue.find(nonce).filter(|_| nonce < before);
        let closed = queue.pending_from(nonce.max(before)).map(|(_, entry)| entry);
        itself.into_iter().chain(closed).map(Arc::clone).collect()
    }

    /// Makes room for one more if the pool is full, by taking out the cheapest sender's last.
    fn make_room(&mut self, newcomer: &Recovered<PooledTransaction>) -> Result<(), Rejected> {
        if self.places.len() < self.capacity {
            return Ok(());
        }
        let cheapest = self.tails.first().copied();
        match cheapest {
            Some((fee_cap, _, sender)) if fee_cap < newcomer.max_fee_per_gas() => {
                let last = self.senders.get(&sender).and_then(SenderQueue::last);
                if let Some(hash) = last.map(|entry| entry.hash) {
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
        let next = self.senders.get(&sender)?.next();
        self.change(sender, next, |queue| queue.remove(nonce))
    }

    /// Takes all transactions of a sender out.
    pub(crate) fn remove_sender(&mut self, sender: Address) {
        let Some(next) = self.senders.get(&sender).map(SenderQueue::next) else { return };
        let gone = self.change(sender, next, SenderQueue::take_all);
        for entry in gone.into_values() {
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
        let stale = self.change(sender, next, |queue| queue.set_next(next));
        for entry in stale.into_values() {
            self.places.remove(&entry.hash);
        }
    }

    /// Changes one sender's queue, made if need be with this nonce, and keeps the tails in step; an
    /// empty queue goes.
    fn change<R>(
        &mut self,
        sender: Address,
        next: u64,
        change: impl FnOnce(&mut SenderQueue) -> R,
    ) -> R {
        let queue = self.senders.entry(sender).or_insert_with(|| SenderQueue::new(next));
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

    /// Whether a block with this base fee could take a transaction.
    pub(crate) fn has_ready(&self, base_fee: u64) -> bool {
        let firsts = self.senders.values().filter_map(|queue| queue.find(queue.next()));
        let mut pays = firsts.map(|first| first.transaction.effective_tip_per_gas(base_fee));
        pays.any(|tip| tip.is_some())
    }

    /// Everything, in order of arrival.
    pub(crate) fn all(&self) -> Vec<Arc<PooledEntry>> {
        let queues = self.senders.values();
        let mut all: Vec<_> = queues.flat_map(|queue| queue.all().cloned()).collect();
        all.sort_unstable_by_key(|entry| entry.arrival);
        all
    }

    pub(crate) fn find(&self, hash: &TxHash) -> Option<Arc<PooledEntry>> {
        let (sender, nonce) = self.places.get(hash)?;
        self.find_at(*sender, *nonce)
    }

    fn find_at(&self, sender: Address, nonce: u64) -> Option<Arc<PooledEntry>> {
        self.senders.get(&sender)?.find(nonce).cloned()
    }

    pub(super) fn status(&self) -> PoolStatus {
        let pending = self.senders.values().map(SenderQueue::pending_count).sum();
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
        (queue.pending_from(0).map(owned).collect(), queue.queued().map(owned).collect())
    }

    pub(super) fn next_nonce(&self, sender: Address) -> Option<u64> {
        let queue = self.senders.get(&sender)?;
        (queue.pending_count() > 0).then(|| queue.after_pending())
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
