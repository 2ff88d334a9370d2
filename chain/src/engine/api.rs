//! Offers the handle through which RPC, node and tests use the chain.
//!
//! One task (the engine) owns the store's writes, the pool, the miner and the dev settings. A
//! [`Chain`] sends it commands and waits for the answer; reads take the latest committed snapshot
//! ([`Chain::view`]) and never wait for the writer.

use super::{
    command::{Change, Command, Reply, Setting},
    dump::Restored,
    durations::Durations,
    faults::FaultBoard,
    judge::Unacceptable,
    shared::{Shared, blob_of},
};
pub use crate::execution::AccountPatch;
use crate::{
    clock::Clock,
    execution::{
        BlockRecord, ChainView, ExecutionError, Foreign, Fork, PooledTransaction, ReadError,
    },
    genesis::{ChainSpec, GenesisError},
    miner::{BlockTime, MiningMode},
    poci::PociFault,
    pool::{PoolOrder, PoolView, PooledEntry, Rejected},
};
use alloy_consensus::transaction::Recovered;
use alloy_eips::{eip4844::Blob, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{Address, B256, TxHash};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{broadcast, mpsc, oneshot};
use utnet_primitives::{Gas, Height, Seconds, Wei};

/// The chain, as everybody but the engine sees it. Clones share one engine.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(super) inbox: mpsc::Sender<Command>,
    pub(super) shared: Arc<Shared>,
    pub(super) clock: Arc<dyn Clock>,
}

/// A transaction offered to the pool.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The transaction with its sender; blob transactions carry their sidecar.
    pub transaction: Recovered<PooledTransaction>,
    /// Why the sender is believed.
    pub origin: Origin,
}

/// Why a transaction's sender is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The signature was recovered to it.
    Signed,
    /// A dev client asserts it; accepted only while the account is impersonated.
    Asserted,
}

/// What happened to the head, in order; a reorganisation or revert sends `Removed` from the old
/// head downwards, then `Added` upwards.
#[derive(Clone, Debug)]
pub enum HeadEvent {
    /// A block became the head.
    Added(Arc<BlockRecord>),
    /// The head was taken back (revert, rollback, reorg, reset).
    Removed(Arc<BlockRecord>),
}

/// The settings that dev methods change; a copy, as of the moment of reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// When blocks are made.
    pub mining: MiningMode,
    /// In which order ready transactions enter a block.
    pub order: PoolOrder,
    /// Beneficiary of the next blocks; under POCI the operator or sealer takes its place.
    pub coinbase: Address,
    /// Gas limit of the next blocks.
    pub gas_limit: Gas,
    /// Least price per gas that the pool accepts.
    pub min_gas_price: Wei,
    /// Base fee of the next block only, in wei.
    pub next_base_fee: Option<u64>,
    /// PREVRANDAO of the next block only; never set under POCI.
    pub next_prevrandao: Option<B256>,
    /// How block time differs from wall time.
    pub time: BlockTime,
    /// Accounts whose transactions need no signature.
    pub impersonated: BTreeSet<Address>,
    /// Every account is impersonated.
    pub auto_impersonate: bool,
}

impl Settings {
    /// Whether a transaction of this account needs no signature.
    pub fn is_impersonated(&self, account: &Address) -> bool {
        self.auto_impersonate || self.impersonated.contains(account)
    }
}

/// What a chain begins with.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Its rules and its first block.
    pub spec: Arc<ChainSpec>,
    /// The chain that it forks off from.
    pub fork: Option<Arc<Fork>>,
}

/// The name of a snapshot; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotId(pub u64);

/// Why the engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine has ended; the node is shutting down.
    #[error("the engine has stopped")]
    Stopped,
    /// The pool refused the transaction.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The store could not be read or written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A block made elsewhere is not accepted.
    #[error(transparent)]
    Unacceptable(#[from] Unacceptable),
    /// The next block could not be executed.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// This node may not make the next block, or cannot.
    #[error(transparent)]
    Poci(#[from] PociFault),
    /// The genesis is not valid.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A dump cannot be loaded.
    #[error(transparent)]
    Dump(#[from] super::dump::DumpError),
    /// The system gives no thread.
    #[error("the engine cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
    /// A test has stalled the producer.
    #[error("the producer is stalled (utn_faultStall)")]
    Stalled,
    /// A chain on disk keeps its genesis.
    #[error("a chain on disk keeps its genesis and its id: choose another datadir")]
    OnDisk,
    /// A timestamp must be above the head's.
    #[error("timestamp {asked} is not above the head's {head}")]
    TimestampTooLow {
        /// What was asked for.
        asked: Seconds,
        /// The timestamp of the head.
        head: Seconds,
    },
    /// The chain's rules fix what was to be changed (POCI draws beacon and beneficiary).
    #[error("{setting} is fixed by POCI on this chain")]
    FixedByPoci {
        /// What was to be changed.
        setting: &'static str,
    },
    /// Only as many blocks as there are above genesis can be taken back.
    #[error("cannot take back {depth} blocks: the head is at height {head}")]
    TooDeep {
        /// How many blocks were to be taken back.
        depth: u64,
        /// Height of the head.
        head: Height,
    },
}

impl Chain {
    /// The chain's rules.
    pub fn spec(&self) -> Arc<ChainSpec> {
        self.shared.spec()
    }

    /// The latest committed snapshot. Cheap; never waits for the writer.
    ///
    /// # Errors
    /// [`ReadError`] when the store cannot open a read transaction.
    pub fn view(&self) -> Result<ChainView, ReadError> {
        self.shared.view()
    }

    /// The pool, as a live read-only handle.
    pub fn pool_view(&self) -> PoolView {
        PoolView::new(Arc::clone(&self.shared.pool))
    }

    /// The present settings.
    pub fn settings(&self) -> Arc<Settings> {
        self.shared.settings()
    }

    /// The chain that this one forked off from.
    pub fn fork(&self) -> Option<Arc<Fork>> {
        self.shared.fork()
    }

    /// What goes wrong on purpose.
    pub fn faults(&self) -> Arc<FaultBoard> {
        Arc::clone(&self.shared.faults)
    }

    /// How long committing blocks took, since the start.
    pub fn commits(&self) -> Arc<Durations> {
        Arc::clone(&self.shared.commits)
    }

    /// How often what was committed was brought to the disk, and how long that took in all.
    pub fn syncs(&self) -> (u64, Duration) {
        self.shared.store().syncs()
    }

    /// Follows the head.
    pub fn heads(&self) -> broadcast::Receiver<HeadEvent> {
        self.shared.heads.subscribe()
    }

    /// Follows the transactions that enter the pool as ready.
    pub fn pending_transactions(&self) -> broadcast::Receiver<Arc<PooledEntry>> {
        self.shared.pending.subscribe()
    }

    /// Offers a transaction. In instant mode the block is made before the answer.
    ///
    /// # Errors
    /// [`EngineError::Rejected`] with the pool's reason.
    pub async fn submit(&self, submission: Submission) -> Result<TxHash, EngineError> {
        let mut admissions = self.submit_all(vec![submission]).await?;
        admissions.pop().unwrap_or(Err(EngineError::Stopped))
    }

    /// Offers transactions in this order, as one: in instant mode they share a block. Each has its
    /// own answer, at its place.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn submit_all(
        &self,
        submissions: Vec<Submission>,
    ) -> Result<Vec<Result<TxHash, EngineError>>, EngineError> {
        self.ask(|reply| Command::Submit { submissions, reply }).await
    }

    /// Makes `blocks` blocks now, even empty ones, `interval` seconds apart when given; returns
    /// the new head's height. Who stops waiting gets no further blocks.
    ///
    /// # Errors
    /// When a block could not be made or stored.
    pub async fn mine(
        &self,
        blocks: u64,
        interval: Option<Seconds>,
    ) -> Result<Height, EngineError> {
        self.ask(|reply| Command::Mine { blocks, interval, reply }).await
    }

    /// Judges a block made elsewhere and makes it the head.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub async fn import(&self, block: Foreign) -> Result<B256, EngineError> {
        let block = Box::new(block);
        self.ask(|reply| Command::Import { block, reply }).await
    }

    /// Marks the head as final: `safe` and `finalized` name it, or a later block.
    ///
    /// # Errors
    /// When the store could not be written.
    pub async fn mark_final(&self) -> Result<(), EngineError> {
        self.ask(|reply| Command::MarkFinal { reply }).await
    }

    /// Chooses when blocks are made.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_mining(&self, mode: MiningMode) -> Result<(), EngineError> {
        self.set(Setting::Mining(mode)).await.map(drop)
    }

    /// Remembers state, blocks, time and pool.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn snapshot(&self) -> Result<SnapshotId, EngineError> {
        self.ask(|reply| Command::Snapshot { reply }).await
    }

    /// Goes back to a snapshot and takes it and all later ones away; `false` if unknown.
    ///
    /// # Errors
    /// When the store could not be written.
    pub async fn revert(&self, id: SnapshotId) -> Result<bool, EngineError> {
        self.ask(|reply| Command::Revert { id, reply }).await
    }

    /// Takes the last `depth` blocks back; their transactions are dropped.
    ///
    /// # Errors
    /// [`EngineError::TooDeep`].
    pub async fn rollback(&self, depth: u64) -> Result<Height, EngineError> {
        self.ask(|reply| Command::Rollback { depth, reply }).await
    }

    /// Replaces the last blocks: takes `depth` of them back, then makes as many new ones; block
    /// `i` of the new ones holds the submissions listed for `i`.
    ///
    /// # Errors
    /// [`EngineError::TooDeep`], or the pool's reason for the first bad submission.
    pub async fn reorg(
        &self,
        depth: u64,
        transactions: BTreeMap<u64, Vec<Submission>>,
    ) -> Result<(), EngineError> {
        self.ask(|reply| Command::Reorg { depth, transactions, reply }).await
    }

    /// Changes accounts outside any block (dev): the latest state changes, no block is made.
    ///
    /// # Errors
    /// When the store could not be written.
    pub async fn patch(&self, patches: Vec<(Address, AccountPatch)>) -> Result<(), EngineError> {
        self.ask(|reply| Command::Patch { patches, reply }).await
    }

    /// Starts or stops to impersonate an account (dev).
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn impersonate(&self, account: Address, on: bool) -> Result<(), EngineError> {
        self.set(Setting::Impersonate(account, on)).await.map(drop)
    }

    /// Starts or stops to impersonate every account (dev).
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn auto_impersonate(&self, on: bool) -> Result<(), EngineError> {
        self.set(Setting::AutoImpersonate(on)).await.map(drop)
    }

    /// Moves block time forward (or back, when negative); returns the offset to wall time.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn increase_time(&self, seconds: i64) -> Result<i64, EngineError> {
        Ok(self.set(Setting::ShiftTime(seconds)).await?.after.time.offset)
    }

    /// Sets the timestamp of the next block; later ones go on from there with the wall clock.
    ///
    /// # Errors
    /// [`EngineError::TimestampTooLow`].
    pub async fn set_next_timestamp(&self, timestamp: Seconds) -> Result<(), EngineError> {
        self.set(Setting::NextTimestamp(timestamp)).await.map(drop)
    }

    /// Sets the present block time; returns the offset to wall time.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_time(&self, now: Seconds) -> Result<i64, EngineError> {
        Ok(self.set(Setting::Time(now)).await?.after.time.offset)
    }

    /// Fixes the distance between blocks, or frees it; returns whether one was set before.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_block_interval(&self, seconds: Option<Seconds>) -> Result<bool, EngineError> {
        let change = self.set(Setting::BlockInterval(seconds)).await?;
        Ok(change.before.time.block_interval.is_some())
    }

    /// Sets the base fee of the next block, in wei.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_next_base_fee(&self, base_fee: u64) -> Result<(), EngineError> {
        self.set(Setting::NextBaseFee(base_fee)).await.map(drop)
    }

    /// Sets the gas limit of the next blocks.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_gas_limit(&self, limit: Gas) -> Result<(), EngineError> {
        self.set(Setting::GasLimit(limit)).await.map(drop)
    }

    /// Sets the beneficiary of the next blocks.
    ///
    /// # Errors
    /// [`EngineError::FixedByPoci`].
    pub async fn set_coinbase(&self, account: Address) -> Result<(), EngineError> {
        self.set(Setting::Coinbase(account)).await.map(drop)
    }

    /// Sets PREVRANDAO of the next block.
    ///
    /// # Errors
    /// [`EngineError::FixedByPoci`].
    pub async fn set_prevrandao(&self, beacon: B256) -> Result<(), EngineError> {
        self.set(Setting::Prevrandao(beacon)).await.map(drop)
    }

    /// Sets the least price per gas that the pool accepts.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_min_gas_price(&self, price: Wei) -> Result<(), EngineError> {
        self.set(Setting::MinGasPrice(price)).await.map(drop)
    }

    /// Drops a transaction from the pool; `None` if it is not there.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn drop_transaction(&self, hash: TxHash) -> Result<Option<TxHash>, EngineError> {
        self.ask(|reply| Command::Drop { hash, reply }).await
    }

    /// Drops all transactions of a sender, or of everybody.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn drop_transactions(&self, sender: Option<Address>) -> Result<(), EngineError> {
        self.ask(|reply| Command::DropAll { sender, reply }).await
    }

    /// Starts again from this genesis, or from the chain's own: blocks, pool, snapshots and
    /// settings are as at the start.
    ///
    /// # Errors
    /// When the store could not be written.
    pub async fn reset(&self, beginning: Option<Beginning>) -> Result<(), EngineError> {
        self.ask(|reply| Command::Reset { beginning, reply }).await
    }

    /// Puts a dumped chain in the place of the present one; a dump without blocks only changes accounts.
    ///
    /// # Errors
    /// [`EngineError::Dump`] names what is wrong with it, [`EngineError::OnDisk`] when it has another genesis.
    pub async fn load(&self, dump: Restored) -> Result<(), EngineError> {
        let dump = Box::new(dump);
        self.ask(|reply| Command::Load { dump, reply }).await
    }

    /// Lets the engine look at the clock now; interval mining needs it only in tests.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn tick(&self) -> Result<(), EngineError> {
        self.ask(|reply| Command::Tick { reply }).await
    }

    /// The blobs of a recent transaction, in the pool or lately mined.
    pub fn sidecar(&self, hash: &TxHash) -> Option<Arc<BlobTransactionSidecarVariant>> {
        let pooled = self.pool_view().find(hash);
        let pooled = pooled.and_then(|entry| entry.sidecar().cloned().map(Arc::new));
        pooled.or_else(|| self.shared.sidecar(hash))
    }

    /// The blocks that the judge refused lately, the newest last.
    pub fn refused_blocks(&self) -> Vec<Foreign> {
        self.shared.refused()
    }

    /// A recent blob by its versioned hash, in the pool or lately mined.
    pub fn blob(&self, hash: &B256) -> Option<Blob> {
        let ready = self.pool_view().ready();
        let mut pooled = ready.iter().filter_map(|entry| blob_of(entry.sidecar()?, hash));
        pooled.next().or_else(|| self.shared.blob(hash))
    }

    /// When the head became the head, in milliseconds since 1970.
    pub fn head_since(&self) -> u64 {
        self.shared.head_since()
    }

    /// Gives the chain another EIP-155 id, as long as this node runs.
    ///
    /// # Errors
    /// [`EngineError::FixedByPoci`], [`EngineError::OnDisk`].
    pub async fn set_chain_id(&self, id: u64) -> Result<(), EngineError> {
        self.set(Setting::ChainId(id)).await.map(drop)
    }

    /// Lets a signature recover to an account inside the EVM, as long as this node runs (dev): v, r and
    /// s, 32 bytes each.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn assert_signature(
        &self,
        signature: [u8; 96],
        account: Address,
    ) -> Result<(), EngineError> {
        self.set(Setting::Recovery(signature, account)).await.map(drop)
    }

    async fn set(&self, setting: Setting) -> Result<Change, EngineError> {
        self.ask(|reply| Command::Set { setting, reply }).await
    }

    /// Sends a command and waits for the answer.
    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(command(reply)).await.map_err(|_closed| EngineError::Stopped)?;
        answer.await.map_err(|_gone| EngineError::Stopped)?
    }
}
