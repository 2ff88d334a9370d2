//! Forks within a block: its transactions are made again up to one of them.

use super::process::{ALICE, BOB, Node, refused_node, text, utnet_with};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// Who gets coins.
const TAKERS: [&str; 3] = [
    "0x00000000000000000000000000000000000000a1",
    "0x00000000000000000000000000000000000000a2",
    "0x00000000000000000000000000000000000000a3",
];

/// Two blocks of three payments each, of 1 wei and then of 16; the hashes of the second.
fn pay(node: &Node) -> Result<Vec<Value>> {
    let mut hashes = Vec::new();
    for (value, tips) in [("0x1", ["0x1", "0x2", "0x3"]), ("0x10", ["0x9", "0x8", "0x7"])] {
        hashes.clear();
        for (taker, tip) in TAKERS.iter().zip(tips) {
            let payment = json!({"from": ALICE, "to": taker, "value": value,
                "maxPriorityFeePerGas": tip, "maxFeePerGas": "0x77359400", "gas": "0x5208"});
            hashes.push(node.ask("eth_sendTransaction", json!([payment]))?);
        }
        node.ask("evm_mine", json!([]))?;
    }
    Ok(hashes)
}

fn balances(node: &Node) -> Result<Vec<Value>> {
    TAKERS.iter().map(|taker| node.ask("eth_getBalance", json!([taker, "latest"]))).collect()
}

fn flags<'a>(url: &'a str, hash: &'a Value) -> Vec<&'a str> {
    let hash = hash.as_str().unwrap_or_default();
    vec!["--fork-url", url, "--fork-transaction-hash", hash]
}

/// What a fork within block 2 shows, after its second payment.
fn check(up: &Node, hashes: &[Value], fork: &Node) -> Result<()> {
    ensure!(fork.height()? == 2);
    ensure!(balances(fork)? == ["0x11", "0x11", "0x1"]);
    let block = |node: &Node| node.ask("eth_getBlockByNumber", json!(["0x2", false]));
    let (ours, theirs) = (block(fork)?, block(up)?);
    ensure!(ours["transactions"] == json!(hashes[..2]), "{ours}");
    for field in ["parentHash", "timestamp", "miner", "baseFeePerGas", "mixHash", "gasLimit"] {
        ensure!(ours[field] == theirs[field], "{field}: {ours} {theirs}");
    }
    let first = fork.ask("eth_getTransactionReceipt", json!([hashes[0]]))?;
    ensure!(first["blockHash"] == ours["hash"], "{first}");
    let info = fork.ask("anvil_nodeInfo", json!([]))?;
    ensure!(info["forkConfig"]["forkBlockNumber"] == 1, "{info}");
    Ok(())
}

#[test]
fn a_fork_begins_after_a_transaction_of_a_node_of_ours() -> Result<()> {
    let up = Node::start(&["--no-mining"])?;
    let hashes = pay(&up)?;
    let url = up.url();

    let fork = Node::start(&[&flags(&url, &hashes[1])[..], &["--no-storage-caching"]].concat())?;

    check(&up, &hashes, &fork)
}

#[test]
fn a_fork_begins_after_a_transaction_of_anvil() -> Result<()> {
    let up = Node::anvil(&["--no-mining", "--hardfork", "osaka"])?;
    let hashes = pay(&up)?;
    let url = up.url();

    let fork = Node::start(&[&flags(&url, &hashes[1])[..], &["--no-storage-caching"]].concat())?;

    check(&up, &hashes, &fork)
}

#[test]
fn a_restart_makes_the_block_no_second_time_and_needs_no_upstream() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let datadir = text(folder.path())?;
    let up = Node::start(&["--no-mining"])?;
    let hashes = pay(&up)?;
    let url = up.url();
    let flags = [&flags(&url, &hashes[1])[..], &["--datadir", datadir]].concat();
    let mut fork = Node::start(&flags)?;
    fork.ask("eth_sendTransaction", json!([{"from": BOB, "to": ALICE, "value": "0x1"}]))?;
    let head = fork.ask("eth_getBlockByNumber", json!(["latest", false]))?;
    ensure!(fork.end("TERM")?.success());
    drop(up);

    let fork = Node::start(&flags)?;

    ensure!(fork.ask("eth_getBlockByNumber", json!(["latest", false]))? == head);
    Ok(())
}

#[test]
fn a_transaction_that_is_nowhere_is_told() -> Result<()> {
    let up = Node::start(&["--no-mining"])?;
    let waiting = up.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}]))?;
    for hash in [waiting, json!(format!("0x{}", "11".repeat(32)))] {
        let url = up.url();
        let text = refused_node(&flags(&url, &hash))?;
        ensure!(text.contains("is in no block of the forked chain"), "{text}");
    }
    Ok(())
}

#[test]
fn a_block_and_a_transaction_are_not_both_named() -> Result<()> {
    let hash = json!(format!("0x{}", "11".repeat(32)));
    let node = ["node", "--port", "0", "--fork-block-number", "1"];
    let run = utnet_with(&[&node[..], &flags("http://127.0.0.1:1", &hash)].concat())?;
    ensure!(run.status.code() == Some(2), "{:?}", run.status);
    let text = refused_node(&flags("http://127.0.0.1:1@5", &hash))?;
    ensure!(text.contains("give one of them"), "{text}");
    Ok(())
}
