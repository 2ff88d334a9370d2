//! States what a backend must do: an ordered map from bytes to bytes per table, in transactions.

use crate::{error::DbError, tables::TableId};
use std::{borrow::Cow, fmt::Debug};

/// A key and a value as stored.
pub type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// What a cursor finds; `None` when there is no such entry.
pub type Found<'a> = Result<Option<Pair<'a>>, DbError>;

/// A consistent view of all tables. Every call may return what the backend reports.
#[expect(clippy::missing_errors_doc, reason = "one sentence on the trait says it for all methods")]
pub trait RawTx: Debug {
    /// Reading cursor.
    type Cursor<'a>: RawCursor
    where
        Self: 'a;

    /// The (first) value under a key.
    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError>;

    /// A cursor that stands nowhere yet.
    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError>;

    /// Number of entries, duplicates counted.
    fn entries_raw(&self, table: TableId) -> Result<usize, DbError>;
}

/// A transaction that may write; what it wrote vanishes unless [`RawTxMut::commit_raw`] is called.
/// Writes may return [`DbError::Full`] and what the backend reports.
#[expect(clippy::missing_errors_doc, reason = "one sentence on the trait says it for all methods")]
pub trait RawTxMut: RawTx {
    /// Writing cursor.
    type CursorMut<'a>: RawCursorMut
    where
        Self: 'a;

    /// A writing cursor that stands nowhere yet.
    fn cursor_mut_raw(&self, table: TableId) -> Result<Self::CursorMut<'_>, DbError>;

    /// Writes a value: replaces in plain tables, adds in duplicate tables.
    fn put_raw(&self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), DbError>;

    /// Removes a key with all its values, or only the one value given; says whether it was there.
    fn delete_raw(&self, table: TableId, key: &[u8], value: Option<&[u8]>)
    -> Result<bool, DbError>;

    /// Removes everything from a table.
    fn clear_raw(&self, table: TableId) -> Result<(), DbError>;

    /// Makes everything written visible to transactions begun later; nothing is written on error.
    fn commit_raw(self) -> Result<(), DbError>;
}

/// A position in a table; undefined after a call that found nothing. Every call may return what
/// the backend reports.
#[expect(clippy::missing_errors_doc, reason = "one sentence on the trait says it for all methods")]
pub trait RawCursor: Debug {
    /// First entry.
    fn first_raw(&mut self) -> Found<'_>;
    /// Last entry.
    fn last_raw(&mut self) -> Found<'_>;
    /// Next entry (the first one, if the cursor never moved).
    fn next_raw(&mut self) -> Found<'_>;
    /// Previous entry (the last one, if the cursor never moved).
    fn prev_raw(&mut self) -> Found<'_>;
    /// First entry whose key is at least the one given.
    fn seek_raw(&mut self, key: &[u8]) -> Found<'_>;
    /// First entry with exactly this key.
    fn seek_exact_raw(&mut self, key: &[u8]) -> Found<'_> {
        Ok(self.seek_raw(key)?.filter(|(found, _)| **found == *key))
    }
    /// Next entry under the same key.
    fn next_dup_raw(&mut self) -> Found<'_>;
    /// First entry of the next key.
    fn next_no_dup_raw(&mut self) -> Found<'_>;
    /// First value under exactly this key that is at least `subkey`.
    fn seek_dup_raw(&mut self, key: &[u8], subkey: &[u8])
    -> Result<Option<Cow<'_, [u8]>>, DbError>;
}

/// A position at which one may write. Writes may return [`DbError::Full`].
#[expect(clippy::missing_errors_doc, reason = "one sentence on the trait says it for all methods")]
pub trait RawCursorMut: RawCursor {
    /// Writes as [`RawTxMut::put_raw`].
    fn put_raw(&mut self, key: &[u8], value: &[u8]) -> Result<(), DbError>;
    /// Removes the entry the cursor stands on; seek anew before moving on.
    fn delete_current_raw(&mut self) -> Result<(), DbError>;
    /// Removes all values under the key the cursor stands on; seek anew before moving on.
    fn delete_current_dups_raw(&mut self) -> Result<(), DbError>;
}
