//! Moves through a table by typed keys and values.

use super::{DupSort, Encode, RawCursor, RawCursorMut, Table, raw::Pair};
use crate::{codec, error::DbError};
use std::{fmt::Debug, marker::PhantomData};

/// A typed entry, if there is one.
pub type Entry<T> = Result<Option<(<T as Table>::Key, <T as Table>::Value)>, DbError>;

/// Reading in key order. Every call may return [`DbError::Undecodable`] or what the backend
/// reports; the position is undefined after a call that found nothing.
#[expect(clippy::missing_errors_doc, reason = "one sentence on the trait says it for all methods")]
pub trait DbCursorRO<T: Table>: Debug {
    /// First entry.
    fn first(&mut self) -> Entry<T>;
    /// Last entry.
    fn last(&mut self) -> Entry<T>;
    /// Next entry, duplicates included.
    fn next(&mut self) -> Entry<T>;
    /// Previous entry, duplicates included.
    fn prev(&mut self) -> Entry<T>;
    /// First entry whose key is at least the one given.
    fn seek(&mut self, key: T::Key) -> Entry<T>;
    /// First entry with exactly the key given.
    fn seek_exact(&mut self, key: T::Key) -> Entry<T>;
    /// Walks from the first entry whose key is at least `start` (from the first of all if `None`).
    fn walk(&mut self, start: Option<T::Key>) -> Result<Walker<'_, T, Self>, DbError>
    where
        Self: Sized;
}

/// Reading the values under one key.
#[expect(clippy::missing_errors_doc, reason = "as for `DbCursorRO`")]
pub trait DbDupCursorRO<T: DupSort>: DbCursorRO<T> {
    /// Next value under the same key.
    fn next_dup(&mut self) -> Entry<T>;
    /// First entry of the next key.
    fn next_no_dup(&mut self) -> Entry<T>;
    /// First value under exactly this key whose subkey is at least the one given.
    fn seek_by_key_subkey(
        &mut self,
        key: T::Key,
        subkey: T::SubKey,
    ) -> Result<Option<T::Value>, DbError>;
}

/// Writing at a position.
#[expect(clippy::missing_errors_doc, reason = "as for `DbCursorRO` and `DbTxMut`")]
pub trait DbCursorRW<T: Table>: DbCursorRO<T> {
    /// Writes a value: replaces in plain tables, adds in duplicate tables.
    fn upsert(&mut self, key: T::Key, value: T::Value) -> Result<(), DbError>;
    /// Removes the entry the cursor stands on; seek anew before moving on.
    fn delete_current(&mut self) -> Result<(), DbError>;
}

/// Writing the values under one key.
#[expect(clippy::missing_errors_doc, reason = "as for `DbCursorRW`")]
pub trait DbDupCursorRW<T: DupSort>: DbDupCursorRO<T> + DbCursorRW<T> {
    /// Removes all values under the key the cursor stands on; seek anew before moving on.
    fn delete_current_duplicates(&mut self) -> Result<(), DbError>;
}

/// A raw cursor that encodes and decodes.
#[derive(Debug)]
pub struct TypedCursor<C, T> {
    inner: C,
    table: PhantomData<fn() -> T>,
}

impl<C, T> TypedCursor<C, T> {
    /// Wraps a raw cursor over the same table.
    pub(crate) const fn new(inner: C) -> Self {
        Self { inner, table: PhantomData }
    }
}

fn typed<T: Table>(pair: Option<Pair<'_>>) -> Entry<T> {
    pair.map(|(key, value)| Ok((codec::decode_key::<T>(&key)?, codec::decode_value::<T>(&value)?)))
        .transpose()
}

impl<C: RawCursor, T: Table> DbCursorRO<T> for TypedCursor<C, T> {
    fn first(&mut self) -> Entry<T> {
        typed::<T>(self.inner.first_raw()?)
    }

    fn last(&mut self) -> Entry<T> {
        typed::<T>(self.inner.last_raw()?)
    }

    fn next(&mut self) -> Entry<T> {
        typed::<T>(self.inner.next_raw()?)
    }

    fn prev(&mut self) -> Entry<T> {
        typed::<T>(self.inner.prev_raw()?)
    }

    fn seek(&mut self, key: T::Key) -> Entry<T> {
        let key = key.encode();
        codec::check_key::<T>(key.as_ref())?;
        typed::<T>(self.inner.seek_raw(key.as_ref())?)
    }

    fn seek_exact(&mut self, key: T::Key) -> Entry<T> {
        let key = key.encode();
        codec::check_key::<T>(key.as_ref())?;
        typed::<T>(self.inner.seek_exact_raw(key.as_ref())?)
    }

    fn walk(&mut self, start: Option<T::Key>) -> Result<Walker<'_, T, Self>, DbError> {
        let ahead = match start {
            Some(key) => self.seek(key)?,
            None => self.first()?,
        };
        let done = ahead.is_none();
        Ok(Walker { cursor: self, ahead, done })
    }
}

impl<C: RawCursor, T: DupSort> DbDupCursorRO<T> for TypedCursor<C, T> {
    fn next_dup(&mut self) -> Entry<T> {
        typed::<T>(self.inner.next_dup_raw()?)
    }

    fn next_no_dup(&mut self) -> Entry<T> {
        typed::<T>(self.inner.next_no_dup_raw()?)
    }

    fn seek_by_key_subkey(
        &mut self,
        key: T::Key,
        subkey: T::SubKey,
    ) -> Result<Option<T::Value>, DbError> {
        let (key, subkey) = (key.encode(), subkey.encode());
        codec::check_key::<T>(key.as_ref())?;
        let found = self.inner.seek_dup_raw(key.as_ref(), subkey.as_ref())?;
        found.map(|value| codec::decode_value::<T>(&value)).transpose()
    }
}

impl<C: RawCursorMut, T: Table> DbCursorRW<T> for TypedCursor<C, T> {
    fn upsert(&mut self, key: T::Key, value: T::Value) -> Result<(), DbError> {
        let (key, value) = codec::encode_pair::<T>(key, value)?;
        self.inner.put_raw(key.as_ref(), &value)
    }

    fn delete_current(&mut self) -> Result<(), DbError> {
        self.inner.delete_current_raw()
    }
}

impl<C: RawCursorMut, T: DupSort> DbDupCursorRW<T> for TypedCursor<C, T> {
    fn delete_current_duplicates(&mut self) -> Result<(), DbError> {
        self.inner.delete_current_dups_raw()
    }
}

/// Entries of a table in order; ends at the first error.
#[derive(Debug)]
pub struct Walker<'a, T: Table, C> {
    cursor: &'a mut C,
    ahead: Option<(T::Key, T::Value)>,
    done: bool,
}

impl<T: Table, C: DbCursorRO<T>> Iterator for Walker<'_, T, C> {
    type Item = Result<(T::Key, T::Value), DbError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if let Some(entry) = self.ahead.take() {
            return Some(Ok(entry));
        }
        let item = self.cursor.next().transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}
