//! Keeps intents in redb; every change is one transaction that reads before it writes.

use super::{
    OutboxError,
    entry::{Entry, Flight, Intent, IntentKey, Stage, Status},
};
use crate::{
    StorageError,
    storage::{self, JsonTable},
};
use alloy_primitives::{Address, B256};
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `account(20) ‖ key(32)` → JSON of the [`Entry`]. Deleted only by those who will never use the key again: that is what
/// makes a key count once.
const ENTRIES: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("outbox-entries");

/// `account(20) ‖ sequence(8, big-endian)` → key(32), while the outcome is not final.
const ACTIVE: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("outbox-active");

/// `account(20)` → JSON of [`Meta`].
const META: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("outbox-meta");

/// What is stored once per account.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Meta {
    /// Sequence of the next intent.
    next_sequence: u64,
    /// Chain id and hash of block 0, once known.
    chain: Option<(u64, B256)>,
}

/// The outbox's tables in a database, for one account.
#[derive(Clone, Debug)]
pub(super) struct Store {
    db: Arc<Database>,
    account: Address,
}

impl Store {
    pub(super) fn open(db: Arc<Database>, account: Address) -> Result<Self, StorageError> {
        let txn = db.begin_write()?;
        txn.open_table(ENTRIES)?;
        txn.open_table(ACTIVE)?;
        txn.open_table(META)?;
        txn.commit()?;
        Ok(Self { db, account })
    }

    pub(super) const fn account(&self) -> Address {
        self.account
    }

    pub(super) const fn database(&self) -> &Arc<Database> {
        &self.db
    }

    /// Binds the tables to a chain, or checks that they are bound to this one.
    pub(super) fn bind(&self, chain: u64, genesis: B256) -> Result<(), StorageError> {
        let txn = self.db.begin_write()?;
        {
            let mut table = txn.open_table(META)?;
            let mut meta = self.meta(&table)?;
            let (stored_chain, stored_genesis) = *meta.chain.get_or_insert((chain, genesis));
            if (stored_chain, stored_genesis) != (chain, genesis) {
                return Err(StorageError::OtherChain {
                    stored_chain,
                    stored_genesis,
                    chain,
                    genesis,
                });
            }
            storage::write(&mut table, self.account.as_slice(), &meta)?;
        }
        Ok(txn.commit()?)
    }

    pub(super) fn enqueue_in(
        &self,
        txn: &WriteTransaction,
        key: IntentKey,
        intent: &Intent,
    ) -> Result<Status, OutboxError> {
        let entries = txn.open_table(ENTRIES).map_err(StorageError::from)?;
        let stored: Option<Entry> = storage::read(&entries, &self.entry_key(key))?;
        drop(entries);
        match stored {
            Some(entry) if entry.intent == *intent => Ok(entry.status()),
            Some(_) => Err(OutboxError::OtherIntent { key }),
            None => {
                self.insert(txn, |_sequence| key, intent, Stage::Queued)?;
                Ok(Status::Queued)
            }
        }
    }

    /// Stores an empty transaction that uses up a nonce which nobody holds.
    pub(super) fn insert_filler(
        &self,
        intent: &Intent,
        flight: Flight,
    ) -> Result<(), StorageError> {
        let txn = self.db.begin_write()?;
        if !self.holds(&txn, flight.nonce)? {
            let nonce = flight.nonce.to_be_bytes();
            let key = |sequence: u64| IntentKey::of(&[b"gap", &nonce, &sequence.to_be_bytes()]);
            self.insert(&txn, key, intent, Stage::InFlight(flight))?;
        }
        Ok(txn.commit()?)
    }

    pub(super) fn find(&self, key: IntentKey) -> Result<Option<Entry>, StorageError> {
        storage::read(&self.db.begin_read()?.open_table(ENTRIES)?, &self.entry_key(key))
    }

    pub(super) fn active(&self) -> Result<Vec<(IntentKey, Entry)>, StorageError> {
        let txn = self.db.begin_read()?;
        let (active, entries) = (txn.open_table(ACTIVE)?, txn.open_table(ENTRIES)?);
        self.list(&active, &entries)
    }

    /// Gives a queued intent its nonce and first signed bytes; does nothing if it is not queued any more or the
    /// nonce is held.
    pub(super) fn assign(&self, key: IntentKey, flight: Flight) -> Result<bool, StorageError> {
        let txn = self.db.begin_write()?;
        let is_held = self.holds(&txn, flight.nonce)?;
        let is_done = self.update_in(&txn, key, |entry| {
            if is_held || entry.stage != Stage::Queued {
                return false;
            }
            entry.stage = Stage::InFlight(flight);
            true
        })?;
        txn.commit()?;
        Ok(is_done)
    }

    /// Changes an entry; nothing is stored if `change` answers no, or there is no such entry.
    pub(super) fn update(
        &self,
        key: IntentKey,
        change: impl FnOnce(&mut Entry) -> bool,
    ) -> Result<bool, StorageError> {
        let txn = self.db.begin_write()?;
        let is_done = self.update_in(&txn, key, change)?;
        txn.commit()?;
        Ok(is_done)
    }

    /// Removes an entry whose outcome is final; whether there is none now.
    pub(super) fn forget_in(
        &self,
        txn: &WriteTransaction,
        key: IntentKey,
    ) -> Result<bool, StorageError> {
        let mut entries: JsonTable<'_> = txn.open_table(ENTRIES)?;
        let place = self.entry_key(key);
        if storage::read::<Entry>(&entries, &place)?.is_some_and(|entry| entry.is_active()) {
            return Ok(false);
        }
        entries.remove(place.as_slice())?;
        Ok(true)
    }

    pub(super) fn count_active(&self) -> Result<u64, StorageError> {
        let table = self.db.begin_read()?.open_table(ACTIVE)?;
        let (first, last) = (self.active_key(0), self.active_key(u64::MAX));
        let mut count = 0;
        for row in table.range(first.as_slice()..=last.as_slice())? {
            row?;
            count += 1;
        }
        Ok(count)
    }

    pub(super) fn requeue(&self, key: IntentKey) -> Result<Status, OutboxError> {
        let entry = self.find(key)?.ok_or(OutboxError::Unknown { key })?;
        if !matches!(entry.stage, Stage::Refused(_)) {
            return Ok(entry.status());
        }
        let txn = self.db.begin_write().map_err(StorageError::from)?;
        self.insert(&txn, |_sequence| key, &entry.intent, Stage::Queued)?;
        txn.commit().map_err(StorageError::from)?;
        Ok(Status::Queued)
    }

    fn insert(
        &self,
        txn: &WriteTransaction,
        key: impl FnOnce(u64) -> IntentKey,
        intent: &Intent,
        stage: Stage,
    ) -> Result<(), StorageError> {
        let mut table = txn.open_table(META)?;
        let mut meta = self.meta(&table)?;
        let sequence = meta.next_sequence;
        meta.next_sequence = sequence.saturating_add(1);
        storage::write(&mut table, self.account.as_slice(), &meta)?;

        let (key, entry) = (key(sequence), Entry { sequence, intent: intent.clone(), stage });
        storage::write(&mut txn.open_table(ENTRIES)?, &self.entry_key(key), &entry)?;
        let place = self.active_key(sequence);
        txn.open_table(ACTIVE)?.insert(place.as_slice(), key.0.as_slice())?;
        Ok(())
    }

    fn update_in(
        &self,
        txn: &WriteTransaction,
        key: IntentKey,
        change: impl FnOnce(&mut Entry) -> bool,
    ) -> Result<bool, StorageError> {
        let mut entries: JsonTable<'_> = txn.open_table(ENTRIES)?;
        let Some(mut entry) = storage::read::<Entry>(&entries, &self.entry_key(key))? else {
            return Ok(false);
        };
        if !change(&mut entry) {
            return Ok(false);
        }
        storage::write(&mut entries, &self.entry_key(key), &entry)?;
        if !entry.is_active() {
            txn.open_table(ACTIVE)?.remove(self.active_key(entry.sequence).as_slice())?;
        }
        Ok(true)
    }

    fn holds(&self, txn: &WriteTransaction, nonce: u64) -> Result<bool, StorageError> {
        let (active, entries) = (txn.open_table(ACTIVE)?, txn.open_table(ENTRIES)?);
        Ok(self.list(&active, &entries)?.iter().any(|(_, entry)| entry.nonce() == Some(nonce)))
    }

    fn list(
        &self,
        active: &impl ReadableTable<&'static [u8], &'static [u8]>,
        entries: &impl ReadableTable<&'static [u8], &'static [u8]>,
    ) -> Result<Vec<(IntentKey, Entry)>, StorageError> {
        let (first, last) = (self.active_key(0), self.active_key(u64::MAX));
        let mut list = Vec::new();
        for row in active.range(first.as_slice()..=last.as_slice())? {
            let key = IntentKey(B256::right_padding_from(row?.1.value()));
            if let Some(entry) = storage::read(entries, &self.entry_key(key))? {
                list.push((key, entry));
            }
        }
        Ok(list)
    }

    fn meta(
        &self,
        table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    ) -> Result<Meta, StorageError> {
        Ok(storage::read(table, self.account.as_slice())?.unwrap_or_default())
    }

    fn entry_key(&self, key: IntentKey) -> Vec<u8> {
        [self.account.as_slice(), key.0.as_slice()].concat()
    }

    fn active_key(&self, sequence: u64) -> Vec<u8> {
        [self.account.as_slice(), &sequence.to_be_bytes()].concat()
    }
}
