//! Names the ways in which blocks come about.

use std::time::Duration;

/// When blocks are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MiningMode {
    /// As soon as a transaction is ready.
    #[default]
    Instant,
    /// Only when asked.
    Manual,
    /// Every period, even empty.
    Interval {
        /// Time between blocks, above zero.
        period: Duration,
    },
    /// Every period, and as soon as a transaction is ready.
    Mixed {
        /// Time between blocks that no transaction causes, above zero.
        period: Duration,
    },
}

impl MiningMode {
    /// Whether a ready transaction causes a block at once.
    pub const fn is_instant(&self) -> bool {
        matches!(self, Self::Instant | Self::Mixed { .. })
    }

    /// The time between blocks that are made without a cause.
    pub const fn period(&self) -> Option<Duration> {
        match self {
            Self::Interval { period } | Self::Mixed { period } => Some(*period),
            Self::Instant | Self::Manual => None,
        }
    }
}
