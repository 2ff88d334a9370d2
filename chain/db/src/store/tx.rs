//! Reads from either backend through one type.

use crate::{
    error::DbError,
    layered::{LayeredCursor, LayeredTx},
    memory::{MemoryCursor, MemoryTx},
    tables::TableId,
    traits::{Found, RawCursor, RawTx},
};
use std::borrow::Cow;

/// A reading transaction of either backend.
#[derive(Debug)]
pub(crate) enum ViewTx {
    Disk(LayeredTx),
    Memory(MemoryTx),
}

/// A cursor of either backend.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the larger one is what a node uses")]
pub(crate) enum ViewCursor<'a> {
    Disk(LayeredCursor<'a, LayeredTx>),
    Memory(MemoryCursor<'a, MemoryTx>),
}

impl RawTx for ViewTx {
    type Cursor<'a> = ViewCursor<'a>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        match self {
            Self::Disk(tx) => tx.get_raw(table, key),
            Self::Memory(tx) => tx.get_raw(table, key),
        }
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        Ok(match self {
            Self::Disk(tx) => ViewCursor::Disk(tx.cursor_raw(table)?),
            Self::Memory(tx) => ViewCursor::Memory(tx.cursor_raw(table)?),
        })
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        match self {
            Self::Disk(tx) => tx.entries_raw(table),
            Self::Memory(tx) => tx.entries_raw(table),
        }
    }
}

macro_rules! either {
    ($self:ident, $cursor:ident => $call:expr) => {
        match $self {
            Self::Disk($cursor) => $call,
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

    fn seek_exact_raw(&mut self, key: &[u8]) -> Found<'_> {
        either!(self, cursor => cursor.seek_exact_raw(key))
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
