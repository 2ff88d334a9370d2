//! The node's logs while it runs, and its end.

use super::process::{ALICE, BOB, Node, post, said, text};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
};

/// Each line of a text as the JSON object that it must be.
fn objects(lines: &str) -> Result<Vec<Value>> {
    let parse = |line: &str| -> Result<Value> {
        let value: Value =
            serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
        ensure!(value.is_object(), "no object: {line}");
        Ok(value)
    };
    lines.lines().map(parse).collect()
}

#[test]
fn log_lines_are_one_json_object_each_whatever_they_tell() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let odd = folder.path().join("odd \"name\"\nof two lines");
    std::fs::create_dir_all(odd.join("chip"))?;
    std::fs::write(odd.join("chip/chip.json"), "{\n\"no\": \"chip\"\u{1b}[31m")?;
    let flags = ["--log-format", "json", "--log-filter", "debug", "--chips", text(&odd)?];
    let mut node = Node::under_poci(&flags)?;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}]))?;
    node.refusal("no_such\n\"method\"", json!([]))?;
    node.refusal("eth_sendRawTransaction", json!(["0x02f8\n\"}"]))?;
    ensure!(node.end("TERM")?.success());

    let lines = objects(&node.log()?)?;

    let levels: Vec<_> = lines.iter().map(|line| line["level"].clone()).collect();
    ensure!(levels.contains(&json!("WARN")) && levels.contains(&json!("DEBUG")), "{levels:?}");
    ensure!(lines.iter().all(|line| line["timestamp"].is_string()), "a line has no time");
    let of_chip = lines.iter().find(|line| line["fields"]["message"] == "chip does not open");
    let path = of_chip.and_then(|line| line["fields"]["path"].as_str()).context("it is told")?;
    ensure!(path.contains("of two lines"), "{path}");
    Ok(())
}

#[test]
fn what_is_printed_is_json_but_for_the_lines_that_tools_wait_for() -> Result<()> {
    let node = Node::start(&["--json"])?;

    let printed = objects(&node.banner)?;

    ensure!(printed.len() == 1 && printed[0]["private_keys"].is_array(), "{}", node.banner);
    Ok(())
}

#[test]
fn a_signal_ends_the_node_and_the_chain_is_whole() -> Result<()> {
    for signal in ["INT", "TERM"] {
        let folder = tempfile::tempdir()?;
        let datadir = text(folder.path())?;
        let mut node = Node::start(&["--datadir", datadir])?;
        node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}]))?;

        ensure!(node.end(signal)?.success());

        let node = Node::start(&["--datadir", datadir])?;
        ensure!(node.height()? == 1);
    }
    Ok(())
}

#[test]
fn a_request_under_way_is_answered_before_the_end() -> Result<()> {
    let mut node = Node::start(&["--no-mining"])?;
    let waiting = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransactionSync",
        "params": [{"from": ALICE, "to": BOB}, 1_000]});
    let mut client = TcpStream::connect(&node.address)?;
    client.write_all(post(&waiting.to_string(), "").as_bytes())?;
    while node.ask("txpool_status", json!([]))?["pending"] == "0x0" {}

    ensure!(node.end("TERM")?.success());

    let mut answer = Vec::new();
    client.read_to_end(&mut answer)?;
    let answer = said(&answer);
    ensure!(answer.starts_with("HTTP/1.1 200") && answer.contains("no block took"), "{answer}");
    TcpStream::connect(&node.address).err().context("nobody listens any more")?;
    Ok(())
}

#[test]
fn a_call_that_computes_does_not_keep_the_node() -> Result<()> {
    let flags = ["--disable-block-gas-limit", "--shutdown-timeout", "0.2"];
    let mut node = Node::start(&flags)?;
    let mut client = TcpStream::connect(&node.address)?;
    // A loop of a minute and more.
    let endless = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_call",
        "params": [{"data": "0x5b5f56"}]});
    client.write_all(post(&endless.to_string(), "").as_bytes())?;
    // It was read before this one.
    node.ask("eth_chainId", json!([]))?;

    ensure!(node.end("TERM")?.success(), "{}", node.log()?);
    Ok(())
}

#[test]
fn clients_that_never_end_do_not_keep_the_node() -> Result<()> {
    let mut node = Node::start(&["--no-mining", "--shutdown-timeout", "0.2"])?;
    let _idle = TcpStream::connect(&node.address)?;
    let mut half = TcpStream::connect(&node.address)?;
    half.write_all(b"POST / HTTP/1.1\r\nHost: node\r\nContent-Length: 9\r\n\r\n{")?;
    let endless = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransactionSync",
        "params": [{"from": ALICE, "to": BOB}, 600_000]});
    let mut waiting = TcpStream::connect(&node.address)?;
    waiting.write_all(post(&endless.to_string(), "").as_bytes())?;
    while node.ask("txpool_status", json!([]))?["pending"] == "0x0" {}

    ensure!(node.end("TERM")?.success(), "{}", node.log()?);
    Ok(())
}
