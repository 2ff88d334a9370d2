//! Each node loads what the other dumped.

use crate::client::{ALICE, BOB, Node};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

const WHALE: &str = "0x00000000000000000000000000000000000000aa";

/// A chain with a payment, a contract, a log and an impersonated sender: four blocks.
fn live(node: &Node) -> Result<Vec<Value>> {
    node.ask("anvil_setCode", json!([WHALE, "0x"]))?;
    node.ask("anvil_setBalance", json!([WHALE, "0xde0b6b3a7640000"]))?;
    node.ask("anvil_impersonateAccount", json!([WHALE]))?;
    let logger = "0x00000000000000000000000000000000000000bb";
    node.ask("anvil_setCode", json!([logger, "0x602a60006000a100"]))?;
    node.ask("anvil_setStorageAt", json!([logger, "0x5", format!("0x{:064x}", 6)]))?;
    let requests = [
        json!({"from": ALICE, "to": BOB, "value": "0x5"}),
        json!({"from": ALICE, "data": "0x602a60005560016000f3"}),
        json!({"from": ALICE, "to": logger}),
        json!({"from": WHALE, "to": BOB, "value": "0x7"}),
    ];
    let mut hashes = Vec::new();
    for mut request in requests {
        request["gas"] = json!("0x186a0");
        request["gasPrice"] = json!("0x77359400");
        hashes.push(node.send(&request)?);
    }
    // The hash of an impersonated sender's transaction is each node's own.
    hashes.pop();
    Ok(hashes)
}

/// What both must tell of the chain.
fn story(node: &Node, hashes: &[Value]) -> Result<Vec<Value>> {
    let mut told = vec![node.ask("eth_blockNumber", json!([]))?];
    for number in ["0x0", "0x1", "0x2", "0x3", "0x4"] {
        let block = node.ask("eth_getBlockByNumber", json!([number, false]))?;
        told.extend(
            ["hash", "parentHash", "stateRoot", "timestamp"].map(|name| block[name].clone()),
        );
    }
    for hash in hashes {
        let receipt = node.ask("eth_getTransactionReceipt", json!([hash]))?;
        told.extend(["blockHash", "status", "from", "gasUsed"].map(|name| receipt[name].clone()));
        told.push(json!(receipt["logs"].as_array().map(Vec::len)));
        told.push(node.ask("eth_getTransactionByHash", json!([hash]))?["nonce"].clone());
    }
    for account in [ALICE, BOB, WHALE, "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512"] {
        told.push(node.ask("eth_getBalance", json!([account, "latest"]))?);
        told.push(node.ask("eth_getTransactionCount", json!([account, "latest"]))?);
        told.push(node.ask("eth_getCode", json!([account, "latest"]))?);
    }
    let slot = json!(["0x00000000000000000000000000000000000000bb", "0x5", "latest"]);
    told.push(node.ask("eth_getStorageAt", slot)?);
    Ok(told)
}

/// The chain goes on after it was loaded.
fn go_on(node: &Node) -> Result<()> {
    let before = node.ask("eth_getBlockByNumber", json!(["latest", false]))?;
    let request = json!({"from": ALICE, "to": BOB, "value": "0x1"});
    let hash = node.send(&request)?;
    let receipt = node.ask("eth_getTransactionReceipt", json!([hash]))?;
    ensure!(receipt["status"] == "0x1", "{receipt}");
    let block = node.ask("eth_getBlockByNumber", json!(["latest", false]))?;
    ensure!(block["parentHash"] == before["hash"] && block["number"] == "0x5", "{block}");
    Ok(())
}

fn carry(from: &Node, to: &Node, with_past: bool) -> Result<()> {
    let hashes = live(from)?;
    let told = story(from, &hashes)?;
    let dump = from.ask("anvil_dumpState", json!([with_past]))?;
    ensure!(to.ask("anvil_loadState", json!([dump]))? == true);
    let retold = story(to, &hashes)?;
    ensure!(told == retold, "before {told:#?}\nafter {retold:#?}");
    if with_past {
        for number in ["0x1", "0x2", "0x3", "0x4"] {
            let params = json!([BOB, number]);
            let (a, b) =
                (from.ask("eth_getBalance", params.clone())?, to.ask("eth_getBalance", params)?);
            ensure!(a == b, "balance at {number}: {a}, {b}");
        }
    }
    go_on(to)
}

#[test]
fn we_load_what_anvil_dumped() -> Result<()> {
    for with_past in [false, true] {
        carry(&Node::anvil(&[])?, &Node::ours(&[])?, with_past)?;
    }
    Ok(())
}

#[test]
fn anvil_loads_what_we_dumped() -> Result<()> {
    for with_past in [false, true] {
        carry(&Node::ours(&[])?, &Node::anvil(&[])?, with_past)?;
    }
    Ok(())
}

#[test]
fn files_go_from_one_node_to_the_other_and_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (first, second, third) = (file("anvil.json"), file("ours.json"), file("last.json"));
    let anvil = Node::anvil(&["--dump-state", &first])?;
    let hashes = live(&anvil)?;
    let told = story(&anvil, &hashes)?;
    anvil.stop()?;
    let ours = Node::ours(&["--load-state", &first, "--dump-state", &second])?;
    ensure!(story(&ours, &hashes)? == told);
    ours.stop()?;
    // Our own dump brings the same chain back here, too.
    let again = Node::ours(&["--load-state", &second, "--state-interval", "3600"])?;
    ensure!(story(&again, &hashes)? == told);
    again.stop()?;
    let anvil = Node::anvil(&["--load-state", &second, "--dump-state", &third])?;
    ensure!(story(&anvil, &hashes)? == told);
    anvil.stop()
}

#[test]
fn a_chain_under_poci_lives_in_a_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path().display().to_string();
    let first = Node::default_ours(&["--state", &state])?;
    first.ask("anvil_mine", json!([35]))?;
    let hash =
        first.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x5"}]))?;
    let old = first.ask("eth_getProof", json!([ALICE, [], "0x10"]))?;
    first.stop()?;
    ensure!(folder.path().join("state.json").exists());

    let second = Node::default_ours(&["--state", &state])?;

    ensure!(second.ask("eth_blockNumber", json!([]))? == "0x24");
    ensure!(second.ask("eth_getTransactionReceipt", json!([hash]))?["status"] == "0x1");
    ensure!(second.ask("eth_getProof", json!([ALICE, [], "0x10"]))? == old);
    second.ask("debug_traceTransaction", json!([hash, {}]))?;
    second.ask("anvil_mine", json!([20]))?;
    second.stop()
}
