//! Puts the blocks of a simulation in order and fills the gaps between them.

use super::SimulateFault;
use alloy_consensus::Header;
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::U256;
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use serde::Deserialize;
use utnet_primitives::{Height, Seconds};

/// Most blocks of one simulation, gaps included.
const MOST_BLOCKS: u64 = 256;
/// Most calls of one block.
const MOST_CALLS_OF_A_BLOCK: usize = 5_000;
/// Most calls of one simulation.
const MOST_CALLS: usize = 10_000;
/// Time between two blocks where none is given: Ethereum's slot.
const SLOT: Seconds = Seconds(12);

/// A block to simulate, as `eth_simulateV1` takes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SimulatedBlock {
    /// Fields of the block.
    pub block_overrides: Option<Overrides>,
    /// Accounts as the block finds them.
    pub state_overrides: Option<StateOverride>,
    /// Calls in order; each sees what those before it changed.
    pub calls: Vec<TransactionRequest>,
}

/// Fields of a simulated block that are given.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Overrides {
    /// Those that calls can override, too.
    #[serde(flatten)]
    pub fields: BlockOverrides,
    /// Withdrawals.
    #[serde(default)]
    pub withdrawals: Option<Withdrawals>,
}

/// A block with its place.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) timestamp: Seconds,
    pub(super) overrides: Overrides,
    pub(super) state: StateOverride,
    pub(super) calls: Vec<TransactionRequest>,
}

/// The blocks after a base, without gaps, each later than the one before.
pub(super) fn plan(
    base: &Header,
    blocks: Vec<SimulatedBlock>,
) -> Result<Vec<Planned>, SimulateFault> {
    let calls: usize = blocks.iter().map(|block| block.calls.len()).sum();
    if calls > MOST_CALLS {
        return Err(SimulateFault::TooManyCalls { most: MOST_CALLS });
    }
    let most = base.number.saturating_add(MOST_BLOCKS);
    let mut place = Place { number: base.number, timestamp: Seconds(base.timestamp) };
    let mut planned = Vec::with_capacity(blocks.len());
    for block in blocks {
        let overrides = block.block_overrides.unwrap_or_default();
        let number = place.number_of(&overrides)?;
        if number > most {
            return Err(SimulateFault::TooManyBlocks { most: MOST_BLOCKS });
        }
        while place.number.saturating_add(1) < number {
            planned.push(place.empty());
        }
        if block.calls.len() > MOST_CALLS_OF_A_BLOCK {
            return Err(SimulateFault::TooManyCalls { most: MOST_CALLS_OF_A_BLOCK });
        }
        planned.push(Planned {
            timestamp: place.step(overrides.fields.time.map(Seconds))?,
            overrides,
            state: block.state_overrides.unwrap_or_default(),
            calls: block.calls,
        });
    }
    Ok(planned)
}

/// Where the last planned block stands.
struct Place {
    number: u64,
    timestamp: Seconds,
}

impl Place {
    /// The number that a block asks for, or the next one.
    fn number_of(&self, overrides: &Overrides) -> Result<u64, SimulateFault> {
        let next = self.number.saturating_add(1);
        let Some(asked) = overrides.fields.number else { return Ok(next) };
        let asked = u64::try_from(asked.min(U256::from(u64::MAX))).unwrap_or(u64::MAX);
        if asked < next {
            return Err(SimulateFault::NumberOrder { asked, before: Height(self.number) });
        }
        Ok(asked)
    }

    /// Goes to the next block, which has this timestamp or comes a slot later.
    fn step(&mut self, timestamp: Option<Seconds>) -> Result<Seconds, SimulateFault> {
        let before = self.timestamp;
        let timestamp = timestamp.unwrap_or_else(|| before.saturating_add(SLOT));
        if timestamp <= before {
            return Err(SimulateFault::TimestampOrder { asked: timestamp, before });
        }
        self.number = self.number.saturating_add(1);
        self.timestamp = timestamp;
        Ok(timestamp)
    }

    /// An empty block that fills a gap.
    fn empty(&mut self) -> Planned {
        self.number = self.number.saturating_add(1);
        self.timestamp = self.timestamp.saturating_add(SLOT);
        Planned {
            timestamp: self.timestamp,
            overrides: Overrides::default(),
            state: StateOverride::default(),
            calls: Vec::new(),
        }
    }
}
