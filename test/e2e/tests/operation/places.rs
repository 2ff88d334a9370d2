//! Asks several nodes of a forked chain in turn.

use super::{
    fork::{Upstream, word},
    process::{Node, refused_node},
};
use anyhow::{Result, ensure};
use serde_json::json;

/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:1";
const FLAGS: [&str; 3] = ["--no-storage-caching", "--fork-retries", "0"];

/// Two nodes of one chain: the second forked the first at its head, so it has the first one's blocks.
fn twins() -> Result<(Upstream, Node)> {
    let up = Upstream::ours()?;
    let second = Node::start(&[&FLAGS[..], &["--fork-url", &up.node.url()]].concat())?;
    // What the first is asked for below must be kept by the second, which goes on without it.
    second.ask("eth_call", up.call("latest"))?;
    second.ask("eth_getBlockByNumber", json!(["0x4", false]))?;
    Ok((up, second))
}

#[test]
fn a_node_that_does_not_answer_is_passed_over_at_the_start() -> Result<()> {
    let up = Upstream::ours()?;
    let urls = ["--fork-url", NOBODY, "--fork-url", &up.node.url()];

    let fork = Node::start(&[&FLAGS[..], &urls[..]].concat())?;

    ensure!(fork.ask("eth_call", up.call("latest"))? == word(7));
    let info = fork.ask("anvil_nodeInfo", json!([]))?;
    ensure!(info["forkConfig"]["forkUrl"] == up.node.url(), "{info}");
    Ok(())
}

#[test]
fn another_node_is_asked_when_one_goes() -> Result<()> {
    let (up, second) = twins()?;
    let urls = ["--fork-url", &up.node.url(), "--fork-url", &second.url()];
    let fork = Node::start(&[&FLAGS[..], &urls[..]].concat())?;
    let call = up.call("latest");
    drop(up);

    ensure!(fork.ask("eth_call", call)? == word(7));

    let info = fork.ask("anvil_nodeInfo", json!([]))?;
    ensure!(info["forkConfig"]["forkUrl"] == second.url(), "{info}");
    Ok(())
}

#[test]
fn a_node_of_another_chain_is_not_believed() -> Result<()> {
    let (up, stranger) = (Upstream::ours()?, Node::start(&["--chain-id", "5"])?);
    stranger.ask("anvil_mine", json!([9]))?;
    let urls = ["--fork-url", &up.node.url(), "--fork-url", &stranger.url()];
    let fork = Node::start(&[&FLAGS[..], &urls[..]].concat())?;
    let call = up.call("latest");
    drop(up);

    let refused = fork.refusal("eth_call", call)?;

    ensure!(
        refused.contains("does not answer") && refused.contains("nor do 1 others"),
        "{refused}"
    );
    fork.ask("anvil_setRpcUrl", json!([stranger.url()]))?;
    let contract = "0x00000000000000000000000000000000deadbeef";
    let refused = fork.refusal("eth_getBalance", json!([contract, "latest"]))?;
    ensure!(refused.contains("it has another chain: its block 4"), "{refused}");
    Ok(())
}

#[test]
fn urls_that_name_different_blocks_are_refused() -> Result<()> {
    let (one, other) = (format!("{NOBODY}@1"), format!("{NOBODY}@2"));
    let text = refused_node(&["--fork-url", &one, "--fork-url", &other])?;
    ensure!(text.contains("different blocks: 1 and 2"), "{text}");
    Ok(())
}

#[test]
fn a_node_that_comes_back_is_asked_again() -> Result<()> {
    let up = Upstream::ours()?;
    let flags = ["--timeout", "300", "--fork-url", &up.node.url()];
    let fork = Node::start(&[&FLAGS[..], &flags[..]].concat())?;
    up.node.pause()?;
    fork.refusal("eth_call", up.call("latest"))?;

    up.node.signal("CONT")?;

    ensure!(fork.ask("eth_call", up.call("latest"))? == word(7));
    Ok(())
}
