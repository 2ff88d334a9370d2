//! Does what a person types: `utnet`.

mod amount;
mod commands;
mod files;
mod fingerprint;
mod gas;
mod manual;
mod merkle;
mod money;
mod node;
mod rented;
mod report;
mod revert;
mod sealing;
mod session;
mod wallet;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};
use commands::{
    chain, chip::Chip, dataset::Dataset, db::Db, dev::Dev, dispute::Dispute, job::Job, key::Key,
    operator::Operator, order::Order, rental::Rental, show::Show, vault::Vault, vendor::Vendor,
};
use serde_json::Value;
use session::Site;
use std::{ffi::OsStr, path::PathBuf, process::ExitCode};
use utnet_chain::config::{ExportArgs, ImportArgs, InitArgs, NodeArgs};

/// The UtilityNet chain: run a node, register chips, rent machines, give them jobs.
#[derive(Debug, Parser)]
#[command(name = "utnet", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    site: Site,
    /// Print JSON instead of lines for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a node: the dev chain with anvil's flags, or the one of a genesis file.
    Node(Box<NodeArgs>),
    /// Begin a chain in a data folder from a genesis file.
    Init(InitArgs),
    /// Take blocks from files into a data folder, each judged in full.
    Import(ImportArgs),
    /// Write a chain's blocks to a file.
    Export(ExportArgs),
    /// Make key files.
    #[command(subcommand)]
    Key(Key),
    /// Make, show, register, question and withdraw chips.
    #[command(subcommand)]
    Chip(Chip),
    /// Vouch for batches of chips.
    #[command(subcommand)]
    Vendor(Vendor),
    /// Put money into the vault, and take it out.
    #[command(subcommand)]
    Vault(Vault),
    /// Sign and post orders.
    #[command(subcommand)]
    Order(Order),
    /// Rent machines.
    #[command(subcommand)]
    Rental(Rental),
    /// Dispute an interval of a rental's use, and answer.
    #[command(subcommand)]
    Dispute(Dispute),
    /// Give a rented machine something to compute.
    #[command(subcommand)]
    Job(Job),
    /// Publish, buy and open datasets.
    #[command(subcommand)]
    Dataset(Dataset),
    /// Look after what an operator has at stake besides its chips: seats in committees, fuel.
    #[command(subcommand)]
    Operator(Operator),
    /// Look at draws, supply, ratings, availability.
    #[command(subcommand)]
    Show(Show),
    /// Move a dev chain: coins, blocks, time.
    #[command(subcommand)]
    Dev(Dev),
    /// Look after the database of a node that is not running.
    #[command(subcommand)]
    Db(Db),
    /// Print what completes this program's command lines in a shell: bash, zsh, fish, elvish, powershell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of this program or of one of its commands: `utnet man node | man -l -`.
    Man {
        /// The command.
        command: Option<String>,
    },
}

impl Command {
    /// What the command found; a node that ended finds nothing.
    async fn run(self, site: &Site) -> Result<Value> {
        match self {
            Self::Node(args) => node::run(*args).await,
            Self::Init(args) => chain::init(&args),
            Self::Import(args) => chain::import(&args).await,
            Self::Export(args) => chain::export(&args),
            Self::Key(key) => key.run(),
            Self::Chip(chip) => chip.run(site).await,
            Self::Vendor(vendor) => vendor.run(site).await,
            Self::Vault(vault) => vault.run(site).await,
            Self::Order(order) => order.run(site).await,
            Self::Rental(rental) => rental.run(site).await,
            Self::Dispute(dispute) => dispute.run(site).await,
            Self::Job(job) => job.run(site).await,
            Self::Dataset(dataset) => dataset.run(site).await,
            Self::Operator(operator) => operator.run(site).await,
            Self::Show(show) => show.run(site).await,
            Self::Dev(dev) => dev.run(site).await,
            Self::Db(db) => db.run(),
            Self::Completions { shell } => manual::completions(shell, Cli::command()),
            Self::Man { command } => manual::page(command.as_deref(), Cli::command()),
        }
    }
}

/// A dev node with anvil's command line, for tool chains that start a program of that name. POCI is off unless --chips,
/// --sealer-key or --epoch-blocks is given.
#[derive(Debug, Parser)]
#[command(name = "anvil", version = ANVIL_VERSION, max_term_width = 100)]
#[command(mut_arg("ipc", |arg| arg.default_missing_value("/tmp/anvil.ipc")))]
struct Anvil {
    #[command(flatten)]
    node: NodeArgs,
}

/// The version of anvil whose command line this is, and ours.
const ANVIL_VERSION: &str = concat!("1.7.1-utnet/v", env!("CARGO_PKG_VERSION"));

impl Cli {
    /// The command line of this process. A link to this program that is called `anvil` is the node,
    /// so that whatever starts anvil starts it: flags follow at once, without a subcommand.
    fn of_this_process() -> Self {
        let name = std::env::args_os().next().map(PathBuf::from);
        if name.is_some_and(|name| name.file_stem() == Some(OsStr::new("anvil"))) {
            return Anvil::parse().into();
        }
        Self::parse()
    }
}

impl From<Anvil> for Cli {
    fn from(anvil: Anvil) -> Self {
        Self {
            site: Site::default(),
            json: false,
            command: Command::Node(Box::new(anvil.node.as_anvil())),
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::of_this_process();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("utnet: {}", printable(&sentence(&error)));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes; a cause that the text before it tells already is not repeated.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| {
        let cause = cause.to_string();
        match said {
            said if said.contains(&cause) => said,
            said if said.is_empty() => cause,
            said => format!("{said}: {cause}"),
        }
    })
}

/// Text without control characters: some of it comes from other people's servers.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

fn run(cli: Cli) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let found = runtime.block_on(Box::pin(cli.command.run(&cli.site)));
    // A call that still computes for a client must not hold the end up.
    runtime.shutdown_background();
    let found = found?;
    if !found.is_null() {
        report::print(&mut std::io::stdout().lock(), &found, cli.json)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow::anyhow!("port in use").context("cannot listen: port in use");
        assert_eq!(sentence(&error), "cannot listen: port in use");
    }

    #[test]
    fn a_server_cannot_write_to_the_terminal_through_an_error() {
        assert_eq!(printable("bad\u{1b}[2Jthing\n"), "bad [2Jthing\n");
    }

    #[test]
    fn every_command_line_is_well_formed() {
        Cli::command().debug_assert();
        Anvil::command().debug_assert();
    }
}
