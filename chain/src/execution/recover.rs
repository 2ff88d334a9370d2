//! Recovers the senders of transactions, in parallel where there are many.

use super::Transaction;
use alloy_consensus::transaction::{Recovered, SignerRecoverable};
use rayon::prelude::*;

/// Recovers the senders of a block's transactions.
///
/// # Errors
/// The position of the first transaction whose signature recovers to nobody.
pub fn recover_all(transactions: &[Transaction]) -> Result<Vec<Recovered<Transaction>>, usize> {
    let recovered: Vec<_> = transactions
        .par_iter()
        .map(|transaction| transaction.clone().try_into_recovered().ok())
        .collect();
    recovered.into_iter().enumerate().map(|(index, one)| one.ok_or(index)).collect()
}
