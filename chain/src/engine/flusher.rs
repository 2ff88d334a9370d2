//! Brings what was committed to the disk, beside the engine, so that blocks need not wait for it.
//!
//! A commit survives the death of the process at once, and that of the machine after the next
//! flush, about a tenth of a second later.

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};
use tracing::error;
use utnet_db::Store;

/// Least time between two flushes.
const PAUSE: Duration = Duration::from_millis(100);

/// A thread that flushes a store soon after it was written.
#[derive(Debug)]
pub(super) struct Flusher(SyncSender<Store>);

impl Flusher {
    /// Starts the thread; it flushes a last time and ends when the flusher is dropped.
    pub(super) fn start() -> io::Result<Self> {
        let (sender, written) = sync_channel(1);
        thread::Builder::new().name("flusher".to_owned()).spawn(move || work(&written))?;
        Ok(Self(sender))
    }

    /// Notes that a store was written. A flush that waits already covers it.
    pub(super) fn note(&self, store: Store) {
        drop(self.0.try_send(store));
    }
}

fn work(written: &Receiver<Store>) {
    while let Ok(store) = written.recv() {
        if let Err(fault) = store.sync() {
            error!(%fault, "the disk does not take what was written");
        }
        thread::park_timeout(PAUSE);
    }
}
