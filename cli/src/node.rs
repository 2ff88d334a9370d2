//! Runs a node until it is told to stop.

use anyhow::Result;
use serde_json::Value;
use std::io;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use utnet_chain::config::{NodeArgs, run_node};

/// Runs a node until Ctrl-C or a terminating signal; log lines go to stderr, by `RUST_LOG`.
pub(crate) async fn run(args: NodeArgs) -> Result<Value> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    // Registered at once: a signal that comes while the node opens its folder must not kill it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    run_node(args, &mut io::stdout(), shutdown).await?;
    Ok(Value::Null)
}
