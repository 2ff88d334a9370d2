//! Computes everything anew, from one state or the other: for a first state, for repairs, and as a
//! check on what is computed step by step.

use super::{StorageUpdate, TrieUpdate, grow::NodeUpdates, stored};
use crate::{
    error::DbError,
    tables::{
        AccountsTrie, HashedAccounts, HashedStorages, PlainAccountState, PlainStorageState,
        StorageRoots, StoragesTrie,
    },
    traits::{DbCursorRO, DbTx},
};
use alloy_primitives::{Address, B256, U256};
use alloy_trie::{
    EMPTY_ROOT_HASH, HashBuilder, Nibbles,
    root::{state_root_unhashed, storage_root_unhashed},
};
use std::collections::BTreeMap;

/// The root of the latest plain state. Needs memory for the whole state and reads all of it.
pub(crate) fn root<TX: DbTx>(tx: &TX) -> Result<B256, DbError> {
    let mut storages: BTreeMap<Address, Vec<(B256, U256)>> = BTreeMap::new();
    for entry in tx.cursor_read::<PlainStorageState>()?.walk(None)? {
        let (address, slot) = entry?;
        storages.entry(address).or_default().push((slot.key, slot.value));
    }
    let mut accounts = Vec::new();
    for entry in tx.cursor_read::<PlainAccountState>()?.walk(None)? {
        let (address, account) = entry?;
        let root = storage_root_unhashed(storages.remove(&address).unwrap_or_default());
        accounts.push((address, account.into_trie_account(root)));
    }
    Ok(state_root_unhashed(accounts))
}

/// All tries, computed from the hashed tables in one pass over them.
pub(crate) fn rebuild<TX: DbTx>(tx: &TX) -> Result<TrieUpdate, DbError> {
    let storages = rebuild_storages(tx)?;
    let mut builder = HashBuilder::default().with_updates(true);
    for entry in tx.cursor_read::<HashedAccounts>()?.walk(None)? {
        let (hashed, account) = entry?;
        let root = storages.get(&hashed).map_or(EMPTY_ROOT_HASH, |storage| storage.root);
        let leaf = alloy_rlp::encode(account.into_trie_account(root));
        builder.add_leaf(Nibbles::unpack(hashed), &leaf);
    }
    let (root, accounts) = finish(builder);
    Ok(TrieUpdate { root, accounts, storages, ..TrieUpdate::default() })
}

fn rebuild_storages<TX: DbTx>(tx: &TX) -> Result<BTreeMap<B256, StorageUpdate>, DbError> {
    let mut storages = BTreeMap::new();
    let mut building: Option<(B256, HashBuilder)> = None;
    for entry in tx.cursor_dup_read::<HashedStorages>()?.walk(None)? {
        let (hashed, slot) = entry?;
        if let Some((done, builder)) = building.take_if(|(open, _)| *open != hashed) {
            storages.insert(done, storage(builder));
        }
        let new = || (hashed, HashBuilder::default().with_updates(true));
        let (_, builder) = building.get_or_insert_with(new);
        builder.add_leaf(Nibbles::unpack(slot.key), &alloy_rlp::encode(slot.value));
    }
    storages.extend(building.map(|(done, builder)| (done, storage(builder))));
    Ok(storages)
}

fn storage(builder: HashBuilder) -> StorageUpdate {
    let (root, nodes) = finish(builder);
    StorageUpdate { root, nodes, ..StorageUpdate::default() }
}

fn finish(mut builder: HashBuilder) -> (B256, NodeUpdates) {
    let root = builder.root();
    let (_, nodes) = builder.split();
    (root, nodes.into_iter().map(|(path, node)| (path, Some(node))).collect())
}

/// Whether the stored tries are those of the hashed tables, node by node.
pub(crate) fn is_sound<TX: DbTx>(tx: &TX) -> Result<bool, DbError> {
    let TrieUpdate { accounts, storages, .. } = rebuild(tx)?;
    let mut cursor = tx.cursor_read::<AccountsTrie>()?;
    let found = cursor.walk(None)?.map(|entry| entry.map(|(path, node)| (path.0, node)));
    let expected = stored(&accounts).filter_map(|(path, node)| Some((*path, node.clone()?)));
    let mut same = are_same(found, expected)?;
    let mut cursor = tx.cursor_dup_read::<StoragesTrie>()?;
    let found = cursor
        .walk(None)?
        .map(|entry| entry.map(|(hashed, entry)| ((hashed, entry.nibbles.0), entry.node)));
    let expected = storages.iter().flat_map(|(hashed, storage)| {
        let nodes = stored(&storage.nodes);
        nodes.filter_map(|(path, node)| Some(((*hashed, *path), node.clone()?)))
    });
    same &= are_same(found, expected)?;
    let mut cursor = tx.cursor_read::<StorageRoots>()?;
    let expected = storages.iter().map(|(hashed, storage)| (*hashed, storage.root));
    Ok(same && are_same(cursor.walk(None)?, expected)?)
}

fn are_same<T: PartialEq>(
    found: impl Iterator<Item = Result<T, DbError>>,
    mut expected: impl Iterator<Item = T>,
) -> Result<bool, DbError> {
    for found in found {
        if expected.next() != Some(found?) {
            return Ok(false);
        }
    }
    Ok(expected.next().is_none())
}
