//! Brings what was committed to the disk, beside the engine, so that blocks need not wait for it.
//!
//! A commit survives the death of the process at once, and that of the machine after the next
//! flush, about a tenth of a second later.

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
    time::Duration,
};
use tracing::error;
use utnet_db::Store;

/// Least time between two flushes.
const PAUSE: Duration = Duration::from_millis(100);

/// A thread that flushes a store soon after it was written.
#[derive(Debug)]
pub(super) struct Flusher {
    /// `None` only while dropped.
    written: Option<SyncSender<Store>>,
    /// `None` only while dropped.
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    /// Starts the thread.
    pub(super) fn start() -> io::Result<Self> {
        let (sender, written) = sync_channel(1);
        let thread = thread::Builder::new().name("flusher".to_owned());
        let thread = thread.spawn(move || work(&written))?;
        Ok(Self { written: Some(sender), thread: Some(thread) })
    }

    /// Notes that a store was written. A flush that waits already covers it.
    pub(super) fn note(&self, store: Store) {
        if let Some(written) = &self.written {
            drop(written.try_send(store));
        }
    }
}

impl Drop for Flusher {
    /// Flushes a last time and waits for it, so that nobody holds the store any more.
    fn drop(&mut self) {
        self.written = None;
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            drop(thread.join());
        }
    }
}

fn work(written: &Receiver<Store>) {
    while let Ok(store) = written.recv() {
        if let Err(fault) = store.sync() {
            error!(%fault, "the disk does not take what was written");
        }
        drop(store);
        thread::park_timeout(PAUSE);
    }
}
