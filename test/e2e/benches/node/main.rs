//! Measures the node beside anvil, in one run, on one machine: `scripts/bench/node --help`.
//!
//! The load generator runs on the same machine as the node; transactions are signed and requests
//! are written out before the clock starts.
#![expect(
    clippy::disallowed_methods,
    reason = "it measures wall time and waits for other processes"
)]

mod accounts;
mod contract;
mod growth;
mod load;
mod machine;
mod memory;
mod peer;
mod reads;
mod start;
mod table;
mod throughput;
mod wallet;

use anyhow::{Context, Result, bail};
use e2e::http;
use peer::Peer;
use table::Table;

/// What is measured, by the name that selects it.
const SUBJECTS: &[(&str, Subject)] = &[
    ("start", Subject::Each(start::measure)),
    ("transfers", Subject::Each(throughput::transfers)),
    ("erc20", Subject::Each(throughput::erc20)),
    ("store", Subject::Each(throughput::store)),
    ("reads", Subject::Together(reads::measure)),
    ("growth", Subject::Each(growth::measure)),
    ("empty", Subject::Each(growth::empty_blocks)),
    ("logs", Subject::Each(reads::sparse_logs)),
    ("accounts", Subject::Each(accounts::measure)),
];

/// How a subject is measured.
enum Subject {
    /// One node after another.
    Each(fn(&Peer, &mut Table) -> Result<()>),
    /// All at the same time, asked in turn.
    Together(fn(&[Peer], &mut Table) -> Result<()>),
}

const USAGE: &str = "\
scripts/bench/node [--quick] [--durable] [--pruned] [--only-ours] [--with PATH] [SUBJECT..]
  subjects: start transfers erc20 store reads growth empty logs accounts (all by default)
  --quick      a tenth of the load
  --durable    also measure our node with an fsync per block
  --pruned     also measure our node with a window of history of 64 blocks
  --only-ours  leave anvil out
  --with PATH  also measure another build of our node";

fn main() -> Result<()> {
    let mut table = Table::default();
    let mut peers = vec![Peer::ours()?, Peer::ours_without_poci()?];
    let (mut chosen, mut is_with_anvil) = (Vec::new(), true);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            // cargo says so to every bench.
            "--bench" => {}
            "--quick" => load::be_quick(),
            "--durable" => peers.push(Peer::ours_durable()?),
            "--pruned" => peers.push(Peer::ours_pruned()?),
            "--only-ours" => is_with_anvil = false,
            "--with" => peers.push(Peer::other(&words.next().context("--with wants a path")?)?),
            "--help" => {
                eprintln!("{USAGE}");
                return Ok(());
            }
            name if SUBJECTS.iter().any(|(subject, _)| *subject == name) => chosen.push(word),
            other => bail!("{other} is no option and no subject\n{USAGE}"),
        }
    }
    if is_with_anvil {
        peers.push(Peer::anvil()?);
    }
    for (name, measure) in SUBJECTS {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            eprintln!("== {name}");
            match measure {
                Subject::Together(all) => all(&peers, &mut table)?,
                Subject::Each(one) => {
                    for peer in &peers {
                        // One that hangs, as anvil does now and then, does not end the run.
                        if let Err(error) = one(peer, &mut table) {
                            table.note_failure(name, peer.name, &error);
                        }
                    }
                }
            }
        }
    }
    machine::print()?;
    table.print();
    Ok(())
}
