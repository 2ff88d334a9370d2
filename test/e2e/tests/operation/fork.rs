//! Forks real nodes, ours and anvil, and goes on from there.

use super::process::{ALICE, BOB, Node, refused_node};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// A contract: without calldata it answers with slot 0, with it it stores the first word there.
const INIT: &str = "0x6017600c60003960176000f336600f5760005460005260206000f35b60003560005500";

/// A chain of four blocks: a contract, whose slot is 5 at block 2, 6 at block 3, 7 at block 4.
pub(super) struct Upstream {
    pub(super) node: Node,
    pub(super) contract: String,
    /// Block 2.
    hash: Value,
    /// Its transaction.
    transaction: Value,
}

impl Upstream {
    pub(super) fn ours() -> Result<Self> {
        Self::on(Node::start(&["--no-mining"])?)
    }

    fn anvil() -> Result<Self> {
        Self::on(Node::anvil(&["--no-mining", "--hardfork", "osaka"])?)
    }

    fn on(node: Node) -> Result<Self> {
        let deployed = node.send(&json!({"from": ALICE, "data": INIT, "gas": "0x100000"}))?;
        let contract = deployed["contractAddress"].as_str().context("it was created")?.to_owned();
        let stored = node.send(&store(&contract, 5))?;
        node.send(&store(&contract, 6))?;
        node.send(&store(&contract, 7))?;
        let (hash, transaction) = (stored["blockHash"].clone(), stored["transactionHash"].clone());
        Ok(Self { node, contract, hash, transaction })
    }

    /// A call of the contract.
    pub(super) fn call(&self, block: &str) -> Value {
        json!([{"to": self.contract}, block])
    }
}

/// A transaction that stores a word in the contract.
pub(super) fn store(contract: &str, value: u8) -> Value {
    json!({"from": ALICE, "to": contract, "data": format!("0x{value:064x}"), "gas": "0x100000"})
}

pub(super) fn word(value: u64) -> Value {
    json!(format!("0x{value:064x}"))
}

/// What the fork shows of the other chain as of block 3, and what it has made of it.
fn check(up: &Upstream, fork: &Node) -> Result<()> {
    ensure!(fork.height()? == 3);
    ensure!(fork.ask("eth_chainId", json!([]))? == "0x7a69");
    shows_state(up, fork)?;
    shows_blocks(up, fork)?;
    goes_on(up, fork)?;
    // Cheats, and what cannot be.
    fork.ask("anvil_setBalance", json!([BOB, "0x5"]))?;
    ensure!(fork.ask("eth_getBalance", json!([BOB, "latest"]))? == "0x5");
    let refused = fork.refusal("eth_getProof", json!([BOB, [], "latest"]))?;
    ensure!(refused.contains("forked chain has no proofs"), "{refused}");
    Ok(())
}

fn shows_state(up: &Upstream, fork: &Node) -> Result<()> {
    let slot = json!([up.contract, "0x0", "latest"]);
    let code = json!([up.contract, "latest"]);
    ensure!(fork.ask("eth_call", up.call("latest"))? == word(6));
    ensure!(fork.ask("eth_call", up.call("0x2"))? == word(5));
    ensure!(fork.ask("eth_getStorageAt", slot)? == word(6));
    ensure!(fork.ask("eth_getCode", code.clone())? == up.node.ask("eth_getCode", code)?);
    Ok(())
}

fn shows_blocks(up: &Upstream, fork: &Node) -> Result<()> {
    for (method, params) in [
        ("eth_getBlockByNumber", json!(["0x2", true])),
        ("eth_getBlockByHash", json!([up.hash, false])),
        ("eth_getTransactionByHash", json!([up.transaction])),
        ("eth_getTransactionReceipt", json!([up.transaction])),
    ] {
        let (ours, theirs) = (fork.ask(method, params.clone())?, up.node.ask(method, params)?);
        for field in ["hash", "blockHash", "from", "status", "gasUsed", "stateRoot", "input"] {
            ensure!(ours[field] == theirs[field], "{method}: {field}: {ours} {theirs}");
        }
    }
    ensure!(fork.ask("eth_getLogs", json!([{"fromBlock": "0x0"}]))? == json!([]));
    Ok(())
}

fn goes_on(up: &Upstream, fork: &Node) -> Result<()> {
    let sent = fork.send(&store(&up.contract, 9))?;
    ensure!(sent["blockNumber"] == "0x4");
    ensure!(fork.ask("eth_call", up.call("latest"))? == word(9));
    ensure!(fork.ask("eth_call", up.call("0x3"))? == word(6));
    ensure!(up.node.ask("eth_call", up.call("latest"))? == word(7));
    let third = up.node.ask("eth_getBlockByNumber", json!(["0x3", false]))?;
    let fourth = fork.ask("eth_getBlockByNumber", json!(["0x4", false]))?;
    ensure!(fourth["parentHash"] == third["hash"]);
    // BLOCKHASH of block 3 is the other chain's.
    let at = "0x00000000000000000000000000000000000b10c4";
    fork.ask("anvil_setCode", json!([at, "0x60034060005260206000f3"]))?;
    ensure!(fork.ask("eth_call", json!([{"to": at}, "latest"]))? == third["hash"]);
    Ok(())
}

#[test]
fn a_node_of_ours_is_forked() -> Result<()> {
    let up = Upstream::ours()?;
    let flags = ["--no-mining", "--no-storage-caching", "--fork-block-number", "3", "--fork-url"];
    let fork = Node::start(&[&flags[..], &[&up.node.url()]].concat())?;
    check(&up, &fork)
}

#[test]
fn anvil_is_forked() -> Result<()> {
    let up = Upstream::anvil()?;
    let url = format!("{}@3", up.node.url());
    let fork = Node::start(&["--no-mining", "--no-storage-caching", "--fork-url", &url])?;
    check(&up, &fork)
}

#[test]
fn a_node_is_made_a_fork_and_asks_elsewhere_while_it_runs() -> Result<()> {
    let up = Upstream::ours()?;
    let node = Node::start(&["--no-storage-caching", "--fork-retries", "0"])?;
    let forking = json!([{"forking": {"jsonRpcUrl": up.node.url(), "blockNumber": 3}}]);

    node.ask("anvil_reset", forking)?;

    ensure!(node.height()? == 3);
    ensure!(node.ask("eth_call", up.call("latest"))? == word(6));
    let info = node.ask("anvil_nodeInfo", json!([]))?;
    ensure!(info["forkConfig"]["forkBlockNumber"] == 3, "{info}");
    ensure!(info["forkConfig"]["forkUrl"] == up.node.url(), "{info}");
    node.ask("anvil_setRpcUrl", json!(["http://127.0.0.1:1"]))?;
    let refused =
        node.refusal("eth_getBalance", json!([up.contract.replace('1', "3"), "latest"]))?;
    ensure!(refused.contains("does not answer"), "{refused}");
    node.ask("anvil_setRpcUrl", json!([up.node.url()]))?;
    node.ask("eth_getBalance", json!([up.contract.replace('1', "3"), "latest"]))?;
    Ok(())
}

#[test]
fn a_fork_begins_again_at_the_latest_block_or_ends() -> Result<()> {
    let up = Upstream::ours()?;
    let latest = up.node.height()?;
    let genesis = json!(["0x0", false]);
    let node = Node::start(&["--no-storage-caching"])?;
    let own = node.ask("eth_getBlockByNumber", genesis.clone())?;
    let forking = json!([{"forking": {"jsonRpcUrl": up.node.url(), "blockNumber": 1}}]);
    node.ask("anvil_reset", forking)?;
    ensure!(node.height()? == 1);

    node.ask("anvil_reset", json!([{"forking": {}}]))?;

    ensure!(node.height()? == latest);
    // Another node of the same chain takes over.
    let elsewhere = up.node.url().replace("127.0.0.1", "localhost");
    let moved = json!([{"forking": {"jsonRpcUrl": elsewhere, "blockNumber": latest}}]);
    node.ask("anvil_reset", moved)?;
    let info = node.ask("anvil_nodeInfo", json!([]))?;
    ensure!(info["forkConfig"]["forkUrl"] == elsewhere, "{info}");
    node.ask("anvil_reset", json!([]))?;
    ensure!(node.ask("eth_getBlockByNumber", genesis)? == own);
    node.ask("evm_mine", json!([]))?;
    ensure!(node.height()? == 1);
    // One that began as a fork becomes a dev chain.
    let url = up.node.url();
    let fork = Node::start(&["--no-storage-caching", "--fork-url", &url])?;
    fork.ask("anvil_reset", json!([]))?;
    ensure!(fork.height()? == 0);
    let info = fork.ask("anvil_nodeInfo", json!([]))?;
    ensure!(info["forkConfig"]["forkUrl"].is_null(), "{info}");
    ensure!(fork.ask("eth_getCode", json!([up.contract, "latest"]))? == "0x");
    fork.ask("evm_mine", json!([]))?;
    Ok(())
}

#[test]
fn an_upstream_that_is_not_there_is_told_with_its_host() -> Result<()> {
    let url = "http://user:secret@127.0.0.1:1/key";
    let text = refused_node(&["--fork-retries", "0", "--fork-url", url])?;
    ensure!(text.contains("http://127.0.0.1:1 does not answer"), "{text}");
    ensure!(!text.contains("secret") && !text.contains("/key"), "{text}");
    Ok(())
}
