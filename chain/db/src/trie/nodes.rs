//! Finds the stored inner nodes of a trie by their paths.

use crate::{
    codec::{StoredNibbles, StoredNibblesSubKey},
    error::DbError,
    tables::{AccountsTrie, StoragesTrie},
    traits::{DbCursorRO, DbDupCursorRO, DbTx},
};
use alloy_primitives::B256;
use alloy_trie::{BranchNodeCompact, Nibbles};

/// A stored node and its path.
pub(super) type Node = (Nibbles, BranchNodeCompact);

/// Stored inner nodes.
pub(super) trait Nodes {
    /// The first stored node at or under a path, which is the topmost one there.
    fn first_under(&mut self, path: &Nibbles) -> Result<Option<Node>, DbError>;
}

/// A trie of which nothing is stored.
pub(super) struct NoNodes;

impl Nodes for NoNodes {
    fn first_under(&mut self, _: &Nibbles) -> Result<Option<Node>, DbError> {
        Ok(None)
    }
}

/// Inner nodes of the state trie.
pub(super) struct AccountNodes<'a, TX: DbTx + 'a> {
    cursor: TX::Cursor<'a, AccountsTrie>,
}

impl<'a, TX: DbTx> AccountNodes<'a, TX> {
    pub(super) fn new(tx: &'a TX) -> Result<Self, DbError> {
        Ok(Self { cursor: tx.cursor_read::<AccountsTrie>()? })
    }
}

impl<TX: DbTx> Nodes for AccountNodes<'_, TX> {
    fn first_under(&mut self, path: &Nibbles) -> Result<Option<Node>, DbError> {
        let found = if path.is_empty() {
            self.cursor.first()?
        } else {
            self.cursor.seek(StoredNibbles(*path))?
        };
        Ok(found.map(|(key, node)| (key.0, node)).filter(|(found, _)| found.starts_with(path)))
    }
}

/// Inner nodes of one storage trie.
pub(super) struct StorageNodes<'a, TX: DbTx + 'a> {
    cursor: TX::DupCursor<'a, StoragesTrie>,
    hashed: B256,
}

impl<'a, TX: DbTx> StorageNodes<'a, TX> {
    pub(super) fn new(tx: &'a TX, hashed: B256) -> Result<Self, DbError> {
        Ok(Self { cursor: tx.cursor_dup_read::<StoragesTrie>()?, hashed })
    }
}

impl<TX: DbTx> Nodes for StorageNodes<'_, TX> {
    fn first_under(&mut self, path: &Nibbles) -> Result<Option<Node>, DbError> {
        let found = self.cursor.seek_by_key_subkey(self.hashed, StoredNibblesSubKey(*path))?;
        Ok(found
            .map(|entry| (entry.nibbles.0, entry.node))
            .filter(|(found, _)| found.starts_with(path)))
    }
}
