//! Gives every raw transaction its typed, bounded form.

use super::{
    DbCursorRO, DbCursorRW, DbDupCursorRO, DbDupCursorRW, DupSort, Encode, RawTx, RawTxMut, Table,
    TypedCursor,
};
use crate::{codec, error::DbError};
use std::fmt::Debug;

/// A set of tables in which transactions can begin.
#[expect(clippy::missing_errors_doc, reason = "both return what the backend reports")]
pub trait Database: Debug + Send + Sync {
    /// Reading transaction.
    type TX: DbTx + Send + Sync + Clone;
    /// Writing transaction.
    type TXMut: DbTxMut;

    /// Begins reading the latest committed state.
    fn tx(&self) -> Result<Self::TX, DbError>;

    /// Begins writing; waits until no other writer is left.
    fn tx_mut(&self) -> Result<Self::TXMut, DbError>;
}

/// Typed reading. Every call may return [`DbError::Undecodable`] or what the backend reports.
#[expect(clippy::missing_errors_doc, reason = "one sentence on the trait says it for all methods")]
pub trait DbTx: Debug {
    /// Cursor over a table.
    type Cursor<'a, T: Table>: DbCursorRO<T>
    where
        Self: 'a;
    /// Cursor over a duplicate table.
    type DupCursor<'a, T: DupSort>: DbDupCursorRO<T>
    where
        Self: 'a;

    /// The (first) value under a key.
    fn get<T: Table>(&self, key: T::Key) -> Result<Option<T::Value>, DbError>;

    /// A cursor that stands nowhere yet.
    fn cursor_read<T: Table>(&self) -> Result<Self::Cursor<'_, T>, DbError>;

    /// A cursor that stands nowhere yet.
    fn cursor_dup_read<T: DupSort>(&self) -> Result<Self::DupCursor<'_, T>, DbError>;

    /// Number of entries, duplicates counted.
    fn entries<T: Table>(&self) -> Result<usize, DbError>;
}

/// Typed writing. Every call may return [`DbError::KeyTooLarge`], [`DbError::ValueTooLarge`],
/// [`DbError::Full`] or what the backend reports.
#[expect(clippy::missing_errors_doc, reason = "one sentence on the trait says it for all methods")]
pub trait DbTxMut: DbTx {
    /// Writing cursor over a table.
    type CursorMut<'a, T: Table>: DbCursorRW<T>
    where
        Self: 'a;
    /// Writing cursor over a duplicate table.
    type DupCursorMut<'a, T: DupSort>: DbDupCursorRW<T>
    where
        Self: 'a;

    /// Writes a value: replaces in plain tables, adds in duplicate tables.
    fn put<T: Table>(&self, key: T::Key, value: T::Value) -> Result<(), DbError>;

    /// Removes a key with all its values, or only the one value given; says whether it was there.
    fn delete<T: Table>(&self, key: T::Key, value: Option<T::Value>) -> Result<bool, DbError>;

    /// Removes everything from a table.
    fn clear<T: Table>(&self) -> Result<(), DbError>;

    /// A writing cursor that stands nowhere yet.
    fn cursor_write<T: Table>(&self) -> Result<Self::CursorMut<'_, T>, DbError>;

    /// A writing cursor that stands nowhere yet.
    fn cursor_dup_write<T: DupSort>(&self) -> Result<Self::DupCursorMut<'_, T>, DbError>;

    /// Makes everything written visible to transactions begun later; nothing is written on error.
    fn commit(self) -> Result<(), DbError>;
}

impl<X: RawTx> DbTx for X {
    type Cursor<'a, T: Table>
        = TypedCursor<X::Cursor<'a>, T>
    where
        Self: 'a;
    type DupCursor<'a, T: DupSort>
        = TypedCursor<X::Cursor<'a>, T>
    where
        Self: 'a;

    fn get<T: Table>(&self, key: T::Key) -> Result<Option<T::Value>, DbError> {
        let key = key.encode();
        codec::check_key::<T>(key.as_ref())?;
        self.get_raw(T::ID, key.as_ref())?.map(|bytes| codec::decode_value::<T>(&bytes)).transpose()
    }

    fn cursor_read<T: Table>(&self) -> Result<Self::Cursor<'_, T>, DbError> {
        Ok(TypedCursor::new(self.cursor_raw(T::ID)?))
    }

    fn cursor_dup_read<T: DupSort>(&self) -> Result<Self::DupCursor<'_, T>, DbError> {
        Ok(TypedCursor::new(self.cursor_raw(T::ID)?))
    }

    fn entries<T: Table>(&self) -> Result<usize, DbError> {
        self.entries_raw(T::ID)
    }
}

impl<X: RawTxMut> DbTxMut for X {
    type CursorMut<'a, T: Table>
        = TypedCursor<X::CursorMut<'a>, T>
    where
        Self: 'a;
    type DupCursorMut<'a, T: DupSort>
        = TypedCursor<X::CursorMut<'a>, T>
    where
        Self: 'a;

    fn put<T: Table>(&self, key: T::Key, value: T::Value) -> Result<(), DbError> {
        let (key, value) = codec::encode_pair::<T>(key, value)?;
        self.put_raw(T::ID, key.as_ref(), &value)
    }

    fn delete<T: Table>(&self, key: T::Key, value: Option<T::Value>) -> Result<bool, DbError> {
        let key = key.encode();
        codec::check_key::<T>(key.as_ref())?;
        let value = value.map(codec::encode_value::<T>).transpose()?;
        self.delete_raw(T::ID, key.as_ref(), value.as_deref())
    }

    fn clear<T: Table>(&self) -> Result<(), DbError> {
        self.clear_raw(T::ID)
    }

    fn cursor_write<T: Table>(&self) -> Result<Self::CursorMut<'_, T>, DbError> {
        Ok(TypedCursor::new(self.cursor_mut_raw(T::ID)?))
    }

    fn cursor_dup_write<T: DupSort>(&self) -> Result<Self::DupCursorMut<'_, T>, DbError> {
        Ok(TypedCursor::new(self.cursor_mut_raw(T::ID)?))
    }

    fn commit(self) -> Result<(), DbError> {
        self.commit_raw()
    }
}
