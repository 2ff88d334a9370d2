//! Reads from either backend through one type.

use crate::{
    error::DbError,
    mdbx::{MdbxCursor, MdbxTx},
    memory::{MemoryCursor, MemoryTx},
    tables::TableId,
    traits::{Found, RawCursor, RawTx},
};
use signet_libmdbx::RoSync;
use std::borrow::Cow;

/// A reading transaction of either backend.
#[derive(Debug)]
pub(crate) enum ViewTx {
    Mdbx(MdbxTx),
    Memory(MemoryTx),
}

/// A cursor of either backend.
#[derive(Debug)]
pub(crate) enum ViewCursor<'a> {
    Mdbx(MdbxCursor<'a, RoSync>),
    Memory(MemoryCursor<'a, MemoryTx>),
}

impl RawTx for ViewTx {
    type Cursor<'a> = ViewCursor<'a>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        match self {
            Self::Mdbx(tx) => tx.get_raw(table, key),
            Self::Memory(tx) => tx.get_raw(table, key),
        }
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        Ok(match self {
            Self::Mdbx(tx) => ViewCursor::Mdbx(tx.cursor_raw(table)?),
            Self::Memory(tx) => ViewCursor::Memory(tx.cursor_raw(table)?),
        })
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        match self {
            Self::Mdbx(tx) => tx.entries_raw(table),
            Self::Memory(tx) => tx.entries_raw(table),
        }
    }
}

macro_rules! either {
    ($self:ident, $cursor:ident => $call:expr) => {
        match $self {
            Self::Mdbx($cursor) => $call,
            Self::Memory($cursor) => $call,
        }
    };
}

impl RawCursor for ViewCursor<'_> {
    fn first_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.first_raw())
    }

    fn last_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.last_raw())
    }

    fn next_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.next_raw())
    }

    fn prev_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.prev_raw())
    }

    fn seek_raw(&mut self, key: &[u8]) -> Found<'_> {
        either!(self, cursor => cursor.seek_raw(key))
    }

    fn next_dup_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.next_dup_raw())
    }

    fn next_no_dup_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.next_no_dup_raw())
    }

    fn seek_dup_raw(
        &mut self,
        key: &[u8],
        subkey: &[u8],
    ) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        either!(self, cursor => cursor.seek_dup_raw(key, subkey))
    }
}
