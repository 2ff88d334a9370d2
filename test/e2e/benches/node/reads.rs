//! Measures single reads: a call, a whole block, logs that are far between.

use crate::{
    contract::{balanceOfCall, deploy, markCall},
    http::{Client, Prepared, call, quantity},
    load::scaled,
    machine::core_time,
    peer::{Peer, Running},
    table::Table,
    wallet::{Action, dev_accounts, sign, sign_many},
};
use alloy_primitives::{Address, U256, hex};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Rounds in which each node is asked in turn: what the machine does meanwhile meets all alike.
const TURNS: usize = 20;
/// Reads of each kind in a round.
const IN_TURN: usize = 60;
/// Transactions in the block that is read.
const IN_BLOCK: u64 = 200;
/// Reads of the logs.
const LOG_ROUNDS: usize = 15;

/// A node with a token and a whole block, and the connection that asks it.
struct Asked<'a> {
    peer: &'a Peer,
    node: Running,
    client: Client,
    requests: [Prepared; KINDS.len()],
}

/// What is asked, in the order of `Asked::requests`.
const KINDS: [&str; 3] =
    ["eth_call", "eth_getBlockByNumber, 200 whole transactions", "eth_getTransactionCount"];

pub(crate) fn measure(peers: &[Peer], table: &mut Table) -> Result<()> {
    let mut asked = Vec::with_capacity(peers.len());
    for peer in peers {
        match Asked::prepare(peer) {
            Ok(ready) => asked.push(ready),
            Err(error) => table.note_failure("reads", peer.name, &error),
        }
    }
    for (kind, what) in KINDS.iter().enumerate() {
        let begun = cores(&asked)?;
        let mut times = vec![Vec::with_capacity(TURNS * IN_TURN); asked.len()];
        for _ in 0..TURNS {
            for (one, times) in asked.iter_mut().zip(&mut times) {
                times.extend(one.times(kind)?);
            }
        }
        for (place, (one, ended)) in asked.iter().zip(cores(&asked)?).enumerate() {
            times[place].sort_unstable();
            note(table, what, one.peer.name, &times[place], ended - begun[place]);
        }
    }
    Ok(())
}

/// How long each node had a core so far.
fn cores(asked: &[Asked<'_>]) -> Result<Vec<Duration>> {
    asked.iter().map(|one| core_time(one.node.pid())).collect()
}

impl<'a> Asked<'a> {
    fn prepare(peer: &'a Peer) -> Result<Self> {
        let keys = dev_accounts(2)?;
        let node = peer.start(&["--no-mining"])?;
        let mut client = node.client()?;
        let token = deploy(&mut client, &keys[0])?;
        fill_block(&mut client, &keys[1])?;
        let data = balanceOfCall { account: keys[0].address() }.abi_encode();
        let read = json!([{ "to": token, "data": hex::encode_prefixed(data) }, "latest"]);
        let requests = [
            Prepared::call("eth_call", &read),
            Prepared::call("eth_getBlockByNumber", &json!(["latest", true])),
            Prepared::call("eth_getTransactionCount", &json!([token, "latest"])),
        ];
        Ok(Self { peer, node, client, requests })
    }

    /// Times of one turn's requests of a kind, one after another.
    fn times(&mut self, kind: usize) -> Result<Vec<Duration>> {
        times(&mut self.client, &self.requests[kind], IN_TURN)
    }
}

fn fill_block(client: &mut Client, key: &PrivateKeySigner) -> Result<()> {
    let pay = |n: u64| Action::pay(Address::with_last_byte(100 + (n % 100) as u8));
    let raw = sign_many(key, 0, IN_BLOCK, pay)?;
    let calls: Vec<_> =
        raw.iter().map(|raw| call("eth_sendRawTransaction", &json!([raw]))).collect();
    client.ask_all(&calls)?;
    client.ask("evm_mine", &json!([]))?;
    let count = client.number("eth_getBlockTransactionCountByNumber", &json!(["latest"]))?;
    ensure!(count == IN_BLOCK, "the block has {count} transactions");
    Ok(())
}

fn note(table: &mut Table, what: &str, peer: &'static str, sorted: &[Duration], core: Duration) {
    let at = |share: usize| sorted[sorted.len() * share / 100].as_secs_f64() * 1e6;
    let each = core.as_secs_f64() * 1e6 / (TURNS * (IN_TURN + IN_TURN / 10)) as f64;
    table.note(&format!("{what}, p50"), peer, format!("{:.0} us ({each:.0} us of a core)", at(50)));
    table.note(&format!("{what}, p99"), peer, format!("{:.0} us", at(99)));
}

/// Sorted times of the same request, one after another; a tenth before them is not counted.
fn times(client: &mut Client, request: &Prepared, rounds: usize) -> Result<Vec<Duration>> {
    for _ in 0..rounds / 10 {
        client.send(request)?;
    }
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let begun = Instant::now();
        client.send(request)?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

/// One log in a thousand blocks, sought over all of them.
pub(crate) fn sparse_logs(peer: &Peer, table: &mut Table) -> Result<()> {
    let blocks = scaled(100_000);
    let node = peer.start(&["--no-mining"])?;
    let mut client = node.client()?;
    let found = mark_now_and_then(&mut client, blocks)?;
    let filter = json!([{ "fromBlock": "0x0", "toBlock": "latest", "address": found.0 }]);
    let logs = client.ask("eth_getLogs", &filter)?;
    let count = logs.as_array().map_or(0, Vec::len) as u64;
    ensure!(count == found.1, "{count} logs of {}", found.1);
    let times = times(&mut client, &Prepared::call("eth_getLogs", &filter), LOG_ROUNDS)?;
    let middle = times[LOG_ROUNDS / 2].as_secs_f64() * 1e3;
    let what = format!("eth_getLogs over {blocks} blocks, one log in a thousand");
    table.note(&what, peer.name, format!("{middle:.1} ms"));
    Ok(())
}

/// Makes blocks with a log in every thousandth; the contract and how many logs there are.
fn mark_now_and_then(client: &mut Client, blocks: u64) -> Result<(Address, u64)> {
    let key = dev_accounts(1)?.remove(0);
    let contract = deploy(client, &key)?;
    let mut marks = 0;
    while quantity(&client.ask("eth_blockNumber", &Value::Array(Vec::new()))?)? < blocks {
        let input = markCall { topic: U256::from(marks) }.abi_encode().into();
        let mark = Action { to: contract.into(), value: U256::ZERO, input, gas: 100_000 };
        client.ask("eth_sendRawTransaction", &json!([sign(&key, 1 + marks, &mark)?]))?;
        client.ask("anvil_mine", &json!(["0x3e8"]))?;
        marks += 1;
    }
    Ok((contract, marks))
}
