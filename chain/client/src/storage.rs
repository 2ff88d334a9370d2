//! Reads and writes JSON values in redb, with one error for all its failures.

use redb::{Database, ReadableTable, Table};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::Arc,
};

/// Why something could not be stored or read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The database refused.
    #[error("the database failed")]
    Database(#[source] Box<redb::Error>),
    /// A stored value is not what this version writes.
    #[error("a stored value is not understood")]
    Value(#[from] serde_json::Error),
    /// The tables belong to another chain.
    #[error(
        "stored for chain {stored_chain} with genesis {stored_genesis}, not for chain {chain} with genesis {genesis}: \
         each chain needs a data folder of its own"
    )]
    OtherChain {
        /// Chain id in the database.
        stored_chain: u64,
        /// Hash of block 0 in the database.
        stored_genesis: alloy_primitives::B256,
        /// Chain id of the node.
        chain: u64,
        /// Hash of block 0 at the node.
        genesis: alloy_primitives::B256,
    },
}

macro_rules! from_redb {
    ($($error:ty),*) => {
        $(impl From<$error> for StorageError {
            fn from(error: $error) -> Self {
                Self::Database(Box::new(error.into()))
            }
        })*
    };
}
from_redb!(
    redb::Error,
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError
);

/// A table of framed keys and JSON values.
pub type JsonTable<'t> = Table<'t, &'static [u8], &'static [u8]>;

/// A database that lives as long as the process.
///
/// # Errors
/// [`StorageError::Database`] when redb fails.
pub fn in_memory() -> Result<Arc<Database>, StorageError> {
    let backend = redb::backends::InMemoryBackend::new();
    Ok(Arc::new(Database::builder().create_with_backend(backend)?))
}

/// A database in a file that only its owner can read. A new one is made aside and appears whole: what a full disk leaves of
/// a first start must not stand in the way of the next.
///
/// # Errors
/// [`StorageError::Database`] when the disk refuses, the file is no database, or another process has it open.
pub fn on_disk(path: &Path) -> Result<Arc<Database>, StorageError> {
    let is_there = fs::metadata(path).is_ok_and(|found| found.len() > 0);
    if !is_there {
        let draft = path.with_extension("new");
        let made =
            make(&draft).and_then(|()| Ok(fs::rename(&draft, path).map_err(redb::Error::Io)?));
        made.inspect_err(|_full| drop(fs::remove_file(&draft)))?;
    }
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(redb::Error::Io)?;
    Ok(Arc::new(Database::open(path)?))
}

fn make(draft: &Path) -> Result<(), StorageError> {
    drop(fs::remove_file(draft));
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(draft);
    file.map_err(redb::Error::Io)?;
    Database::create(draft)?;
    Ok(())
}

/// Reads one value.
///
/// # Errors
/// [`StorageError`] when redb fails or the value is not understood.
pub fn read<V: DeserializeOwned>(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<V>, StorageError> {
    let Some(found) = table.get(key)? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(found.value())?))
}

/// Writes one value.
///
/// # Errors
/// [`StorageError`] when redb fails.
pub fn write<V: Serialize>(
    table: &mut JsonTable<'_>,
    key: &[u8],
    value: &V,
) -> Result<(), StorageError> {
    let bytes = serde_json::to_vec(value)?;
    table.insert(key, bytes.as_slice())?;
    Ok(())
}
