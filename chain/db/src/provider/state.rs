//! Applies changes to the plain and the hashed state and notes what was there before.

use crate::{
    codec::{AccountBeforeTx, BlockNumberAddress},
    error::DbError,
    provider::history,
    state::{AccountChange, AccountUpdate, HashedChanges, StateChanges},
    tables::{
        AccountChangeSets, Bytecodes, HashedAccounts, HashedStorages, PlainAccountState,
        PlainStorageState, StorageChangeSets,
    },
    traits::{DbCursorRO, DbCursorRW, DbDupCursorRO, DbDupCursorRW, DbTx, DbTxMut, DupSort},
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

/// Applies changes; `hashed` are the same. With `record`, notes under that block what was there before (unless
/// noted already) and that the block changed it.
pub(crate) fn write<TX: DbTxMut>(
    tx: &TX,
    changes: &StateChanges,
    hashed: &HashedChanges,
    record: Option<BlockNumber>,
) -> Result<(), DbError> {
    write_code(tx, changes)?;
    let mut writer = Writer::new(tx, record)?;
    for (address, change) in &changes.accounts {
        writer.update(*address, change.account)?;
        writer.change_storage(*address, change)?;
    }
    write_hashed(tx, hashed)
}

/// Applies changes to the hashed tables, in their order.
fn write_hashed<TX: DbTxMut>(tx: &TX, changes: &HashedChanges) -> Result<(), DbError> {
    let mut accounts = tx.cursor_write::<HashedAccounts>()?;
    let mut slots = tx.cursor_dup_write::<HashedStorages>()?;
    for (hashed, change) in &changes.accounts {
        match change.account {
            AccountUpdate::Unchanged => {}
            AccountUpdate::Set(account) => accounts.upsert(*hashed, account)?,
            AccountUpdate::Deleted => drop(tx.delete::<HashedAccounts>(*hashed, None)?),
        }
        if change.storage_wiped && slots.seek_exact(*hashed)?.is_some() {
            slots.delete_current_duplicates()?;
        }
        for (key, value) in &change.storage {
            let new = StorageEntry { key: *key, value: *value };
            replace::<HashedStorages, _>(&mut slots, *hashed, new, |old| Ok(old != *value))?;
        }
    }
    Ok(())
}

/// Writes the first state into empty tables, in their order.
pub(crate) fn fill<TX: DbTxMut>(tx: &TX, changes: &StateChanges) -> Result<(), DbError> {
    write_code(tx, changes)?;
    let mut hashed = Hashed::default();
    let mut accounts = tx.cursor_write::<PlainAccountState>()?;
    let mut slots = tx.cursor_dup_write::<PlainStorageState>()?;
    for (address, change) in &changes.accounts {
        let key = keccak256(address);
        if let AccountUpdate::Set(account) = change.account {
            accounts.upsert(*address, account)?;
            hashed.accounts.push((key, account));
        }
        for (slot, value) in change.storage.iter().filter(|(_, value)| !value.is_zero()) {
            slots.upsert(*address, StorageEntry { key: *slot, value: *value })?;
            hashed.slots.push((key, keccak256(slot), *value));
        }
    }
    hashed.write(tx)
}

/// Computes the hashed tables anew from the plain ones.
pub(crate) fn hash_all<TX: DbTxMut>(tx: &TX) -> Result<(), DbError> {
    tx.clear::<HashedAccounts>()?;
    tx.clear::<HashedStorages>()?;
    let mut hashed = Hashed::default();
    for entry in tx.cursor_read::<PlainAccountState>()?.walk(None)? {
        let (address, account) = entry?;
        hashed.accounts.push((keccak256(address), account));
    }
    for entry in tx.cursor_read::<PlainStorageState>()?.walk(None)? {
        let (address, slot) = entry?;
        hashed.slots.push((keccak256(address), keccak256(slot.key), slot.value));
    }
    hashed.write(tx)
}

fn write_code<TX: DbTxMut>(tx: &TX, changes: &StateChanges) -> Result<(), DbError> {
    for (hash, code) in &changes.bytecodes {
        if tx.get::<Bytecodes>(*hash)?.is_none() {
            tx.put::<Bytecodes>(*hash, code.clone())?;
        }
    }
    Ok(())
}

/// What empty hashed tables are to hold: written when all is known, in their order.
#[derive(Default)]
struct Hashed {
    accounts: Vec<(B256, Account)>,
    slots: Vec<(B256, B256, U256)>,
}

impl Hashed {
    fn write<TX: DbTxMut>(mut self, tx: &TX) -> Result<(), DbError> {
        self.accounts.sort_unstable_by_key(|(key, _)| *key);
        self.slots.sort_unstable();
        let mut cursor = tx.cursor_write::<HashedAccounts>()?;
        for (key, account) in self.accounts {
            cursor.upsert(key, account)?;
        }
        let mut cursor = tx.cursor_dup_write::<HashedStorages>()?;
        for (key, slot, value) in self.slots {
            cursor.upsert(key, StorageEntry { key: slot, value })?;
        }
        Ok(())
    }
}

/// Writes the plain tables through cursors that it keeps.
struct Writer<'a, TX: DbTxMut> {
    tx: &'a TX,
    accounts: TX::CursorMut<'a, PlainAccountState>,
    slots: TX::DupCursorMut<'a, PlainStorageState>,
    notes: Option<Notes<'a, TX>>,
}

impl<'a, TX: DbTxMut> Writer<'a, TX> {
    fn new(tx: &'a TX, record: Option<BlockNumber>) -> Result<Self, DbError> {
        Ok(Self {
            tx,
            accounts: tx.cursor_write::<PlainAccountState>()?,
            slots: tx.cursor_dup_write::<PlainStorageState>()?,
            notes: record.map(|number| Notes::new(tx, number)).transpose()?,
        })
    }

    fn update(&mut self, address: Address, update: AccountUpdate) -> Result<(), DbError> {
        let new = match update {
            AccountUpdate::Unchanged => return Ok(()),
            AccountUpdate::Set(account) => Some(account),
            AccountUpdate::Deleted => None,
        };
        let old = self.accounts.seek_exact(address)?.map(|(_, account)| account);
        if old == new {
            return Ok(());
        }
        if let Some(notes) = &mut self.notes {
            notes.account(AccountBeforeTx { address, info: old })?;
        }
        match new {
            Some(account) => self.accounts.upsert(address, account)?,
            None => drop(self.tx.delete::<PlainAccountState>(address, None)?),
        }
        Ok(())
    }

    fn change_storage(&mut self, address: Address, change: &AccountChange) -> Result<(), DbError> {
        if change.storage.is_empty() && !change.storage_wiped {
            return Ok(());
        }
        if change.storage_wiped {
            for old in slots(self.tx, address)? {
                // Those that are set anew keep their old value until then.
                if !change.storage.contains_key(&old.key) {
                    self.set(address, StorageEntry { value: U256::ZERO, ..old })?;
                }
            }
        }
        for (slot, value) in &change.storage {
            self.set(address, StorageEntry { key: *slot, value: *value })?;
        }
        Ok(())
    }

    fn set(&mut self, address: Address, new: StorageEntry) -> Result<(), DbError> {
        let notes = &mut self.notes;
        replace::<PlainStorageState, _>(&mut self.slots, address, new, |old| {
            if old != new.value
                && let Some(notes) = notes
            {
                notes.slot(address, StorageEntry { key: new.key, value: old })?;
            }
            Ok(old != new.value)
        })
    }
}

/// Notes what was there before a block.
struct Notes<'a, TX: DbTxMut> {
    tx: &'a TX,
    number: BlockNumber,
    accounts: TX::DupCursorMut<'a, AccountChangeSets>,
    slots: TX::DupCursorMut<'a, StorageChangeSets>,
    /// Whether something was noted before, by changes outside blocks.
    has_older: bool,
}

impl<'a, TX: DbTxMut> Notes<'a, TX> {
    fn new(tx: &'a TX, number: BlockNumber) -> Result<Self, DbError> {
        let mut accounts = tx.cursor_dup_write::<AccountChangeSets>()?;
        let mut slots = tx.cursor_dup_write::<StorageChangeSets>()?;
        let first = BlockNumberAddress(number, Address::ZERO);
        let has_older = accounts.seek(number)?.is_some() || slots.seek(first)?.is_some();
        Ok(Self { tx, number, accounts, slots, has_older })
    }

    fn account(&mut self, before: AccountBeforeTx) -> Result<(), DbError> {
        let address = before.address;
        if self.has_older {
            let noted = self.accounts.seek_by_key_subkey(self.number, address)?;
            if noted.is_some_and(|noted| noted.address == address) {
                return Ok(());
            }
        }
        self.accounts.upsert(self.number, before)?;
        history::note_account(self.tx, address, self.number)
    }

    fn slot(&mut self, address: Address, before: StorageEntry) -> Result<(), DbError> {
        let key = BlockNumberAddress(self.number, address);
        if self.has_older {
            let noted = self.slots.seek_by_key_subkey(key, before.key)?;
            if noted.is_some_and(|noted| noted.key == before.key) {
                return Ok(());
            }
        }
        self.slots.upsert(key, before)?;
        history::note_slot(self.tx, address, before.key, self.number)
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

/// Replaces the value with the same subkey, if `may` agrees, given the value there was; a zero value
/// only removes.
fn replace<T, C>(
    cursor: &mut C,
    key: T::Key,
    new: StorageEntry,
    may: impl FnOnce(U256) -> Result<bool, DbError>,
) -> Result<(), DbError>
where
    T: DupSort<Value = StorageEntry, SubKey = B256>,
    C: DbDupCursorRW<T>,
{
    let old = cursor.seek_by_key_subkey(key.clone(), new.key)?.filter(|old| old.key == new.key);
    if !may(old.map_or(U256::ZERO, |old| old.value))? {
        return Ok(());
    }
    if old.is_some() {
        cursor.delete_current()?;
    }
    if !new.value.is_zero() {
        cursor.upsert(key, new)?;
    }
    Ok(())
}
