//! Keeps what transactions said beside their receipts: lines for the console, and why they failed.

use super::Told;
use alloy_evm::revm::context::result::{ExecutionResult, HaltReason};
use alloy_primitives::Bytes;

/// What the transactions of a block said; each with its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// What was told to the console.
    pub console: Vec<(usize, Told)>,
    /// Why transactions failed.
    pub failures: Vec<(usize, Failure)>,
}

impl Notes {
    /// Nothing said yet.
    pub const fn new() -> Self {
        Self { console: Vec::new(), failures: Vec::new() }
    }

    /// Whether nothing was said.
    pub const fn is_empty(&self) -> bool {
        self.console.is_empty() && self.failures.is_empty()
    }
}

/// Why a transaction or call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It reverted and returned these bytes.
    Reverted(Bytes),
    /// The EVM stopped it.
    Halted(HaltReason),
}

impl Failure {
    /// Why something failed; `None` if it did not.
    pub fn of(result: &ExecutionResult) -> Option<Self> {
        match result {
            ExecutionResult::Success { .. } => None,
            ExecutionResult::Revert { output, .. } => Some(Self::Reverted(output.clone())),
            ExecutionResult::Halt { reason, .. } => Some(Self::Halted(reason.clone())),
        }
    }
}
