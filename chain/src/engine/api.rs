//! Offers the handle through which RPC, node and tests use the chain.
//!
//! One task (the engine) owns the store's writes, the pool, the miner and the dev settings. A
//! [`Chain`] sends it commands and waits for the answer; reads take the latest committed snapshot
//! ([`Chain::view`]) and never wait for the writer.

mod dev;
mod error;

pub use crate::execution::AccountPatch;
pub use error::EngineError;

use super::{
    command::{Command, Reply},
    durations::Durations,
    faults::FaultBoard,
    offer::offer,
    shared::{Shared, blob_of},
};
use crate::{
    clock::Clock,
    execution::{BlockRecord, ChainView, Foreign, Fork, PooledTransaction, ReadError},
    genesis::ChainSpec,
    miner::{BlockTime, MiningMode},
    pool::{PoolOrder, PoolView, PooledEntry},
};
use alloy_consensus::transaction::Recovered;
use alloy_eips::{eip4844::Blob, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{Address, B256, TxHash};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::{broadcast, mpsc, oneshot};
use utnet_db::Pruning;
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
    /// Most transactions in a block; `None` for as many as fit.
    pub max_transactions: Option<u64>,
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

/// Snapshots, each with height and hash of the block it was taken at.
pub type Snapshots = Vec<(SnapshotId, (Height, B256))>;

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

    /// How much history is kept.
    pub fn pruning(&self) -> Pruning {
        self.shared.store().pruning()
    }

    /// How often what was committed was brought to the disk, and how long that took in all.
    pub fn syncs(&self) -> (u64, Duration) {
        self.shared.store().syncs()
    }

    /// Follows the head.
    pub fn heads(&self) -> broadcast::Receiver<HeadEvent> {
        self.shared.heads.subscribe()
    }

    /// Waits until the engine has ended: then nothing changes the chain any more.
    pub(crate) async fn ended(&self) {
        self.inbox.closed().await;
    }

    /// How many blocks were taken back so far.
    pub fn unwound(&self) -> u64 {
        self.shared.unwinds.lock().count()
    }

    /// The lowest block that was taken back after so many.
    pub fn lowest_unwound_after(&self, count: u64) -> Option<Height> {
        self.shared.unwinds.lock().lowest_after(count)
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
        let offers = offer(submissions).await?;
        self.ask(|reply| Command::Submit { offers, reply }).await
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

    /// Sends a command and waits for the answer.
    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(command(reply)).await.map_err(|_closed| EngineError::Stopped)?;
        answer.await.map_err(|_gone| EngineError::Stopped)?
    }
}
