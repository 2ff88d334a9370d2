//! Tests the engine through its handle, as its users do.

mod blobs;
mod blocks;
mod dev;
mod judging;
mod judging_poci;
mod mining;
mod notes;
mod pruning;
mod simulating;
mod stories;
pub(crate) mod support;
mod walks;
