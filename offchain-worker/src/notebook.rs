//! Keeps what the worker must not forget, in redb; every value is JSON under a kind and a key.
//!
//! One table, `worker-records`: `kind ‖ 0x00 ‖ key` → JSON. Written together with the outbox's intents and the cursor's
//! position in one transaction, so that a process may die between any two lines.

use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use utnet_client::StorageError;

const RECORDS: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("worker-records");

/// Something that is kept.
pub trait Record: Serialize + DeserializeOwned {
    /// Tells records of different types apart.
    const KIND: &'static str;

    /// What tells records of one type apart.
    fn key(&self) -> Vec<u8>;
}

/// The worker's memory. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Notebook {
    db: Arc<Database>,
}

impl Notebook {
    /// Opens the notebook in a database that may hold other tables too.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn open(db: Arc<Database>) -> Result<Self, StorageError> {
        let txn = db.begin_write()?;
        txn.open_table(RECORDS)?;
        txn.commit()?;
        Ok(Self { db })
    }

    /// The database, for a caller that stores more in the same transaction.
    pub const fn database(&self) -> &Arc<Database> {
        &self.db
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn begin(&self) -> Result<WriteTransaction, StorageError> {
        Ok(self.db.begin_write()?)
    }

    /// Keeps one record.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn put<R: Record>(&self, record: &R) -> Result<(), StorageError> {
        let txn = self.begin()?;
        put_in(&txn, record)?;
        Ok(txn.commit()?)
    }

    /// Keeps a record unless there is one under its key; says which one is kept now.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn keep_first<R: Record>(&self, record: R) -> Result<R, StorageError> {
        let txn = self.begin()?;
        if let Some(kept) = find_in(&txn, &record.key())? {
            return Ok(kept);
        }
        put_in(&txn, &record)?;
        txn.commit()?;
        Ok(record)
    }

    /// Finds one record.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn find<R: Record>(&self, key: &[u8]) -> Result<Option<R>, StorageError> {
        let table = self.db.begin_read()?.open_table(RECORDS)?;
        let Some(found) = table.get(full_key(R::KIND, key).as_slice())? else { return Ok(None) };
        Ok(Some(serde_json::from_slice(found.value())?))
    }

    /// The keys of all records of one type, ascending: for records that are too long to read them all.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn keys<R: Record>(&self) -> Result<Vec<Vec<u8>>, StorageError> {
        let table = self.db.begin_read()?.open_table(RECORDS)?;
        let (first, end) = bounds::<R>();
        let mut list = Vec::new();
        for row in table.range(first.as_slice()..end.as_slice())? {
            list.extend(row?.0.value().get(first.len()..).map(<[u8]>::to_vec));
        }
        Ok(list)
    }

    /// All records of one type, in the order of their keys.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn all<R: Record>(&self) -> Result<Vec<R>, StorageError> {
        let table = self.db.begin_read()?.open_table(RECORDS)?;
        let (first, end) = bounds::<R>();
        let mut list = Vec::new();
        for row in table.range(first.as_slice()..end.as_slice())? {
            list.push(serde_json::from_slice(row?.1.value())?);
        }
        Ok(list)
    }
}

/// Keeps one record with whatever else is in the transaction.
///
/// # Errors
/// [`StorageError`] when the database fails.
pub fn put_in<R: Record>(txn: &WriteTransaction, record: &R) -> Result<(), StorageError> {
    let bytes = serde_json::to_vec(record)?;
    let mut table = txn.open_table(RECORDS)?;
    table.insert(full_key(R::KIND, &record.key()).as_slice(), bytes.as_slice())?;
    Ok(())
}

/// Whether there is such a record, as the transaction sees it.
///
/// # Errors
/// [`StorageError`] when the database fails.
pub fn has_in<R: Record>(txn: &WriteTransaction, key: &[u8]) -> Result<bool, StorageError> {
    let table = txn.open_table(RECORDS)?;
    Ok(table.get(full_key(R::KIND, key).as_slice())?.is_some())
}

/// Finds one record, as the transaction sees it.
///
/// # Errors
/// [`StorageError`] when the database fails.
pub fn find_in<R: Record>(txn: &WriteTransaction, key: &[u8]) -> Result<Option<R>, StorageError> {
    let table = txn.open_table(RECORDS)?;
    let Some(found) = table.get(full_key(R::KIND, key).as_slice())? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(found.value())?))
}

/// Forgets one record with whatever else is in the transaction.
///
/// # Errors
/// [`StorageError`] when the database fails.
pub fn remove_in<R: Record>(txn: &WriteTransaction, key: &[u8]) -> Result<(), StorageError> {
    txn.open_table(RECORDS)?.remove(full_key(R::KIND, key).as_slice())?;
    Ok(())
}

/// The first key of a type, and one above all its keys.
fn bounds<R: Record>() -> (Vec<u8>, Vec<u8>) {
    (full_key(R::KIND, &[]), [R::KIND.as_bytes(), &[1]].concat())
}

fn full_key(kind: &str, key: &[u8]) -> Vec<u8> {
    [kind.as_bytes(), &[0], key].concat()
}
