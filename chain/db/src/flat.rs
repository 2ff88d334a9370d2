//! Writes an entry of a duplicate table as one key: key ‖ value, with nothing under it. All keys of
//! such a table have the same length, so flat keys have the order of the entries.

use crate::tables::TableId;
use bytes::Bytes;

/// A key and what is under it, flat.
pub(crate) type Entry = (Bytes, Bytes);

/// The flat form of an entry.
pub(crate) fn flat(table: TableId, key: &[u8], value: &[u8]) -> Entry {
    match table.dup_key_len() {
        Some(_) => (Bytes::from([key, value].concat()), Bytes::new()),
        None => (Bytes::copy_from_slice(key), Bytes::copy_from_slice(value)),
    }
}

/// Key and value of a flat entry.
pub(crate) fn stored(table: TableId, key: &Bytes, value: &Bytes) -> Entry {
    match table.dup_key_len() {
        Some(len) => (key.slice(..len.min(key.len())), key.slice(len.min(key.len())..)),
        None => (key.clone(), value.clone()),
    }
}

/// The least byte string greater than all that begin with `key`; `None` if there is none.
pub(crate) fn past(key: &[u8]) -> Option<Vec<u8>> {
    let mut next = key.to_vec();
    while let Some(last) = next.pop() {
        if let Some(more) = last.checked_add(1) {
            next.push(more);
            return Some(next);
        }
    }
    None
}
