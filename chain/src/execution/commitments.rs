//! Compares what a header commits to with the block that is stored under it.

use super::{attached::Attached, record};
use alloy_consensus::proofs::{
    calculate_ommers_root, calculate_receipt_root, calculate_transaction_root,
    calculate_withdrawals_root,
};
use alloy_primitives::{BlockNumber, Bloom};
use utnet_db::{DbError, History, View};

/// Checks that transactions, receipts, blooms, withdrawals and uncles of a block are those that its
/// header commits to, and that the block changed the account of each sender, as far as all that is kept. The first block of a chain has none and is not asked.
///
/// # Errors
/// [`DbError::Commitment`] names what is not; or what reading the block says.
pub fn check_commitments(view: &View, number: BlockNumber) -> Result<(), DbError> {
    if view.genesis_number()? == Some(number) || !view.has(History::Bodies, number)? {
        return Ok(());
    }
    let block = view.block(number)?.ok_or(DbError::Missing { table: "CanonicalHeaders" })?;
    let has_receipts = view.has(History::Receipts, number)?;
    let receipts = if has_receipts { view.receipts(number)? } else { None }.unwrap_or_default();
    let record = record::restore(block, receipts, Attached::decode(view.sidecar(number)?));
    let header = &record.header;
    let transactions: Vec<_> = record.transactions.iter().map(|tx| tx.inner().clone()).collect();
    let withdrawals = record.withdrawals.as_deref().map(calculate_withdrawals_root);
    let blooms = record.receipts.iter().map(|receipt| *receipt.logs_bloom());
    // Its nonce at least changes in each sender's account.
    let changed = match number.checked_sub(1) {
        Some(parent) if view.has(History::State, parent)? => Some(view.before(number)?.accounts),
        _ => None,
    };
    let mut senders = record.transactions.iter().map(|transaction| transaction.signer());
    for (part, is_same) in [
        (
            "senders",
            changed.is_none_or(|changed| senders.all(|sender| changed.contains_key(&sender))),
        ),
        (
            "transactions root",
            calculate_transaction_root(&transactions) == header.transactions_root,
        ),
        (
            "receipts root",
            !has_receipts || calculate_receipt_root(&record.receipts) == header.receipts_root,
        ),
        (
            "bloom",
            !has_receipts || blooms.fold(Bloom::ZERO, |all, one| all | one) == header.logs_bloom,
        ),
        ("withdrawals root", withdrawals == header.withdrawals_root),
        ("uncles root", calculate_ommers_root(&record.ommers) == header.ommers_hash),
    ] {
        if !is_same {
            return Err(DbError::Commitment { number, part });
        }
    }
    Ok(())
}
