//! Lets the tools that people use loose on the real node: viem, ethers, cast.

use anyhow::{Context, Result, ensure};
use e2e::{ALICE, ALICE_KEY, BOB, Node, needed, run};
use std::process::Command;

#[test]
fn viem_deploys_reads_watches_and_cheats() -> Result<()> {
    let node = Node::start()?;
    ensure!(node.script("viem.mjs")?.contains("viem: ok"));
    Ok(())
}

#[test]
fn viem_moves_the_chain_in_both_of_its_modes() -> Result<()> {
    let node = Node::with(&["--no-poci", "--retries", "0"])?;
    let forked = Node::with(&["--no-poci"])?;
    let said = run(node.script_command("viem_actions.mjs")?.arg(forked.http()))?;
    for mode in ["anvil", "hardhat"] {
        ensure!(said.contains(&format!("viem as {mode}: ok")), "{said}");
    }
    ensure!(node.cast(&["block-number"])? == "0", "the story ends with a reset");
    Ok(())
}

#[test]
fn ethers_works_over_http_ws_and_ipc() -> Result<()> {
    let node = Node::start()?;
    let said = node.script("ethers.mjs")?;
    for transport in ["http", "ws", "ipc"] {
        ensure!(said.contains(&format!("ethers over {transport}: ok")), "{said}");
    }
    Ok(())
}

#[test]
fn cast_sends_reads_and_traces() -> Result<()> {
    let node = Node::start()?;

    ensure!(node.cast(&["chain-id"])? == "31337");
    ensure!(node.cast(&["client"])?.starts_with("anvil/"));
    let sent =
        node.cast(&["send", BOB, "--value", "1ether", "--private-key", ALICE_KEY, "--json"])?;
    let receipt: serde_json::Value = serde_json::from_str(&sent)?;
    let hash = receipt["transactionHash"].as_str().context("a receipt has a hash")?;
    ensure!(receipt["status"] == "0x1");
    ensure!(node.cast(&["balance", BOB, "--ether"])?.starts_with("10001"));
    ensure!(node.cast(&["nonce", ALICE])? == "1");
    ensure!(node.cast(&["block", "latest", "--field", "number"])? == "1");
    ensure!(node.cast(&["block", "pending", "--field", "number"])? == "2");
    ensure!(node.cast(&["estimate", BOB, "--value", "1", "--from", ALICE])? == "21000");
    node.cast(&["proof", BOB, "0x0"])?;
    node.cast(&["logs", "--from-block", "0"])?;
    node.cast(&["run", hash])?;
    let traced =
        node.cast(&["rpc", "debug_traceTransaction", hash, r#"{"tracer":"callTracer"}"#])?;
    ensure!(traced.contains("\"type\":\"CALL\""), "{traced}");
    Ok(())
}

#[test]
fn cast_speaks_over_the_unix_socket() -> Result<()> {
    let node = Node::start()?;
    let cast = needed("node_modules/@foundry-rs/cast-linux-amd64/bin/cast", "npm ci")?;
    let number = run(Command::new(cast).args(["block-number", "--rpc-url", &node.ipc()]))?;
    ensure!(number == "0", "{number}");
    Ok(())
}
