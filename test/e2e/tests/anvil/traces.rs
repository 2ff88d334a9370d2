//! The same transactions on both nodes give the same traces.

use crate::{
    client::{ALICE, BOB, Node, START},
    compare::{comparable, difference},
};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

const ROUTER: &str = "0x00000000000000000000000000000000000000a1";
const PAYEE: &str = "0x00000000000000000000000000000000000000b2";
const READER: &str = "0x00000000000000000000000000000000000000c3";
const REFUSER: &str = "0x00000000000000000000000000000000000000d4";
const MINER: &str = "0x00000000000000000000000000000000000000f6";
const MORTAL: &str = "0x00000000000000000000000000000000000000e5";

/// Stores its input at slot 0, logs, then calls everybody else in every way, creates, and returns its memory.
fn router() -> String {
    let call =
        |value: u8, to: &str| format!("6000600060206000 60{value:02x} 73{} 61ffff f1 50", &to[2..]);
    let read = |opcode: &str| format!("6020600060006000 73{} 61ffff {opcode} 50", &READER[2..]);
    [
        "0x 600035600055 602a600052 600760206000a1".to_owned(),
        call(1, PAYEE),
        read("fa"),
        read("f4"),
        "69602a60005560016000f3 600052 600a60166000f0 50".to_owned(),
        call(0, REFUSER),
        call(2, MORTAL),
        "60206000f3".to_owned(),
    ]
    .concat()
    .replace(' ', "")
}

/// Places the contracts and sends the transactions; answers with their hashes.
fn play(node: &Node) -> Result<Vec<Value>> {
    let mortal = format!("0x73{}ff", &ALICE[2..]);
    let contracts = [
        (ROUTER, router()),
        (PAYEE, "0x60006000a000".into()),
        (READER, "0x60005460010160005260206000f3".into()),
        (REFUSER, "0x602a60005260206000fd".into()),
        (MORTAL, mortal),
    ];
    for (address, code) in contracts {
        node.ask("anvil_setCode", json!([address, code]))?;
    }
    node.ask("anvil_setCoinbase", json!([MINER]))?;
    node.ask("anvil_setBalance", json!([MINER, "0xde0b6b3a7640000"]))?;
    let input = format!("0x{:064x}", 7);
    let requests = [
        json!({"from": ALICE, "to": BOB, "value": "0x5"}),
        json!({"from": ALICE, "to": ROUTER, "value": "0x64", "data": input}),
        json!({"from": BOB, "data": "0x602a60005560016000f3"}),
        json!({"from": BOB, "to": REFUSER, "data": "0x01020304"}),
        json!({"from": BOB, "to": ROUTER, "value": "0x64"}),
    ];
    let mut hashes = Vec::new();
    for (request, later) in requests.into_iter().zip(1..) {
        let mut request = request;
        request["gas"] = json!("0x7a120");
        request["gasPrice"] = json!("0x77359400");
        node.ask("evm_setNextBlockTimestamp", json!([START + later]))?;
        node.ask("anvil_setNextBlockBaseFeePerGas", json!(["0x3b9aca00"]))?;
        hashes.push(node.send(&request)?);
    }
    Ok(hashes)
}

/// Internal operations of anvil begin with the transaction itself, and show a payment to a contract that self-destructs
/// as its end alone.
fn internal(method: &str, mut answer: Value) -> Value {
    if let ("ots_getInternalOperations", Value::Array(list)) = (method, &mut answer) {
        let is_told_twice = |one: &Value| one["to"] == MORTAL || one["type"] == 1;
        list.retain(|one| one["from"] != ALICE && one["from"] != BOB && !is_told_twice(one));
    }
    answer
}

#[test]
fn traces_are_those_of_anvil() -> Result<()> {
    let start = START.to_string();
    let (ours, anvil) = (
        Node::ours(&["--timestamp", &start])?,
        Node::anvil(&["--timestamp", &start, "--steps-tracing"])?,
    );
    let hashes = play(&ours)?;
    ensure!(hashes == play(&anvil)?, "the transactions have other hashes");
    let mut wrong = Vec::new();
    for (method, params) in questions(&hashes) {
        let answers = (ours.ask(method, params.clone())?, anvil.ask(method, params.clone())?);
        let both = (internal(method, answers.0), internal(method, answers.1));
        let (a, b) = (comparable(method, both.0), comparable(method, both.1));
        if let Some(at) = difference("", &a, &b) {
            wrong.push(format!("{method} {params}\n    {at}"));
        }
    }
    ensure!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

fn questions(hashes: &[Value]) -> Vec<(&'static str, Value)> {
    let tracers = [
        json!({}),
        json!({"enableMemory": true, "enableReturnData": true}),
        json!({"disableStorage": true, "disableStack": true}),
        json!({"tracer": "callTracer"}),
        json!({"tracer": "callTracer", "tracerConfig": {"withLog": true}}),
        json!({"tracer": "callTracer", "tracerConfig": {"onlyTopCall": true}}),
        json!({"tracer": "prestateTracer"}),
        json!({"tracer": "prestateTracer", "tracerConfig": {"diffMode": true}}),
        json!({"tracer": "4byteTracer"}),
        json!({"tracer": "noopTracer"}),
    ];
    let mut all = Vec::new();
    for hash in hashes {
        for tracer in &tracers {
            all.push(("debug_traceTransaction", json!([hash, tracer])));
        }
        all.push(("trace_transaction", json!([hash])));
        all.push(("ots_getInternalOperations", json!([hash])));
        all.push(("ots_getTransactionError", json!([hash])));
    }
    let call = json!({"from": ALICE, "to": ROUTER, "value": "0x64", "gas": "0x7a120"});
    // anvil has no 4byteTracer for calls.
    for tracer in tracers.iter().filter(|tracer| tracer["tracer"] != "4byteTracer") {
        all.push(("debug_traceCall", json!([call, "latest", tracer])));
    }
    for block in 1..=hashes.len() {
        let number = format!("{block:#x}");
        all.push(("trace_block", json!([number])));
        all.push(("debug_traceBlockByNumber", json!([number, {"tracer": "callTracer"}])));
        for types in [json!(["trace"]), json!(["stateDiff"]), json!(["vmTrace"])] {
            all.push(("trace_replayBlockTransactions", json!([number, types])));
        }
    }
    all.push((
        "trace_filter",
        json!([{"fromBlock": "0x1", "toBlock": "0x5", "toAddress": [PAYEE]}]),
    ));
    all.push(("ots_getContractCreator", json!(["0x8464135c8f25da09e49bc8782676a84730c318bc"])));
    all.push(("ots_hasCode", json!([ROUTER, "latest"])));
    all.push(("ots_getApiLevel", json!([])));
    all
}
