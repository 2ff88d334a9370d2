//! Keeps changes that are not in the file yet: what each table gets and loses, in order.

use crate::tables::TableId;
use bytes::Bytes;
use imbl::OrdMap;
use std::ops::Bound;

/// What became of a flat key: the value that it got, or nothing when it was removed.
pub(crate) type Fate = Option<Bytes>;

/// A flat key and what became of it.
pub(crate) type Change = (Bytes, Fate);

/// Bytes that an entry takes besides its key and value, about.
const ENTRY: usize = 160;

/// Changes on top of tables; a clone costs no copy.
#[derive(Clone)]
pub(crate) struct Layer {
    tables: Vec<OrdMap<Bytes, Fate>>,
    size: usize,
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layer").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Default for Layer {
    fn default() -> Self {
        Self { tables: vec![OrdMap::new(); TableId::ALL.len()], size: 0 }
    }
}

impl Layer {
    fn table(&self, table: TableId) -> &OrdMap<Bytes, Fate> {
        self.tables.get(table.index()).expect("there is one map per table")
    }

    /// Notes what becomes of a flat key.
    pub(crate) fn set(&mut self, table: TableId, key: Bytes, fate: Fate) {
        let size = key.len().saturating_add(fate.as_ref().map_or(0, Bytes::len));
        self.size = self.size.saturating_add(size).saturating_add(ENTRY);
        let map = self.tables.get_mut(table.index()).expect("there is one map per table");
        map.insert(key, fate);
    }

    /// What became of a flat key; `None` when nothing did.
    pub(crate) fn get(&self, table: TableId, key: &[u8]) -> Option<&Fate> {
        self.table(table).get(key)
    }

    /// First change at or after a bound.
    fn first(&self, table: TableId, from: Bound<&[u8]>) -> Option<(&Bytes, &Fate)> {
        if self.leaves(table) {
            return None;
        }
        self.table(table).range::<_, [u8]>((from, Bound::Unbounded)).next()
    }

    /// Last change at or before a bound.
    fn last(&self, table: TableId, to: Bound<&[u8]>) -> Option<(&Bytes, &Fate)> {
        self.table(table).range::<_, [u8]>((Bound::Unbounded, to)).next_back()
    }

    /// All changes of a table in order.
    pub(crate) fn changes(&self, table: TableId) -> impl Iterator<Item = (&Bytes, &Fate)> {
        self.table(table).iter()
    }

    /// Whether nothing changed in a table.
    pub(crate) fn leaves(&self, table: TableId) -> bool {
        self.table(table).is_empty()
    }

    /// Whether nothing changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.iter().all(OrdMap::is_empty)
    }

    /// Bytes of memory that it takes, about; what was written twice counts twice.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }
}

/// The first change at or after a bound in layers, of which the first is the newest.
pub(crate) fn first(layers: &[&Layer], table: TableId, from: Bound<&[u8]>) -> Option<Change> {
    let found = layers.iter().filter_map(|layer| layer.first(table, from));
    // Of equal ones, the first.
    found.min_by(|a, b| a.0.cmp(b.0)).map(owned)
}

/// The last change at or before a bound in layers, of which the first is the newest.
pub(crate) fn last(layers: &[&Layer], table: TableId, to: Bound<&[u8]>) -> Option<Change> {
    let found = layers.iter().rev().filter_map(|layer| layer.last(table, to));
    // Of equal ones, the last.
    found.max_by(|a, b| a.0.cmp(b.0)).map(owned)
}

fn owned((key, fate): (&Bytes, &Fate)) -> Change {
    (key.clone(), fate.clone())
}
