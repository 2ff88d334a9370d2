//! Draws, seals and checks the producers of blocks.
//!
//! Digests and order of the rules: `docs/protocol.md`, section 2. What a draw reads is the
//! registry's state at the snapshot of the epoch; whether the drawn chip still counts is read in
//! the parent state.

mod chips;
mod draw;
mod fault;
mod registry;
mod seal;
mod seals;
mod verify;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::support as test_support;

pub use chips::Chips;
pub use fault::PociFault;
pub use seal::{Plan, Sealer};
pub use verify::check_producer;
