//! Reads through the layers; writes to a layer of its own.

use super::{LayeredCursor, LayeredDatabase, cursor::Sight};
use crate::{
    error::DbError,
    flat::flat,
    journal::Changes,
    layer::{self, Fate, Layer},
    mdbx::MdbxTx,
    tables::TableId,
    traits::{RawTx, RawTxMut},
    turn::MyTurn,
};
use bytes::Bytes;
use std::{borrow::Cow, cell::RefCell, collections::BTreeMap, ops::Bound, sync::Arc};

/// A reading transaction, shared by its clones and safe to use from many threads.
#[derive(Clone, Debug)]
pub struct LayeredTx {
    base: MdbxTx,
    recent: Arc<Layer>,
    carried: Option<Arc<Layer>>,
}

impl LayeredTx {
    pub(super) const fn new(base: MdbxTx, recent: Arc<Layer>, carried: Option<Arc<Layer>>) -> Self {
        Self { base, recent, carried }
    }
}

/// The writing transaction.
pub struct LayeredTxMut {
    below: LayeredTx,
    /// What was recent, and what this transaction changed.
    layer: RefCell<Layer>,
    changes: RefCell<Changes>,
    db: LayeredDatabase,
    _turn: MyTurn,
}

impl std::fmt::Debug for LayeredTxMut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LayeredTxMut").finish_non_exhaustive()
    }
}

impl LayeredTxMut {
    pub(super) fn new(below: LayeredTx, db: LayeredDatabase, turn: MyTurn) -> Self {
        let mut layer = below.recent.as_ref().clone();
        layer.open(std::mem::take(&mut *db.inner.room.lock()));
        let (layer, changes) = (RefCell::new(layer), RefCell::default());
        Self { below, layer, changes, db, _turn: turn }
    }

    /// Everything as it is now, for nobody but the writer.
    pub(crate) fn staged(&self) -> LayeredTx {
        let mut layer = self.layer.borrow_mut();
        let room = layer.close();
        let recent = Arc::new(layer.clone());
        layer.open(room);
        LayeredTx { recent, ..self.below.clone() }
    }

    /// Adds an entry.
    pub(super) fn put(&self, table: TableId, key: &[u8], value: &[u8]) {
        match table.dup_key_len() {
            Some(_) => self.set(table, &[key, value].concat(), Some(&[])),
            None => self.set(table, key, Some(value)),
        }
    }

    fn set(&self, table: TableId, key: &[u8], value: Option<&[u8]>) {
        self.changes.borrow_mut().note(table, key, value);
        self.layer.borrow_mut().set(table, key, value);
    }

    /// Removes the entry of a flat key.
    ///
    /// One that no layer below has is forgotten, not noted as removed: what changes in every block would
    /// leave a trace each time, and each search there would pass them all.
    pub(super) fn remove(&self, table: TableId, key: &[u8]) -> Result<(), DbError> {
        let is_recent = self.layer.borrow().get(table, key).flatten().is_some();
        if !is_recent || self.is_below(table, key)? {
            self.set(table, key, None);
        } else {
            self.changes.borrow_mut().note(table, key, None);
            self.layer.borrow_mut().forget(table, key);
        }
        Ok(())
    }

    fn is_below(&self, table: TableId, key: &[u8]) -> Result<bool, DbError> {
        match self.below.carried.as_ref().and_then(|carried| carried.get(table, key)) {
            Some(fate) => Ok(fate.is_some()),
            None => self.below.base.holds(table, key),
        }
    }

    /// Removes all entries whose flat key begins with this; says whether there was one.
    pub(super) fn remove_all(&self, table: TableId, prefix: &[u8]) -> Result<bool, DbError> {
        let mut cursor = self.cursor_raw(table)?;
        let mut entry = cursor.first_within(prefix)?;
        let any = entry.is_some();
        while let Some(found) = entry {
            self.remove(table, &found.flat(table))?;
            entry = cursor.next_within(prefix)?;
        }
        Ok(any)
    }
}

/// Whose layers can be looked at, the newest first.
trait Layers: Sight {
    fn look<R>(&self, look: impl FnOnce(&[&Layer]) -> R) -> R;
}

impl Layers for LayeredTx {
    fn look<R>(&self, look: impl FnOnce(&[&Layer]) -> R) -> R {
        match &self.carried {
            Some(carried) => look(&[&self.recent, carried]),
            None => look(&[&self.recent]),
        }
    }
}

impl Layers for LayeredTxMut {
    fn look<R>(&self, look: impl FnOnce(&[&Layer]) -> R) -> R {
        let layer = self.layer.borrow();
        match &self.below.carried {
            Some(carried) => look(&[&layer, carried]),
            None => look(&[&layer]),
        }
    }
}

macro_rules! sight {
    ($($of:ty: $is_fixed:literal),+) => {
        $(impl Sight for $of {
            const IS_FIXED: bool = $is_fixed;

            fn first(&self, table: TableId, from: Bound<&[u8]>) -> Option<(Bytes, Fate)> {
                self.look(|layers| layer::first(layers, table, from))
            }

            fn last(&self, table: TableId, to: Bound<&[u8]>) -> Option<(Bytes, Fate)> {
                self.look(|layers| layer::last(layers, table, to))
            }

            fn fate(&self, table: TableId, key: &[u8]) -> Option<Fate> {
                self.look(|layers| layers.iter().find_map(|layer| layer.get(table, key)))
            }
        })+
    };
}

sight!(LayeredTx: true, LayeredTxMut: false);

fn get<'a, S: Layers>(
    sight: &'a S,
    base: &'a MdbxTx,
    table: TableId,
    key: &[u8],
) -> Result<Option<Cow<'a, [u8]>>, DbError> {
    if table.dup_key_len().is_some() {
        let mut cursor = LayeredCursor::new(base.cursor_raw(table)?, sight, table);
        let found = cursor.first_within(key)?;
        return Ok(found.map(|entry| entry.value.to_vec().into()));
    }
    match sight.fate(table, key) {
        Some(fate) => Ok(fate.map(|value| Vec::from(value).into())),
        None => base.get_raw(table, key),
    }
}

/// Entries, by what the file counts and what the layers change.
fn entries<S: Layers>(sight: &S, base: &MdbxTx, table: TableId) -> Result<usize, DbError> {
    let mut count = base.entries_raw(table)?;
    let touched = sight.look(|layers| {
        let mut touched = BTreeMap::new();
        for layer in layers.iter().rev() {
            for (key, fate) in layer.changes(table) {
                touched.insert(key, fate.is_some());
            }
        }
        touched
    });
    for (key, is_there) in touched {
        let was_there = base.holds(table, &key)?;
        match (was_there, is_there) {
            (false, true) => count = count.saturating_add(1),
            (true, false) => count = count.saturating_sub(1),
            _ => {}
        }
    }
    Ok(count)
}

impl RawTx for LayeredTx {
    type Cursor<'a> = LayeredCursor<'a, Self>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        get(self, &self.base, table, key)
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        let cursor = self.base.cursor_raw(table)?;
        let leaves = self.look(|layers| layers.iter().all(|layer| layer.leaves(table)));
        Ok(if leaves {
            LayeredCursor::of_base(cursor, self, table)
        } else {
            LayeredCursor::new(cursor, self, table)
        })
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        entries(self, &self.base, table)
    }
}

impl RawTx for LayeredTxMut {
    type Cursor<'a> = LayeredCursor<'a, Self>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        get(self, &self.below.base, table, key)
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        Ok(LayeredCursor::new(self.below.base.cursor_raw(table)?, self, table))
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        entries(self, &self.below.base, table)
    }
}

impl RawTxMut for LayeredTxMut {
    type CursorMut<'a> = LayeredCursor<'a, Self>;

    fn cursor_mut_raw(&self, table: TableId) -> Result<Self::CursorMut<'_>, DbError> {
        self.cursor_raw(table)
    }

    fn put_raw(&self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), DbError> {
        self.put(table, key, value);
        Ok(())
    }

    fn delete_raw(
        &self,
        table: TableId,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<bool, DbError> {
        let key = match (table.dup_key_len(), value) {
            (Some(_), None) => return self.remove_all(table, key),
            (Some(_), Some(value)) => flat(table, key, value).0,
            (None, _) => Bytes::copy_from_slice(key),
        };
        let mut cursor = self.cursor_raw(table)?;
        let found = cursor.first_within(&key)?;
        let is_there = found.is_some_and(|found| {
            found.order(table, &key).is_eq() && value.is_none_or(|value| *found.value == *value)
        });
        if is_there {
            self.remove(table, &key)?;
        }
        Ok(is_there)
    }

    fn clear_raw(&self, table: TableId) -> Result<(), DbError> {
        self.remove_all(table, &[]).map(drop)
    }

    fn commit_raw(self) -> Result<(), DbError> {
        let Self { layer, changes, db, .. } = self;
        let mut layer = layer.into_inner();
        *db.inner.room.lock() = layer.close();
        db.commit(&changes.into_inner(), layer)
    }
}
