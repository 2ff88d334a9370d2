//! Answers the development methods that anvil, hardhat and ganache share, under all their names.

pub(super) mod dump;
pub(super) mod fork;
pub(super) mod mining;
pub(super) mod node;
mod reorg;
pub(super) mod state;
pub(super) mod tokens;
