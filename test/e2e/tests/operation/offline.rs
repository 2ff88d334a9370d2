//! Goes on with a fork whose upstream was there and is gone.

use super::{
    fork::{Upstream, store, word},
    process::{ALICE, BOB, Node, text},
};
use anyhow::{Result, ensure};
use serde_json::json;

/// An account that no fork was asked for.
const UNKNOWN: &str = "0x00000000000000000000000000000000deadbeef";

#[test]
fn a_fork_makes_blocks_when_its_upstream_is_gone() -> Result<()> {
    let up = Upstream::ours()?;
    let url = up.node.url();
    let fork = Node::start(&[
        "--no-storage-caching",
        "--no-mining",
        "--fork-retries",
        "0",
        "--fork-url",
        &url,
    ])?;
    ensure!(fork.ask("eth_call", up.call("latest"))? == word(7));
    let (call, contract) = (up.call("latest"), up.contract.clone());
    drop(up);

    fork.ask("anvil_mine", json!([3]))?;
    fork.send(&store(&contract, 8))?;
    fork.send(&json!({"from": ALICE, "to": BOB, "value": "0x1"}))?;

    ensure!(fork.height()? == 9);
    ensure!(fork.ask("eth_call", call)? == word(8));
    Ok(())
}

#[test]
fn a_fork_that_never_made_a_block_makes_its_first_one_without_its_upstream() -> Result<()> {
    let up = Upstream::ours()?;
    let url = up.node.url();
    let fork = Node::start(&["--no-storage-caching", "--fork-url", &url])?;
    drop(up);

    let hash =
        fork.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}]))?;

    let receipt = fork.ask("eth_getTransactionReceipt", json!([hash]))?;
    ensure!(receipt["blockNumber"] == "0x5", "{receipt}\n{}", fork.log()?);
    Ok(())
}

#[test]
fn what_only_the_upstream_knows_fails_clearly_and_waits_without_stopping_others() -> Result<()> {
    let up = Upstream::ours()?;
    let url = up.node.url();
    let fork = Node::start(&["--no-storage-caching", "--fork-retries", "0", "--fork-url", &url])?;
    drop(up);

    let refused = fork.refusal("eth_getBalance", json!([UNKNOWN, "latest"]))?;
    ensure!(refused.contains("does not answer"), "{refused}");
    let refused = fork.refusal("eth_call", json!([{"to": UNKNOWN}, "latest"]))?;
    ensure!(refused.contains("does not answer"), "{refused}");
    let gas = json!("0x5208");
    let waiting = json!([{"from": ALICE, "to": UNKNOWN, "value": "0x1", "gas": gas}]);
    let waiting = fork.ask("eth_sendTransaction", waiting)?;
    ensure!(fork.height()? == 4, "no empty block is made for it");
    let passing =
        fork.ask("eth_sendTransaction", json!([{"from": BOB, "to": ALICE, "gas": gas}]))?;

    ensure!(fork.ask("eth_getTransactionReceipt", json!([passing]))?["blockNumber"] == "0x5");
    let pooled = fork.ask("eth_getTransactionByHash", json!([waiting]))?;
    ensure!(pooled["blockNumber"].is_null(), "{pooled}");
    ensure!(fork.ask("eth_getTransactionReceipt", json!([waiting]))?.is_null());
    let log = fork.log()?;
    ensure!(log.matches("waits in the pool").count() == 1, "{log}");
    Ok(())
}

#[test]
fn a_fork_that_was_kept_goes_on_without_its_upstream() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let datadir = text(folder.path())?;
    let up = Upstream::ours()?;
    let url = up.node.url();
    let flags = ["--no-mining", "--fork-url", &url, "--datadir", datadir];
    let mut fork = Node::start(&flags)?;
    ensure!(fork.ask("eth_call", up.call("latest"))? == word(7));
    fork.send(&store(&up.contract, 8))?;
    ensure!(fork.end("TERM")?.success());
    let (call, before, contract) = (up.call("latest"), up.call("0x4"), up.contract.clone());
    drop(up);

    let fork = Node::start(&[&flags[..], &["--fork-retries", "0"]].concat())?;

    ensure!(fork.height()? == 5);
    ensure!(fork.ask("eth_call", call.clone())? == word(8));
    ensure!(fork.ask("eth_call", before)? == word(7));
    fork.send(&store(&contract, 9))?;
    fork.ask("anvil_mine", json!([5]))?;
    ensure!(fork.ask("eth_call", call)? == word(9));
    let refused = fork.refusal("eth_getBalance", json!([UNKNOWN, "latest"]))?;
    ensure!(refused.contains("does not answer"), "{refused}");
    Ok(())
}
