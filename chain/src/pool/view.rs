//! Lets others look into the pool.

use super::{Pool, PoolOrder, PooledEntry};
use alloy_primitives::{Address, TxHash};
use parking_lot::RwLock;
use std::{collections::BTreeMap, fmt, sync::Arc};

/// A live read-only handle to the pool; each call sees the pool as it is at that moment.
#[derive(Clone)]
pub struct PoolView {
    pool: Arc<RwLock<Pool>>,
}

/// How many transactions wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Transactions that a block could take now.
    pub pending: usize,
    /// Transactions behind a gap in their sender's nonces.
    pub queued: usize,
}

/// Transactions by sender and nonce.
#[derive(Clone, Debug, Default)]
pub struct PoolContent {
    /// Those that a block could take now.
    pub pending: BTreeMap<Address, BTreeMap<u64, Arc<PooledEntry>>>,
    /// Those behind a gap in their sender's nonces.
    pub queued: BTreeMap<Address, BTreeMap<u64, Arc<PooledEntry>>>,
}

impl PoolView {
    pub(crate) const fn new(pool: Arc<RwLock<Pool>>) -> Self {
        Self { pool }
    }

    /// How many transactions wait.
    pub fn status(&self) -> PoolStatus {
        self.pool.read().status()
    }

    /// All transactions.
    pub fn content(&self) -> PoolContent {
        self.pool.read().content()
    }

    /// All transactions of one sender: pending, then queued.
    pub fn content_from(
        &self,
        sender: Address,
    ) -> (BTreeMap<u64, Arc<PooledEntry>>, BTreeMap<u64, Arc<PooledEntry>>) {
        self.pool.read().content_from(sender)
    }

    /// One transaction.
    pub fn find(&self, hash: &TxHash) -> Option<Arc<PooledEntry>> {
        self.pool.read().find(hash)
    }

    /// The nonce after the sender's last pending transaction; `None` if it has none.
    pub fn next_nonce(&self, sender: Address) -> Option<u64> {
        self.pool.read().next_nonce(sender)
    }

    /// The pending transactions in the order of their prices, whatever the base fee.
    pub fn ready(&self) -> Vec<Arc<PooledEntry>> {
        self.ready_in(PoolOrder::Fees, 0)
    }

    /// The pending transactions as a block with this base fee takes them.
    pub fn ready_in(&self, order: PoolOrder, base_fee: u64) -> Vec<Arc<PooledEntry>> {
        self.pool.read().ready(order, base_fee).collect()
    }
}

impl fmt::Debug for PoolView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolView").field("status", &self.status()).finish()
    }
}
