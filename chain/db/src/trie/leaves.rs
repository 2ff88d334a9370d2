//! Yields the leaves of a trie by their keys: stored values with changes laid over them.

use crate::{
    error::DbError,
    state::{AccountChange, AccountUpdate, HashedChanges},
    tables::{HashedAccounts, HashedStorages},
    traits::{DbCursorRO, DbDupCursorRO, DbTx},
};
use alloy_primitives::{B256, U256};
use alloy_trie::Nibbles;
use reth_primitives_traits::Account;
use std::collections::BTreeMap;

/// Leaves by key.
pub(super) type Leaf = (B256, Vec<u8>);

/// Leaves of a trie.
pub(super) trait Leaves {
    /// RLP of all leaves with keys from `first` to `last`, both included, ascending.
    fn between(&mut self, first: B256, last: B256) -> Result<Vec<Leaf>, DbError>;

    /// RLP of one leaf.
    fn value(&mut self, key: B256) -> Result<Option<Vec<u8>>, DbError>;
}

/// The least key that begins with a path.
pub(super) fn least(path: &Nibbles) -> B256 {
    let mut key = B256::ZERO;
    for (to, from) in key.iter_mut().zip(path.pack()) {
        *to = from;
    }
    key
}

/// The greatest key that begins with a path.
pub(super) fn greatest(path: &Nibbles) -> B256 {
    let mut key = B256::repeat_byte(0xff);
    for (to, from) in key.iter_mut().zip(path.pack()) {
        *to = from;
    }
    // A path of odd length ends in half a byte, packed with zero after it.
    if !path.len().is_multiple_of(2)
        && let Some(half) = key.get_mut(path.len() / 2)
    {
        *half |= 0x0f;
    }
    key
}

/// Leaves of the state trie. `root` tells the storage root of an account.
pub(super) struct AccountLeaves<'a, TX: DbTx + 'a, R> {
    cursor: TX::Cursor<'a, HashedAccounts>,
    changes: &'a HashedChanges,
    root: &'a R,
}

impl<'a, TX, R> AccountLeaves<'a, TX, R>
where
    TX: DbTx,
    R: Fn(B256) -> Result<B256, DbError>,
{
    pub(super) fn new(
        tx: &'a TX,
        changes: &'a HashedChanges,
        root: &'a R,
    ) -> Result<Self, DbError> {
        Ok(Self { cursor: tx.cursor_read::<HashedAccounts>()?, changes, root })
    }

    fn encode(&self, key: B256, account: Account) -> Result<Vec<u8>, DbError> {
        Ok(alloy_rlp::encode(account.into_trie_account((self.root)(key)?)))
    }
}

impl<TX, R> Leaves for AccountLeaves<'_, TX, R>
where
    TX: DbTx,
    R: Fn(B256) -> Result<B256, DbError>,
{
    fn between(&mut self, first: B256, last: B256) -> Result<Vec<Leaf>, DbError> {
        let mut accounts: BTreeMap<B256, Account> = BTreeMap::new();
        let mut entry = self.cursor.seek(first)?;
        while let Some((key, account)) = entry.filter(|(key, _)| *key <= last) {
            accounts.insert(key, account);
            entry = self.cursor.next()?;
        }
        for (key, change) in self.changes.accounts.range(first..=last) {
            match change.account {
                AccountUpdate::Unchanged => {}
                AccountUpdate::Set(account) => drop(accounts.insert(*key, account)),
                AccountUpdate::Deleted => drop(accounts.remove(key)),
            }
        }
        let leaf = |(key, account)| Ok((key, self.encode(key, account)?));
        accounts.into_iter().map(leaf).collect()
    }

    fn value(&mut self, key: B256) -> Result<Option<Vec<u8>>, DbError> {
        let change = self.changes.accounts.get(&key).map(|change| change.account);
        let account = match change.unwrap_or_default() {
            AccountUpdate::Unchanged => self.cursor.seek_exact(key)?.map(|(_, account)| account),
            AccountUpdate::Set(account) => Some(account),
            AccountUpdate::Deleted => None,
        };
        account.map(|account| self.encode(key, account)).transpose()
    }
}

/// Leaves of one storage trie.
pub(super) struct StorageLeaves<'a, TX: DbTx + 'a> {
    cursor: TX::DupCursor<'a, HashedStorages>,
    hashed: B256,
    change: &'a AccountChange,
}

impl<'a, TX: DbTx> StorageLeaves<'a, TX> {
    pub(super) fn new(
        tx: &'a TX,
        hashed: B256,
        change: &'a AccountChange,
    ) -> Result<Self, DbError> {
        Ok(Self { cursor: tx.cursor_dup_read::<HashedStorages>()?, hashed, change })
    }
}

impl<TX: DbTx> Leaves for StorageLeaves<'_, TX> {
    fn between(&mut self, first: B256, last: B256) -> Result<Vec<Leaf>, DbError> {
        let mut slots: BTreeMap<B256, U256> = BTreeMap::new();
        if !self.change.storage_wiped {
            let mut entry = self.cursor.seek_by_key_subkey(self.hashed, first)?;
            while let Some(slot) = entry.filter(|slot| slot.key <= last) {
                slots.insert(slot.key, slot.value);
                entry = self.cursor.next_dup()?.map(|(_, slot)| slot);
            }
        }
        slots.extend(self.change.storage.range(first..=last));
        let alive = slots.into_iter().filter(|(_, value)| !value.is_zero());
        Ok(alive.map(|(key, value)| (key, alloy_rlp::encode(value))).collect())
    }
    fn value(&mut self, key: B256) -> Result<Option<Vec<u8>>, DbError> {
        let value = match self.change.storage.get(&key) {
            Some(value) => Some(*value),
            None if self.change.storage_wiped => None,
            None => {
                let found = self.cursor.seek_by_key_subkey(self.hashed, key)?;
                found.filter(|slot| slot.key == key).map(|slot| slot.value)
            }
        };
        Ok(value.filter(|value| !value.is_zero()).map(alloy_rlp::encode))
    }
}
