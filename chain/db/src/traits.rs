//! Defines tables, transactions and cursors under reth-db's names, over any ordered byte store.
//!
//! A backend implements the raw half ([`RawTx`], [`RawTxMut`], [`RawCursor`], [`RawCursorMut`]) and
//! gets the typed half ([`DbTx`], [`DbTxMut`], the `Db…Cursor…` traits) for nothing, so that both
//! backends encode, bound and order alike.

mod cursor;
mod raw;
mod tx;

pub use cursor::{
    DbCursorRO, DbCursorRW, DbDupCursorRO, DbDupCursorRW, Entry, TypedCursor, Walker,
};
pub use raw::{Found, Pair, RawCursor, RawCursorMut, RawTx, RawTxMut};
pub use tx::{Database, DbTx, DbTxMut};

use crate::{error::DbError, tables::TableId};
pub use reth_codecs::{Compress, Decompress};
use std::fmt::Debug;

/// Turns a key into bytes whose lexicographic order is the order of the keys.
pub trait Encode: Send + Sync + Sized + Debug {
    /// Encoded form.
    type Encoded: AsRef<[u8]> + Into<Vec<u8>> + Send + Sync + Ord + Debug;

    /// The bytes of this key.
    fn encode(self) -> Self::Encoded;
}

/// Reads a key back from its bytes.
pub trait Decode: Send + Sync + Sized + Debug {
    /// Decodes a key.
    ///
    /// # Errors
    ///
    /// [`DbError::Undecodable`] when the bytes have another shape.
    fn decode(value: &[u8]) -> Result<Self, DbError>;
}

/// A key of a table.
pub trait Key: Encode + Decode + Ord + Clone + 'static {}

impl<T> Key for T where T: Encode + Decode + Ord + Clone + 'static {}

/// A value of a table.
pub trait Value: Compress + Decompress + 'static {}

impl<T> Value for T where T: Compress + Decompress + 'static {}

/// A table: a name, a key type, a value type.
pub trait Table: Send + Sync + Debug + 'static {
    /// Which of our tables this is.
    const ID: TableId;
    /// Name in the file, as in reth.
    const NAME: &'static str;
    /// Whether one key has many values, kept in order.
    const DUPSORT: bool;
    /// Type of the keys.
    type Key: Key;
    /// Type of the values.
    type Value: Value;
}

/// A table in which one key has many values; each value begins with its subkey.
pub trait DupSort: Table {
    /// Type of the subkeys.
    type SubKey: Key;
}
