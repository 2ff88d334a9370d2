//! Says in words what happened in a transaction: console lines, reasons of reverts, Solidity stack
//! traces, readable call traces.
//!
//! Names and lines come from the artifacts that forge and hardhat leave on disk. Nothing here is
//! part of making a block: failed transactions are run again, on a copy of their state.

mod artifacts;
mod code;
mod console;
mod formats;
mod frames;
mod source;
mod stack;
mod traces;
mod values;
mod words;

pub use artifacts::{Artifacts, ArtifactsError};
pub use console::lines as console_lines;
pub use words::sentence;

use crate::execution::{CallError, Failure, Sandbox};
use alloy_evm::revm::{context::TxEnv, state::EvmState};
use std::sync::Arc;

/// How much of calls is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Calls, events and results.
    Calls,
    /// Also what each call changed in storage.
    Storage,
}

/// Explains transactions with what is known about contracts. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Explainer {
    artifacts: Option<Arc<Artifacts>>,
    traces: Option<Detail>,
}

impl Explainer {
    /// An explainer that knows these contracts, and shows call traces if asked to.
    pub fn new(artifacts: Option<Artifacts>, traces: Option<Detail>) -> Self {
        Self { artifacts: artifacts.map(Arc::new), traces }
    }

    /// Whether call traces are wanted.
    pub const fn shows_traces(&self) -> bool {
        self.traces.is_some()
    }

    /// Whether contracts are known by their artifacts, so that [`Self::stack`] says something.
    pub const fn knows_contracts(&self) -> bool {
        self.artifacts.is_some()
    }

    /// Why something failed: the reason, the custom error with its arguments, the panic in words.
    pub fn reason(&self, failure: &Failure) -> String {
        sentence(failure, self.artifacts.as_deref())
    }

    /// Where a failing call failed, innermost first: `Counter.add (src/Counter.sol:17)`. Empty
    /// without artifacts.
    ///
    /// # Errors
    /// When the call cannot be run again.
    pub fn stack(&self, sandbox: &mut Sandbox, call: TxEnv) -> Result<Vec<String>, CallError> {
        match &self.artifacts {
            Some(artifacts) => stack::of(artifacts, sandbox, call),
            None => Ok(Vec::new()),
        }
    }

    /// A call as a tree of calls, events and results, and what it changed.
    ///
    /// # Errors
    /// When the call cannot be run again.
    pub fn trace(
        &self,
        sandbox: &mut Sandbox,
        call: TxEnv,
    ) -> Result<(String, EvmState), CallError> {
        let detail = self.traces.unwrap_or(Detail::Calls);
        traces::tree(self.artifacts.as_deref(), detail, sandbox, call)
    }
}
