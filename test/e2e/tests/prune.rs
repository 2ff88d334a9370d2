//! A node with a window of history: its disk stays bounded over thousands of blocks, it answers for what is
//! inside, and says of the rest that it is gone, also when it is started without a window later.

use alloy_primitives::{hex, keccak256};
use anyhow::{Result, ensure};
use e2e::{
    ALICE, BOB, Node,
    http::{Client, Prepared, call},
};
use serde_json::{Value, json};
use std::path::Path;
use utnet_db::{FileStats, Kept, OpenOptions, Store, maintain};

/// Blocks before the head that are kept.
const WINDOW: u64 = 64;
/// Blocks made before each look at the disk.
const BLOCKS: u64 = 1_000;
/// Transactions in a block, and bytes that each carries and nobody can compress.
const TRANSACTIONS: u64 = 4;
const BYTES: usize = 8_192;

fn start(folder: &Path, flags: &[&str]) -> Result<Node> {
    let folder = folder.display().to_string();
    let flags = [&["--no-mining", "--no-poci", "--datadir", &folder], flags].concat();
    Node::with(&flags)
}

fn client(node: &Node) -> Result<Client> {
    Client::connect(node.http().trim_start_matches("http://").parse()?)
}

fn noise(seed: u64) -> String {
    let words =
        (0..).map(|index: u64| keccak256([seed.to_be_bytes(), index.to_be_bytes()].concat()));
    let bytes: Vec<u8> = words.flatten().take(BYTES).collect();
    hex::encode_prefixed(bytes)
}

/// Makes blocks with transactions among the same accounts.
fn grow(client: &mut Client, blocks: u64) -> Result<u64> {
    let head = client.number("eth_blockNumber", &json!([]))?;
    for block in head..head + blocks {
        let transaction = |index: u64| {
            let request = json!({
                "from": ALICE, "to": BOB, "value": "0x1", "gas": "0x7a120",
                "data": noise(block * TRANSACTIONS + index),
            });
            call("eth_sendTransaction", &json!([request]))
        };
        let mut calls: Vec<Value> = (0..TRANSACTIONS).map(transaction).collect();
        calls.push(call("evm_mine", &json!([])));
        let answers = client.ask_all(&calls)?;
        ensure!(answers.iter().all(|answer| !answer.is_null()), "{answers:?}");
    }
    client.number("eth_blockNumber", &json!([]))
}

/// The code of the error that a call answers with; 0 for a result.
fn code(client: &mut Client, method: &str, params: &Value) -> Result<i64> {
    let answer: Value = serde_json::from_slice(&client.send(&Prepared::call(method, params))?)?;
    Ok(answer["error"]["code"].as_i64().unwrap_or_default())
}

fn check_window(client: &mut Client, head: u64) -> Result<()> {
    let first = head - WINDOW;
    for (block, expected) in [(first, 0), (first - 1, 4_444)] {
        let number = format!("{block:#x}");
        for (method, params) in [
            ("eth_getBalance", json!([BOB, number])),
            ("eth_getProof", json!([BOB, [], number])),
            ("eth_getBlockByNumber", json!([number, true])),
            ("eth_getBlockReceipts", json!([number])),
        ] {
            let found = code(client, method, &params)?;
            ensure!(found == expected, "{method} at {block} of {head}: {found}");
        }
    }
    let balance = client.ask("eth_getBalance", &json!([BOB, format!("{first:#x}")]))?;
    let latest = client.ask("eth_getBalance", &json!([BOB, "latest"]))?;
    let number = |value: &Value| u128::from_str_radix(&value.as_str().unwrap_or("")[2..], 16);
    ensure!(number(&latest)? - number(&balance)? == u128::from(WINDOW * TRANSACTIONS));
    Ok(())
}

/// Bytes of the tables that a window bounds: all but those of headers and of the state now.
fn bounded(stats: &FileStats) -> u64 {
    let names = [
        "BlockOmmers",
        "BlockWithdrawals",
        "Transactions",
        "TransactionHashNumbers",
        "TransactionBlocks",
        "TransactionSenders",
        "Receipts",
        "AccountsHistory",
        "StoragesHistory",
        "AccountChangeSets",
        "StorageChangeSets",
        "Sidecars",
    ];
    let bounded = stats.tables.iter().filter(|table| names.contains(&table.name));
    bounded.map(|table| table.bytes).sum()
}

#[test]
fn the_disk_of_a_pruned_node_stays_bounded() -> Result<()> {
    let home = tempfile::tempdir()?;
    let window = WINDOW.to_string();
    let flags = ["--prune", "minimal", "--prune.state", &window, "--prune.receipts", &window];
    let flags = [flags.as_slice(), &["--prune.bodies", &window]].concat();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let node = start(home.path(), &flags)?;
        let mut client = client(&node)?;
        let head = grow(&mut client, BLOCKS)?;
        check_window(&mut client, head)?;
        // Killed, not ended: what was removed is removed all the same.
        drop(node);
        let (stats, kept) = maintain::stats(home.path())?;
        let first = head - WINDOW;
        ensure!(kept == Kept { state: first, receipts: first, bodies: first }, "{kept:?}");
        seen.push((bounded(&stats), stats.disk_bytes));
    }
    let [(first, disk), .., (last, last_disk)] = seen[..] else { anyhow::bail!("{seen:?}") };
    ensure!(last < first + first / 4, "the tables grow: {seen:?}");
    // Headers and the state of Ethereum's history contracts grow, which is little beside what was sent.
    let sent = 2 * BLOCKS * TRANSACTIONS * BYTES as u64;
    ensure!(last_disk < disk + sent / 4, "the file grows: {seen:?}, sent {sent}");
    Store::open(home.path(), OpenOptions::default())?.view()?.verify()?;

    let node = start(home.path(), &[])?;
    let mut client = client(&node)?;
    node.wait_for("everything is kept")?;
    let text = node.text();
    ensure!(text.contains("; gone: state before block 2936, receipts and logs before"), "{text}");
    let gone = code(&mut client, "eth_getBalance", &json!([BOB, "0xb77"]))?;
    ensure!(gone == 4_444, "{gone}");
    Ok(())
}

#[test]
fn a_node_with_everything_comes_into_its_window() -> Result<()> {
    let home = tempfile::tempdir()?;
    let node = start(home.path(), &[])?;
    node.wait_for("everything is kept (--prune bounds it)")?;
    let head = grow(&mut client(&node)?, 400)?;
    drop(node);

    let window = WINDOW.to_string();
    let node = start(home.path(), &["--prune.state", &window, "--prune.bodies", &window])?;
    let mut client = client(&node)?;
    // It answers and makes blocks while it removes what is too old.
    let head = grow(&mut client, 20)?.max(head);
    let kept = loop {
        let told = client.ask("eth_capabilities", &json!([]))?;
        let kept = ["state", "receipts", "blocks"].map(|part| told[part]["oldestBlock"].clone());
        if kept.iter().all(|first| *first == format!("{:#x}", head - WINDOW)) {
            break kept;
        }
    };
    drop(node);
    let found = maintain::check(home.path(), &|_, _| Ok(()))?;
    ensure!(found.faults.is_empty(), "{kept:?}: {:?}", found.faults);
    Ok(())
}
