//! Reads how the node is watched, logged and ended.

use crate::config::values;
use clap::{ArgAction, Args, ValueEnum};
use std::{net::SocketAddr, time::Duration};

/// How the node is watched and ended.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Operation")]
pub(in crate::config) struct OperationArgs {
    /// Serve metrics for Prometheus at this address, under /metrics.
    #[arg(long, value_name = "IP:PORT")]
    pub(in crate::config) metrics: Option<SocketAddr>,
    /// Which log lines go to stderr, in the form of `RUST_LOG`: `info`, `warn,utnet_chain::poci=debug`.
    #[arg(long, value_name = "FILTER", env = "RUST_LOG")]
    log_filter: Option<String>,
    /// Form of the log lines.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// Log more: info; twice: debug; three times: trace. --log-filter says it finer.
    #[arg(short = 'v', long, visible_alias = "verbosity", action = ArgAction::Count, conflicts_with = "silent")]
    verbose: u8,
    /// Seconds that requests under way get to finish at the end.
    #[arg(long, default_value = "5", value_name = "SECONDS", value_parser = values::seconds)]
    pub(in crate::config) shutdown_timeout: Duration,
    /// Serve `utn_fault*`, with which tests make this node misbehave.
    #[arg(long)]
    pub(in crate::config) faults: bool,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Which lines, in the form of `RUST_LOG`.
    pub filter: String,
    /// Their form.
    pub format: LogFormat,
}

impl OperationArgs {
    pub(super) fn log(&self) -> LogSettings {
        let level = match self.verbose {
            0 => "warn",
            1 => "info",
            2 => "debug",
            _ => "trace",
        };
        let filter = self.log_filter.clone().unwrap_or_else(|| level.to_owned());
        LogSettings { filter, format: self.log_format }
    }
}
