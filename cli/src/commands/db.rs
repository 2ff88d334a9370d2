//! Looks after the database of a node that is not running.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;
use utnet_chain::execution::check_commitments;
use utnet_db::{Fault, FileStats, Kept, maintain};

#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Tell how large the file and its tables are, and from which blocks on history is kept.
    Stats(Folder),
    /// Read everything and check it: entries, header chain, transactions, receipts, state root, tries,
    /// histories, indices. Changes nothing; fails if something is wrong.
    Check(Folder),
    /// Mend what a check finds: take blocks back to the last good one, compute tries and indices
    /// anew. The old file stays as mdbx.dat.damaged.
    Repair(Folder),
    /// Copy everything to a new file without gaps, which takes the old one's place at once.
    Compact(Folder),
}

#[derive(Args, Debug)]
pub(crate) struct Folder {
    /// Folder of the chain's database.
    #[arg(long, value_name = "DIR")]
    datadir: PathBuf,
}

impl Db {
    pub(crate) fn run(self) -> Result<Value> {
        match self {
            Self::Stats(Folder { datadir }) => {
                let (stats, kept) = maintain::stats(&datadir)?;
                Ok(sizes(&stats, kept))
            }
            Self::Check(folder) => check(&folder),
            Self::Repair(Folder { datadir }) => {
                let done = maintain::repair(&datadir, &check_commitments)?;
                Ok(json!({
                    "faults": done.faults.iter().map(text).collect::<Vec<_>>(),
                    "headBefore": done.head_before,
                    "head": done.head,
                    "blocksTakenBack": done.head_before.saturating_sub(done.head),
                    "oldFile": (!done.faults.is_empty()).then_some("mdbx.dat.damaged"),
                }))
            }
            Self::Compact(Folder { datadir }) => {
                let (before, after) = maintain::compact(&datadir)?;
                Ok(json!({ "bytesBefore": before.disk_bytes, "bytesNow": after.disk_bytes }))
            }
        }
    }
}

fn check(Folder { datadir }: &Folder) -> Result<Value> {
    let found = maintain::check(datadir, &check_commitments)?;
    if found.faults.is_empty() {
        return Ok(json!({
            "faults": [],
            "firstBlock": found.genesis,
            "head": found.head,
            "keptFrom": found.kept.map(kept_from),
        }));
    }
    let faults: Vec<_> = found.faults.iter().map(text).collect();
    bail!(
        "{} holds {} faults:\n  {}\nmend what can be with: utnet db repair --datadir {}",
        datadir.display(),
        faults.len(),
        faults.join("\n  "),
        datadir.display()
    )
}

fn text(fault: &Fault) -> String {
    match fault.block {
        Some(number) => format!("block {number}: {}", fault.error),
        None => fault.error.to_string(),
    }
}

/// The first block of which each kind of history is there.
fn kept_from(kept: Kept) -> Value {
    json!({ "state": kept.state, "receipts": kept.receipts, "bodies": kept.bodies })
}

fn sizes(stats: &FileStats, kept: Kept) -> Value {
    let tables = stats.tables.iter().map(
        |table| json!({ "table": table.name, "entries": table.entries, "bytes": table.bytes }),
    );
    json!({
        "diskBytes": stats.disk_bytes,
        "usedBytes": stats.used_bytes,
        "freeBytes": stats.free_bytes,
        "keptFrom": kept_from(kept),
        "tables": tables.collect::<Vec<_>>(),
    })
}
