//! Names the deliberate errors that a worker can be told to make.

use serde::{Deserialize, Serialize};

/// A deliberate error, for tests of what the network does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// One byte of every result is flipped before it is committed.
    WrongResult,
    /// What is handed over is sealed to the renter, but holds no access.
    BadHandover,
    /// Answers in rounds of the environment proof are made up.
    WrongEnvironment,
    /// The last chip of every proof signs with its BLS key only; its leaf is made up, and opened as it is.
    FalseLeaf,
    /// Epochs are proven and never opened.
    NoOpening,
}
