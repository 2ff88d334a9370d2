//! Starts a node as its command line says.

mod accounts;
mod args;
mod banner;
mod genesis;
mod node;
mod report;
mod values;

pub use args::NodeArgs;
pub use node::{ExitReason, NodeError, run_node};

#[cfg(test)]
mod tests;
