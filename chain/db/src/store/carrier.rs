//! Carries commits into the file of the tables some time after they were made, many together.

use super::Latest;
use crate::{error::DbError, layered::LayeredDatabase};
use parking_lot::{Condvar, Mutex};
use signet_libmdbx::MdbxError;
use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// Least time between two carries, unless there is much to carry: each writes most pages of the tables whose
/// keys are hashes, however few commits it brings.
const PAUSE: Duration = Duration::from_secs(10);

/// A thread that carries.
#[derive(Debug)]
pub(super) struct Carrier {
    shared: Arc<Shared>,
    /// `None` when it is done by hand, and while dropped.
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    db: LayeredDatabase,
    latest: Latest,
    state: Mutex<State>,
    /// Something was written, there is much to carry, or the end is near.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    load: Load,
    is_closing: bool,
    /// Why nothing can be carried any more.
    refused: Option<MdbxError>,
}

/// How much there is to carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Load {
    #[default]
    Nothing,
    Something,
    Much,
}

impl Carrier {
    /// Starts the thread, unless all is done by hand.
    pub(super) fn start(db: LayeredDatabase, latest: Latest, by_hand: bool) -> io::Result<Self> {
        let (state, changed) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { db, latest, state, changed });
        // What a process before this one left.
        shared.state.lock().load = Load::Something;
        let thread = if by_hand {
            None
        } else {
            let shared = Arc::clone(&shared);
            let builder = thread::Builder::new().name("carrier".to_owned());
            Some(builder.spawn(move || shared.work())?)
        };
        Ok(Self { shared, thread })
    }

    /// Notes that something was committed.
    pub(super) fn note(&self) {
        let load = if self.shared.db.is_laden() { Load::Much } else { Load::Something };
        let mut state = self.shared.state.lock();
        if load > state.load {
            state.load = load;
            self.shared.changed.notify_one();
        }
    }

    /// Whether the file took all so far, or may take it later.
    pub(super) fn check(&self) -> Result<(), DbError> {
        self.shared.state.lock().refused.map_or(Ok(()), |source| Err(DbError::Disk(source)))
    }

    /// Carries all there is.
    pub(super) fn carry(&self) -> Result<(), DbError> {
        self.shared.carry()
    }
}

impl Drop for Carrier {
    /// Carries a last time.
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.state.lock().is_closing = true;
        self.shared.changed.notify_one();
        // It cannot panic; and nobody is left to be told.
        drop(thread.join());
    }
}

impl Shared {
    fn work(&self) {
        while self.wait_for_work() {
            let is_last = self.state.lock().is_closing;
            let done = if is_last { self.carry() } else { self.carry_once().map(drop) };
            let Err(fault) = done else { continue };
            let mut state = self.state.lock();
            state.refused = final_fault(&fault);
            // Meanwhile, and after the end, the journal has it.
            state.load = if state.is_closing { Load::Nothing } else { Load::Something };
        }
    }

    /// Carries what is committed, and what others commit meanwhile.
    fn carry(&self) -> Result<(), DbError> {
        while self.carry_once()? {}
        Ok(())
    }

    /// Carries what is committed; what others commit meanwhile waits for the next time, else nothing would
    /// ever gather. Says whether there was anything.
    fn carry_once(&self) -> Result<bool, DbError> {
        let any = self.db.carry()?;
        // A view of before keeps old pages.
        *self.latest.lock() = None;
        Ok(any)
    }

    /// Whether there is something to carry; false at the end.
    fn wait_for_work(&self) -> bool {
        let mut state = self.state.lock();
        while state.load == Load::Nothing && !state.is_closing {
            self.changed.wait(&mut state);
        }
        while state.load < Load::Much && !state.is_closing {
            if self.changed.wait_for(&mut state, PAUSE).timed_out() {
                break;
            }
        }
        let load = std::mem::take(&mut state.load);
        load > Load::Nothing && state.refused.is_none()
    }
}

/// Why no later attempt can succeed. Others, like a full disk, may: a failed transaction leaves the
/// file as it was, and the next one writes everything anew.
const fn final_fault(fault: &DbError) -> Option<MdbxError> {
    match fault {
        DbError::Engine(MdbxError::Panic) => Some(MdbxError::Panic),
        fault if fault.is_damage() => Some(MdbxError::Corrupted),
        _ => None,
    }
}
