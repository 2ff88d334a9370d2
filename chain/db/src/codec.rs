//! Turns keys and values into reth's bytes and back, within the limits of the storage engine.
//!
//! The compact decoders of `reth-codecs` trust their input and panic on bytes that they did not
//! write. Here such a panic becomes [`DbError::Undecodable`]: a damaged file is an error of the
//! call, never the end of the process.

mod blocks;
mod keys;
mod list;
mod nibbles;

pub use blocks::{
    AccountBeforeTx, StoredBlockBodyIndices, StoredBlockOmmers, StoredBlockWithdrawals,
};
pub use keys::{BlockNumberAddress, SectionBit, ShardedKey, StorageShardedKey};
pub use list::{BlockNumberList, SHARD_LEN};
pub use nibbles::{StorageTrieEntry, StoredNibbles, StoredNibblesSubKey};

use crate::{
    error::DbError,
    traits::{Compress, Decode, Decompress, Encode, Table},
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most bytes of a key. MDBX allows 2,022 with pages of 4 KiB; ours have at most 60.
pub const MAX_KEY: usize = 1_024;

/// Most bytes of a value in a table with many values per key. MDBX allows 2,022 with pages of
/// 4 KiB; ours have at most 583 (an inner node of a storage trie with sixteen hashes).
pub const MAX_DUP_VALUE: usize = 1_024;

/// Most bytes of any other value, 256 MiB. MDBX allows 2 GiB less a bit.
pub const MAX_VALUE: usize = 256 << 20;

/// Encoded key and value of a table.
type EncodedPair<T> = (<<T as Table>::Key as Encode>::Encoded, Vec<u8>);

/// Refuses a key that the engine cannot hold.
pub(crate) const fn check_key<T: Table>(key: &[u8]) -> Result<(), DbError> {
    if key.len() > MAX_KEY {
        return Err(DbError::KeyTooLarge { table: T::NAME, size: key.len(), max: MAX_KEY });
    }
    Ok(())
}

/// Encodes a value and refuses it when the engine cannot hold it.
pub(crate) fn encode_value<T: Table>(value: T::Value) -> Result<Vec<u8>, DbError> {
    let bytes: Vec<u8> = match value.uncompressable_ref() {
        Some(bytes) => bytes.to_vec(),
        None => value.compress().into(),
    };
    let max = if T::DUPSORT { MAX_DUP_VALUE } else { MAX_VALUE };
    if bytes.len() > max {
        return Err(DbError::ValueTooLarge { table: T::NAME, size: bytes.len(), max });
    }
    Ok(bytes)
}

/// Encodes an entry within the limits.
pub(crate) fn encode_pair<T: Table>(
    key: T::Key,
    value: T::Value,
) -> Result<EncodedPair<T>, DbError> {
    let key = key.encode();
    check_key::<T>(key.as_ref())?;
    Ok((key, encode_value::<T>(value)?))
}

/// Decodes a key.
pub(crate) fn decode_key<T: Table>(bytes: &[u8]) -> Result<T::Key, DbError> {
    T::Key::decode(bytes).map_err(|_no_key| DbError::Undecodable { table: T::NAME })
}

/// Decodes a value.
pub(crate) fn decode_value<T: Table>(bytes: &[u8]) -> Result<T::Value, DbError> {
    // Nothing outlives the closure but its result, so no half-changed value can be seen.
    match catch_unwind(AssertUnwindSafe(|| T::Value::decompress(bytes))) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) | Err(_) => Err(DbError::Undecodable { table: T::NAME }),
    }
}
