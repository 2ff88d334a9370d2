//! Says when what was ready and came into no block is tried again: nobody may ask meanwhile.

use std::time::Duration;

/// The first time that something is tried again without a known reason, after that long.
const SHORTEST: Duration = Duration::from_secs(1);
/// Nothing waits longer, whatever the clock does meanwhile, but for what takes long itself ([`SLOWEST`]).
const LONGEST: Duration = Duration::from_secs(15);
/// A try that took long, as where an upstream loses what it is sent, comes again after so many times as long.
const SHARE: u32 = 3;
/// But for no try longer than that: the clock may have been set, or have stood still with the machine, meanwhile.
const SLOWEST: Duration = Duration::from_secs(60);

/// When to try again, and how long it was waited for that.
#[derive(Debug, Default)]
pub(super) struct Retry {
    due: Option<Duration>,
    waited: Duration,
}

impl Retry {
    /// It did not work, after it took so long, for a reason that may be over at any time: waits twice as long as before.
    pub(super) fn later(&mut self, took: Duration, now: Duration) {
        let doubled = self.waited.saturating_mul(2).clamp(SHORTEST, LONGEST);
        self.waited = doubled.max(took.saturating_mul(SHARE).min(SLOWEST));
        self.due = Some(now.saturating_add(self.waited));
    }

    /// It cannot work before a time; one that is over already says nothing.
    pub(super) fn not_before(&mut self, at: Duration, now: Duration) {
        if at > now {
            self.due = Some(at);
        } else {
            self.later(Duration::ZERO, now);
        }
    }

    /// Nothing waits any more.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }

    /// How long until it is tried again; `None` if nothing waits.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        self.due.map(|due| due.saturating_sub(now).min(self.waited.max(LONGEST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_is_tried_again_after_twice_the_time_up_to_a_quarter_of_a_minute() {
        let mut retry = Retry::default();

        let waits = [0; 6].map(|_| {
            retry.later(Duration::ZERO, 100 * SECOND);
            retry.wait(100 * SECOND).unwrap().as_secs()
        });

        assert_eq!(waits, [1, 2, 4, 8, 15, 15]);
    }

    #[test]
    fn what_takes_long_is_tried_again_later() {
        let mut retry = Retry::default();

        retry.later(10 * SECOND, 100 * SECOND);

        assert_eq!(retry.wait(100 * SECOND), Some(30 * SECOND));
    }

    /// Five retries of 45 s, and a machine that slept for an hour in the middle of a try.
    #[test]
    fn no_try_is_waited_for_longer_than_a_minute() {
        for took in [278, 3_600] {
            let mut retry = Retry::default();

            retry.later(took * SECOND, 5_000 * SECOND);

            assert_eq!(retry.wait(5_000 * SECOND), Some(SLOWEST));
        }
    }

    #[test]
    fn success_begins_with_the_shortest_time_again() {
        let mut retry = Retry::default();
        retry.later(Duration::ZERO, SECOND);
        retry.later(Duration::ZERO, SECOND);

        retry.over();

        assert_eq!(retry.wait(SECOND), None);
        retry.later(Duration::ZERO, SECOND);
        assert_eq!(retry.wait(SECOND), Some(SECOND));
    }

    #[test]
    fn a_known_time_is_waited_for_and_never_in_a_circle() {
        let mut retry = Retry::default();

        retry.not_before(104 * SECOND, 100 * SECOND);
        assert_eq!(retry.wait(101 * SECOND), Some(3 * SECOND));

        retry.not_before(104 * SECOND, 105 * SECOND);
        assert_eq!(retry.wait(105 * SECOND), Some(SECOND));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let mut retry = Retry::default();
        retry.later(Duration::ZERO, 1_000_000 * SECOND);

        assert_eq!(retry.wait(SECOND), Some(LONGEST));
    }
}
