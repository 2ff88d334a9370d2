//! Holds a chain: blocks, receipts and state, on disk or in memory, with one writer at a time.

mod carrier;
mod finality;
mod graft;
mod historical;
pub mod maintain;
mod proof;
mod prune;
mod run;
mod survey;
mod syncer;
mod tries;
mod tx;
mod verify;
mod view;

pub use graft::Graft;
pub use historical::HistoricalView;
pub use proof::{AccountProof, StorageProof};
pub use verify::{BlockCheck, Fault};
pub use view::View;

use crate::{
    error::DbError,
    layered::LayeredDatabase,
    mdbx::OpenOptions,
    memory::MemoryDatabase,
    provider::{BlockWrite, blocks, kept, logs, prune as pruned, state, unwind},
    pruning::{History, Pruning},
    state::StateChanges,
    tables::Meta,
    traits::{Database, DbTx, DbTxMut},
    trie,
};
use alloy_primitives::{B256, BlockNumber, Bytes};
use carrier::Carrier;
use parking_lot::{Mutex, MutexGuard};
use reth_primitives_traits::SealedHeader;
use std::{path::Path, sync::Arc, time::Duration};
use syncer::Syncer;
use tries::{Left, Tries};
use tx::ViewTx;

/// Version of the tables and encodings; a build refuses a store of a later one. 2 has a journal, and
/// history that may be incomplete.
pub const SCHEMA: u32 = 2;

/// The oldest version that this build reads; opening a store raises it.
const OLDEST: u32 = 1;

/// Names in [`Meta`].
const META_SCHEMA: &str = "schema";
const META_CONFIG: &str = "genesis_config";
/// Its place among the names is in the middle: the look at both ends of each table that opening takes
/// does not read it.
const META_ACCOUNTS: &str = "genesis_state";
const META_FINAL: &str = "final_block";
/// Hash of the genesis that the store was made with, when a dumped chain's first block took its place.
const META_GENESIS_HASH: &str = "genesis_hash";

/// The first block of a chain and the state it begins with.
#[derive(Clone, Debug, Default)]
pub struct GenesisState {
    /// Header and its hash. Its number need not be zero (a fork begins where it forks off).
    pub header: SealedHeader,
    /// Accounts, slots and code at the beginning.
    pub alloc: StateChanges,
    /// Chain configuration, JSON: what every start reads.
    pub config: Bytes,
    /// The accounts as the genesis file has them, JSON: only for who wants that file again.
    pub accounts: Bytes,
    /// Whether the header's state root must be that of `alloc`; a fork's is not.
    pub check_root: bool,
}

/// A chain's storage. Clones share it; any thread may read, writers wait for each other.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    latest: Latest,
    /// Their commits are counted with `latest` locked.
    tries: Arc<Tries>,
    /// What is removed as blocks are appended.
    pruning: Mutex<Pruning>,
    writer: Mutex<()>,
    // Before the backend: their last work needs it.
    helpers: Option<Helpers>,
    backend: Backend,
}

/// The view that was taken last, until something is written.
type Latest = Arc<Mutex<Option<View>>>;

/// What works beside the writer when the store is on disk.
#[derive(Debug)]
struct Helpers {
    carrier: Carrier,
    syncer: Syncer,
}

#[derive(Debug)]
enum Backend {
    Disk(LayeredDatabase),
    Memory(MemoryDatabase),
}

impl Store {
    /// Opens the store in a folder, making it if need be.
    ///
    /// # Errors
    ///
    /// [`DbError::InUse`] while another process has it open, [`DbError::Damaged`] for a file that
    /// is not ours or is broken, [`DbError::Schema`] for one of another version of the node.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, DbError> {
        let db = LayeredDatabase::open(path, options)?;
        let found = check_schema(&View::new(ViewTx::Disk(db.tx()?), 0, Arc::default()))?;
        if found.is_some_and(|found| found < SCHEMA) {
            db.in_bulk(put_schema)?;
        }
        let latest = Latest::default();
        // The only cause is that the system gives no thread.
        let fail = |source| DbError::Folder { path: path.to_owned(), source };
        let syncer = Syncer::start(db.clone(), options).map_err(fail)?;
        let carrier = Carrier::start(db.clone(), Arc::clone(&latest), options.by_hand);
        let helpers = Helpers { carrier: carrier.map_err(fail)?, syncer };
        let store = Self::over(Backend::Disk(db), latest, Some(helpers));
        store.view()?.glance()?;
        Ok(store)
    }

    /// An empty store in memory; gone with its last clone and view.
    pub fn in_memory() -> Self {
        Self::over(Backend::Memory(MemoryDatabase::default()), Latest::default(), None)
    }

    fn over(backend: Backend, latest: Latest, helpers: Option<Helpers>) -> Self {
        let shared = Shared {
            latest,
            tries: Arc::default(),
            pruning: Mutex::default(),
            writer: Mutex::new(()),
            helpers,
            backend,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs one writing transaction and commits it if it succeeds.
    fn write<R>(&self, work: impl Write<R>) -> Result<R, DbError> {
        let _alone = self.begin()?;
        let follow = |tries: &Tries, (result, left): (R, Left)| {
            tries.follow(left);
            result
        };
        match &self.shared.backend {
            Backend::Disk(db) if work.is_bulk() => {
                self.publish(|| db.in_bulk(|tx| work.run(tx)), follow)
            }
            Backend::Disk(db) => {
                let tx = db.tx_mut()?;
                let done = work.run(&tx)?;
                self.publish(|| tx.commit().map(|()| done), follow)
            }
            Backend::Memory(db) => {
                let tx = db.tx_mut()?;
                let done = work.run(&tx)?;
                self.publish(|| tx.commit().map(|()| done), follow)
            }
        }
    }

    /// Waits until no other writer is left.
    fn begin(&self) -> Result<MutexGuard<'_, ()>, DbError> {
        let alone = self.shared.writer.lock();
        if let Some(helpers) = &self.shared.helpers {
            helpers.carrier.check()?;
        }
        Ok(alone)
    }

    /// Commits, and lets readers see it.
    fn publish<R, T>(
        &self,
        commit: impl FnOnce() -> Result<R, DbError>,
        follow: impl FnOnce(&Tries, R) -> T,
    ) -> Result<T, DbError> {
        let Shared { tries, latest, helpers, .. } = self.shared.as_ref();
        tries.set_committing(true);
        let done = commit();
        let mut latest = latest.lock();
        let done = done.map(|done| follow(tries, done));
        tries.set_committing(false);
        *latest = None;
        if let (Ok(_), Some(helpers)) = (&done, helpers) {
            helpers.syncer.note();
            helpers.carrier.note();
        }
        done
    }

    /// The latest committed state of everything, unchanging. Cheap; waits for no writer.
    ///
    /// Hold it for one request: while a view is held, the file cannot reuse the pages it sees.
    ///
    /// # Errors
    ///
    /// What the engine reports, for example when more than a thousand old views are held.
    pub fn view(&self) -> Result<View, DbError> {
        let mut latest = self.shared.latest.lock();
        if let Some(view) = latest.as_ref() {
            return Ok(view.clone());
        }
        let tx = match &self.shared.backend {
            Backend::Disk(db) => ViewTx::Disk(db.tx()?),
            Backend::Memory(db) => ViewTx::Memory(db.tx()?),
        };
        let commit = self.shared.tries.commit_seen();
        let view = View::new(tx, commit, Arc::clone(&self.shared.tries));
        *latest = Some(view.clone());
        Ok(view)
    }

    /// Waits until the disk has everything committed so far; nothing to do in memory.
    ///
    /// A commit survives the death of the process at once. It survives the death of the machine
    /// after this; a thread of the store calls it soon after each commit, unless
    /// [`OpenOptions::by_hand`] forbids. Others go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`DbError::Disk`]; from then on nothing can be written.
    pub fn sync(&self) -> Result<(), DbError> {
        self.shared.helpers.as_ref().map_or(Ok(()), |helpers| helpers.syncer.sync())
    }

    /// Whether anything can still be written: a disk that refused a sync gets nothing more.
    ///
    /// # Errors
    ///
    /// [`DbError::Disk`].
    pub fn check_writable(&self) -> Result<(), DbError> {
        if let Some(helpers) = &self.shared.helpers {
            helpers.carrier.check()?;
        }
        match &self.shared.backend {
            Backend::Disk(db) => db.check(),
            Backend::Memory(_) => Ok(()),
        }
    }

    /// Brings everything committed so far from the journal into the file of the tables; nothing to
    /// do in memory. A thread of the store calls it now and then, unless [`OpenOptions::by_hand`]
    /// forbids. Others go on meanwhile.
    ///
    /// # Errors
    ///
    /// What the engine reports; the journal keeps what was not carried.
    pub fn carry(&self) -> Result<(), DbError> {
        self.shared.helpers.as_ref().map_or(Ok(()), |helpers| helpers.carrier.carry())
    }

    /// How many syncs there were since the store was opened, and how long they took in all.
    pub fn syncs(&self) -> (u64, Duration) {
        let helpers = self.shared.helpers.as_ref();
        helpers.map_or((0, Duration::ZERO), |helpers| helpers.syncer.times())
    }

    /// Writes the first block, or checks that it is the one already there.
    ///
    /// # Errors
    ///
    /// [`DbError::OtherGenesis`], [`DbError::StateRoot`], [`DbError::Config`].
    pub fn init_genesis(&self, genesis: &GenesisState) -> Result<(), DbError> {
        let _: serde::de::IgnoredAny = serde_json::from_slice(&genesis.config)?;
        if self.has_genesis(genesis.header.hash())? {
            return Ok(());
        }
        self.write(InitGenesis(genesis))
    }

    /// Whether there is a first block, which is that of `given` then.
    ///
    /// # Errors
    ///
    /// [`DbError::OtherGenesis`].
    pub fn has_genesis(&self, given: B256) -> Result<bool, DbError> {
        let view = self.view()?;
        let Some(found) = view.genesis_number()? else { return Ok(false) };
        let found = match view.original_genesis()? {
            Some(hash) => hash,
            None => view.hash(found)?.unwrap_or_default(),
        };
        if found == given { Ok(true) } else { Err(DbError::OtherGenesis { found, given }) }
    }

    /// The chain configuration given at genesis, JSON; `None` before.
    ///
    /// # Errors
    ///
    /// What the engine reports.
    pub fn genesis_config(&self) -> Result<Option<Bytes>, DbError> {
        self.view()?.tx().get::<Meta>(META_CONFIG.to_owned())
    }

    /// Appends a block to the head, with its state, and removes the history that is not kept any more
    /// ([`Store::set_pruning`]). Returns after the commit.
    ///
    /// # Errors
    ///
    /// [`DbError::NotNext`], [`DbError::UnevenBlock`], [`DbError::StateRoot`], [`DbError::Empty`],
    /// [`DbError::Full`]; then nothing was written.
    pub fn append_block(&self, block: BlockWrite) -> Result<(), DbError> {
        let (tries, pruning) = (self.shared.tries.as_ref(), self.pruning());
        self.write(AppendBlock { block, tries, pruning })
    }

    /// Changes the state between blocks, as part of the block to come: the latest state has it at
    /// once, the state at the head has not, [`Store::unwind_to`] takes it back.
    ///
    /// # Errors
    ///
    /// [`DbError::Empty`], [`DbError::Full`]; then nothing was written.
    pub fn apply_outside_block(&self, changes: &StateChanges) -> Result<(), DbError> {
        self.write(ApplyOutside { changes, tries: &self.shared.tries })
    }

    /// Removes all blocks after `number`, and changes made outside blocks, and restores the state
    /// as it was after that block. The work is proportional to what changed since.
    ///
    /// # Errors
    ///
    /// [`DbError::UnknownBlock`] when `number` is above the head or below genesis, [`DbError::Pruned`]
    /// when the state after it is not known any more; then nothing is taken back.
    pub fn unwind_to(&self, number: BlockNumber) -> Result<(), DbError> {
        self.write(UnwindTo { number, tries: &self.shared.tries })
    }
}

/// Work in a writing transaction of any backend.
trait Write<R>: Sized {
    /// Gives its result, and says what it leaves of the tries.
    fn run<TX: DbTxMut>(self, tx: &TX) -> Result<(R, Left), DbError>;

    /// Whether it writes much more than a block does.
    fn is_bulk(&self) -> bool {
        false
    }
}

struct InitGenesis<'a>(&'a GenesisState);

impl Write<()> for InitGenesis<'_> {
    fn run<TX: DbTxMut>(self, tx: &TX) -> Result<((), Left), DbError> {
        let GenesisState { header, alloc, config, accounts, check_root } = self.0;
        state::fill(tx, alloc)?;
        let update = trie::rebuild(tx)?;
        if *check_root {
            check_state_root(header, update.root)?;
        }
        trie::write(tx, &update)?;
        let number = header.number;
        blocks::write(tx, BlockWrite { header: header.clone(), ..BlockWrite::default() })?;
        put_schema(tx)?;
        tx.put::<Meta>(META_CONFIG.to_owned(), config.clone())?;
        if !accounts.is_empty() {
            tx.put::<Meta>(META_ACCOUNTS.to_owned(), accounts.clone())?;
        }
        tx.put::<Meta>(kept::GENESIS.to_owned(), Bytes::copy_from_slice(&number.to_be_bytes()))?;
        Ok(((), Left::Unknown))
    }

    fn is_bulk(&self) -> bool {
        true
    }
}

struct AppendBlock<'a> {
    block: BlockWrite,
    tries: &'a Tries,
    pruning: Pruning,
}

impl Write<()> for AppendBlock<'_> {
    fn run<TX: DbTxMut>(self, tx: &TX) -> Result<((), Left), DbError> {
        let Self { mut block, tries, pruning } = self;
        check_next(tx, &block)?;
        let number = block.header.number;
        let changes = std::mem::take(&mut block.state);
        let update = tries.update_prepared(tx, &changes)?;
        check_state_root(&block.header, update.root)?;
        state::write(tx, &changes, &update.hashed, Some(number))?;
        trie::write(tx, &update)?;
        blocks::write(tx, block)?;
        logs::note(tx, number)?;
        pruned::slice(tx, &pruning)?;
        Ok(((), Left::New(Box::new(update))))
    }
}

struct ApplyOutside<'a> {
    changes: &'a StateChanges,
    tries: &'a Tries,
}

impl Write<()> for ApplyOutside<'_> {
    fn run<TX: DbTxMut>(self, tx: &TX) -> Result<((), Left), DbError> {
        let Self { changes, tries } = self;
        let (head, _) = blocks::head(tx)?.ok_or(DbError::Empty)?;
        let update = tries.update(tx, changes)?;
        state::write(tx, changes, &update.hashed, Some(head.saturating_add(1)))?;
        trie::write(tx, &update)?;
        Ok(((), Left::New(Box::new(update))))
    }
}

struct UnwindTo<'a> {
    number: BlockNumber,
    tries: &'a Tries,
}

impl Write<()> for UnwindTo<'_> {
    fn run<TX: DbTxMut>(self, tx: &TX) -> Result<((), Left), DbError> {
        let Self { number, tries } = self;
        let (head, _) = blocks::head(tx)?.ok_or(DbError::Empty)?;
        if blocks::header(tx, number)?.is_none() {
            return Err(DbError::UnknownBlock { number, head });
        }
        kept::need(tx, History::State, number)?;
        let back = unwind::changes_back_to(tx, number)?;
        let update = tries.update(tx, &back)?;
        unwind::unwind(tx, number, head, &back, &update.hashed)?;
        kept::cap(tx, number.saturating_add(1))?;
        trie::write(tx, &update)?;
        Ok(((), Left::New(Box::new(update))))
    }
}

/// The version of a store, if it has a genesis and can be read.
fn check_schema(view: &View) -> Result<Option<u32>, DbError> {
    let found = view.tx().get::<Meta>(META_SCHEMA.to_owned())?;
    let Some(found) = found else { return Ok(None) };
    let found = <[u8; 4]>::try_from(found.as_ref())
        .map(u32::from_be_bytes)
        .map_err(|_wrong_length| DbError::Undecodable { table: "Meta" })?;
    let is_known = (OLDEST..=SCHEMA).contains(&found);
    is_known.then_some(Some(found)).ok_or(DbError::Schema { found, known: SCHEMA })
}

fn put_schema<TX: DbTxMut>(tx: &TX) -> Result<(), DbError> {
    tx.put::<Meta>(META_SCHEMA.to_owned(), Bytes::copy_from_slice(&SCHEMA.to_be_bytes()))
}

fn check_next<TX: DbTx>(tx: &TX, block: &BlockWrite) -> Result<(), DbError> {
    let (head, head_hash) = blocks::head(tx)?.ok_or(DbError::Empty)?;
    let (number, parent) = (block.header.number, block.header.parent_hash);
    if head.checked_add(1) != Some(number) || parent != head_hash {
        return Err(DbError::NotNext { number, parent, head, head_hash });
    }
    let (transactions, senders, receipts) =
        (block.transactions.len(), block.senders.len(), block.receipts.len());
    if transactions != senders || transactions != receipts {
        return Err(DbError::UnevenBlock { number, transactions, senders, receipts });
    }
    Ok(())
}

fn check_state_root(header: &SealedHeader, computed: B256) -> Result<(), DbError> {
    let (number, declared) = (header.number, header.state_root);
    if computed == declared {
        Ok(())
    } else {
        Err(DbError::StateRoot { number, computed, declared })
    }
}
