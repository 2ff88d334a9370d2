//! Counts the blocks that are due in interval mining.

use std::time::Duration;

/// The rhythm of interval mining, on the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    period: Option<Duration>,
    next: Duration,
}

impl Pace {
    /// A rhythm that begins one period from now; `None` never beats.
    pub(crate) fn new(period: Option<Duration>, now: Duration) -> Self {
        let period = period.filter(|period| !period.is_zero());
        Self { period, next: now.saturating_add(period.unwrap_or_default()) }
    }

    /// Whether a block is due; if so the next beat is one period on.
    ///
    /// Beats that were missed (the machine slept, a block took long) are not made up for: a burst
    /// of blocks would push their timestamps ahead of the wall clock.
    pub(crate) fn beat(&mut self, now: Duration) -> bool {
        self.follow(now);
        let Some(period) = self.period.filter(|_| now >= self.next) else { return false };
        let on_time = self.next.saturating_add(period);
        self.next = if on_time > now { on_time } else { now.saturating_add(period) };
        true
    }

    /// How long until a block is due; `None` if never.
    pub(crate) fn wait(&mut self, now: Duration) -> Option<Duration> {
        self.follow(now);
        self.period.map(|_| self.next.saturating_sub(now))
    }

    /// Follows a clock that was set back: no block is more than a period away.
    fn follow(&mut self, now: Duration) {
        let latest = now.saturating_add(self.period.unwrap_or_default());
        self.next = self.next.min(latest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn beats_come_one_period_apart() {
        let mut pace = Pace::new(Some(2 * SECOND), 10 * SECOND);

        assert!(!pace.beat(11 * SECOND));
        assert!(pace.beat(12 * SECOND));
        assert_eq!(pace.wait(13 * SECOND), Some(SECOND));
        assert!(pace.beat(14 * SECOND));
    }

    #[test]
    fn a_clock_that_is_set_back_delays_a_beat_by_no_more_than_a_period() {
        let mut pace = Pace::new(Some(SECOND), 1_000 * SECOND);

        assert_eq!(pace.wait(10 * SECOND), Some(SECOND));
        assert!(pace.beat(11 * SECOND));
        assert!(!pace.beat(2 * SECOND));
        assert!(pace.beat(3 * SECOND));
    }

    #[test]
    fn a_pause_makes_one_block_not_a_burst() {
        let mut pace = Pace::new(Some(SECOND), Duration::ZERO);

        assert!(pace.beat(100 * SECOND));
        assert!(!pace.beat(100 * SECOND));
        assert!(pace.beat(101 * SECOND));
    }
}
