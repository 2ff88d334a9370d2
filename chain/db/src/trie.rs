//! Computes state roots and proofs over the hashed tables and changes on top of them.

use crate::{
    error::DbError,
    state::{AccountChange, AccountUpdate, HashedChanges},
    tables::{HashedAccounts, HashedStorages, StorageRoots},
    traits::{DbCursorRO, DbDupCursorRO, DbTx, DbTxMut},
};
use alloy_primitives::{B256, Bytes, U256};
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles, proof::ProofRetainer};
use reth_primitives_traits::Account;
use std::collections::BTreeMap;

/// What changes in the tries, to be written with [`write`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrieUpdate {
    /// Root of the state trie after the changes.
    pub(crate) root: B256,
    /// New storage roots by hash of address.
    storage_roots: BTreeMap<B256, B256>,
}

/// Nodes from the root to a key, and the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) root: B256,
    pub(crate) nodes: Vec<Bytes>,
}

/// Computes the tries after changes.
pub(crate) fn update<TX: DbTx>(tx: &TX, changes: &HashedChanges) -> Result<TrieUpdate, DbError> {
    let mut storage_roots = BTreeMap::new();
    for (hashed, change) in &changes.accounts {
        if change.storage_wiped || !change.storage.is_empty() {
            storage_roots.insert(*hashed, storage_branch(tx, *hashed, change, None)?.root);
        }
    }
    let root = account_branch(tx, changes, &storage_roots, None)?.root;
    Ok(TrieUpdate { root, storage_roots })
}

/// Writes what [`update`] computed.
pub(crate) fn write<TX: DbTxMut>(tx: &TX, update: &TrieUpdate) -> Result<(), DbError> {
    for (hashed, root) in &update.storage_roots {
        if *root == EMPTY_ROOT_HASH {
            tx.delete::<StorageRoots>(*hashed, None)?;
        } else {
            tx.put::<StorageRoots>(*hashed, *root)?;
        }
    }
    Ok(())
}

/// Nodes from the state root to an account.
pub(crate) fn prove_account<TX: DbTx>(
    tx: &TX,
    changes: &HashedChanges,
    hashed: B256,
) -> Result<Branch, DbError> {
    let roots = update(tx, changes)?.storage_roots;
    account_branch(tx, changes, &roots, Some(hashed))
}

/// Nodes from an account's storage root to a slot.
pub(crate) fn prove_slot<TX: DbTx>(
    tx: &TX,
    changes: &HashedChanges,
    hashed: B256,
    slot: B256,
) -> Result<Branch, DbError> {
    let none = AccountChange::default();
    let change = changes.accounts.get(&hashed).unwrap_or(&none);
    storage_branch(tx, hashed, change, Some(slot))
}

fn builder(target: Option<B256>) -> HashBuilder {
    let retainer = ProofRetainer::from_iter(target.map(Nibbles::unpack));
    HashBuilder::default().with_proof_retainer(retainer)
}

fn finish(mut builder: HashBuilder) -> Branch {
    let root = builder.root();
    let nodes = builder.take_proof_nodes().into_nodes_sorted();
    Branch { root, nodes: nodes.into_iter().map(|(_, node)| node).collect() }
}

fn storage_branch<TX: DbTx>(
    tx: &TX,
    hashed: B256,
    change: &AccountChange,
    target: Option<B256>,
) -> Result<Branch, DbError> {
    let mut slots = BTreeMap::new();
    let mut cursor = tx.cursor_dup_read::<HashedStorages>()?;
    let mut entry = if change.storage_wiped { None } else { cursor.seek_exact(hashed)? };
    while let Some((_, slot)) = entry {
        slots.insert(slot.key, slot.value);
        entry = cursor.next_dup()?;
    }
    slots.extend(&change.storage);
    let mut builder = builder(target);
    for (slot, value) in slots.iter().filter(|(_, value)| **value != U256::ZERO) {
        builder.add_leaf(Nibbles::unpack(slot), &alloy_rlp::encode(value));
    }
    Ok(finish(builder))
}

fn account_branch<TX: DbTx>(
    tx: &TX,
    changes: &HashedChanges,
    roots: &BTreeMap<B256, B256>,
    target: Option<B256>,
) -> Result<Branch, DbError> {
    let mut accounts: BTreeMap<B256, Account> = BTreeMap::new();
    for entry in tx.cursor_read::<HashedAccounts>()?.walk(None)? {
        let (hashed, account) = entry?;
        accounts.insert(hashed, account);
    }
    for (hashed, change) in &changes.accounts {
        match change.account {
            AccountUpdate::Unchanged => {}
            AccountUpdate::Set(account) => {
                accounts.insert(*hashed, account);
            }
            AccountUpdate::Deleted => {
                accounts.remove(hashed);
            }
        }
    }
    let mut builder = builder(target);
    for (hashed, account) in accounts {
        let root = match roots.get(&hashed) {
            Some(root) => *root,
            None => tx.get::<StorageRoots>(hashed)?.unwrap_or(EMPTY_ROOT_HASH),
        };
        let leaf = alloy_rlp::encode(account.into_trie_account(root));
        builder.add_leaf(Nibbles::unpack(hashed), &leaf);
    }
    Ok(finish(builder))
}
