//! Moves through a table in memory by remembering the entry it stands on.

use super::{Map, Sink, Source, first_from, put, remove_dups};
use crate::{
    error::DbError,
    flat::{past, stored},
    tables::TableId,
    traits::{Found, RawCursor, RawCursorMut},
};
use bytes::Bytes;
use std::{borrow::Cow, ops::Bound};

/// A position in a table of a transaction.
#[derive(Debug)]
pub struct MemoryCursor<'a, S> {
    source: &'a S,
    table: TableId,
    at: Option<Bytes>,
}

impl<'a, S: Source> MemoryCursor<'a, S> {
    pub(super) const fn new(source: &'a S, table: TableId) -> Self {
        Self { source, table, at: None }
    }

    /// Stands on the entry that `find` yields; stays where it was when there is none.
    fn go(&mut self, find: impl FnOnce(&Map) -> Option<(Bytes, Bytes)>) -> Option<(Bytes, Bytes)> {
        let (key, value) = self.source.read(self.table, find)?;
        let entry = stored(self.table, &key, &value);
        self.at = Some(key);
        Some(entry)
    }

    /// Key part of the entry it stands on.
    fn key(&self) -> Option<Bytes> {
        let at = self.at.as_ref()?;
        Some(stored(self.table, at, &Bytes::new()).0)
    }
}

fn after(map: &Map, at: &Bytes) -> Option<(Bytes, Bytes)> {
    let beyond = (Bound::Excluded(at.as_ref()), Bound::Unbounded);
    map.range::<_, [u8]>(beyond).next().map(|(key, value)| (key.clone(), value.clone()))
}

fn before(map: &Map, at: &Bytes) -> Option<(Bytes, Bytes)> {
    let below = (Bound::<&[u8]>::Unbounded, Bound::Excluded(at.as_ref()));
    map.range::<_, [u8]>(below).next_back().map(|(key, value)| (key.clone(), value.clone()))
}

fn pair<'a>(entry: Option<(Bytes, Bytes)>) -> Found<'a> {
    Ok(entry.map(|(key, value)| (Cow::Owned(key.into()), Cow::Owned(value.into()))))
}

impl<S: Source> RawCursor for MemoryCursor<'_, S> {
    fn first_raw(&mut self) -> Found<'_> {
        pair(self.go(|map| map.get_min().map(|(key, value)| (key.clone(), value.clone()))))
    }

    fn last_raw(&mut self) -> Found<'_> {
        pair(self.go(|map| map.get_max().map(|(key, value)| (key.clone(), value.clone()))))
    }

    fn next_raw(&mut self) -> Found<'_> {
        match self.at.clone() {
            Some(at) => pair(self.go(|map| after(map, &at))),
            None => self.first_raw(),
        }
    }

    fn prev_raw(&mut self) -> Found<'_> {
        match self.at.clone() {
            Some(at) => pair(self.go(|map| before(map, &at))),
            None => self.last_raw(),
        }
    }

    fn seek_raw(&mut self, key: &[u8]) -> Found<'_> {
        pair(self.go(|map| first_from(map, key)))
    }

    fn next_dup_raw(&mut self) -> Found<'_> {
        let (Some(at), Some(key)) = (self.at.clone(), self.key()) else { return Ok(None) };
        pair(self.go(|map| after(map, &at).filter(|(found, _)| found.starts_with(&key))))
    }

    fn next_no_dup_raw(&mut self) -> Found<'_> {
        let Some(key) = self.key() else { return self.first_raw() };
        let Some(start) = past(&key) else { return Ok(None) };
        pair(self.go(|map| first_from(map, &start)))
    }

    fn seek_dup_raw(
        &mut self,
        key: &[u8],
        subkey: &[u8],
    ) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        let start = [key, subkey].concat();
        let found =
            self.go(|map| first_from(map, &start).filter(|(found, _)| found.starts_with(key)));
        Ok(found.map(|(_, value)| Cow::Owned(value.into())))
    }
}

impl<S: Sink> RawCursorMut for MemoryCursor<'_, S> {
    fn put_raw(&mut self, key: &[u8], value: &[u8]) -> Result<(), DbError> {
        put(self.source, self.table, key, value);
        Ok(())
    }

    fn delete_current_raw(&mut self) -> Result<(), DbError> {
        if let Some(at) = self.at.take() {
            self.source.write(self.table, |map| map.remove(&at));
        }
        Ok(())
    }

    fn delete_current_dups_raw(&mut self) -> Result<(), DbError> {
        if let Some(key) = self.key() {
            self.source.write(self.table, |map| remove_dups(map, &key));
            self.at = None;
        }
        Ok(())
    }
}
