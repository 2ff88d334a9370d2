//! Tests the engine through its handle, as its users do.

mod blocks;
mod dev;
mod judging;
mod mining;
mod stories;
pub(crate) mod support;
