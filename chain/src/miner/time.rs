//! Computes the timestamps of blocks from the wall clock and what dev methods did to it.

use utnet_primitives::Seconds;

/// A head further ahead of the clock was moved there. Of a nearer one that is not known: it may have run ahead with many
/// blocks in one second.
const MOVED: Seconds = Seconds(3_600);

/// How the time of blocks differs from the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockTime {
    /// Added to the wall clock, in seconds.
    pub offset: i64,
    /// Timestamp of the next block only.
    pub next_timestamp: Option<Seconds>,
    /// Fixed distance between blocks, instead of the wall clock.
    pub block_interval: Option<Seconds>,
}

impl BlockTime {
    /// Block time that flows with the wall clock, from a head's on if that was moved ahead of it. After a nearer one each
    /// block is a second after the one before, until the clock is there.
    pub fn from_head(head: Seconds, wall: Seconds) -> Self {
        let mut time = Self::default();
        if head > wall.saturating_add(MOVED) {
            time.set_now(head, wall);
        }
        time
    }

    /// Block time now, given the wall clock.
    pub fn now(&self, wall: Seconds) -> Seconds {
        Seconds(wall.0.saturating_add_signed(self.offset))
    }

    /// The wall clock when block time is `then`, if it flows on as it does now.
    pub fn wall_at(&self, then: Seconds) -> Seconds {
        Seconds(then.0.saturating_add_signed(self.offset.saturating_neg()))
    }

    /// The timestamp of a block made now on a parent; always above the parent's.
    pub fn next(&self, parent: Seconds, wall: Seconds) -> Seconds {
        let wanted = match (self.next_timestamp, self.block_interval) {
            (Some(next), _) => next,
            (None, Some(interval)) => parent.saturating_add(interval),
            (None, None) => self.now(wall),
        };
        wanted.max(parent.saturating_add(Seconds(1)))
    }

    /// Notes that a block was made: time set for one block only flows on from there.
    pub fn passed(&mut self, timestamp: Seconds, wall: Seconds) {
        if self.next_timestamp.take().is_some() {
            self.set_now(timestamp, wall);
        }
    }

    /// Makes block time `now`.
    pub fn set_now(&mut self, now: Seconds, wall: Seconds) {
        self.offset = difference(now, wall);
    }

    /// Moves block time; forward from the head's, where many blocks in one second have run ahead of the clock.
    pub fn shift(&mut self, seconds: i64, head: Seconds, wall: Seconds) {
        if seconds > 0 && self.now(wall) < head {
            self.set_now(head, wall);
        }
        self.offset = self.offset.saturating_add(seconds);
        self.next_timestamp = None;
    }

    /// Goes back to the block time that was `then` on the wall clock at `wall_then`, as if none
    /// had passed since.
    pub fn resume(&mut self, earlier: Self, wall_then: Seconds, wall: Seconds) {
        *self = earlier;
        self.offset = earlier.offset.saturating_add(difference(wall_then, wall));
    }
}

/// `a - b`, at the ends of the range if it does not fit.
fn difference(a: Seconds, b: Seconds) -> i64 {
    match (a.checked_sub(b), b.checked_sub(a)) {
        (Some(ahead), _) => i64::try_from(ahead.0).unwrap_or(i64::MAX),
        (None, behind) => i64::try_from(behind.unwrap_or_default().0).map_or(i64::MIN, |n| -n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_timestamp_set_for_one_block_flows_on_from_there() {
        let mut time = BlockTime { next_timestamp: Some(Seconds(5_000)), ..BlockTime::default() };

        let first = time.next(Seconds(100), Seconds(1_000));
        time.passed(first, Seconds(1_000));

        assert_eq!(first, Seconds(5_000));
        assert_eq!(time.next(first, Seconds(1_007)), Seconds(5_007));
    }

    #[test]
    fn a_move_forward_counts_from_a_head_that_ran_ahead_of_the_clock() {
        let mut time = BlockTime::default();

        time.shift(3_600, Seconds(1_009), Seconds(1_000));

        assert_eq!(time.next(Seconds(1_009), Seconds(1_000)), Seconds(4_609));
    }

    #[test]
    fn a_head_that_was_moved_ahead_of_the_clock_is_where_time_goes_on() {
        let ahead = BlockTime::from_head(Seconds(9_000), Seconds(1_000));
        let near = BlockTime::from_head(Seconds(1_900), Seconds(1_000));

        assert_eq!(ahead.next(Seconds(9_000), Seconds(1_007)), Seconds(9_007));
        assert_eq!(near, BlockTime::default());
    }

    #[test]
    fn the_wall_clock_of_a_block_time_is_that_at_which_it_comes() {
        let time = BlockTime { offset: -50, ..BlockTime::default() };

        assert_eq!(time.wall_at(time.now(Seconds(1_000))), Seconds(1_000));
    }

    #[test]
    fn a_fixed_interval_ignores_the_wall_clock() {
        let time = BlockTime { block_interval: Some(Seconds(12)), ..BlockTime::default() };

        assert_eq!(time.next(Seconds(100), Seconds(9_999)), Seconds(112));
    }

    #[test]
    fn a_revert_resumes_the_time_of_the_snapshot() {
        let earlier = BlockTime { offset: 50, ..BlockTime::default() };
        let mut time = BlockTime { offset: 7_000, ..BlockTime::default() };

        time.resume(earlier, Seconds(1_000), Seconds(1_400));

        assert_eq!(time.now(Seconds(1_400)), Seconds(1_050));
    }

    proptest! {
        #[test]
        fn timestamps_always_rise(
            parent in 0_u64..u64::MAX / 2,
            wall in any::<u64>(),
            offset in any::<i64>(),
            next in proptest::option::of(any::<u64>()),
        ) {
            let next_timestamp = next.map(Seconds);
            let time = BlockTime { offset, next_timestamp, block_interval: None };
            prop_assert!(time.next(Seconds(parent), Seconds(wall)) > Seconds(parent));
        }
    }
}
