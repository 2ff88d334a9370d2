//! Finds what an account or a slot was after an earlier block, through shards of block numbers.

use crate::{
    codec::{BlockNumberAddress, BlockNumberList, SHARD_LEN, ShardedKey, StorageShardedKey},
    error::DbError,
    provider::{blocks::need, state},
    tables::{AccountChangeSets, AccountsHistory, StorageChangeSets, StoragesHistory},
    traits::{DbCursorRO, DbDupCursorRO, DbTx, DbTxMut, Table},
};
use alloy_primitives::{Address, B256, BlockNumber, U256};
use reth_primitives_traits::Account;

/// Keys of shards: those of one thing differ only in their highest block.
trait Sharded: Copy + PartialEq {
    /// The shard of the same thing with another highest block.
    fn with_highest(self, highest: BlockNumber) -> Self;
}

impl Sharded for ShardedKey {
    fn with_highest(self, highest_block_number: BlockNumber) -> Self {
        Self { highest_block_number, ..self }
    }
}

impl Sharded for StorageShardedKey {
    fn with_highest(self, highest_block_number: BlockNumber) -> Self {
        Self { highest_block_number, ..self }
    }
}

const fn account_key(key: Address, highest_block_number: BlockNumber) -> ShardedKey {
    ShardedKey { key, highest_block_number }
}

const fn slot_key(address: Address, key: B256, highest: BlockNumber) -> StorageShardedKey {
    StorageShardedKey { address, key, highest_block_number: highest }
}

/// An account as it was after block `number`.
pub(crate) fn account_at<TX: DbTx>(
    tx: &TX,
    address: Address,
    number: BlockNumber,
) -> Result<Option<Account>, DbError> {
    let from = number.saturating_add(1);
    let Some(changed) = first_change::<AccountsHistory, _>(tx, account_key(address, from), from)?
    else {
        return state::account(tx, address);
    };
    let mut cursor = tx.cursor_dup_read::<AccountChangeSets>()?;
    let before = cursor.seek_by_key_subkey(changed, address)?;
    let before = before.filter(|before| before.address == address);
    Ok(need::<AccountChangeSets, _>(before)?.info)
}

/// A slot as it was after block `number`.
pub(crate) fn storage_at<TX: DbTx>(
    tx: &TX,
    address: Address,
    slot: B256,
    number: BlockNumber,
) -> Result<U256, DbError> {
    let from = number.saturating_add(1);
    let Some(changed) =
        first_change::<StoragesHistory, _>(tx, slot_key(address, slot, from), from)?
    else {
        return state::storage(tx, address, slot);
    };
    let mut cursor = tx.cursor_dup_read::<StorageChangeSets>()?;
    let before = cursor.seek_by_key_subkey(BlockNumberAddress(changed, address), slot)?;
    let before = before.filter(|before| before.key == slot);
    Ok(need::<StorageChangeSets, _>(before)?.value)
}

/// Whether a block is listed among those that changed an account.
pub(crate) fn is_listed<TX: DbTx>(
    tx: &TX,
    address: Address,
    number: BlockNumber,
) -> Result<bool, DbError> {
    let found = first_change::<AccountsHistory, _>(tx, account_key(address, number), number)?;
    Ok(found == Some(number))
}

/// Whether a block is listed among those that changed a slot.
pub(crate) fn is_slot_listed<TX: DbTx>(
    tx: &TX,
    address: Address,
    slot: B256,
    number: BlockNumber,
) -> Result<bool, DbError> {
    let start = slot_key(address, slot, number);
    Ok(first_change::<StoragesHistory, _>(tx, start, number)? == Some(number))
}

/// Notes that a block changed an account.
pub(crate) fn note_account<TX: DbTxMut>(
    tx: &TX,
    address: Address,
    number: BlockNumber,
) -> Result<(), DbError> {
    append::<AccountsHistory, _>(tx, account_key(address, ShardedKey::LAST), number)
}

/// Notes that a block changed a slot.
pub(crate) fn note_slot<TX: DbTxMut>(
    tx: &TX,
    address: Address,
    slot: B256,
    number: BlockNumber,
) -> Result<(), DbError> {
    append::<StoragesHistory, _>(tx, slot_key(address, slot, ShardedKey::LAST), number)
}

/// Forgets all blocks from `from` on that changed an account.
pub(crate) fn forget_account<TX: DbTxMut>(
    tx: &TX,
    address: Address,
    from: BlockNumber,
) -> Result<(), DbError> {
    truncate::<AccountsHistory, _>(tx, account_key(address, ShardedKey::LAST), from)
}

/// Forgets all blocks from `from` on that changed a slot.
pub(crate) fn forget_slot<TX: DbTxMut>(
    tx: &TX,
    address: Address,
    slot: B256,
    from: BlockNumber,
) -> Result<(), DbError> {
    truncate::<StoragesHistory, _>(tx, slot_key(address, slot, ShardedKey::LAST), from)
}

/// Forgets all blocks up to `until` that changed an account.
pub(crate) fn shed_account<TX: DbTxMut>(
    tx: &TX,
    address: Address,
    until: BlockNumber,
) -> Result<(), DbError> {
    shed::<AccountsHistory, _>(tx, account_key(address, 0), until)
}

/// Forgets all blocks up to `until` that changed a slot.
pub(crate) fn shed_slot<TX: DbTxMut>(
    tx: &TX,
    address: Address,
    slot: B256,
    until: BlockNumber,
) -> Result<(), DbError> {
    shed::<StoragesHistory, _>(tx, slot_key(address, slot, 0), until)
}

/// The first block of at least `from` in the shard that begins the search.
fn first_change<T, TX>(
    tx: &TX,
    start: T::Key,
    from: BlockNumber,
) -> Result<Option<BlockNumber>, DbError>
where
    T: Table<Value = BlockNumberList>,
    T::Key: Sharded,
    TX: DbTx,
{
    let found = tx.cursor_read::<T>()?.seek(start)?;
    let same = |key: T::Key| key.with_highest(0) == start.with_highest(0);
    Ok(found.filter(|(key, _)| same(*key)).and_then(|(_, blocks)| blocks.first_from(from)))
}

/// Adds a block to the last shard, closing it first when it is full.
fn append<T, TX>(tx: &TX, last: T::Key, number: BlockNumber) -> Result<(), DbError>
where
    T: Table<Value = BlockNumberList>,
    T::Key: Sharded,
    TX: DbTxMut,
{
    let mut blocks = tx.get::<T>(last)?.unwrap_or_default();
    if let Some(highest) = blocks.max().filter(|_| blocks.len() >= SHARD_LEN) {
        tx.put::<T>(last.with_highest(highest), blocks)?;
        blocks = BlockNumberList::default();
    }
    blocks.insert(number);
    tx.put::<T>(last, blocks)
}

/// Removes blocks of at least `from`, making the last shard left the one that grows.
fn truncate<T, TX>(tx: &TX, last: T::Key, from: BlockNumber) -> Result<(), DbError>
where
    T: Table<Value = BlockNumberList>,
    T::Key: Sharded,
    TX: DbTxMut,
{
    let mut kept = BlockNumberList::default();
    loop {
        // The highest shard that is left: at or, when there is none, before the end of the thing.
        let mut cursor = tx.cursor_read::<T>()?;
        let found = match cursor.seek_exact(last)? {
            Some(entry) => Some(entry),
            None => shard_before::<T, _>(&mut cursor, last)?,
        };
        let Some((key, mut blocks)) = found else { break };
        tx.delete::<T>(key, None)?;
        blocks.truncate(from);
        if !blocks.is_empty() {
            kept = blocks;
            break;
        }
    }
    if kept.is_empty() { Ok(()) } else { tx.put::<T>(last, kept) }
}

/// Removes blocks up to `until`, and shards of which none is left.
fn shed<T, TX>(tx: &TX, first: T::Key, until: BlockNumber) -> Result<(), DbError>
where
    T: Table<Value = BlockNumberList>,
    T::Key: Sharded,
    TX: DbTxMut,
{
    loop {
        let found = tx.cursor_read::<T>()?.seek(first)?;
        let Some((key, mut blocks)) = found.filter(|(key, _)| key.with_highest(0) == first) else {
            return Ok(());
        };
        if blocks.first_from(0).is_some_and(|lowest| lowest > until) {
            return Ok(());
        }
        blocks.shed(until);
        if !blocks.is_empty() {
            return tx.put::<T>(key, blocks);
        }
        tx.delete::<T>(key, None)?;
    }
}

/// The shard of the same thing before `last`.
fn shard_before<T, C>(
    cursor: &mut C,
    last: T::Key,
) -> Result<Option<(T::Key, BlockNumberList)>, DbError>
where
    T: Table<Value = BlockNumberList>,
    T::Key: Sharded,
    C: DbCursorRO<T>,
{
    let before = match cursor.seek(last)? {
        Some(_) => cursor.prev()?,
        None => cursor.last()?,
    };
    Ok(before.filter(|(key, _)| key.with_highest(0) == last.with_highest(0)))
}
