//! Owns the chain: the one task that changes it, and the handle through which all others do.
//!
//! A block goes through three separate calls: [`propose()`] builds it, [`judge()`] does it again and
//! compares, finalise writes it. Only the last changes anything.

pub mod api;
mod blocks;
mod command;
mod difficulty;
pub mod dump;
mod durations;
mod faults;
mod header;
mod instant;
mod judge;
mod notes;
mod offer;
mod pending;
mod propose;
mod reminder;
mod reorg;
mod replay;
mod retry;
mod settings;
mod shared;
mod simulate;
mod snapshot;
mod start;
mod submit;
mod unwinds;
mod worker;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::support as test_support;

pub use api::{
    AccountPatch, Beginning, Chain, EngineError, HeadEvent, Origin, Settings, SnapshotId,
    Submission,
};
pub use durations::Durations;
pub use faults::{FaultBoard, Faults};
pub use header::{Attributes, next_base_fee, next_excess_blob_gas, reachable_gas_limit};
pub use judge::{Judged, Unacceptable, UncleFault, judge};
pub use notes::{CallNote, Note};
pub use propose::{Proposal, Source, propose};
pub use simulate::{
    Overrides, SIMULATION_GAS, SimulateFault, Simulated, SimulatedBlock, SimulatedCall, Simulation,
    simulate,
};
pub use start::{EngineOptions, EngineThread, genesis_file, init, open, stored_genesis};
pub use worker::Engine;
