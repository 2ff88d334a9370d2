//! Keeps changes that are not in the file yet: what each table gets and loses, in order.

mod map;

use crate::tables::TableId;
use bytes::{Bytes, BytesMut};
use map::{Map, Record};
use std::ops::Bound;

/// What became of a flat key: the value that it got, or nothing when it was removed.
pub(crate) type Fate = Option<Bytes>;

/// A flat key and what became of it.
pub(crate) type Change = (Bytes, Fate);

/// Bytes that an entry takes besides its key and value, about.
const ENTRY: usize = 96;

/// Changes on top of tables; a clone costs no copy.
#[derive(Clone)]
pub(crate) struct Layer {
    tables: Vec<Map>,
    size: usize,
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layer").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Default for Layer {
    fn default() -> Self {
        Self { tables: vec![Map::default(); TableId::ALL.len()], size: 0 }
    }
}

impl Layer {
    fn table(&self, table: TableId) -> &Map {
        self.tables.get(table.index()).expect("there is one map per table")
    }

    /// Notes what becomes of a flat key, which is written where `room` has place.
    pub(crate) fn set(
        &mut self,
        table: TableId,
        key: &[u8],
        value: Option<&[u8]>,
        room: &mut BytesMut,
    ) {
        let size = key.len().saturating_add(value.map_or(0, <[u8]>::len));
        self.size = self.size.saturating_add(size).saturating_add(ENTRY);
        let map = self.tables.get_mut(table.index()).expect("there is one map per table");
        map.insert(Record::new(key, value, room));
    }

    /// Forgets what became of a flat key.
    pub(crate) fn forget(&mut self, table: TableId, key: &[u8]) {
        let map = self.tables.get_mut(table.index()).expect("there is one map per table");
        map.remove(key);
    }

    /// What became of a flat key; `None` when nothing did.
    pub(crate) fn get(&self, table: TableId, key: &[u8]) -> Option<Fate> {
        self.table(table).get(key).map(Record::value)
    }

    /// All changes of a table in order.
    pub(crate) fn changes(&self, table: TableId) -> impl Iterator<Item = Change> {
        self.table(table).iter().map(owned)
    }

    /// Whether nothing changed in a table.
    pub(crate) fn leaves(&self, table: TableId) -> bool {
        self.table(table).is_empty()
    }

    /// Whether nothing changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.iter().all(Map::is_empty)
    }

    /// Bytes of memory that it takes, about; what was written twice counts twice.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }
}

/// The first change at or after a bound in layers, of which the first is the newest.
pub(crate) fn first(layers: &[&Layer], table: TableId, from: Bound<&[u8]>) -> Option<Change> {
    let found = layers.iter().filter_map(|layer| layer.table(table).first(from));
    // Of equal ones, the first.
    found.min_by(|a, b| a.order_with(b)).map(owned)
}

/// The last change at or before a bound in layers, of which the first is the newest.
pub(crate) fn last(layers: &[&Layer], table: TableId, to: Bound<&[u8]>) -> Option<Change> {
    let found = layers.iter().rev().filter_map(|layer| layer.table(table).last(to));
    // Of equal ones, the last.
    found.max_by(|a, b| a.order_with(b)).map(owned)
}

fn owned(record: &Record) -> Change {
    (record.key(), record.value())
}
