//! Remembers from which block on each kind of history is there.

use crate::{
    error::DbError,
    pruning::{History, Kept},
    tables::Meta,
    traits::{DbTx, DbTxMut},
};
use alloy_primitives::{BlockNumber, Bytes};

/// Name of the first block, in [`Meta`].
pub(crate) const GENESIS: &str = "genesis_number";

/// Name of the first block of which a kind of history is there; no entry when all of it is.
const fn name(part: History) -> &'static str {
    match part {
        History::State => "state_from",
        History::Receipts => "receipts_from",
        History::Bodies => "bodies_from",
    }
}

/// A block number in [`Meta`].
pub(crate) fn number<TX: DbTx>(tx: &TX, name: &str) -> Result<Option<BlockNumber>, DbError> {
    let bytes = tx.get::<Meta>(name.to_owned())?;
    let number = bytes.map(|bytes| <[u8; 8]>::try_from(bytes.as_ref())).transpose();
    let number = number.map_err(|_wrong_length| DbError::Undecodable { table: "Meta" })?;
    Ok(number.map(u64::from_be_bytes))
}

/// Number of the first block; 0 before there is one.
pub(crate) fn genesis<TX: DbTx>(tx: &TX) -> Result<BlockNumber, DbError> {
    Ok(number(tx, GENESIS)?.unwrap_or_default())
}

/// The first block of which a kind of history is there; 0 when nothing was removed.
pub(crate) fn first<TX: DbTx>(tx: &TX, part: History) -> Result<BlockNumber, DbError> {
    Ok(number(tx, name(part))?.unwrap_or_default())
}

/// The first blocks of all kinds.
pub(crate) fn all<TX: DbTx>(tx: &TX) -> Result<Kept, DbError> {
    let genesis = genesis(tx)?;
    let first = |part| Ok::<_, DbError>(first(tx, part)?.max(genesis));
    Ok(Kept {
        state: first(History::State)?,
        receipts: first(History::Receipts)?,
        bodies: first(History::Bodies)?,
    })
}

/// Whether a kind of history of a block is there.
pub(crate) fn has<TX: DbTx>(tx: &TX, part: History, number: BlockNumber) -> Result<bool, DbError> {
    if number >= first(tx, part)? {
        return Ok(true);
    }
    Ok(part != History::State && number == genesis(tx)?)
}

/// Refuses a block of which a kind of history is gone.
pub(crate) fn need<TX: DbTx>(tx: &TX, part: History, number: BlockNumber) -> Result<(), DbError> {
    if has(tx, part, number)? {
        return Ok(());
    }
    Err(DbError::Pruned { part, number, first: first(tx, part)? })
}

/// Notes the first block of which a kind of history is there.
pub(crate) fn set_first<TX: DbTxMut>(
    tx: &TX,
    part: History,
    first: BlockNumber,
) -> Result<(), DbError> {
    tx.put::<Meta>(name(part).to_owned(), Bytes::copy_from_slice(&first.to_be_bytes()))
}

/// Notes that blocks from `from` on will be written whole again.
pub(crate) fn cap<TX: DbTxMut>(tx: &TX, from: BlockNumber) -> Result<(), DbError> {
    for part in [History::Receipts, History::Bodies] {
        if first(tx, part)? > from {
            set_first(tx, part, from)?;
        }
    }
    Ok(())
}
