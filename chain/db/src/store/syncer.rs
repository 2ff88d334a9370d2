//! Brings commits to the disk soon after they were made, beside the writer.

use crate::{error::DbError, layered::LayeredDatabase, mdbx::OpenOptions};
use parking_lot::{Condvar, Mutex};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Least time between two syncs. With a sync of up to 25 ms no commit waits longer than 100 ms.
const PAUSE: Duration = Duration::from_millis(50);

/// A thread that syncs a file after it was written.
#[derive(Debug)]
pub(super) struct Syncer {
    shared: Arc<Shared>,
    /// `None` when syncs are made by hand, and while dropped.
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    db: LayeredDatabase,
    state: Mutex<State>,
    /// Something was written, or the end is near.
    written: Condvar,
    /// The end is near.
    closing: Condvar,
    syncs: AtomicU64,
    /// How long all of them took.
    nanoseconds: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    is_written: bool,
    is_closing: bool,
}

impl Syncer {
    /// Starts the thread, unless all is done by hand.
    pub(super) fn start(db: LayeredDatabase, options: OpenOptions) -> io::Result<Self> {
        let (written, closing) = (Condvar::new(), Condvar::new());
        let shared = Shared {
            db,
            state: Mutex::default(),
            written,
            closing,
            syncs: AtomicU64::default(),
            nanoseconds: AtomicU64::default(),
        };
        let shared = Arc::new(shared);
        let thread = if options.durable || options.by_hand {
            None
        } else {
            let shared = Arc::clone(&shared);
            let builder = thread::Builder::new().name("syncer".to_owned());
            Some(builder.spawn(move || shared.work())?)
        };
        Ok(Self { shared, thread })
    }

    /// Notes that something was committed.
    pub(super) fn note(&self) {
        self.shared.state.lock().is_written = true;
        self.shared.written.notify_one();
    }

    /// How many syncs there were, and how long they took in all.
    pub(super) fn times(&self) -> (u64, Duration) {
        let nanoseconds = self.shared.nanoseconds.load(Ordering::Relaxed);
        (self.shared.syncs.load(Ordering::Relaxed), Duration::from_nanos(nanoseconds))
    }

    /// Waits until the disk has everything committed so far.
    pub(super) fn sync(&self) -> Result<(), DbError> {
        self.shared.sync()
    }
}

impl Drop for Syncer {
    /// Syncs a last time.
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.state.lock().is_closing = true;
        self.shared.written.notify_one();
        self.shared.closing.notify_one();
        // It cannot panic; and nobody is left to be told.
        drop(thread.join());
    }
}

impl Shared {
    fn work(&self) {
        while self.wait_for_work() {
            if self.sync().is_err() {
                // The journal takes nothing more.
                return;
            }
            let mut state = self.state.lock();
            if !state.is_closing {
                self.closing.wait_for(&mut state, PAUSE);
            }
        }
    }

    /// Whether there is something to sync; false at the end.
    fn wait_for_work(&self) -> bool {
        let mut state = self.state.lock();
        while !state.is_written && !state.is_closing {
            self.written.wait(&mut state);
        }
        std::mem::take(&mut state.is_written)
    }

    #[expect(clippy::disallowed_methods, reason = "it measures and decides nothing")]
    fn sync(&self) -> Result<(), DbError> {
        let began = Instant::now();
        let result = self.db.sync();
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(took, Ordering::Relaxed);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        result
    }
}
