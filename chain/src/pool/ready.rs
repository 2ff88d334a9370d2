//! Walks the pending transactions in the order in which a block takes them.

use super::{PoolOrder, PooledEntry, sender::SenderQueue};
use alloy_consensus::Transaction;
use alloy_primitives::Address;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

/// The pending transactions, best first; within a sender by nonce.
///
/// A transaction whose fee cap is below the base fee holds back all later ones of its sender.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    best: BinaryHeap<Candidate>,
    queues: BTreeMap<Address, &'a SenderQueue>,
    order: PoolOrder,
    base_fee: u64,
}

/// A sender's next transaction. Compared by price, then earliest arrival: a total order, since
/// arrivals are unique.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    price: u128,
    arrival: Reverse<u64>,
    sender: Address,
    nonce: u64,
}

impl<'a> Ready<'a> {
    pub(super) fn new(
        queues: impl Iterator<Item = (Address, &'a SenderQueue)>,
        order: PoolOrder,
        base_fee: u64,
    ) -> Self {
        let mut ready = Self { best: BinaryHeap::new(), queues: BTreeMap::new(), order, base_fee };
        for (sender, queue) in queues {
            ready.queues.insert(sender, queue);
            ready.push(sender, queue.next());
        }
        ready
    }

    /// Makes a sender's transaction of this nonce its candidate, if it is there and pays enough.
    fn push(&mut self, sender: Address, nonce: u64) {
        let Some(entry) = self.queues.get(&sender).and_then(|queue| queue.find(nonce)) else {
            return;
        };
        let Some(tip) = entry.transaction.effective_tip_per_gas(self.base_fee) else { return };
        let price = match self.order {
            PoolOrder::Fees => tip,
            PoolOrder::Arrival => 0,
        };
        let arrival = Reverse(entry.arrival);
        self.best.push(Candidate { price, arrival, sender, nonce });
    }

    /// Leaves out what else this sender has.
    pub(crate) fn skip(&mut self, sender: Address) {
        self.queues.remove(&sender);
    }
}

impl Iterator for Ready<'_> {
    type Item = Arc<PooledEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Candidate { sender, nonce, .. } = self.best.pop()?;
            let Some(queue) = self.queues.get(&sender) else { continue };
            let entry = queue.find(nonce).map(Arc::clone);
            if let Some(next) = nonce.checked_add(1) {
                self.push(sender, next);
            }
            if entry.is_some() {
                return entry;
            }
        }
    }
}
