//! Applies changes to the plain and the hashed state and notes what was there before.

use crate::{
    codec::{AccountBeforeTx, BlockNumberAddress},
    error::DbError,
    provider::history,
    state::{AccountChange, AccountUpdate, StateChanges},
    tables::{
        AccountChangeSets, Bytecodes, HashedAccounts, HashedStorages, PlainAccountState,
        PlainStorageState, StorageChangeSets,
    },
    traits::{DbCursorRO, DbCursorRW, DbDupCursorRO, DbTx, DbTxMut, DupSort},
};
use alloy_primitives::{Address, B256, BlockNumber, U256, keccak256};
use reth_primitives_traits::{Account, StorageEntry};

/// An account now.
pub(crate) fn account<TX: DbTx>(tx: &TX, address: Address) -> Result<Option<Account>, DbError> {
    tx.get::<PlainAccountState>(address)
}

/// A slot now; zero when it has no entry.
pub(crate) fn storage<TX: DbTx>(tx: &TX, address: Address, slot: B256) -> Result<U256, DbError> {
    let found = tx.cursor_dup_read::<PlainStorageState>()?.seek_by_key_subkey(address, slot)?;
    Ok(found.filter(|entry| entry.key == slot).map_or(U256::ZERO, |entry| entry.value))
}

/// Applies changes. With `record`, notes under that block what was there before (unless noted
/// already) and that the block changed it.
pub(crate) fn write<TX: DbTxMut>(
    tx: &TX,
    changes: &StateChanges,
    record: Option<BlockNumber>,
) -> Result<(), DbError> {
    for (hash, code) in &changes.bytecodes {
        if tx.get::<Bytecodes>(*hash)?.is_none() {
            tx.put::<Bytecodes>(*hash, code.clone())?;
        }
    }
    for (address, change) in &changes.accounts {
        let account = Writer { tx, address: *address, hashed: keccak256(address), record };
        account.update(change.account)?;
        account.change_storage(change)?;
    }
    Ok(())
}

/// Writes one account.
struct Writer<'a, TX> {
    tx: &'a TX,
    address: Address,
    hashed: B256,
    record: Option<BlockNumber>,
}

impl<TX: DbTxMut> Writer<'_, TX> {
    fn update(&self, update: AccountUpdate) -> Result<(), DbError> {
        let new = match update {
            AccountUpdate::Unchanged => return Ok(()),
            AccountUpdate::Set(account) => Some(account),
            AccountUpdate::Deleted => None,
        };
        let old = account(self.tx, self.address)?;
        if old == new {
            return Ok(());
        }
        self.note_account(old)?;
        if let Some(account) = new {
            self.tx.put::<PlainAccountState>(self.address, account)?;
            self.tx.put::<HashedAccounts>(self.hashed, account)?;
        } else {
            self.tx.delete::<PlainAccountState>(self.address, None)?;
            self.tx.delete::<HashedAccounts>(self.hashed, None)?;
        }
        Ok(())
    }

    fn change_storage(&self, change: &AccountChange) -> Result<(), DbError> {
        if change.storage_wiped {
            self.wipe(change)?;
        }
        for (slot, value) in &change.storage {
            let old = storage(self.tx, self.address, *slot)?;
            if old != *value {
                self.note_slot(*slot, old)?;
                let new = StorageEntry { key: *slot, value: *value };
                replace::<PlainStorageState, _>(self.tx, self.address, new)?;
                let new = StorageEntry { key: keccak256(slot), value: *value };
                replace::<HashedStorages, _>(self.tx, self.hashed, new)?;
            }
        }
        Ok(())
    }

    /// Removes all slots but those that `change` sets anew, which keep their old value until then.
    fn wipe(&self, change: &AccountChange) -> Result<(), DbError> {
        for old in slots(self.tx, self.address)? {
            if !change.storage.contains_key(&old.key) {
                self.note_slot(old.key, old.value)?;
                let gone = StorageEntry { key: old.key, value: U256::ZERO };
                replace::<PlainStorageState, _>(self.tx, self.address, gone)?;
                let gone = StorageEntry { key: keccak256(old.key), value: U256::ZERO };
                replace::<HashedStorages, _>(self.tx, self.hashed, gone)?;
            }
        }
        Ok(())
    }

    fn note_account(&self, info: Option<Account>) -> Result<(), DbError> {
        let Some(number) = self.record else { return Ok(()) };
        let mut cursor = self.tx.cursor_dup_read::<AccountChangeSets>()?;
        let noted = cursor.seek_by_key_subkey(number, self.address)?;
        if noted.is_some_and(|noted| noted.address == self.address) {
            return Ok(());
        }
        let before = AccountBeforeTx { address: self.address, info };
        self.tx.put::<AccountChangeSets>(number, before)?;
        history::note_account(self.tx, self.address, number)
    }

    fn note_slot(&self, slot: B256, value: U256) -> Result<(), DbError> {
        let Some(number) = self.record else { return Ok(()) };
        let key = BlockNumberAddress(number, self.address);
        let mut cursor = self.tx.cursor_dup_read::<StorageChangeSets>()?;
        let noted = cursor.seek_by_key_subkey(key, slot)?;
        if noted.is_some_and(|noted| noted.key == slot) {
            return Ok(());
        }
        self.tx.put::<StorageChangeSets>(key, StorageEntry { key: slot, value })?;
        history::note_slot(self.tx, self.address, slot, number)
    }
}

/// All slots of an account, in the order of their keys.
pub(crate) fn slots<TX: DbTx>(tx: &TX, address: Address) -> Result<Vec<StorageEntry>, DbError> {
    let mut cursor = tx.cursor_dup_read::<PlainStorageState>()?;
    let mut all = Vec::new();
    let mut entry = cursor.seek_exact(address)?;
    while let Some((_, slot)) = entry {
        all.push(slot);
        entry = cursor.next_dup()?;
    }
    Ok(all)
}

/// Replaces the entry with the same subkey; a zero value only removes.
fn replace<T, TX>(tx: &TX, key: T::Key, new: StorageEntry) -> Result<(), DbError>
where
    T: DupSort<Value = StorageEntry, SubKey = B256>,
    TX: DbTxMut,
{
    let mut cursor = tx.cursor_dup_write::<T>()?;
    let old = cursor.seek_by_key_subkey(key.clone(), new.key)?;
    if old.is_some_and(|old| old.key == new.key) {
        cursor.delete_current()?;
    }
    if !new.value.is_zero() {
        cursor.upsert(key, new)?;
    }
    Ok(())
}
