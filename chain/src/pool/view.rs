//! Lets others look into the pool.

use super::PooledEntry;
use alloy_primitives::{Address, TxHash};
use std::{collections::BTreeMap, sync::Arc};

/// A live read-only handle to the pool; each call sees the pool as it is at that moment.
#[derive(Clone, Debug)]
pub struct PoolView {}

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
    /// How many transactions wait.
    pub fn status(&self) -> PoolStatus {
        todo!()
    }

    /// All transactions.
    pub fn content(&self) -> PoolContent {
        todo!()
    }

    /// All transactions of one sender: pending, then queued.
    pub fn content_from(
        &self,
        sender: Address,
    ) -> (BTreeMap<u64, Arc<PooledEntry>>, BTreeMap<u64, Arc<PooledEntry>>) {
        todo!()
    }

    /// One transaction.
    pub fn find(&self, hash: &TxHash) -> Option<Arc<PooledEntry>> {
        todo!()
    }

    /// The nonce after the sender's last pending transaction; `None` if it has none.
    pub fn next_nonce(&self, sender: Address) -> Option<u64> {
        todo!()
    }

    /// The pending transactions in the order in which a block would take them.
    pub fn ready(&self) -> Vec<Arc<PooledEntry>> {
        todo!()
    }
}
