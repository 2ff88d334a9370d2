//! Moves through an MDBX table.

use super::explain_write;
use crate::{
    error::DbError,
    traits::{Found, Pair, RawCursor, RawCursorMut},
};
use signet_libmdbx::{Cursor, ReadError, Rw, TransactionKind, WriteFlags};
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

fn found<'a>(result: Result<Option<Pair<'a>>, ReadError>) -> Found<'a> {
    Ok(result?)
}

impl<K: TransactionKind> RawCursor for MdbxCursor<'_, K> {
    fn first_raw(&mut self) -> Found<'_> {
        found(self.cursor.first())
    }

    fn last_raw(&mut self) -> Found<'_> {
        found(self.cursor.last())
    }

    fn next_raw(&mut self) -> Found<'_> {
        found(self.cursor.next())
    }

    fn prev_raw(&mut self) -> Found<'_> {
        found(self.cursor.prev())
    }

    fn seek_raw(&mut self, key: &[u8]) -> Found<'_> {
        found(self.cursor.set_range(key))
    }

    fn next_dup_raw(&mut self) -> Found<'_> {
        found(self.cursor.next_dup())
    }

    fn next_no_dup_raw(&mut self) -> Found<'_> {
        found(self.cursor.next_nodup())
    }

    fn seek_dup_raw(
        &mut self,
        key: &[u8],
        subkey: &[u8],
    ) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        Ok(self.cursor.get_both_range(key, subkey)?)
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
