//! Keeps tables in memory as persistent ordered maps: the twin of the file, for tests and for a
//! node without a data directory.
//!
//! A reading transaction is a clone of the maps, which costs no copy of their contents. Entries of
//! duplicate tables are flat.

mod cursor;

pub use cursor::MemoryCursor;

use crate::{
    error::DbError,
    flat::flat,
    tables::TableId,
    traits::{Database, RawTx, RawTxMut},
    turn::{MyTurn, Turn},
};
use bytes::Bytes;
use imbl::OrdMap;
use parking_lot::RwLock;
use std::{borrow::Cow, cell::RefCell, ops::Bound, sync::Arc};

/// One table.
type Map = OrdMap<Bytes, Bytes>;

/// All tables, by [`TableId::index`].
type Maps = Vec<Map>;

/// Tables in memory; clones share them.
#[derive(Clone, Debug)]
pub struct MemoryDatabase {
    committed: Arc<RwLock<Arc<Maps>>>,
    turn: Arc<Turn>,
}

impl Default for MemoryDatabase {
    fn default() -> Self {
        let empty = Arc::new(vec![Map::new(); TableId::ALL.len()]);
        Self { committed: Arc::new(RwLock::new(empty)), turn: Arc::default() }
    }
}

impl Database for MemoryDatabase {
    type TX = MemoryTx;
    type TXMut = MemoryTxMut;

    fn tx(&self) -> Result<MemoryTx, DbError> {
        Ok(MemoryTx { maps: Arc::clone(&self.committed.read()) })
    }

    fn tx_mut(&self) -> Result<MemoryTxMut, DbError> {
        let turn = MyTurn::wait(&self.turn);
        let maps = RefCell::new(self.committed.read().as_ref().clone());
        Ok(MemoryTxMut { maps, committed: Arc::clone(&self.committed), _turn: turn })
    }
}

/// A snapshot.
#[derive(Clone, Debug)]
pub struct MemoryTx {
    maps: Arc<Maps>,
}

/// The writing transaction: its own version of the maps until committed.
pub struct MemoryTxMut {
    maps: RefCell<Maps>,
    committed: Arc<RwLock<Arc<Maps>>>,
    _turn: MyTurn,
}

impl std::fmt::Debug for MemoryTxMut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryTxMut").finish_non_exhaustive()
    }
}

impl MemoryTxMut {
    /// Everything as it is now, for nobody but the writer.
    pub(crate) fn staged(&self) -> MemoryTx {
        MemoryTx { maps: Arc::new(self.maps.borrow().clone()) }
    }
}

/// What a cursor moves over.
pub trait Source: std::fmt::Debug {
    /// Reads one table.
    fn read<R>(&self, table: TableId, read: impl FnOnce(&Map) -> R) -> R;
}

/// What a cursor may change.
pub trait Sink: Source {
    /// Changes one table.
    fn write<R>(&self, table: TableId, write: impl FnOnce(&mut Map) -> R) -> R;
}

const EVERY: &str = "there is one map per table";

impl Source for MemoryTx {
    fn read<R>(&self, table: TableId, read: impl FnOnce(&Map) -> R) -> R {
        read(self.maps.get(table.index()).expect(EVERY))
    }
}

impl Source for MemoryTxMut {
    fn read<R>(&self, table: TableId, read: impl FnOnce(&Map) -> R) -> R {
        read(self.maps.borrow().get(table.index()).expect(EVERY))
    }
}

impl Sink for MemoryTxMut {
    fn write<R>(&self, table: TableId, write: impl FnOnce(&mut Map) -> R) -> R {
        write(self.maps.borrow_mut().get_mut(table.index()).expect(EVERY))
    }
}

/// First entry at or after `from`.
fn first_from(map: &Map, from: &[u8]) -> Option<(Bytes, Bytes)> {
    let start = (Bound::Included(from), Bound::<&[u8]>::Unbounded);
    map.range::<_, [u8]>(start).next().map(|(key, value)| (key.clone(), value.clone()))
}

fn get<S: Source>(source: &S, table: TableId, key: &[u8]) -> Option<Bytes> {
    source.read(table, |map| match table.dup_key_len() {
        None => map.get(key).cloned(),
        Some(len) => first_from(map, key)
            .filter(|(found, _)| found.get(..len) == Some(key))
            .map(|(found, _)| found.slice(len..)),
    })
}

impl RawTx for MemoryTx {
    type Cursor<'a> = MemoryCursor<'a, Self>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        Ok(get(self, table, key).map(|value| Cow::Owned(value.into())))
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        Ok(MemoryCursor::new(self, table))
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        Ok(self.read(table, Map::len))
    }
}

impl RawTx for MemoryTxMut {
    type Cursor<'a> = MemoryCursor<'a, Self>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        Ok(get(self, table, key).map(|value| Cow::Owned(value.into())))
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        Ok(MemoryCursor::new(self, table))
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        Ok(self.read(table, Map::len))
    }
}

impl RawTxMut for MemoryTxMut {
    type CursorMut<'a> = MemoryCursor<'a, Self>;

    fn cursor_mut_raw(&self, table: TableId) -> Result<Self::CursorMut<'_>, DbError> {
        self.cursor_raw(table)
    }

    fn put_raw(&self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), DbError> {
        put(self, table, key, value);
        Ok(())
    }

    fn delete_raw(
        &self,
        table: TableId,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<bool, DbError> {
        Ok(self.write(table, |map| match (table.dup_key_len(), value) {
            (None, None) => map.remove(key).is_some(),
            (None, Some(value)) => {
                let same = map.get(key).is_some_and(|found| found.as_ref() == value);
                same && map.remove(key).is_some()
            }
            (Some(_), Some(value)) => map.remove([key, value].concat().as_slice()).is_some(),
            (Some(_), None) => remove_dups(map, key),
        }))
    }

    fn clear_raw(&self, table: TableId) -> Result<(), DbError> {
        self.write(table, |map| *map = Map::new());
        Ok(())
    }

    fn commit_raw(self) -> Result<(), DbError> {
        *self.committed.write() = Arc::new(self.maps.into_inner());
        Ok(())
    }
}

fn put<S: Sink>(sink: &S, table: TableId, key: &[u8], value: &[u8]) {
    let (key, value) = flat(table, key, value);
    sink.write(table, |map| map.insert(key, value));
}

/// Removes all entries that begin with a key; says whether there was one.
fn remove_dups(map: &mut Map, key: &[u8]) -> bool {
    let mut any = false;
    while let Some((found, _)) = first_from(map, key).filter(|(found, _)| found.starts_with(key)) {
        map.remove(&found);
        any = true;
    }
    any
}
