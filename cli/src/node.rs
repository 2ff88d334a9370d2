//! Runs a node until it is told to stop.

use anyhow::{Context, Result};
use serde_json::Value;
use std::io::{self, IsTerminal};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use utnet_chain::config::{LogFormat, LogSettings, NodeArgs, run_node};

/// Runs a node until Ctrl-C or a terminating signal; log lines go to stderr.
pub(crate) async fn run(args: NodeArgs) -> Result<Value> {
    log(&args.log())?;
    // For forks of chains behind https; an error says that somebody has chosen before.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
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

fn log(settings: &LogSettings) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.filter)
        .with_context(|| format!("--log-filter {}", settings.filter))?;
    // A log that cannot be written, on a full disk, must not end the node.
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .log_internal_errors(false);
    match settings.format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
