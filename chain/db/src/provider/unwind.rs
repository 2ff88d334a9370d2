//! Finds what would undo the blocks after a given one, and undoes them.

use crate::{
    codec::BlockNumberAddress,
    error::DbError,
    provider::{blocks, history, logs, state},
    state::{AccountUpdate, HashedChanges, StateChanges},
    tables::{AccountChangeSets, StorageChangeSets},
    traits::{DbCursorRO, DbTx, DbTxMut},
};
use alloy_primitives::{Address, BlockNumber};
use std::collections::BTreeSet;

/// The changes that turn the state now into the state after block `number`.
pub(crate) fn changes_back_to<TX: DbTx>(
    tx: &TX,
    number: BlockNumber,
) -> Result<StateChanges, DbError> {
    let mut back = StateChanges::default();
    let from = number.saturating_add(1);
    // Ascending, so the first value seen is the oldest.
    for entry in tx.cursor_read::<AccountChangeSets>()?.walk(Some(from))? {
        let (_, before) = entry?;
        let change = back.accounts.entry(before.address).or_default();
        if change.account == AccountUpdate::Unchanged {
            change.account = before.info.map_or(AccountUpdate::Deleted, AccountUpdate::Set);
        }
    }
    let start = BlockNumberAddress(from, Address::ZERO);
    for entry in tx.cursor_read::<StorageChangeSets>()?.walk(Some(start))? {
        let (BlockNumberAddress(_, address), before) = entry?;
        let change = back.accounts.entry(address).or_default();
        change.storage.entry(before.key).or_insert(before.value);
    }
    Ok(back)
}

/// The changes made after block `number`, with the values they have now.
pub(crate) fn changes_since<TX: DbTx>(
    tx: &TX,
    number: BlockNumber,
) -> Result<StateChanges, DbError> {
    let mut now = changes_back_to(tx, number)?;
    for (address, change) in &mut now.accounts {
        if change.account != AccountUpdate::Unchanged {
            let account = state::account(tx, *address)?;
            change.account = account.map_or(AccountUpdate::Deleted, AccountUpdate::Set);
        }
        for (slot, value) in &mut change.storage {
            *value = state::storage(tx, *address, *slot)?;
        }
    }
    Ok(now)
}

/// Removes blocks after `number` up to `head`, restores the state by `back` (what
/// [`changes_back_to`] says; `hashed` are the same) and forgets what was noted about the removed blocks.
pub(crate) fn unwind<TX: DbTxMut>(
    tx: &TX,
    number: BlockNumber,
    head: BlockNumber,
    back: &StateChanges,
    hashed: &HashedChanges,
) -> Result<(), DbError> {
    let from = number.saturating_add(1);
    state::write(tx, back, hashed, None)?;
    for (address, change) in &back.accounts {
        if change.account != AccountUpdate::Unchanged {
            history::forget_account(tx, *address, from)?;
        }
        for slot in change.storage.keys() {
            history::forget_slot(tx, *address, *slot, from)?;
        }
    }
    forget_change_sets(tx, from)?;
    logs::forget(tx, from)?;
    for gone in (from..=head).rev() {
        blocks::remove(tx, gone)?;
    }
    Ok(())
}

/// Forgets what was noted under blocks from `from` on.
pub(crate) fn forget_change_sets<TX: DbTxMut>(tx: &TX, from: BlockNumber) -> Result<(), DbError> {
    let mut numbers = BTreeSet::new();
    for entry in tx.cursor_read::<AccountChangeSets>()?.walk(Some(from))? {
        numbers.insert(entry?.0);
    }
    for number in numbers {
        tx.delete::<AccountChangeSets>(number, None)?;
    }
    let mut keys = BTreeSet::new();
    let start = BlockNumberAddress(from, Address::ZERO);
    for entry in tx.cursor_read::<StorageChangeSets>()?.walk(Some(start))? {
        keys.insert(entry?.0);
    }
    for key in keys {
        tx.delete::<StorageChangeSets>(key, None)?;
    }
    Ok(())
}
