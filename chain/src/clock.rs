//! Tells the time, from the system at the edge and from the test in tests.

use parking_lot::Mutex;
use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use utnet_primitives::Seconds;

/// A source of wall-clock time.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Time since 1970-01-01 00:00 UTC.
    fn now(&self) -> Duration;

    /// The same in whole seconds, rounded down, as block timestamps are.
    fn seconds(&self) -> Seconds {
        Seconds(self.now().as_secs())
    }
}

/// The machine's clock; a time before 1970 reads as 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// A clock that moves only when told to; clones share the time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Duration>>);

impl ManualClock {
    /// A clock that stands at a time.
    pub fn at(time: Seconds) -> Self {
        Self(Arc::new(Mutex::new(Duration::from_secs(time.0))))
    }

    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock();
        *time = time.saturating_add(by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        *self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::at(Seconds(100));
        let same = clock.clone();

        clock.advance(Duration::from_millis(2_500));

        assert_eq!(same.seconds(), Seconds(102));
    }
}
