//! Computes state roots and proofs from stored inner nodes, hashed tables and changes on top.
//!
//! The work is proportional to what changed, not to the state: subtrees without a change enter by
//! their hash, stored or in memory since they were needed last ([`Warm`]). One function computes
//! ([`update`]), one writes ([`write()`]).

mod full;
mod grow;
mod leaves;
mod node;
mod nodes;
mod walk;
mod warm;

use crate::{
    codec::{StorageTrieEntry, StoredNibbles, StoredNibblesSubKey},
    error::DbError,
    state::{AccountChange, AccountUpdate, HashedChanges},
    tables::{AccountsTrie, StorageRoots, StoragesTrie},
    traits::{DbCursorRO, DbCursorRW, DbDupCursorRO, DbDupCursorRW, DbTx, DbTxMut},
};
use alloy_primitives::{B256, Bytes};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, proof::ProofNodes};
pub(crate) use full::{is_sound, rebuild, root as root_from_scratch};
use grow::{Grown, NodeUpdates, grow};
use leaves::{AccountLeaves, Leaves, StorageLeaves};
use node::Node;
use nodes::{AccountNodes, NoNodes, Nodes, StorageNodes};
use std::collections::BTreeMap;
use walk::{Walked, walk};
pub(crate) use warm::Warm;

/// With more changed leaves than this, a trie is computed from its sorted leaves: much of what such a
/// block touches would not stay in memory, and to build it there costs more than it saves.
const MANY: usize = 8_192;

/// What changes in the tries, to be written with [`write()`].
#[derive(Clone, Debug, Default)]
pub(crate) struct TrieUpdate {
    /// Root of the state trie after the changes.
    pub(crate) root: B256,
    /// Inner nodes of the state trie.
    accounts: NodeUpdates,
    /// The state trie, as far as it is known.
    trie: Option<Node>,
    /// Storage tries by hash of address.
    storages: BTreeMap<B256, StorageUpdate>,
    /// Branches of all tries that are in memory now and were not before, about.
    revealed: usize,
    /// What changed, if the update came of changes.
    pub(crate) hashed: HashedChanges,
}

/// What changes in one storage trie.
#[derive(Clone, Debug, Default)]
struct StorageUpdate {
    root: B256,
    wiped: bool,
    nodes: NodeUpdates,
    /// The trie, as far as it is known.
    trie: Option<Node>,
    revealed: usize,
}

/// One trie after changes.
#[derive(Debug)]
struct Changed {
    root: B256,
    nodes: NodeUpdates,
    /// Nothing where it was computed past what is in memory.
    trie: Option<Node>,
    revealed: usize,
}

/// Nodes that prove an account and some of its slots.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proof {
    /// From the state root down.
    pub(crate) account: Vec<Bytes>,
    /// Root of the storage.
    pub(crate) storage_root: B256,
    /// From the storage root down, one list per slot.
    pub(crate) slots: Vec<Vec<Bytes>>,
}

/// Computes the tries after changes, given what is in memory of those before.
pub(crate) fn update<TX: DbTx>(
    tx: &TX,
    hashed: HashedChanges,
    warm: Warm,
) -> Result<TrieUpdate, DbError> {
    let update = compute(tx, &hashed, warm)?;
    Ok(TrieUpdate { hashed, ..update })
}

fn compute<TX: DbTx>(tx: &TX, changes: &HashedChanges, warm: Warm) -> Result<TrieUpdate, DbError> {
    let Warm { trie, storages: mut warm, .. } = warm;
    let mut storages = BTreeMap::new();
    for (hashed, change) in &changes.accounts {
        if change.storage_wiped || !change.storage.is_empty() {
            storages.insert(*hashed, grow_storage(tx, *hashed, change, warm.remove(hashed))?);
        }
    }
    let touched: Vec<B256> = changes
        .accounts
        .iter()
        .filter(|(hashed, change)| {
            change.account != AccountUpdate::Unchanged || storages.contains_key(*hashed)
        })
        .map(|(hashed, _)| *hashed)
        .collect();
    let root = |hashed| storage_root(tx, &storages, hashed);
    let leaves = AccountLeaves::new(tx, changes, &root)?;
    let Changed { root, nodes, trie, revealed } =
        change_trie(trie, AccountNodes::new(tx)?, leaves, &touched)?;
    let of_storages = storages.values().map(|update| update.revealed);
    let revealed = of_storages.fold(revealed, usize::saturating_add);
    let hashed = HashedChanges::default();
    Ok(TrieUpdate { root, accounts: nodes, trie, storages, revealed, hashed })
}

/// Forgets all stored tries.
pub(crate) fn clear<TX: DbTxMut>(tx: &TX) -> Result<(), DbError> {
    tx.clear::<AccountsTrie>()?;
    tx.clear::<StoragesTrie>()?;
    tx.clear::<StorageRoots>()
}

/// Writes what [`update`] computed.
pub(crate) fn write<TX: DbTxMut>(tx: &TX, update: &TrieUpdate) -> Result<(), DbError> {
    for (path, node) in stored(&update.accounts) {
        match node {
            Some(node) => tx.put::<AccountsTrie>(StoredNibbles(*path), node.clone())?,
            None => drop(tx.delete::<AccountsTrie>(StoredNibbles(*path), None)?),
        }
    }
    let mut cursor = tx.cursor_dup_write::<StoragesTrie>()?;
    for (hashed, storage) in &update.storages {
        if storage.root == EMPTY_ROOT_HASH {
            tx.delete::<StorageRoots>(*hashed, None)?;
        } else {
            tx.put::<StorageRoots>(*hashed, storage.root)?;
        }
        if storage.wiped && cursor.seek_exact(*hashed)?.is_some() {
            cursor.delete_current_duplicates()?;
        }
        for (path, node) in stored(&storage.nodes) {
            let nibbles = StoredNibblesSubKey(*path);
            let old = cursor.seek_by_key_subkey(*hashed, nibbles)?;
            if old.is_some_and(|old| old.nibbles == nibbles) {
                cursor.delete_current()?;
            }
            if let Some(node) = node {
                cursor.upsert(*hashed, StorageTrieEntry { nibbles, node: node.clone() })?;
            }
        }
    }
    Ok(())
}

/// Proves an account and slots, given by their hashes, in the state after changes.
pub(crate) fn prove<TX: DbTx>(
    tx: &TX,
    changes: &HashedChanges,
    hashed: B256,
    slots: &[B256],
) -> Result<Proof, DbError> {
    let TrieUpdate { storages, .. } = compute(tx, changes, Warm::default())?;
    let touched: Vec<B256> = changes.accounts.keys().copied().collect();
    let accounts = walk_accounts(tx, changes, &storages, (&touched, &[hashed]))?;
    let none = AccountChange::default();
    let change = changes.accounts.get(&hashed).unwrap_or(&none);
    let storage = walk_storage(tx, hashed, change, slots)?;
    Ok(Proof {
        account: nodes_to(&accounts.proof, hashed),
        storage_root: storage.root,
        slots: slots.iter().map(|slot| nodes_to(&storage.proof, *slot)).collect(),
    })
}

/// The node updates that are stored: as in reth, all but the root's.
fn stored(
    updates: &NodeUpdates,
) -> impl Iterator<Item = (&Nibbles, &Option<alloy_trie::BranchNodeCompact>)> {
    updates.iter().filter(|(path, _)| !path.is_empty())
}

fn nodes_to(proof: &ProofNodes, target: B256) -> Vec<Bytes> {
    let nodes = proof.matching_nodes_sorted(&Nibbles::unpack(target));
    nodes.into_iter().map(|(_, node)| node).collect()
}

fn grow_storage<TX: DbTx>(
    tx: &TX,
    hashed: B256,
    change: &AccountChange,
    trie: Option<Node>,
) -> Result<StorageUpdate, DbError> {
    let touched: Vec<B256> = change.storage.keys().copied().collect();
    let leaves = StorageLeaves::new(tx, hashed, change)?;
    let wiped = change.storage_wiped;
    let Changed { root, nodes, trie, revealed } = if wiped {
        change_trie(None, NoNodes, leaves, &touched)?
    } else {
        change_trie(trie, StorageNodes::new(tx, hashed)?, leaves, &touched)?
    };
    Ok(StorageUpdate { root, wiped, nodes, trie, revealed })
}

/// Applies changes to what is in memory of a trie, or computes it past that where they are many.
fn change_trie<N: Nodes, L: Leaves>(
    trie: Option<Node>,
    nodes: N,
    leaves: L,
    touched: &[B256],
) -> Result<Changed, DbError> {
    if touched.len() > MANY {
        let Walked { root, nodes, .. } = walk(nodes, leaves, touched, &[])?;
        return Ok(Changed { root, nodes, trie: None, revealed: 0 });
    }
    let Grown { trie, nodes, revealed } = grow(trie, nodes, leaves, touched)?;
    Ok(Changed { root: trie.root(), nodes, trie: Some(trie), revealed })
}

fn walk_storage<TX: DbTx>(
    tx: &TX,
    hashed: B256,
    change: &AccountChange,
    targets: &[B256],
) -> Result<Walked, DbError> {
    let touched: Vec<B256> = change.storage.keys().copied().collect();
    let leaves = StorageLeaves::new(tx, hashed, change)?;
    if change.storage_wiped {
        walk(NoNodes, leaves, &touched, targets)
    } else {
        walk(StorageNodes::new(tx, hashed)?, leaves, &touched, targets)
    }
}

fn walk_accounts<TX: DbTx>(
    tx: &TX,
    changes: &HashedChanges,
    storages: &BTreeMap<B256, StorageUpdate>,
    (touched, targets): (&[B256], &[B256]),
) -> Result<Walked, DbError> {
    let root = |hashed| storage_root(tx, storages, hashed);
    let leaves = AccountLeaves::new(tx, changes, &root)?;
    walk(AccountNodes::new(tx)?, leaves, touched, targets)
}

fn storage_root<TX: DbTx>(
    tx: &TX,
    changed: &BTreeMap<B256, StorageUpdate>,
    hashed: B256,
) -> Result<B256, DbError> {
    match changed.get(&hashed) {
        Some(update) => Ok(update.root),
        None => Ok(tx.get::<StorageRoots>(hashed)?.unwrap_or(EMPTY_ROOT_HASH)),
    }
}
