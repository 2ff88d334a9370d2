//! Starts the worker, or does one thing and ends.

use anyhow::{Context, Result};
use clap::Parser;
use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write, stderr, stdout},
    process::ExitCode,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use utnet_jobs::{
    environment::{TORCH_ENVIRONMENT, WASM_ENVIRONMENT},
    sha256,
};
use utnet_worker::{
    compute::{
        Limits, Refusal, Runtime, Task, environment,
        torch::{
            self, TorchError, child,
            safetensors::{self, Array, Numbers},
        },
    },
    config::{
        BlobArgs, Cli, Command, RunArgs, RunJobArgs, SettingsError, TensorArgs, TraceArgs,
        torch_process,
    },
    service,
    store::{BlobStore, write_whole},
};

/// Exit status of a wrong command line, as clap's.
const WRONG_COMMAND: u8 = 2;

/// Exit status when PyTorch is needed and not there.
const NO_TORCH: u8 = 3;

/// Time that running computations get when the worker is told to stop.
const GRACE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    lines.with_ansi(stderr().is_terminal()).with_writer(stderr).init();
    match act(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            status_of(&error)
        }
    }
}

fn status_of(error: &anyhow::Error) -> ExitCode {
    if is_torch_missing(error) {
        ExitCode::from(NO_TORCH)
    } else if error.downcast_ref().is_some_and(SettingsError::is_typed) {
        ExitCode::from(WRONG_COMMAND)
    } else {
        ExitCode::FAILURE
    }
}

fn is_torch_missing(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Refusal::Torch(TorchError::NotBuilt)))
        || matches!(error.downcast_ref(), Some(TorchError::NotBuilt))
}

fn act(command: Command) -> Result<()> {
    match command {
        Command::Run(args) => run(*args),
        Command::RunJob(args) => run_job(&args),
        Command::Blob(args) => keep_blobs(&args),
        Command::Environment => print_environment(),
        Command::Tensor(args) => write_tensor(args),
        Command::TorchChild(bounds) => Ok(child::serve(&bounds)?),
        Command::Trace(args) => trace(&args),
        _ => anyhow::bail!("this command is not known here"),
    }
}

fn run(args: RunArgs) -> Result<()> {
    let settings = args.settle()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let stop = CancellationToken::new();
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let (asked, mut out) = (stop.clone(), stdout());
        let mut serving = std::pin::pin!(service::run(settings, stop, &mut out));
        tokio::select! {
            ended = &mut serving => return ended,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        asked.cancel();
        serving.await
    });
    // A computation that is cut short begins anew with the next start.
    runtime.shutdown_timeout(GRACE);
    ended
}

fn run_job(args: &RunJobArgs) -> Result<()> {
    let text =
        std::fs::read(&args.spec).with_context(|| format!("reading {}", args.spec.display()))?;
    let task: Task = serde_json::from_slice(&text).context("the specification")?;
    let (blobs, out) = (BlobStore::open(&args.blobs)?, BlobStore::open(&args.out)?);
    let outcome = Runtime::new(Limits::default(), torch_process())?.run(&task, &blobs, &out)?;
    write_whole(&args.out.join("manifest.json"), &outcome.manifest.encode())?;

    let mut stdout = stdout().lock();
    writeln!(stdout, "{}", outcome.root)?;
    writeln!(stdout, "steps {}", outcome.steps)?;
    for (name, value) in &outcome.manifest.metrics {
        writeln!(stdout, "metric {name} {value}")?;
    }
    for file in &outcome.manifest.files {
        writeln!(stdout, "file {} {} {}", file.name, file.sha256, file.bytes)?;
    }
    Ok(())
}

fn keep_blobs(args: &BlobArgs) -> Result<()> {
    let store = BlobStore::open(&args.blobs)?;
    for path in &args.files {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        writeln!(stdout(), "{}", store.put(&bytes)?)?;
    }
    Ok(())
}

fn print_environment() -> Result<()> {
    let kernels = environment::kernels();
    let rows = [
        ("wasm environment", WASM_ENVIRONMENT),
        ("torch environment", TORCH_ENVIRONMENT),
        ("torch kernels", kernels.as_str()),
    ];
    let mut stdout = stdout().lock();
    for (name, text) in rows {
        writeln!(stdout, "{name}\n  {}\n  {text}", sha256(text.as_bytes()))?;
    }
    let torch = if torch::is_available() { "built in" } else { "not built in" };
    writeln!(stdout, "PyTorch is {torch}")?;
    Ok(())
}

fn trace(args: &TraceArgs) -> Result<()> {
    match args.operator {
        Some(operator) => torch::trace_operator(operator, &args.out)?,
        None => torch::trace(&args.shape(), &args.out)?,
    }
    Ok(())
}

fn write_tensor(args: TensorArgs) -> Result<()> {
    let array = Array { shape: args.shape, numbers: Numbers::Float(args.values) };
    let bytes = safetensors::encode(&BTreeMap::from([("input".to_owned(), array)]));
    // What would be refused as an input is not written.
    safetensors::decode(&bytes)?;
    Ok(write_whole(&args.out, &bytes)?)
}
