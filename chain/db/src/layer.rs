//! Keeps changes that are not in the file yet: what each table gets and loses, in order.

mod map;
mod pages;

use crate::tables::TableId;
use bytes::{Bytes, BytesMut};
use map::Map;
use pages::{Pages, Record};
use std::{cmp::Ordering, ops::Bound};

/// What became of a flat key: the value that it got, or nothing when it was removed.
pub(crate) type Fate = Option<Bytes>;

/// A flat key and what became of it.
pub(crate) type Change = (Bytes, Fate);

/// Bytes that an entry takes besides its key and value, about.
const ENTRY: usize = 40;

/// Changes on top of tables; a clone of a closed one costs no copy.
#[derive(Clone)]
pub(crate) struct Layer {
    tables: Vec<Map>,
    /// Where keys and values lie.
    pages: Pages,
    size: usize,
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layer").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Default for Layer {
    fn default() -> Self {
        let tables = vec![Map::default(); TableId::ALL.len()];
        Self { tables, pages: Pages::default(), size: 0 }
    }
}

impl Layer {
    fn table(&self, table: TableId) -> &Map {
        self.tables.get(table.index()).expect("there is one map per table")
    }

    /// Begins to write where `room` has place, which a layer before left.
    pub(crate) fn open(&mut self, room: BytesMut) {
        self.pages.open(room);
    }

    /// Ends what was written so far, so that clones share it; gives the room that is left.
    pub(crate) fn close(&mut self) -> BytesMut {
        self.pages.close()
    }

    /// Notes what becomes of a flat key.
    pub(crate) fn set(&mut self, table: TableId, key: &[u8], value: Option<&[u8]>) {
        let size = key.len().saturating_add(value.map_or(0, <[u8]>::len));
        self.size = self.size.saturating_add(size).saturating_add(ENTRY);
        let map = self.tables.get_mut(table.index()).expect("there is one map per table");
        let record = self.pages.write(key, value);
        map.insert(record, &self.pages);
    }

    /// Forgets what became of a flat key.
    pub(crate) fn forget(&mut self, table: TableId, key: &[u8]) {
        let map = self.tables.get_mut(table.index()).expect("there is one map per table");
        map.remove(key, &self.pages);
    }

    /// What became of a flat key; `None` when nothing did.
    pub(crate) fn get(&self, table: TableId, key: &[u8]) -> Option<Fate> {
        let found = self.table(table).get(key, &self.pages);
        found.map(|record| self.pages.value(record))
    }

    /// All changes of a table in order.
    pub(crate) fn changes(&self, table: TableId) -> impl Iterator<Item = Change> {
        self.table(table).iter().map(|record| self.owned(record))
    }

    fn owned(&self, record: &Record) -> Change {
        (self.pages.key(record), self.pages.value(record))
    }

    /// Whether nothing changed in a table.
    pub(crate) fn leaves(&self, table: TableId) -> bool {
        self.table(table).is_empty()
    }

    /// Bytes of memory that it takes, about; what was written twice counts twice.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }
}

/// The first change at or after a bound in layers, of which the first is the newest.
pub(crate) fn first(layers: &[&Layer], table: TableId, from: Bound<&[u8]>) -> Option<Change> {
    let found = layers.iter().filter_map(|layer| {
        let record = layer.table(table).first(from, &layer.pages)?;
        Some((*layer, record))
    });
    // Of equal ones, the first.
    let (layer, record) = found.min_by(|a, b| order(*a, *b))?;
    Some(layer.owned(record))
}

/// The last change at or before a bound in layers, of which the first is the newest.
pub(crate) fn last(layers: &[&Layer], table: TableId, to: Bound<&[u8]>) -> Option<Change> {
    let found = layers.iter().rev().filter_map(|layer| {
        let record = layer.table(table).last(to, &layer.pages)?;
        Some((*layer, record))
    });
    // Of equal ones, the last.
    let (layer, record) = found.max_by(|a, b| order(*a, *b))?;
    Some(layer.owned(record))
}

/// How the keys of records in two layers compare.
fn order(a: (&Layer, &Record), b: (&Layer, &Record)) -> Ordering {
    a.0.pages.order(a.1, &b.0.pages.sought(b.1))
}
