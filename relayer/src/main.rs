//! Starts the relayer, makes its keys, and asks a running one how it is.

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use utnet_client::SystemClock;
use utnet_messages::{SecretKey, create_account, load_account};
use utnet_relayer::{
    config::{Config, Settings},
    server,
};

/// Time for an answer to `status`.
const PATIENCE: Duration = Duration::from_secs(10);

/// Carry rental messages for the escrow: an encrypted inbox, checked, submitted once, never in charge of money.
#[derive(Debug, Parser)]
#[command(name = "utnet-relayer", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the data folder and both keys; existing ones are kept
    Init(Given),
    /// Serve the inbox and submit what comes in
    Run(Given),
    /// Ask the relayer of the data folder how it is
    Status(Given),
    /// Make keys
    #[command(subcommand)]
    Key(Key),
}

#[derive(Debug, Subcommand)]
enum Key {
    /// Make one key in a new file that only its owner can read
    New {
        /// What the key is for
        kind: KeyKind,
        /// The new file
        file: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KeyKind {
    /// Pays for transactions (secp256k1)
    Account,
    /// Opens messages (P-256, HPKE)
    Inbox,
}

#[derive(Debug, clap::Args)]
struct Given {
    /// TOML file of settings, named as the flags with `_` for `-`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

impl Given {
    fn into_config(self) -> anyhow::Result<Config> {
        let file = self.config.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
        Ok(self.settings.or(file).into_config())
    }
}

fn main() -> ExitCode {
    match act(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("utnet-relayer: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn act(command: Command) -> anyhow::Result<()> {
    let mut out = io::stdout();
    match command {
        Command::Init(given) => init(&given.into_config()?, &mut out),
        Command::Run(given) => Box::pin(run(&given.into_config()?, &mut out)).await,
        Command::Status(given) => status(&given.into_config()?, &mut out).await,
        Command::Key(Key::New { kind, file }) => new_key(kind, &file, &mut out),
    }
}

fn init(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    server::make_folder(&config.datadir)?;
    for (kind, file) in
        [(KeyKind::Account, &config.key_file), (KeyKind::Inbox, &config.inbox_key_file)]
    {
        if file.exists() {
            show_key(kind, file, out)?;
        } else {
            new_key(kind, file, out)?;
        }
    }
    Ok(())
}

fn new_key(kind: KeyKind, file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    match kind {
        KeyKind::Account => writeln!(out, "Account {}", create_account(file)?.address())?,
        KeyKind::Inbox => writeln!(out, "Inbox key {}", SecretKey::create(file)?.public())?,
    }
    Ok(())
}

fn show_key(kind: KeyKind, file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    match kind {
        KeyKind::Account => writeln!(out, "Account {}", load_account(file)?.address())?,
        KeyKind::Inbox => writeln!(out, "Inbox key {}", SecretKey::load(file)?.public())?,
    }
    Ok(())
}

async fn run(config: &Config, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    log(config)?;
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let told = stop.clone();
    let wait_for_signal = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        told.cancel();
    };
    let relayer = server::run(config, Arc::new(SystemClock), stop, out);
    let mut relayer = std::pin::pin!(relayer);
    tokio::select! {
        done = &mut relayer => return Ok(done?),
        () = wait_for_signal => {}
    }
    Ok(relayer.await?)
}

async fn status(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    // reqwest asks for a provider even for plain http; a second one is refused, and that is fine.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let folder = config.datadir.display();
    let url = server::running_url(&config.datadir)
        .with_context(|| format!("no relayer runs in {folder}"))?;
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let answer = client
        .get(format!("{url}/v1/health"))
        .send()
        .await
        .with_context(|| format!("the relayer of {folder} does not answer at {url}"))?;
    writeln!(out, "{}", answer.text().await?)?;
    Ok(())
}

/// Logs go to stderr: stdout belongs to the one line that says where we listen.
fn log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log).context("setting log")?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let started = if config.json_logs { lines.json().try_init() } else { lines.try_init() };
    started.map_err(|error| anyhow::anyhow!("starting the log: {error}"))
}
