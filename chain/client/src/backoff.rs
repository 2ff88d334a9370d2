//! Computes how long to wait before the next try.

use std::time::Duration;

/// Waits that double from try to try, up to a ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
    /// Tries in all, at least one.
    pub tries: u32,
}

impl Default for Backoff {
    /// Five tries within about four seconds.
    fn default() -> Self {
        Self { first: Duration::from_millis(250), most: Duration::from_secs(8), tries: 5 }
    }
}

impl Backoff {
    /// One try, no waits.
    pub const ONCE: Self = Self { first: Duration::ZERO, most: Duration::ZERO, tries: 1 };

    /// The wait after that many failures (from 1), or `None` when it is time to give up.
    #[must_use]
    pub fn after(&self, failures: u32) -> Option<Duration> {
        (failures < self.tries).then(|| self.wait(failures))
    }

    /// The wait after that many failures (from 1), for those who never give up.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Duration {
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1).min(20));
        self.first.saturating_mul(doubled).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_ceiling() {
        let backoff =
            Backoff { first: Duration::from_secs(1), most: Duration::from_secs(5), tries: 9 };
        let waits: Vec<_> = (1..5).map(|n| backoff.wait(n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5]);
    }

    #[test]
    fn the_last_try_has_no_wait_after_it() {
        assert_eq!(Backoff::ONCE.after(1), None);
        assert!(Backoff::default().after(4).is_some());
        assert_eq!(Backoff::default().after(5), None);
    }
}
