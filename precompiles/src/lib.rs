//! Checks chip signatures, aggregates, draws and equal logarithms: pure functions the EVM can call.
//!
//! Pure: no clock, no network, no storage, no chance. Never panics, whatever the bytes.
//! Wire layout, gas and examples: `docs/precompiles.md`.
//!
//! Two ways in. The EVM goes through [`registry::PRECOMPILES`], bytes to bytes, with gas. Rust
//! callers (draws, workers, tests) use the typed functions of [`se`], [`bls`], [`vrf`]
//! and [`dleq`].
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic
)]

pub mod bls;
mod curve;
pub mod dleq;
pub mod dleq_verify;
pub mod gas;
mod input;
pub mod outcome;
pub mod poci_verify;
pub mod registry;
pub mod se;
pub mod se_verify;
pub mod vrf;
pub mod vrf_verify;

pub use gas::Gas;
pub use outcome::{Halt, Output};
pub use registry::{PRECOMPILES, Precompile, find};
