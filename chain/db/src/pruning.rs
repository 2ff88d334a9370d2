//! Says how much of a chain's past is kept, and how much there is.

use alloy_primitives::BlockNumber;
use std::fmt;

/// A kind of history, which can be removed apart from the others. Headers are always kept, and with
/// them hashes, numbers and the index of logs; so is all of the first block but its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum History {
    /// States after earlier blocks: change sets and the lists of blocks that find them.
    State,
    /// Receipts with their logs.
    Receipts,
    /// Transactions, their senders and hashes, ommers, withdrawals, sealing data.
    Bodies,
}

impl History {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::State, Self::Receipts, Self::Bodies];
}

impl fmt::Display for History {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::State => "state",
            Self::Receipts => "receipts and logs",
            Self::Bodies => "transactions",
        })
    }
}

/// Up to how many blocks before the head each kind of history is kept; `None` keeps all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruning {
    /// For states.
    pub state: Option<u64>,
    /// For receipts. They are not kept longer than the transactions that they are of.
    pub receipts: Option<u64>,
    /// For bodies.
    pub bodies: Option<u64>,
}

impl Pruning {
    /// Up to how many blocks before the head a kind of history is kept.
    pub fn distance(&self, part: History) -> Option<u64> {
        match part {
            History::State => self.state,
            History::Receipts => [self.receipts, self.bodies].into_iter().flatten().min(),
            History::Bodies => self.bodies,
        }
    }

    /// Whether everything is kept.
    pub const fn keeps_all(&self) -> bool {
        matches!(self, Self { state: None, receipts: None, bodies: None })
    }

    /// The first block of which a kind of history is wanted when a block is the head.
    pub(crate) fn wanted_from(&self, part: History, head: BlockNumber) -> BlockNumber {
        self.distance(part).map_or(0, |distance| head.saturating_sub(distance))
    }
}

/// The first block of which each kind of history is there; what was removed once does not come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// First block whose state is known.
    pub state: BlockNumber,
    /// First block with receipts, the chain's first block apart.
    pub receipts: BlockNumber,
    /// First block with its body, the chain's first block apart.
    pub bodies: BlockNumber,
}

impl Kept {
    /// The first block of a kind of history.
    pub const fn first(&self, part: History) -> BlockNumber {
        match part {
            History::State => self.state,
            History::Receipts => self.receipts,
            History::Bodies => self.bodies,
        }
    }
}
