//! Takes the room on the disk away from a running node.

use super::process::{ALICE, BOB, Node, text};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    process::Command,
    time::{Duration, Instant},
};

/// The longest file while there is no room: longer than the node's log, shorter than one block.
const ROOM: usize = 32 << 10;

/// Longer than the node waits before it tries again (15 s), on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bounds the length of the files that a running node may write, in bytes.
fn bound_files(node: &Node, bytes: &str) -> Result<()> {
    let id = node.id().to_string();
    let bound = format!("--fsize={bytes}:");
    let bounded = Command::new("prlimit").args(["--pid", &id, &bound]).status()?;
    ensure!(bounded.success(), "prlimit does not bound files");
    Ok(())
}

/// Asks until it is so, or long enough for the node to have tried again.
#[expect(clippy::disallowed_methods, reason = "the node tries again in real time")]
fn until(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !is_so()? {
        ensure!(began.elapsed() < PATIENCE, "nothing was tried again");
    }
    Ok(())
}

/// A transaction with bytes that nothing makes shorter.
fn long() -> Value {
    let mut number = 1_u32;
    let mut byte = || {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{:02x}", number >> 24)
    };
    let data: String = (0..3 * ROOM).map(|_| byte()).collect();
    json!([{"from": ALICE, "to": BOB, "data": format!("0x{data}"), "gas": "0x600000"}])
}

#[test]
fn a_disk_that_takes_nothing_is_told_once_and_loses_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let datadir = text(folder.path())?;
    let mut node = Node::deaf_to_long_files(&["--datadir", datadir])?;
    let payment = json!([{"from": ALICE, "to": BOB, "value": "0x1", "gas": "0x5208"}]);
    let confirmed = node.ask("eth_sendTransaction", payment.clone())?;
    bound_files(&node, &ROOM.to_string())?;

    for _ in 0..10 {
        node.ask("eth_sendTransaction", long())?;
    }

    ensure!(node.height()? == 1, "nothing is confirmed that the disk does not have");
    ensure!(node.ask("txpool_status", json!([]))?["pending"] == "0xa");
    let log = node.log()?;
    let fault = |line: &str| {
        let (_, told) = line.split_once("no block could be made")?;
        told.split("unsaid").next().map(str::to_owned)
    };
    let said: Vec<_> = log.lines().filter_map(fault).collect();
    let different: BTreeSet<_> = said.iter().collect();
    ensure!(!said.is_empty() && said.len() == different.len(), "{log}");
    bound_files(&node, "unlimited")?;
    until(|| Ok(node.ask("txpool_status", json!([]))?["pending"] == "0x0"))?;
    node.end("TERM")?;
    let node = Node::start(&["--datadir", datadir])?;
    ensure!(node.ask("eth_getTransactionReceipt", json!([confirmed]))?["blockNumber"] == "0x1");
    let mined = node.height()?;
    ensure!(mined > 1, "with room again the pool is mined, without a restart");
    node.ask("eth_sendTransaction", payment)?;
    ensure!(node.height()? == mined + 1);
    Ok(())
}

#[test]
fn a_log_that_cannot_be_written_does_not_end_the_node() -> Result<()> {
    let node = Node::deaf_to_long_files(&["--log-filter", "debug"])?;
    bound_files(&node, "1")?;

    node.ask("anvil_mine", json!([5]))?;

    ensure!(node.height()? == 5);
    Ok(())
}
