//! Names the quantities, ids, addresses and signed digests that every part of UtilityNet shares.
//!
//! Pure: no clock, no network, no storage. The encodings are those of `docs/protocol.md`.

mod addresses;
mod contracts;
mod environment;
mod ids;
mod poci;
mod quantities;
mod sample;
mod schedule;
mod sidecar;
mod tags;

pub use addresses::{SystemContract, precompile, system_address};
pub use contracts::Contracts;
pub use environment::{Agreement, ENVIRONMENT_PROGRAMS, EnvironmentProgram, EnvironmentRound};
pub use ids::{BatchId, ChipId, DatasetId, JobId, OrderHash, RentalId, SaleId};
pub use poci::{
    AvailabilityRound, ChipAttestation, DrawInput, Registry, SealInput, availability_leaf,
    availability_node, chip_id, possession_context,
};
pub use quantities::{Epoch, Gas, Gwei, Height, Power, Round, Seconds, Wei};
pub use sample::{ChallengeInput, PlaceStanding, Sample, SampleInput, draw_sample};
pub use schedule::PociSchedule;
pub use sidecar::{DrawnSidecar, Malformed, SealerSidecar, Sidecar};
pub use tags::{Tag, tag};
