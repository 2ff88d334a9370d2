//! Holds one transaction of the pool with what its place depends on.

use crate::execution::PooledTransaction;
use alloy_consensus::{Transaction, transaction::Recovered};
use alloy_primitives::{Address, TxHash};

/// A transaction in the pool.
#[derive(Clone, Debug)]
pub struct PooledEntry {
    /// The transaction; blob transactions with their sidecar.
    pub transaction: Recovered<PooledTransaction>,
    /// Its hash.
    pub hash: TxHash,
    /// How many transactions arrived before it.
    pub arrival: u64,
}

impl PooledEntry {
    /// The account that pays.
    pub const fn sender(&self) -> Address {
        self.transaction.signer()
    }

    /// Its place among the sender's transactions.
    pub fn nonce(&self) -> u64 {
        self.transaction.nonce()
    }
}
