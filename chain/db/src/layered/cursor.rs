//! Moves through a table of the file and the layers before it as through one.

use super::{
    LayeredTxMut,
    entry::{Entry, Slice},
};
use crate::{
    error::DbError,
    flat::past,
    layer::Change,
    mdbx::MdbxCursor,
    tables::TableId,
    traits::{Found, Pair, RawCursor, RawCursorMut},
};
use bytes::Bytes;
use signet_libmdbx::RoSync;
use std::{borrow::Cow, fmt::Debug, mem, ops::Bound};

/// What layers say, the newest first. A change is a flat key and the value that it got, if any.
pub trait Sight: Debug {
    /// Whether the layers stay as they are.
    const IS_FIXED: bool;

    /// The first change at or after a bound.
    fn first(&self, table: TableId, from: Bound<&[u8]>) -> Option<(Bytes, Option<Bytes>)>;

    /// The last change at or before a bound.
    fn last(&self, table: TableId, to: Bound<&[u8]>) -> Option<(Bytes, Option<Bytes>)>;

    /// What became of a flat key; `None` when nothing did.
    fn fate(&self, table: TableId, key: &[u8]) -> Option<Option<Bytes>>;
}

/// A position in a table.
#[derive(Debug)]
pub struct LayeredCursor<'a, S> {
    base: MdbxCursor<'a, RoSync>,
    sight: &'a S,
    table: TableId,
    /// Whether no layer says anything about the table, nor will.
    is_base: bool,
    /// The entry it stands on.
    at: Option<Entry<'a>>,
    below: Below<'a>,
    above: Above,
}

/// Where the file's cursor stands.
#[derive(Debug)]
enum Below<'a> {
    Unknown,
    /// Where this one stands.
    Here,
    /// On the first entry after this one's; `None` if there is none.
    Ahead(Option<Entry<'a>>),
}

/// The first change of a layer after the entry; only of layers that stay as they are.
#[derive(Debug)]
enum Above {
    Unknown,
    Ahead(Option<Change>),
}

/// Where to look.
#[derive(Clone, Copy, Debug)]
enum From<'k> {
    Start,
    /// At a flat key or after it.
    At(&'k [u8]),
    /// After the entry that the cursor stands on.
    Here,
}

impl<'a, S: Sight> LayeredCursor<'a, S> {
    pub(super) const fn new(base: MdbxCursor<'a, RoSync>, sight: &'a S, table: TableId) -> Self {
        let (below, above) = (Below::Unknown, Above::Unknown);
        Self { base, sight, table, is_base: false, at: None, below, above }
    }

    /// For a table that no layer will ever say anything about.
    pub(super) fn of_base(base: MdbxCursor<'a, RoSync>, sight: &'a S, table: TableId) -> Self {
        Self { is_base: true, ..Self::new(base, sight, table) }
    }

    /// The first entry whose flat key begins with this.
    pub(super) fn first_within(&mut self, prefix: &[u8]) -> Result<Option<&Entry<'a>>, DbError> {
        self.forward(From::At(prefix), prefix)
    }

    /// The next entry, if its flat key begins with this.
    pub(super) fn next_within(&mut self, prefix: &[u8]) -> Result<Option<&Entry<'a>>, DbError> {
        let from = if self.at.is_some() { From::Here } else { From::Start };
        self.forward(from, prefix)
    }

    /// Goes to the first entry from a place on whose flat key begins with `within`.
    fn forward(&mut self, from: From<'_>, within: &[u8]) -> Result<Option<&Entry<'a>>, DbError> {
        let mut below = self.base_from(from, within)?;
        let mut above = self.above_from(from);
        loop {
            let wins = above.as_ref().filter(|(key, _)| {
                key.starts_with(within)
                    && below.as_ref().is_none_or(|entry| entry.order(self.table, key).is_ge())
            });
            let Some((key, _)) = wins else { return Ok(self.stand_below(below, above)) };
            if below.as_ref().is_some_and(|entry| entry.order(self.table, key).is_eq()) {
                below = self.base_next(within)?;
            }
            let key = key.clone();
            let entry = above.and_then(|change| Entry::of_layer(self.table, change));
            if entry.is_some() {
                // What lies outside of `within` was not looked for.
                let is_known = below.is_some() || within.is_empty();
                self.below = if is_known { Below::Ahead(below) } else { Below::Unknown };
                self.above = Above::Unknown;
                self.at = entry;
                return Ok(self.at.as_ref());
            }
            above = self.sight.first(self.table, Bound::Excluded(&key));
        }
    }

    /// Goes to the last entry before the one it stands on, or of all.
    fn backward(&mut self, is_last: bool) -> Result<Option<&Entry<'a>>, DbError> {
        let at = self.at.as_ref().filter(|_| !is_last);
        let mut to = at.map(|entry| entry.flat(self.table));
        let mut below = self.base_before(to.as_deref())?;
        self.above = Above::Unknown;
        loop {
            let bound = to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let above = self.sight.last(self.table, bound).filter(|(key, _)| {
                below.as_ref().is_none_or(|entry| entry.order(self.table, key).is_le())
            });
            let Some((key, fate)) = above else { return Ok(self.stand_below(below, None)) };
            if below.as_ref().is_some_and(|entry| entry.order(self.table, &key).is_eq()) {
                below = self.base.prev()?.map(Entry::of_file);
            }
            to = Some(key.clone());
            let entry = Entry::of_layer(self.table, (key, fate));
            if entry.is_some() {
                self.below = Below::Unknown;
                self.at = entry;
                return Ok(self.at.as_ref());
            }
        }
    }

    /// Stands where the file's cursor stands, if that is on an entry; `above` comes after it.
    fn stand_below(
        &mut self,
        entry: Option<Entry<'a>>,
        above: Option<Change>,
    ) -> Option<&Entry<'a>> {
        let Some(entry) = entry else {
            (self.below, self.above) = (Below::Unknown, Above::Unknown);
            return None;
        };
        self.below = Below::Here;
        self.above = Above::Ahead(above);
        Some(self.at.insert(entry))
    }

    /// The first change from a place on.
    fn above_from(&mut self, from: From<'_>) -> Option<Change> {
        match (from, mem::replace(&mut self.above, Above::Unknown)) {
            (From::Here, Above::Ahead(change)) if S::IS_FIXED => change,
            (From::Here, _) => {
                let at = self.at.as_ref()?.flat(self.table);
                self.sight.first(self.table, Bound::Excluded(&at))
            }
            (From::Start, _) => self.sight.first(self.table, Bound::Unbounded),
            (From::At(key), _) => self.sight.first(self.table, Bound::Included(key)),
        }
    }

    /// The file's first entry from a place on; its cursor stands there.
    fn base_from(&mut self, from: From<'_>, within: &[u8]) -> Result<Option<Entry<'a>>, DbError> {
        match (from, mem::replace(&mut self.below, Below::Unknown)) {
            (From::Start, _) => Ok(self.base.first()?.map(Entry::of_file)),
            (From::At(key), _) => self.base_seek(key, within),
            (From::Here, Below::Here) => self.base_next(within),
            (From::Here, Below::Ahead(entry)) => {
                Ok(entry.filter(|entry| entry.begins_with(self.table, within)))
            }
            (From::Here, Below::Unknown) => {
                let Some(at) = self.at.as_ref().map(|entry| entry.flat(self.table)) else {
                    return Ok(None);
                };
                let found = self.base_seek(&at, within)?;
                if found.as_ref().is_some_and(|entry| entry.order(self.table, &at).is_eq()) {
                    return self.base_next(within);
                }
                Ok(found)
            }
        }
    }

    /// The file's next entry, if its flat key begins with `within`.
    fn base_next(&mut self, within: &[u8]) -> Result<Option<Entry<'a>>, DbError> {
        let next = self.base.next()?;
        Ok(self.if_within(next, within))
    }

    /// The file's first entry whose flat key is at least this one, if it begins with `within`.
    fn base_seek(&mut self, flat: &[u8], within: &[u8]) -> Result<Option<Entry<'a>>, DbError> {
        let key_len = self.table.dup_key_len().filter(|len| flat.len() > *len);
        let Some((key, value)) = key_len.and_then(|len| flat.split_at_checked(len)) else {
            let found = self.base.seek(flat)?;
            return Ok(self.if_within(found, within));
        };
        if let Some(found) = self.base.seek_dup(key, value)? {
            let key = Slice::Layer(Bytes::copy_from_slice(key));
            let entry = Entry { key, value: Slice::File(found) };
            return Ok(Some(entry).filter(|entry| entry.begins_with(self.table, within)));
        }
        if within.len() >= key.len() {
            return Ok(None);
        }
        let Some(next) = past(key) else { return Ok(None) };
        let found = self.base.seek(&next)?;
        Ok(self.if_within(found, within))
    }

    fn if_within(&self, found: Option<Pair<'a>>, within: &[u8]) -> Option<Entry<'a>> {
        found.map(Entry::of_file).filter(|entry| entry.begins_with(self.table, within))
    }

    /// The file's last entry before a flat key, or of all.
    fn base_before(&mut self, to: Option<&[u8]>) -> Result<Option<Entry<'a>>, DbError> {
        let is_there = to.map(|to| Ok::<_, DbError>(self.base_seek(to, &[])?.is_some()));
        let found = match is_there.transpose()? {
            Some(true) => self.base.prev()?,
            Some(false) | None => self.base.last()?,
        };
        Ok(found.map(Entry::of_file))
    }

    /// Key of the entry it stands on.
    fn key(&self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(&self.at.as_ref()?.key))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it ends moves, which may fail")]
fn shown<'s>(entry: Option<&'s Entry<'_>>) -> Found<'s> {
    Ok(entry.map(|entry| (Cow::Borrowed(&*entry.key), Cow::Borrowed(&*entry.value))))
}

impl<S: Sight> RawCursor for LayeredCursor<'_, S> {
    fn first_raw(&mut self) -> Found<'_> {
        if self.is_base {
            return self.base.first_raw();
        }
        shown(self.forward(From::Start, &[])?)
    }

    fn last_raw(&mut self) -> Found<'_> {
        if self.is_base {
            return self.base.last_raw();
        }
        shown(self.backward(true)?)
    }

    fn next_raw(&mut self) -> Found<'_> {
        if self.is_base {
            return self.base.next_raw();
        }
        shown(self.next_within(&[])?)
    }

    fn prev_raw(&mut self) -> Found<'_> {
        if self.is_base {
            return self.base.prev_raw();
        }
        shown(self.backward(false)?)
    }

    fn seek_raw(&mut self, key: &[u8]) -> Found<'_> {
        if self.is_base {
            return self.base.seek_raw(key);
        }
        shown(self.forward(From::At(key), &[])?)
    }

    fn seek_exact_raw(&mut self, key: &[u8]) -> Found<'_> {
        if self.is_base || self.table.dup_key_len().is_some() {
            let found = if self.is_base { self.base.seek_raw(key) } else { self.seek_raw(key) };
            return Ok(found?.filter(|(found, _)| **found == *key));
        }
        (self.below, self.above) = (Below::Unknown, Above::Unknown);
        self.at = match self.sight.fate(self.table, key) {
            Some(fate) => Entry::of_layer(self.table, (Bytes::copy_from_slice(key), fate)),
            None => self.base_seek(key, key)?.filter(|entry| *entry.key == *key),
        };
        shown(self.at.as_ref())
    }

    fn next_dup_raw(&mut self) -> Found<'_> {
        if self.is_base {
            return self.base.next_dup_raw();
        }
        let Some(key) = self.key() else { return Ok(None) };
        shown(self.forward(From::Here, &key)?)
    }

    fn next_no_dup_raw(&mut self) -> Found<'_> {
        if self.is_base {
            return self.base.next_no_dup_raw();
        }
        let Some(key) = self.key() else { return self.first_raw() };
        match (self.table.dup_key_len(), past(&key)) {
            (None, _) => shown(self.forward(From::Here, &[])?),
            (Some(_), Some(next)) => shown(self.forward(From::At(&next), &[])?),
            (Some(_), None) => Ok(None),
        }
    }

    fn seek_dup_raw(
        &mut self,
        key: &[u8],
        subkey: &[u8],
    ) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        if self.is_base {
            return self.base.seek_dup_raw(key, subkey);
        }
        let entry = self.forward(From::At(&[key, subkey].concat()), key)?;
        Ok(entry.map(|entry| Cow::Borrowed(&*entry.value)))
    }
}

impl RawCursorMut for LayeredCursor<'_, LayeredTxMut> {
    fn put_raw(&mut self, key: &[u8], value: &[u8]) -> Result<(), DbError> {
        self.sight.put(self.table, key, value);
        Ok(())
    }

    fn delete_current_raw(&mut self) -> Result<(), DbError> {
        if let Some(at) = self.at.take() {
            self.below = Below::Unknown;
            self.sight.remove(self.table, &at.flat(self.table))?;
        }
        Ok(())
    }

    fn delete_current_dups_raw(&mut self) -> Result<(), DbError> {
        if let Some(key) = self.key() {
            self.at = None;
            self.below = Below::Unknown;
            self.sight.remove_all(self.table, &key)?;
        }
        Ok(())
    }
}
