//! Takes the changes of a layer into the file, and remembers which commit was the last of them.

use super::{MdbxTx, MdbxTxMut};
use crate::{
    error::DbError,
    flat::stored,
    layer::Layer,
    tables::TableId,
    traits::{RawCursor, RawCursorMut, RawTx, RawTxMut},
};
use signet_libmdbx::WriteFlags;
use std::borrow::Cow;

/// Table of facts about the file itself.
pub(super) const MARKS: &str = "Marks";

/// Number of the last commit that the file has, 8 bytes, big-endian; no entry before the first.
const CARRIED: &[u8] = b"carried";

impl MdbxTx {
    /// Number of the last commit that the file has.
    pub(crate) fn carried(&self) -> Result<u64, DbError> {
        let found: Option<Cow<'_, [u8]>> = self.tx.get(self.db.inner.marks.dbi(), CARRIED)?;
        let number = found.map(|bytes| <[u8; 8]>::try_from(bytes.as_ref())).transpose();
        let number = number.map_err(|_wrong_length| DbError::Undecodable { table: MARKS })?;
        Ok(number.map_or(0, u64::from_be_bytes))
    }

    /// Whether there is an entry with a flat key.
    pub(crate) fn holds(&self, table: TableId, flat: &[u8]) -> Result<bool, DbError> {
        let Some((key, value)) = table.dup_key_len().and_then(|len| flat.split_at_checked(len))
        else {
            return Ok(self.get_raw(table, flat)?.is_some());
        };
        let mut cursor = self.cursor_raw(table)?;
        Ok(cursor.seek_dup_raw(key, value)?.is_some_and(|found| *found == *value))
    }
}

impl MdbxTxMut {
    /// Notes the number of the last commit that the file has.
    pub(crate) fn set_carried(&self, number: u64) -> Result<(), DbError> {
        self.tx
            .put(self.db.inner.marks, CARRIED, number.to_be_bytes(), WriteFlags::UPSERT)
            .map_err(|error| self.explain(error))
    }

    /// Makes the changes of a layer to one table.
    pub(crate) fn take(&self, table: TableId, layer: &Layer) -> Result<(), DbError> {
        let mut cursor = self.cursor_mut_raw(table)?;
        for (flat, fate) in layer.changes(table) {
            match fate {
                Some(value) => {
                    let (key, value) = stored(table, &flat, &value);
                    cursor.put_raw(&key, &value)?;
                }
                None => {
                    let (key, value) = stored(table, &flat, &bytes::Bytes::new());
                    let value = table.dup_key_len().map(|_| value.as_ref());
                    self.delete_raw(table, &key, value)?;
                }
            }
        }
        Ok(())
    }
}
