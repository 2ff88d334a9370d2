//! Holds what the engine writes and all handles read.

use super::{
    Durations, FaultBoard,
    api::{EngineError, HeadEvent, Settings},
    notes::Note,
    unwinds::Unwinds,
};
use crate::{
    clock::Clock,
    execution::{ChainView, Foreign, Fork, ReadError},
    genesis::ChainSpec,
    pool::{Pool, PooledEntry},
};
use alloy_eips::{eip4844::Blob, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{B256, TxHash};
use parking_lot::{Mutex, RwLock};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::broadcast;
use utnet_db::Store;

/// How many head events a slow follower may lag behind before it misses some.
const HEAD_EVENTS: usize = 4_096;
/// How many new transactions a slow follower may lag behind before it misses some.
const PENDING_EVENTS: usize = 16_384;
/// How many notes a slow log may lag behind before it misses some.
const NOTES: usize = 4_096;
/// How many blob transactions' sidecars are kept after their block (about 32 MiB with one blob).
const KEPT_SIDECARS: usize = 256;
/// How many refused blocks are remembered.
const KEPT_REFUSED: usize = 10;

/// What the engine writes and all handles read.
#[derive(Debug)]
pub(crate) struct Shared {
    current: RwLock<Current>,
    settings: RwLock<Arc<Settings>>,
    pub(crate) pool: Arc<RwLock<Pool>>,
    pub(crate) heads: broadcast::Sender<HeadEvent>,
    pub(crate) unwinds: Mutex<Unwinds>,
    pub(crate) pending: broadcast::Sender<Arc<PooledEntry>>,
    pub(crate) notes: broadcast::Sender<Note>,
    sidecars: Mutex<Sidecars>,
    refused: Mutex<VecDeque<Foreign>>,
    pub(crate) commits: Arc<Durations>,
    pub(crate) faults: Arc<FaultBoard>,
    clock: Arc<dyn Clock>,
    /// Milliseconds since 1970 when the head became the head.
    head_since: AtomicU64,
    /// Nothing is to be printed.
    is_quiet: AtomicBool,
}

/// The chain that is run now; a reset replaces it.
#[derive(Clone, Debug)]
struct Current {
    store: Store,
    spec: Arc<ChainSpec>,
    fork: Option<Arc<Fork>>,
}

/// Blobs of recent transactions, the oldest dropped first.
#[derive(Debug, Default)]
struct Sidecars {
    by_hash: HashMap<TxHash, Arc<BlobTransactionSidecarVariant>>,
    order: VecDeque<TxHash>,
}

impl Shared {
    pub(crate) fn new(
        store: Store,
        (spec, fork): (Arc<ChainSpec>, Option<Arc<Fork>>),
        settings: Settings,
        pool: Pool,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let head_since = AtomicU64::new(milliseconds(clock.as_ref()));
        Self {
            clock,
            head_since,
            is_quiet: AtomicBool::new(false),
            current: RwLock::new(Current { store, spec, fork }),
            settings: RwLock::new(Arc::new(settings)),
            pool: Arc::new(RwLock::new(pool)),
            heads: broadcast::Sender::new(HEAD_EVENTS),
            unwinds: Mutex::default(),
            pending: broadcast::Sender::new(PENDING_EVENTS),
            notes: broadcast::Sender::new(NOTES),
            sidecars: Mutex::default(),
            refused: Mutex::default(),
            commits: Arc::default(),
            faults: Arc::default(),
        }
    }

    pub(crate) fn spec(&self) -> Arc<ChainSpec> {
        Arc::clone(&self.current.read().spec)
    }

    pub(crate) fn store(&self) -> Store {
        self.current.read().store.clone()
    }

    /// Runs another chain from now on.
    pub(crate) fn replace(&self, store: Store, spec: Arc<ChainSpec>, fork: Option<Arc<Fork>>) {
        *self.current.write() = Current { store, spec, fork };
    }

    /// The chain that this one forked off from.
    pub(crate) fn fork(&self) -> Option<Arc<Fork>> {
        self.current.read().fork.clone()
    }

    /// What is run now: where it is kept, its rules, and the chain that it forked off from.
    pub(crate) fn current(&self) -> (Store, Arc<ChainSpec>, Option<Arc<Fork>>) {
        let Current { store, spec, fork } = self.current.read().clone();
        (store, spec, fork)
    }

    pub(crate) fn view(&self) -> Result<ChainView, ReadError> {
        let (store, spec, fork) = self.current();
        ChainView::new(store.view()?, spec, fork)
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read())
    }

    pub(crate) fn set_settings(&self, settings: Settings) {
        *self.settings.write() = Arc::new(settings);
    }

    pub(crate) fn keep_sidecar(&self, hash: TxHash, sidecar: BlobTransactionSidecarVariant) {
        let mut kept = self.sidecars.lock();
        if kept.by_hash.insert(hash, Arc::new(sidecar)).is_none() {
            kept.order.push_back(hash);
        }
        if kept.order.len() > KEPT_SIDECARS
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.by_hash.remove(&oldest);
        }
    }

    pub(crate) fn sidecar(&self, hash: &TxHash) -> Option<Arc<BlobTransactionSidecarVariant>> {
        self.sidecars.lock().by_hash.get(hash).cloned()
    }

    /// Remembers a block that was refused, and forgets the oldest.
    pub(crate) fn keep_refused(&self, block: Foreign) {
        let mut kept = self.refused.lock();
        kept.push_back(block);
        if kept.len() > KEPT_REFUSED {
            kept.pop_front();
        }
    }

    pub(crate) fn refused(&self) -> Vec<Foreign> {
        self.refused.lock().iter().cloned().collect()
    }

    /// A recent blob by its versioned hash.
    pub(crate) fn blob(&self, hash: &B256) -> Option<Blob> {
        self.sidecars.lock().by_hash.values().find_map(|sidecar| blob_of(sidecar, hash))
    }

    /// When the head became the head, in milliseconds since 1970.
    pub(crate) fn head_since(&self) -> u64 {
        self.head_since.load(Ordering::Relaxed)
    }

    /// Tells followers; nobody listening is no fault.
    pub(crate) fn announce(&self, event: HeadEvent) {
        self.head_since.store(milliseconds(self.clock.as_ref()), Ordering::Relaxed);
        if self.is_quiet.load(Ordering::Relaxed) {
            let (HeadEvent::Added(block) | HeadEvent::Removed(block)) = &event;
            self.note(Note::Quiet { hash: block.hash() });
        }
        // Held until it is sent: whoever reads the count finds what it counts among the events.
        let mut unwinds = self.unwinds.lock();
        if let HeadEvent::Removed(block) = &event {
            unwinds.note(block.height());
        }
        drop(self.heads.send(event));
    }

    /// Whether somebody follows the notes, and wants to be told: else nothing is kept for them.
    pub(crate) fn is_heard(&self) -> bool {
        self.notes.receiver_count() > 0 && !self.is_quiet.load(Ordering::Relaxed)
    }

    /// Lets things be told from now on, or not.
    pub(crate) fn set_logging(&self, on: bool) {
        self.is_quiet.store(!on, Ordering::Relaxed);
    }

    /// Tells followers; nobody listening is no fault.
    pub(crate) fn note(&self, note: Note) {
        drop(self.notes.send(note));
    }

    /// Tells followers; nobody listening is no fault.
    pub(crate) fn announce_pending(&self, entry: Arc<PooledEntry>) {
        drop(self.pending.send(entry));
    }
}

fn milliseconds(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.now().as_millis()).unwrap_or(u64::MAX)
}

/// The blob of a sidecar that has a versioned hash.
pub(super) fn blob_of(sidecar: &BlobTransactionSidecarVariant, hash: &B256) -> Option<Blob> {
    let index = sidecar.versioned_hashes().position(|own| own == *hash)?;
    sidecar.blobs().get(index).copied()
}

impl From<utnet_db::DbError> for EngineError {
    fn from(error: utnet_db::DbError) -> Self {
        Self::Read(error.into())
    }
}
