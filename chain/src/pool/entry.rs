//! Holds one transaction of the pool with what its place depends on.

use crate::execution::{PooledTransaction, Transaction};
use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_eips::eip7594::BlobTransactionSidecarVariant;
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

    /// The blobs of a blob transaction.
    pub fn sidecar(&self) -> Option<&BlobTransactionSidecarVariant> {
        match self.transaction.inner() {
            PooledTransaction::Eip4844(tx) => Some(&tx.tx().sidecar),
            _ => None,
        }
    }

    /// The transaction as a block holds it, without blobs.
    pub fn to_block(&self) -> Recovered<Transaction> {
        let (transaction, sender) = self.transaction.clone().into_parts();
        Recovered::new_unchecked(without_blobs(transaction), sender)
    }
}

fn without_blobs(transaction: PooledTransaction) -> Transaction {
    match transaction {
        PooledTransaction::Legacy(tx) => Transaction::Legacy(tx),
        PooledTransaction::Eip2930(tx) => Transaction::Eip2930(tx),
        PooledTransaction::Eip1559(tx) => Transaction::Eip1559(tx),
        PooledTransaction::Eip7702(tx) => Transaction::Eip7702(tx),
        PooledTransaction::Eip4844(tx) => Transaction::Eip4844(tx.map(|tx| tx.tx)),
    }
}
