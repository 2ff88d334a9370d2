//! Compiles the contracts into `contracts/abi`: ABI and creation code of every system contract.
//!
//! `utnet-compile` writes the files, `utnet-compile --check` fails if they are not what the sources give. Compiler and
//! settings are those of `foundry.toml`. The same sources give the same bytes on every machine.

mod abi;
mod settings;

use anyhow::{Context, ensure};
use clap::Parser;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Contracts that are written, in `contracts/src/**/NAME.sol`.
const CONTRACTS: [&str; 22] = [
    "BeaconHistory",
    "VendorRegistry",
    "PociViews",
    "PociRegistry",
    "Emission",
    "Vault",
    "OrderBook",
    "RpoiEscrow",
    "RentalDesk",
    "IntervalCourt",
    "RatingBook",
    "JobEscrow",
    "ResultRollup",
    "DatasetMarket",
    "Ranking",
    "Committee",
    "Availability",
    "ChipAdmission",
    "HandoverCourt",
    "EnvironmentProof",
    "ChipChallenges",
    "ChipEvidence",
];

/// A contract that answers more than its own ABI says, because its fallback hands calls on, and the interface that says
/// what. Both are one ABI to who calls it.
const FORWARDED: [(&str, &str); 1] = [("PociRegistry", "IPociViews")];

/// Compile the contracts into contracts/abi.
#[derive(Debug, Parser)]
struct Arguments {
    /// Root of the repository: where foundry.toml is.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Write nothing; fail if a file differs from what the sources give.
    #[arg(long)]
    check: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let root = fs::canonicalize(&arguments.root).context("no such root")?;
    let files = abi::compile(&settings::Foundry::read(&root)?, &CONTRACTS, &FORWARDED)?;
    let folder = root.join("contracts/abi");
    for (name, text) in &files {
        let path = folder.join(name).with_extension("json");
        if arguments.check {
            check(&path, text)?;
        } else {
            write(&path, text)?;
        }
    }
    Ok(())
}

/// Leaves a file alone that says this already: what is built from it need not be built again.
fn write(path: &Path, fresh: &str) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|kept| kept == fresh) {
        return Ok(());
    }
    fs::write(path, fresh).with_context(|| format!("cannot write {}", path.display()))
}

fn check(path: &Path, fresh: &str) -> anyhow::Result<()> {
    let kept =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let line = kept.lines().zip(fresh.lines()).position(|(old, new)| old != new);
    let place = line.map_or_else(|| "its length".to_owned(), |line| format!("line {}", line + 1));
    ensure!(
        kept == fresh,
        "{} is stale from {place} on: run `cargo run --release -p utnet-compile`",
        path.display()
    );
    Ok(())
}
