//! Reads how much the node says about transactions and calls.

use crate::explain::{Artifacts, ArtifactsError, Detail, Explainer};
use clap::Args;
use std::path::PathBuf;

/// What is told about transactions and calls.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Explaining")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct ExplainArgs {
    /// Folder of compiled contracts (forge's `out`, hardhat's `artifacts`): names errors, calls and
    /// events, and tells in which line of Solidity a call failed.
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// Print the calls of every transaction and `eth_call`.
    #[arg(long, visible_alias = "enable-trace-printing")]
    print_traces: bool,
    /// With --print-traces: also print what each call changed in storage.
    #[arg(long, visible_alias = "tracing")]
    steps_tracing: bool,
    /// Do not print what contracts tell console.log.
    #[arg(long, visible_alias = "no-console-log")]
    pub(super) disable_console_log: bool,
}

impl ExplainArgs {
    /// The explainer that these flags ask for.
    pub(super) fn explainer(&self) -> Result<Explainer, ArtifactsError> {
        let artifacts = self.artifacts.as_deref().map(Artifacts::in_folder).transpose()?;
        let detail = if self.steps_tracing { Detail::Storage } else { Detail::Calls };
        Ok(Explainer::new(artifacts, self.print_traces.then_some(detail)))
    }
}
