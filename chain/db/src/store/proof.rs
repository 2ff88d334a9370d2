//! Proves accounts and slots against a state root, EIP-1186.

use super::tx::ViewTx;
use crate::{error::DbError, state::HashedChanges, trie};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use reth_primitives_traits::Account;

/// A proof of an account, EIP-1186.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// The account asked for.
    pub address: Address,
    /// The account, if it exists.
    pub account: Option<Account>,
    /// Root of its storage; that of the empty trie when it has none.
    pub storage_root: B256,
    /// RLP of the nodes from the state root down, also when the account does not exist.
    pub proof: Vec<Bytes>,
    /// Proofs of the slots asked for, in that order.
    pub storage_proofs: Vec<StorageProof>,
}

/// A proof of a slot, EIP-1186.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot asked for.
    pub slot: B256,
    /// Its value.
    pub value: U256,
    /// RLP of the nodes from the storage root down; empty when the storage is.
    pub proof: Vec<Bytes>,
}

/// Slots and what reads them.
pub(super) type Slots<'a> = (&'a [B256], &'a dyn Fn(B256) -> Result<U256, DbError>);

/// Proves an account and slots in the latest state after changes.
pub(super) fn proof(
    tx: &ViewTx,
    changes: &HashedChanges,
    (address, account): (Address, Option<Account>),
    (slots, value): Slots<'_>,
) -> Result<AccountProof, DbError> {
    let hashed_slots: Vec<B256> = slots.iter().map(keccak256).collect();
    let found = trie::prove(tx, changes, keccak256(address), &hashed_slots)?;
    let mut storage_proofs = Vec::with_capacity(slots.len());
    for (slot, proof) in slots.iter().zip(found.slots) {
        storage_proofs.push(StorageProof { slot: *slot, value: value(*slot)?, proof });
    }
    let (storage_root, proof) = (found.storage_root, found.account);
    Ok(AccountProof { address, account, storage_root, proof, storage_proofs })
}
