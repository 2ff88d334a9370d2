//! Keeps how long things took, without a lock.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds, in microseconds.
const BOUNDS: [u64; 10] = [50, 100, 250, 500, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000];

/// How long one kind of thing took.
#[derive(Debug, Default)]
pub struct Durations {
    /// Counts by bound, each alone.
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Durations {
    /// Adds one.
    pub(super) fn note(&self, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| microseconds <= *bound);
        if let Some(bucket) = bucket.and_then(|index| self.buckets.get(index)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    /// Bounds in seconds, each with how many took at most that long.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        BOUNDS.iter().zip(&self.buckets).scan(0, |sum, (bound, count)| {
            *sum += count.load(Ordering::Relaxed);
            Some((Duration::from_micros(*bound).as_secs_f64(), *sum))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_everything_up_to_their_bound() {
        let durations = Durations::default();

        for microseconds in [10, 100, 2_000_000] {
            durations.note(Duration::from_micros(microseconds));
        }

        let buckets: Vec<_> = durations.buckets().collect();
        assert_eq!(buckets[0], (0.000_05, 1));
        assert_eq!(buckets[1], (0.000_1, 2));
        assert_eq!(buckets[9].1, 2);
        assert_eq!(durations.count(), 3);
        assert_eq!(durations.sum(), Duration::from_micros(2_000_110));
    }
}
