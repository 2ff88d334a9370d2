//! Checks and rewrites a store that nobody uses: denser, or without what is damaged.

use super::{BlockCheck, Fault, UnwindTo, View, Write, check_schema, tries::Tries, tx::ViewTx};
use crate::{
    error::DbError,
    journal,
    layered::{LayeredDatabase, LayeredTx},
    mdbx::{FileStats, MdbxDatabase, MdbxTxMut, OpenOptions},
    provider::{blocks, history, kept, logs, state, unwind},
    pruning::{History, Kept},
    tables::{AccountChangeSets, CanonicalHeaders, StorageChangeSets, TableId},
    traits::{Database, DbCursorRO, DbTxMut, RawCursor, RawCursorMut, RawTx, RawTxMut},
    trie::{self, Warm},
};
use alloy_primitives::BlockNumber;
use std::{path::Path, sync::Arc};

/// The name under which a repair leaves the old file.
const KEPT: &str = "mdbx.dat.damaged";

/// Blocks that a repair takes back at most to find a state that fits its header.
const MOST_BACK: u64 = 256;

/// Keyed by block number.
const OF_BLOCKS: [TableId; 6] = [
    TableId::CanonicalHeaders,
    TableId::Headers,
    TableId::BlockBodyIndices,
    TableId::BlockOmmers,
    TableId::BlockWithdrawals,
    TableId::Sidecars,
];

/// Keyed by transaction number.
const OF_TRANSACTIONS: [TableId; 3] =
    [TableId::Transactions, TableId::TransactionSenders, TableId::Receipts];

/// From which, with those above, all others can be computed.
const OF_STATE: [TableId; 6] = [
    TableId::Bytecodes,
    TableId::PlainAccountState,
    TableId::PlainStorageState,
    TableId::AccountChangeSets,
    TableId::StorageChangeSets,
    TableId::Meta,
];

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// Number of the first block.
    pub genesis: Option<BlockNumber>,
    /// Number of the head.
    pub head: Option<BlockNumber>,
    /// The first block of which each kind of history is there.
    pub kept: Option<Kept>,
    /// What is wrong, at most a hundred faults.
    pub faults: Vec<Fault>,
}

/// What a repair did.
#[derive(Debug)]
pub struct Repaired {
    /// What was wrong; nothing was done when this is empty.
    pub faults: Vec<Fault>,
    /// Number of the head before.
    pub head_before: BlockNumber,
    /// Number of the head now.
    pub head: BlockNumber,
}

/// How the file of a folder is filled, and from which blocks on history is there.
///
/// # Errors
///
/// As for [`super::Store::open`].
pub fn stats(folder: &Path) -> Result<(FileStats, Kept), DbError> {
    let (db, view) = open(folder)?;
    Ok((db.base().stats()?, view.kept()?))
}

/// Checks the store in a folder; see [`View::check`].
///
/// # Errors
///
/// As for [`super::Store::open`]; faults are no errors.
pub fn check(folder: &Path, also: BlockCheck<'_>) -> Result<Checked, DbError> {
    let (_, view, lost) = open_damaged(folder)?;
    let genesis = view.genesis_number().ok().flatten();
    let (head, kept) = (view.head_number().ok(), view.kept().ok());
    let faults = faults(&view, lost, also);
    Ok(Checked { genesis, head, kept, faults })
}

/// Copies the store in a folder to a new file without gaps, which takes its place at once.
/// Returns how the file was filled before, and is now.
///
/// # Errors
///
/// As for [`super::Store::open`]; [`DbError::Folder`] when the copy cannot be made. The store is as
/// before then.
pub fn compact(folder: &Path) -> Result<(FileStats, FileStats), DbError> {
    let (db, view) = open(folder)?;
    drop(view);
    let before = db.base().stats()?;
    let after = replace(db, None, |from, to| {
        TableId::ALL.iter().try_for_each(|table| copy(from, to, *table, None))
    })?
    .1;
    Ok((before, after))
}

/// Mends the store in a folder, if [`check`] finds faults: takes the blocks from the first bad one on
/// back, and more until the state fits its header; computes hashed state, tries, histories and
/// indices anew. Of a store without its older history what is left is kept. The old file stays as
/// `mdbx.dat.damaged`, the old journal as `journal.damaged`.
///
/// # Errors
///
/// As for [`super::Store::open`]; the fault that cannot be mended, for which only a copy helps. The
/// store is as before then.
pub fn repair(folder: &Path, also: BlockCheck<'_>) -> Result<Repaired, DbError> {
    let (db, view, lost) = open_damaged(folder)?;
    let head_before = view.head_number()?;
    let faults = faults(&view, lost, also);
    drop(view);
    if faults.is_empty() {
        return Ok(Repaired { faults, head_before, head: head_before });
    }
    let end = faults.iter().filter_map(|fault| fault.block).min();
    let (head, _) = replace(db, Some(KEPT), |from, to| salvage(from, to, end))?;
    Ok(Repaired { faults, head_before, head })
}

fn options() -> OpenOptions {
    OpenOptions { by_hand: true, ..OpenOptions::default() }
}

/// Opens a store without the look that [`super::Store::open`] takes at it.
fn open(folder: &Path) -> Result<(LayeredDatabase, View), DbError> {
    let (db, view, lost) = open_damaged(folder)?;
    lost.map_or(Ok((db, view)), Err)
}

/// Opens a store also when its journal lacks commits, and says so.
fn open_damaged(folder: &Path) -> Result<(LayeredDatabase, View, Option<DbError>), DbError> {
    if !folder.join("mdbx.dat").exists() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(DbError::Folder { path: folder.join("mdbx.dat"), source });
    }
    let (db, lost) = LayeredDatabase::open_damaged(folder, options())?;
    let view = View::new(ViewTx::Disk(db.tx()?), 0, Arc::default());
    check_schema(&view)?;
    Ok((db, view, lost))
}

fn faults(view: &View, lost: Option<DbError>, also: BlockCheck<'_>) -> Vec<Fault> {
    let lost = lost.map(|error| Fault { block: None, error });
    lost.into_iter().chain(view.check(also)).collect()
}

/// Fills a new file from file and journal, which takes the place of both.
fn replace<R>(
    db: LayeredDatabase,
    keep: Option<&str>,
    fill: impl FnOnce(&LayeredTx, &MdbxTxMut) -> Result<R, DbError>,
) -> Result<(R, FileStats), DbError> {
    let (from, last) = (db.tx()?, db.last());
    let path = db.base().path().to_owned();
    let in_use = DbError::InUse { path: path.clone(), holder: std::process::id() };
    let base = db.into_base().ok_or(in_use)?;
    let done = base.replace(options(), keep, |new: &MdbxDatabase| {
        let to = new.tx_mut()?;
        let done = fill(&from, &to)?;
        drop(from);
        to.set_carried(last)?;
        to.commit()?;
        Ok((done, new.stats()?))
    })?;
    journal::renew(&path, last, keep.is_some())?;
    Ok(done)
}

/// Copies a table, up to a key if one is given.
fn copy(
    from: &LayeredTx,
    to: &MdbxTxMut,
    table: TableId,
    end: Option<&[u8]>,
) -> Result<(), DbError> {
    let mut cursor = from.cursor_raw(table)?;
    let mut out = to.cursor_mut_raw(table)?;
    let mut entry = cursor.first_raw()?;
    while let Some((key, value)) = entry.filter(|(key, _)| end.is_none_or(|end| **key < *end)) {
        out.put_raw(&key, &value)?;
        entry = match cursor.next_raw() {
            // What follows may be past the end; if it is not, it is missed below.
            Err(fault) if end.is_some() && fault.is_damage() => None,
            found => found?,
        };
    }
    Ok(())
}

/// Writes to a new database what is good of an old one; `end` is the first block that is not.
fn salvage(
    from: &LayeredTx,
    to: &MdbxTxMut,
    end: Option<BlockNumber>,
) -> Result<BlockNumber, DbError> {
    copy_sources(from, to, end)?;
    let (head, _) = blocks::head(to)?.ok_or(DbError::Empty)?;
    if end.is_some() {
        // What would lead back to an older state is gone.
        kept::need(to, History::State, head)?;
        kept::cap(to, head.saturating_add(1))?;
        let back = unwind::changes_back_to(to, head)?;
        state::write(to, &back, &back.hashed(), None)?;
        unwind::forget_change_sets(to, head.saturating_add(1))?;
    }
    derive(to)?;
    fit(to, head)
}

fn copy_sources(from: &LayeredTx, to: &MdbxTxMut, end: Option<BlockNumber>) -> Result<(), DbError> {
    let block = end.map(u64::to_be_bytes);
    // Block 0 has no good block before it: what its tables say then fails below.
    let before = end.map(|end| blocks::indices(from, end.saturating_sub(1))).transpose()?;
    let transaction = before.map(|body| body.next_tx_num().to_be_bytes());
    let limited = OF_BLOCKS.map(|table| (table, block));
    let limited = limited.into_iter().chain(OF_TRANSACTIONS.map(|table| (table, transaction)));
    for (table, end) in limited.chain(OF_STATE.map(|table| (table, None))) {
        copy(from, to, table, end.as_ref().map(<[u8; 8]>::as_slice))?;
    }
    Ok(())
}

/// Computes what can be computed from the rest.
fn derive<TX: DbTxMut>(tx: &TX) -> Result<(), DbError> {
    state::hash_all(tx)?;
    trie::clear(tx)?;
    trie::write(tx, &trie::rebuild(tx)?)?;
    let numbers: Vec<_> = tx
        .cursor_read::<CanonicalHeaders>()?
        .walk(None)?
        .map(|entry| entry.map(|(number, _)| number))
        .collect::<Result<_, _>>()?;
    for number in numbers {
        blocks::index(tx, number)?;
        logs::note(tx, number)?;
    }
    for entry in tx.cursor_read::<AccountChangeSets>()?.walk(None)? {
        let (number, before) = entry?;
        history::note_account(tx, before.address, number)?;
    }
    for entry in tx.cursor_read::<StorageChangeSets>()?.walk(None)? {
        let (at, before) = entry?;
        history::note_slot(tx, at.1, before.key, at.0)?;
    }
    Ok(())
}

/// Takes blocks back until the state has the root that the head names.
fn fit(tx: &MdbxTxMut, head: BlockNumber) -> Result<BlockNumber, DbError> {
    let mut fault = DbError::Empty;
    let least = kept::first(tx, History::State)?.max(head.saturating_sub(MOST_BACK));
    for number in (least..=head).rev() {
        let Some(header) = blocks::header(tx, number)? else { break };
        let back = unwind::changes_back_to(tx, number)?;
        let computed = trie::update(tx, back.hashed(), Warm::default())?.root;
        if computed == header.state_root {
            if number < head {
                let ((), _) = UnwindTo { number, tries: &Tries::default() }.run(tx)?;
            }
            return Ok(number);
        }
        if number == head {
            fault = DbError::StateRoot { number, computed, declared: header.state_root };
        }
    }
    Err(fault)
}
