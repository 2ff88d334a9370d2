//! Holds an entry where it lies: in the file, as long as the transaction lives, or in a layer.

use crate::{flat::stored, layer::Change, tables::TableId, traits::Pair};
use bytes::Bytes;
use std::{borrow::Cow, cmp::Ordering, ops::Deref};

/// Bytes of the file or of a layer.
#[derive(Clone, Debug)]
pub(super) enum Slice<'a> {
    File(Cow<'a, [u8]>),
    Layer(Bytes),
}

impl Deref for Slice<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::File(bytes) => bytes,
            Self::Layer(bytes) => bytes,
        }
    }
}

/// A key and its value, not flat.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    pub(super) key: Slice<'a>,
    pub(super) value: Slice<'a>,
}

impl<'a> Entry<'a> {
    /// What the file has.
    pub(super) fn of_file((key, value): Pair<'a>) -> Self {
        Self { key: Slice::File(key), value: Slice::File(value) }
    }

    /// What a layer has, unless it says that the entry was removed.
    pub(super) fn of_layer(table: TableId, (key, fate): Change) -> Option<Self> {
        let (key, value) = stored(table, &key, &fate?);
        Some(Self { key: Slice::Layer(key), value: Slice::Layer(value) })
    }

    /// Its flat key.
    pub(super) fn flat(&self, table: TableId) -> Bytes {
        match (table.dup_key_len(), &self.key) {
            (Some(_), _) => Bytes::from([&*self.key, &*self.value].concat()),
            (None, Slice::Layer(key)) => key.clone(),
            (None, Slice::File(key)) => Bytes::copy_from_slice(key),
        }
    }

    /// How its flat key compares.
    pub(super) fn order(&self, table: TableId, flat: &[u8]) -> Ordering {
        match table.dup_key_len().and_then(|len| flat.split_at_checked(len)) {
            Some((key, value)) => (*self.key).cmp(key).then_with(|| (*self.value).cmp(value)),
            // In a duplicate table, `flat` is shorter than a key: it comes before those it begins.
            None => (*self.key).cmp(flat),
        }
    }

    /// Whether its flat key begins with this.
    pub(super) fn begins_with(&self, table: TableId, prefix: &[u8]) -> bool {
        match table.dup_key_len().and_then(|len| prefix.split_at_checked(len)) {
            Some((key, value)) => *self.key == *key && self.value.starts_with(value),
            None => self.key.starts_with(prefix),
        }
    }
}
