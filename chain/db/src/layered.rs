//! Puts a layer of recent commits before the tables' file: a commit is written to the journal and
//! seen by readers at once; later a thread carries many of them into the file together.
//!
//! Reading takes the newest of what three places say: the recent layer, the layer that is being
//! carried, the file. Locks are taken in this order: carrying, the writer's turn, layers, journal.

mod cursor;
mod entry;
mod tx;

pub use cursor::{LayeredCursor, Sight};
pub use tx::{LayeredTx, LayeredTxMut};

use crate::{
    error::DbError,
    journal::{self, Changes, Draft, Journal, Recovered, Unsynced},
    layer::Layer,
    mdbx::{FILE, MdbxDatabase, MdbxTx, MdbxTxMut, OpenOptions},
    tables::TableId,
    traits::{Database, RawTxMut},
    turn::{MyTurn, Turn},
};
use bytes::BytesMut;
use parking_lot::Mutex;
use std::{fs, io, path::Path, sync::Arc};

/// Bytes of memory at which a layer should be carried.
const ENOUGH: usize = 32 << 20;

/// Bytes of memory at which a writer carries before it writes.
const MOST: usize = 96 << 20;

/// Bytes of the disk that file and journal in a folder take.
///
/// # Errors
///
/// What the system reports, for example when there is no file.
pub fn disk_bytes(folder: &Path) -> io::Result<u64> {
    let file = fs::metadata(folder.join(FILE))?.len();
    Ok(file.saturating_add(journal::bytes(folder)?))
}

/// A file of tables, a journal, and what the file does not have yet. Clones share it.
#[derive(Clone, Debug)]
pub struct LayeredDatabase {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    durable: bool,
    carrying: Mutex<()>,
    turn: Arc<Turn>,
    layers: Mutex<Layers>,
    journal: Mutex<Journal>,
    /// What a writer leaves to the next to write its layer in.
    room: Mutex<BytesMut>,
    // Last: it holds the folder's lock.
    base: MdbxDatabase,
}

#[derive(Debug)]
struct Layers {
    base: MdbxTx,
    /// Number of the last commit that the file has.
    in_file: u64,
    carried: Option<Carried>,
    recent: Arc<Layer>,
}

/// A layer on its way into the file.
#[derive(Clone, Debug)]
struct Carried {
    layer: Arc<Layer>,
    /// Number of its last commit.
    last: u64,
    /// Ordinal of the first part of the journal that is needed after it.
    needed: u64,
}

impl LayeredDatabase {
    /// Opens file and journal in a folder, making them if need be.
    ///
    /// # Errors
    ///
    /// As [`MdbxDatabase::open`]; [`DbError::Lost`] or [`DbError::Journal`] for a journal that cannot
    /// be used.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, DbError> {
        let (db, lost) = Self::open_damaged(path, options)?;
        lost.map_or(Ok(db), Err)
    }

    /// Opens them also when the journal lacks commits, and says so.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub(crate) fn open_damaged(
        path: &Path,
        options: OpenOptions,
    ) -> Result<(Self, Option<DbError>), DbError> {
        let base = MdbxDatabase::open(path, options)?;
        let tx = base.tx()?;
        let in_file = tx.carried()?;
        let Recovered { layer, ends, lost } = journal::recover(base.path(), in_file)?;
        let journal = Journal::after(base.path(), ends);
        let layers = Layers { base: tx, in_file, carried: None, recent: Arc::new(layer) };
        let inner = Inner {
            durable: options.durable,
            carrying: Mutex::default(),
            turn: Arc::default(),
            layers: Mutex::new(layers),
            journal: Mutex::new(journal),
            room: Mutex::default(),
            base,
        };
        Ok((Self { inner: Arc::new(inner) }, lost))
    }

    /// The file.
    pub(crate) fn base(&self) -> &MdbxDatabase {
        &self.inner.base
    }

    /// The file, without what was not carried yet, if nobody else uses it.
    pub(crate) fn into_base(self) -> Option<MdbxDatabase> {
        Arc::into_inner(self.inner).map(|inner| inner.base)
    }

    /// Number of the last commit.
    pub(crate) fn last(&self) -> u64 {
        self.inner.journal.lock().last()
    }

    /// Waits until the disk has everything committed so far; others may write meanwhile.
    ///
    /// # Errors
    ///
    /// [`DbError::Disk`]; nothing can be written then.
    pub(crate) fn sync(&self) -> Result<(), DbError> {
        let unsynced: Unsynced = self.inner.journal.lock().unsynced();
        let went = unsynced.sync();
        self.inner.journal.lock().note_sync(&unsynced, went)
    }

    /// Whether the journal still takes commits.
    ///
    /// # Errors
    ///
    /// [`DbError::Disk`].
    pub(crate) fn check(&self) -> Result<(), DbError> {
        self.inner.journal.lock().check()
    }

    /// Whether there is so much to carry that it should not wait.
    pub(crate) fn is_laden(&self) -> bool {
        self.inner.layers.lock().recent.size() >= ENOUGH
    }

    /// Brings everything committed so far into the file; others may write meanwhile. Says whether
    /// there was anything.
    ///
    /// # Errors
    ///
    /// What the engine reports. Nothing is lost: the next call tries again.
    pub fn carry(&self) -> Result<bool, DbError> {
        let _alone = self.inner.carrying.lock();
        self.carry_alone(|| MyTurn::wait(&self.inner.turn))
    }

    /// Does the first half of [`Self::carry`]: sets the recent layer aside, unless there is one that
    /// was not carried yet. Says whether there is one now.
    ///
    /// # Errors
    ///
    /// [`DbError::Folder`] when the journal cannot go on in a new part.
    pub fn set_aside(&self) -> Result<bool, DbError> {
        let _alone = self.inner.carrying.lock();
        Ok(self.pick_up(|| MyTurn::wait(&self.inner.turn))?.is_some())
    }

    /// Lets `work` write to the file itself, for what is too large for a layer. It is a commit as others
    /// are, but for the journal, which begins anew after it.
    ///
    /// # Errors
    ///
    /// What `work` returns; then nothing was written.
    pub(crate) fn in_bulk<R>(
        &self,
        work: impl FnOnce(&MdbxTxMut) -> Result<R, DbError>,
    ) -> Result<R, DbError> {
        let _alone = self.inner.carrying.lock();
        let _turn = MyTurn::wait(&self.inner.turn);
        // A layer that could not be carried before, and what came after it.
        while self.carry_alone(|| ())? {}
        let number = self.last().saturating_add(1);
        let tx = self.inner.base.tx_mut()?;
        let done = work(&tx)?;
        tx.set_carried(number)?;
        tx.commit_raw()?;
        // First of all: whatever fails below, no other commit gets this number.
        self.inner.journal.lock().skip_to(number);
        let base = self.inner.base.tx()?;
        let mut layers = self.inner.layers.lock();
        (layers.base, layers.in_file) = (base, number);
        drop(layers);
        // Where the disk has no room for a part now, the next commit begins one.
        self.begin_part().ok();
        Ok(done)
    }

    /// Goes on in a new part of the journal: the file has what older ones hold.
    fn begin_part(&self) -> Result<(), DbError> {
        let draft = self.inner.journal.lock().begin()?;
        let ordinal = draft.ordinal();
        let part = draft.make()?;
        self.inner.journal.lock().turn_to(part);
        Draft::forget_older(self.inner.base.path(), ordinal)
    }

    /// Carries a layer while nobody else does; with `turn`, no writer is at work.
    fn carry_alone<T>(&self, turn: impl FnOnce() -> T) -> Result<bool, DbError> {
        let Some(carried) = self.pick_up(turn)? else { return Ok(false) };
        let tx = self.inner.base.tx_mut()?;
        for table in TableId::ALL {
            tx.take(*table, &carried.layer)?;
        }
        tx.set_carried(carried.last)?;
        tx.commit_raw()?;
        let base = self.inner.base.tx()?;
        let mut layers = self.inner.layers.lock();
        (layers.base, layers.in_file) = (base, carried.last);
        layers.carried = None;
        drop(layers);
        Draft::forget_older(self.inner.base.path(), carried.needed)?;
        Ok(true)
    }

    /// Sets the recent layer aside to carry it, unless there is one that could not be carried.
    fn pick_up<T>(&self, turn: impl FnOnce() -> T) -> Result<Option<Carried>, DbError> {
        let layers = self.inner.layers.lock();
        let carried = layers.carried.clone();
        // A layer may be empty that has commits: what one made and another took back.
        if carried.is_some() || layers.in_file == self.last() {
            return Ok(carried);
        }
        drop(layers);
        let (mut turn, mut held) = (Some(turn), None);
        if !self.inner.journal.lock().has_part() {
            // A writer would begin a part, too, and its commit would stand behind later ones.
            held = turn.take().map(|turn| turn());
        }
        let draft = self.inner.journal.lock().begin()?;
        let needed = draft.ordinal();
        let part = draft.make()?;
        let _turn = held.or_else(|| turn.map(|turn| turn()));
        let mut layers = self.inner.layers.lock();
        let mut journal = self.inner.journal.lock();
        let layer = std::mem::take(&mut layers.recent);
        let carried = Carried { layer, last: journal.last(), needed };
        journal.turn_to(part);
        layers.carried = Some(carried.clone());
        Ok(Some(carried))
    }

    /// Commits what the writer changed: to the journal, then for readers.
    fn commit(&self, changes: &Changes, layer: Layer) -> Result<(), DbError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.inner.journal.lock().append(changes, self.inner.durable)?;
        self.inner.layers.lock().recent = Arc::new(layer);
        Ok(())
    }
}

impl Database for LayeredDatabase {
    type TX = LayeredTx;
    type TXMut = LayeredTxMut;

    fn tx(&self) -> Result<LayeredTx, DbError> {
        let layers = self.inner.layers.lock();
        let carried = layers.carried.as_ref().map(|carried| Arc::clone(&carried.layer));
        Ok(LayeredTx::new(layers.base.clone(), Arc::clone(&layers.recent), carried))
    }

    fn tx_mut(&self) -> Result<LayeredTxMut, DbError> {
        while self.inner.layers.lock().recent.size() >= MOST {
            self.carry()?;
        }
        let turn = MyTurn::wait(&self.inner.turn);
        Ok(LayeredTxMut::new(self.tx()?, self.clone(), turn))
    }
}
