//! Moves through an MDBX table.

use super::explain_write;
use crate::{
    error::DbError,
    traits::{Found, Pair, RawCursor, RawCursorMut},
};
use signet_libmdbx::{Cursor, Rw, TransactionKind, WriteFlags};
use std::borrow::Cow;

/// A cursor of MDBX; `K` says whether it may write.
pub struct MdbxCursor<'tx, K: TransactionKind> {
    cursor: Cursor<'tx, K>,
    max_size: usize,
}

impl<K: TransactionKind> std::fmt::Debug for MdbxCursor<'_, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MdbxCursor").finish_non_exhaustive()
    }
}

impl<'tx, K: TransactionKind> MdbxCursor<'tx, K> {
    pub(super) const fn new(cursor: Cursor<'tx, K>, max_size: usize) -> Self {
        Self { cursor, max_size }
    }
}

/// What is found, borrowed from the file as long as the transaction lives where that is possible.
type Kept<'tx> = Result<Option<Pair<'tx>>, DbError>;

/// The moves of [`RawCursor`], whose findings outlive the next move.
impl<'tx, K: TransactionKind> MdbxCursor<'tx, K> {
    pub(crate) fn first(&mut self) -> Kept<'tx> {
        Ok(self.cursor.first()?)
    }

    pub(crate) fn last(&mut self) -> Kept<'tx> {
        Ok(self.cursor.last()?)
    }

    pub(crate) fn next(&mut self) -> Kept<'tx> {
        Ok(self.cursor.next()?)
    }

    pub(crate) fn prev(&mut self) -> Kept<'tx> {
        Ok(self.cursor.prev()?)
    }

    pub(crate) fn seek(&mut self, key: &[u8]) -> Kept<'tx> {
        Ok(self.cursor.set_range(key)?)
    }

    pub(crate) fn seek_dup(
        &mut self,
        key: &[u8],
        subkey: &[u8],
    ) -> Result<Option<Cow<'tx, [u8]>>, DbError> {
        Ok(self.cursor.get_both_range(key, subkey)?)
    }
}

impl<K: TransactionKind> RawCursor for MdbxCursor<'_, K> {
    fn first_raw(&mut self) -> Found<'_> {
        self.first()
    }

    fn last_raw(&mut self) -> Found<'_> {
        self.last()
    }

    fn next_raw(&mut self) -> Found<'_> {
        self.next()
    }

    fn prev_raw(&mut self) -> Found<'_> {
        self.prev()
    }

    fn seek_raw(&mut self, key: &[u8]) -> Found<'_> {
        self.seek(key)
    }

    fn next_dup_raw(&mut self) -> Found<'_> {
        Ok(self.cursor.next_dup()?)
    }

    fn next_no_dup_raw(&mut self) -> Found<'_> {
        Ok(self.cursor.next_nodup()?)
    }

    fn seek_dup_raw(
        &mut self,
        key: &[u8],
        subkey: &[u8],
    ) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        self.seek_dup(key, subkey)
    }
}

impl RawCursorMut for MdbxCursor<'_, Rw> {
    fn put_raw(&mut self, key: &[u8], value: &[u8]) -> Result<(), DbError> {
        self.cursor
            .put(key, value, WriteFlags::UPSERT)
            .map_err(|error| explain_write(error, self.max_size))
    }

    fn delete_current_raw(&mut self) -> Result<(), DbError> {
        self.cursor.del().map_err(|error| explain_write(error, self.max_size))
    }

    fn delete_current_dups_raw(&mut self) -> Result<(), DbError> {
        self.cursor.del_all_dups().map_err(|error| explain_write(error, self.max_size))
    }
}
