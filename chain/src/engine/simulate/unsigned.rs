//! Gives transactions that nobody signed the form that geth gives them, so that hashes and roots are geth's: a
//! signature of zeros, in transactions of the first type with a `v` of zero, too, which no signature has.

use crate::execution::Transaction;
use alloy_consensus::{SignableTransaction, Signed, TxLegacy};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, Signature, U256, keccak256};
use alloy_rlp::EMPTY_STRING_CODE;
use alloy_trie::root::ordered_trie_root_with_encoder;

/// Bytes at the end of a transaction of the first type: `v`, and `r` and `s` of zero, one each. `v` takes one byte where
/// the signature names no chain.
const SIGNATURE_BYTES: usize = 3;

const ZEROS: Signature = Signature::new(U256::ZERO, U256::ZERO, false);

/// A transaction of a type that says itself which it is.
pub(super) fn typed<T: SignableTransaction<Signature>>(transaction: T) -> Transaction
where
    Signed<T>: Into<Transaction>,
{
    transaction.into_signed(ZEROS).into()
}

/// A transaction of the first type, which must name no chain.
pub(super) fn legacy(transaction: TxLegacy) -> Transaction {
    let mut bytes = Vec::new();
    encode(&transaction.clone().into_signed(ZEROS).into(), &mut bytes);
    Signed::new_unchecked(transaction, ZEROS, keccak256(bytes)).into()
}

/// The root of a block's transactions.
pub(super) fn root(transactions: &[Transaction]) -> B256 {
    ordered_trie_root_with_encoder(transactions, encode)
}

/// Appends the bytes of one to none.
fn encode(transaction: &Transaction, out: &mut Vec<u8>) {
    transaction.encode_2718(out);
    let v = out.len().checked_sub(SIGNATURE_BYTES).filter(|_| transaction.is_legacy());
    if let Some(v) = v.and_then(|place| out.get_mut(place)) {
        *v = EMPTY_STRING_CODE;
    }
}
