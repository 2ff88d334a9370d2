//! Tells the time and waits, so that a test can hold both.

use futures::future::BoxFuture;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use utnet_primitives::Seconds;

/// Where time comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Seconds since 1970.
    fn now(&self) -> Seconds;

    /// Completes after that time.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
    fn now(&self) -> Seconds {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A machine whose clock stands before 1970 counts as standing at 1970.
        Seconds(since.unwrap_or_default().as_secs())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// A clock that stands still until it is moved; whoever sleeps moves it by the time slept.
#[derive(Clone, Debug)]
pub struct ManualClock {
    millis: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Seconds) -> Self {
        Self { millis: Arc::new(AtomicU64::new(now.0.saturating_mul(1_000))) }
    }

    /// Moves all clones of this clock.
    pub fn advance(&self, time: Duration) {
        let step = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.millis.fetch_add(step, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Seconds {
        Seconds(self.millis.load(Ordering::SeqCst) / 1_000)
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.advance(time);
        Box::pin(tokio::task::yield_now())
    }
}
