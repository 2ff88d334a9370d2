//! Keeps tables in one MDBX file that one process at a time may open.
//!
//! Reading transactions cost a slot of the reader table and keep the pages they see from being
//! reused: hold them for one request, not for the life of the process.

mod carry;
mod create;
mod cursor;
mod lock;
mod replace;
mod stats;

pub(crate) use create::sync_folders;
pub use cursor::MdbxCursor;
pub use stats::{FileStats, TableStats};

use crate::{
    error::DbError,
    tables::TableId,
    traits::{Database, RawTx, RawTxMut},
    turn::{MyTurn, Turn},
};
use lock::FolderLock;
use signet_libmdbx::{
    Database as Handle, DatabaseFlags, Environment, EnvironmentFlags, Geometry, MdbxError, Mode,
    RoSync, Rw, SyncMode, TxSync, TxUnsync, WriteFlags, sys::PageSize,
};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes of a page. The limits in `codec` hold for this size.
const PAGE: usize = 4_096;

/// Name of the database's file in its folder.
pub const FILE: &str = "mdbx.dat";

/// Bytes of the three pages that every file begins with.
const HEAD: u64 = 3 * 4_096;

/// Most bytes by which the file grows at a time.
const GROWTH: usize = 64 << 20;

/// Reading transactions that can be open at once, over all threads.
const READERS: u64 = 1_024;

/// How to open a database.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Whether a commit waits until the disk has the data. Without it a commit survives the death
    /// of the process at once and that of the machine a moment later; see `docs/durability.md`.
    pub durable: bool,
    /// Whether nothing but [`crate::Store::sync`] and [`crate::Store::carry`] brings commits to the
    /// disk and into the file; for tests.
    pub by_hand: bool,
    /// Largest size of the file, in bytes. It is address space, not disk, until used.
    pub max_size: usize,
}

impl Default for OpenOptions {
    /// Process-safe, at most 1 TiB.
    fn default() -> Self {
        Self { durable: false, by_hand: false, max_size: 1 << 40 }
    }
}

/// An open file of tables.
#[derive(Clone)]
pub struct MdbxDatabase {
    inner: Arc<Inner>,
}

struct Inner {
    // Before the lock: the file must be closed when the lock goes.
    env: Environment,
    handles: Arc<[Handle]>,
    /// Facts about the file itself, which no reader of tables sees.
    marks: Handle,
    turn: Arc<Turn>,
    max_size: usize,
    path: PathBuf,
    /// `None` for a draft, which stands in a folder that is locked.
    lock: Option<FolderLock>,
}

impl std::fmt::Debug for MdbxDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MdbxDatabase").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

impl MdbxDatabase {
    /// Opens the database in a folder, making both if need be.
    ///
    /// # Errors
    ///
    /// [`DbError::InUse`] while another process has it open, [`DbError::Damaged`] for a file that
    /// is not ours or is broken, [`DbError::Folder`] when the folder cannot be used.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, DbError> {
        std::fs::create_dir_all(path)
            .map_err(|source| DbError::Folder { path: path.to_owned(), source })?;
        let lock = FolderLock::take(path)?;
        create::unless_there(path, options)?;
        refuse_stub(path)?;
        let (env, handles, marks) = open_file(path, options)?;
        let (turn, max_size, path) = (Arc::default(), options.max_size, path.to_owned());
        let inner = Inner { env, handles, marks, turn, max_size, path, lock: Some(lock) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Folder of the database.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Pages that were freed and wait for reuse; grows while an old reading transaction is held.
    ///
    /// # Errors
    ///
    /// What the engine reports.
    pub fn free_pages(&self) -> Result<usize, DbError> {
        Ok(self.inner.env.freelist()?)
    }
}

type Opened = (Environment, Arc<[Handle]>, Handle);

fn open_file(folder: &Path, options: OpenOptions) -> Result<Opened, DbError> {
    let refuse = |error| explain_open(error, folder, options.max_size);
    let env = environment(options).open(folder).map_err(refuse)?;
    let (handles, marks) = open_tables(&env).map_err(refuse)?;
    Ok((env, handles, marks))
}

/// Refuses a file too short to be a database; the engine would take it for a new one.
fn refuse_stub(path: &Path) -> Result<(), DbError> {
    let length = std::fs::metadata(path.join(FILE)).map_or(0, |data| data.len());
    if (1..HEAD).contains(&length) {
        return Err(DbError::Damaged { path: path.to_owned(), source: MdbxError::Invalid });
    }
    Ok(())
}

fn environment(options: OpenOptions) -> signet_libmdbx::EnvironmentBuilder {
    // A small file grows by little, so that tests see it grow.
    let growth = GROWTH.min(options.max_size / 64);
    let mut builder = Environment::builder();
    builder
        .set_geometry(Geometry {
            size: Some(0..options.max_size),
            growth_step: Some(growth.try_into().unwrap_or(isize::MAX)),
            shrink_threshold: Some(0),
            page_size: Some(PageSize::Set(PAGE)),
        })
        .set_max_dbs(TableId::ALL.len() + 8)
        .set_max_readers(READERS)
        .set_flags(EnvironmentFlags {
            mode: Mode::ReadWrite { sync_mode: SyncMode::Durable },
            no_rdahead: true,
            coalesce: true,
            ..EnvironmentFlags::default()
        });
    builder
}

fn open_tables(env: &Environment) -> Result<(Arc<[Handle]>, Handle), MdbxError> {
    let tx = env.begin_rw_unsync()?;
    let mut handles = Vec::with_capacity(TableId::ALL.len());
    for table in TableId::ALL {
        let flags = match table.dup_key_len() {
            Some(_) => DatabaseFlags::DUP_SORT,
            None => DatabaseFlags::empty(),
        };
        handles.push(tx.create_db(Some(table.name()), flags)?);
    }
    let marks = tx.create_db(Some(carry::MARKS), DatabaseFlags::empty())?;
    tx.commit()?;
    Ok((handles.into(), marks))
}

fn explain_open(source: MdbxError, path: &Path, max_size: usize) -> DbError {
    let path = path.to_owned();
    match source {
        MdbxError::Busy => DbError::InUse { path, holder: 0 },
        MdbxError::MapFull | MdbxError::TooLarge | MdbxError::UnableExtendMapSize => {
            DbError::Full { max_size }
        }
        MdbxError::Access | MdbxError::Permission => DbError::Folder {
            path,
            source: std::io::Error::from_raw_os_error(source.to_err_code()),
        },
        MdbxError::Other(code) if code > 0 => {
            DbError::Folder { path, source: std::io::Error::from_raw_os_error(code) }
        }
        source => DbError::Damaged { path, source },
    }
}

impl Database for MdbxDatabase {
    type TX = MdbxTx;
    type TXMut = MdbxTxMut;

    fn tx(&self) -> Result<MdbxTx, DbError> {
        let tx = self.inner.env.begin_ro_sync()?;
        Ok(MdbxTx { tx, db: self.clone() })
    }

    fn tx_mut(&self) -> Result<MdbxTxMut, DbError> {
        let turn = MyTurn::wait(&self.inner.turn);
        let tx = self.inner.env.begin_rw_unsync()?;
        Ok(MdbxTxMut { tx, db: self.clone(), _turn: turn })
    }
}

fn handle(db: &MdbxDatabase, table: TableId) -> Handle {
    *db.inner.handles.get(table.index()).expect("one handle was opened per table")
}

/// A reading transaction, shared by its clones and safe to use from many threads.
#[derive(Clone, Debug)]
pub struct MdbxTx {
    tx: TxSync<RoSync>,
    db: MdbxDatabase,
}

/// The writing transaction; stays on the thread that began it.
#[derive(Debug)]
pub struct MdbxTxMut {
    // Before the turn: the transaction must be over when the turn goes.
    tx: TxUnsync<Rw>,
    db: MdbxDatabase,
    _turn: MyTurn,
}

impl MdbxTxMut {
    /// Tells a full map from other failures.
    fn explain(&self, error: MdbxError) -> DbError {
        explain_write(error, self.db.inner.max_size)
    }
}

/// Tells a full map or disk from other failures of a write.
fn explain_write(error: MdbxError, max_size: usize) -> DbError {
    match error {
        MdbxError::MapFull | MdbxError::UnableExtendMapSize => DbError::Full { max_size },
        other => DbError::Engine(other),
    }
}

impl RawTx for MdbxTx {
    type Cursor<'a> = MdbxCursor<'a, RoSync>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        Ok(self.tx.get(handle(&self.db, table).dbi(), key)?)
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        let cursor = self.tx.cursor(handle(&self.db, table))?;
        Ok(MdbxCursor::new(cursor, self.db.inner.max_size))
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        Ok(self.tx.db_stat(&handle(&self.db, table))?.entries())
    }
}

impl RawTx for MdbxTxMut {
    type Cursor<'a> = MdbxCursor<'a, Rw>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        Ok(self.tx.get(handle(&self.db, table).dbi(), key)?)
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        let cursor = self.tx.cursor(handle(&self.db, table))?;
        Ok(MdbxCursor::new(cursor, self.db.inner.max_size))
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        Ok(self.tx.db_stat(&handle(&self.db, table))?.entries())
    }
}

impl RawTxMut for MdbxTxMut {
    type CursorMut<'a> = MdbxCursor<'a, Rw>;

    fn cursor_mut_raw(&self, table: TableId) -> Result<Self::CursorMut<'_>, DbError> {
        self.cursor_raw(table)
    }

    fn put_raw(&self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), DbError> {
        self.tx
            .put(handle(&self.db, table), key, value, WriteFlags::UPSERT)
            .map_err(|error| self.explain(error))
    }

    fn delete_raw(
        &self,
        table: TableId,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<bool, DbError> {
        self.tx.del(handle(&self.db, table), key, value).map_err(|error| self.explain(error))
    }

    fn clear_raw(&self, table: TableId) -> Result<(), DbError> {
        self.tx.clear_db(handle(&self.db, table)).map_err(|error| self.explain(error))
    }

    fn commit_raw(self) -> Result<(), DbError> {
        let max_size = self.db.inner.max_size;
        self.tx.commit().map_err(|error| explain_write(error, max_size))
    }
}
