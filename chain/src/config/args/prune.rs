//! Reads how much history the node keeps.

use clap::{Args, ValueEnum};
use std::fmt;
use utnet_db::{History, Kept, Pruning};

/// Blocks before the head of which the named modes keep what they do not keep for ever.
const WINDOW: u64 = 10_000;

/// How much history is kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "History")]
pub(in crate::config) struct PruneArgs {
    /// Which history is kept. `archive`, the default, keeps everything for ever. `full` keeps all
    /// blocks, receipts and logs, and the states of the last 10000 blocks. `minimal` keeps of everything
    /// but headers the last 10000 blocks. What is removed does not come back, and is answered by an
    /// error (code 4444).
    #[arg(long, value_enum, hide_possible_values = true, default_value_t = Mode::Archive, value_name = "MODE")]
    prune: Mode,
    /// Keep states this many blocks back: balances, calls, proofs, traces; rollbacks and reverts reach no
    /// further. Under POCI a few epochs more are kept, from which the producers are drawn.
    #[arg(id = "prune.state", long = "prune.state", value_name = "BLOCKS", value_parser = window())]
    state: Option<u64>,
    /// Keep receipts and logs this many blocks back.
    #[arg(long = "prune.receipts", value_name = "BLOCKS", value_parser = window())]
    receipts: Option<u64>,
    /// Keep transactions, uncles, withdrawals and proofs of producers this many blocks back; receipts go
    /// with them.
    #[arg(long = "prune.bodies", value_name = "BLOCKS", value_parser = window())]
    bodies: Option<u64>,
}

/// The least window: `finalized` and the blocks after it stay whole.
fn window() -> clap::builder::RangedU64ValueParser {
    clap::builder::RangedU64ValueParser::new().range(64..)
}

/// A named choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    Archive,
    Full,
    Minimal,
}

impl PruneArgs {
    /// What the flags ask for: a window of its own wins over that of the mode.
    pub(in crate::config) fn pruning(&self) -> Pruning {
        let (state, rest) = match self.prune {
            Mode::Archive => (None, None),
            Mode::Full => (Some(WINDOW), None),
            Mode::Minimal => (Some(WINDOW), Some(WINDOW)),
        };
        Pruning {
            state: self.state.or(state),
            receipts: self.receipts.or(rest),
            bodies: self.bodies.or(rest),
        }
    }
}

/// Tells for people how much history is kept from now on, and what is gone already.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Told {
    pub(in crate::config) pruning: Pruning,
    pub(in crate::config) kept: Kept,
    /// Number of the chain's first block.
    pub(in crate::config) genesis: u64,
}

impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pruning.keeps_all() {
            out.write_str("everything is kept (--prune bounds it)")?;
        } else {
            out.write_str("kept:")?;
            for (index, part) in History::ALL.into_iter().enumerate() {
                out.write_str(if index == 0 { " " } else { "; " })?;
                match self.pruning.distance(part) {
                    Some(blocks) => write!(out, "{part} {blocks} blocks back")?,
                    None => write!(out, "all {part}")?,
                }
            }
        }
        let mut separator = "; gone:";
        for part in History::ALL {
            let first = self.kept.first(part);
            // All of the first block but its state stays.
            let least = if part == History::State { self.genesis } else { self.genesis + 1 };
            if first > least {
                write!(out, "{separator} {part} before block {first}")?;
                separator = ",";
            }
        }
        Ok(())
    }
}
