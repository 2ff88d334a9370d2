//! Removes the history of blocks that lie further back than it is to be kept.

use crate::{
    codec::BlockNumberAddress,
    error::DbError,
    provider::{blocks, history, kept},
    pruning::{History, Pruning},
    tables::{AccountChangeSets, StorageChangeSets},
    traits::{DbCursorRO, DbTx, DbTxMut},
};
use alloy_primitives::{Address, BlockNumber};

/// Entries of a kind of history after which a slice ends: about 10 ms of work. A block is removed
/// whole, and at least one is, so that one slice a block never falls behind.
const SLICE: u64 = 1_024;

/// The next block whose history of a kind is to go, and the first that stays.
fn span<TX: DbTx>(
    tx: &TX,
    (part, pruning): (History, &Pruning),
    head: BlockNumber,
) -> Result<(BlockNumber, BlockNumber), DbError> {
    let wanted = pruning.wanted_from(part, head);
    let genesis = kept::genesis(tx)?;
    // The body of the first block stays.
    let first = if part == History::State { genesis } else { genesis.saturating_add(1) };
    Ok((kept::first(tx, part)?.max(first), wanted))
}

/// Whether history is there that is not wanted.
pub(crate) fn is_behind<TX: DbTx>(tx: &TX, pruning: &Pruning) -> Result<bool, DbError> {
    let Some((head, _)) = blocks::head(tx)? else { return Ok(false) };
    for part in History::ALL {
        let (next, wanted) = span(tx, (part, pruning), head)?;
        if next < wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes the oldest history that is not wanted, not much more than [`SLICE`] entries of each kind.
pub(crate) fn slice<TX: DbTxMut>(tx: &TX, pruning: &Pruning) -> Result<(), DbError> {
    if pruning.keeps_all() {
        return Ok(());
    }
    let Some((head, _)) = blocks::head(tx)? else { return Ok(()) };
    for part in History::ALL {
        let (first, wanted) = span(tx, (part, pruning), head)?;
        let (mut next, mut removed) = (first, 0);
        while next < wanted && removed < SLICE {
            removed = remove(tx, part, next)?.saturating_add(removed);
            next = next.saturating_add(1);
        }
        if next > first {
            kept::set_first(tx, part, next)?;
        }
    }
    Ok(())
}

/// Removes the history of one block and says how many entries it had, itself counted. The state
/// after a block goes with what the next one changed.
fn remove<TX: DbTxMut>(tx: &TX, part: History, number: BlockNumber) -> Result<u64, DbError> {
    let entries = match part {
        History::State => remove_changes(tx, number.saturating_add(1))?,
        History::Receipts => blocks::remove_receipts(tx, number)?,
        History::Bodies => blocks::remove_body(tx, number)?,
    };
    Ok(entries.saturating_add(1))
}

/// Removes what was noted under a block before which nothing is noted any more.
fn remove_changes<TX: DbTxMut>(tx: &TX, number: BlockNumber) -> Result<u64, DbError> {
    let mut addresses = Vec::new();
    for entry in tx.cursor_read::<AccountChangeSets>()?.walk(Some(number))? {
        let (found, before) = entry?;
        if found != number {
            break;
        }
        addresses.push(before.address);
    }
    let mut slots = Vec::new();
    let start = BlockNumberAddress(number, Address::ZERO);
    for entry in tx.cursor_read::<StorageChangeSets>()?.walk(Some(start))? {
        let (BlockNumberAddress(found, address), before) = entry?;
        if found != number {
            break;
        }
        slots.push((address, before.key));
    }
    let entries = addresses.len().saturating_add(slots.len());
    if !addresses.is_empty() {
        tx.delete::<AccountChangeSets>(number, None)?;
    }
    for address in addresses {
        history::shed_account(tx, address, number)?;
    }
    let mut last = None;
    for (address, slot) in slots {
        if last.replace(address) != Some(address) {
            tx.delete::<StorageChangeSets>(BlockNumberAddress(number, address), None)?;
        }
        history::shed_slot(tx, address, slot, number)?;
    }
    Ok(u64::try_from(entries).unwrap_or(u64::MAX))
}
