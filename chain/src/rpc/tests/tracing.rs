//! Transactions run again under geth's tracers.

use super::support::{ALICE, BOB, LOGGER, Node};
use serde_json::{Value, json};

async fn traced(node: &Node, options: Value) -> Value {
    let logger = node.place(LOGGER).await;
    let receipt = node.ask("eth_sendTransactionSync", json!([{"from": ALICE, "to": logger}])).await;
    node.ask("debug_traceTransaction", json!([receipt["transactionHash"], options])).await
}

#[tokio::test]
async fn the_call_tracer_shows_calls_and_logs() {
    let node = Node::instant().await;
    let options = json!({"tracer": "callTracer", "tracerConfig": {"withLog": true}});

    let trace = traced(&node, options).await;

    assert_eq!(trace["type"], "CALL");
    assert_eq!(trace["logs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_tracer_that_is_not_there_is_told_from_those_that_are() {
    let node = Node::instant().await;
    for name in ["foo", "{step: function() {}}"] {
        let call = json!([{"from": ALICE, "to": BOB}, "latest", {"tracer": name}]);

        let refused = node.refusal("debug_traceCall", call).await;

        assert_eq!(refused.code(), -32_000);
        assert!(refused.message().contains("callTracer, prestateTracer"), "{refused}");
    }
}

#[tokio::test]
async fn the_prestate_tracer_shows_what_changed() {
    let node = Node::instant().await;
    let options = json!({"tracer": "prestateTracer", "tracerConfig": {"diffMode": true}});

    let trace = traced(&node, options).await;

    let alice = ALICE.to_string().to_lowercase();
    assert_eq!(trace["post"][alice]["nonce"], 1);
}

#[tokio::test]
async fn struct_logs_show_every_step() {
    let node = Node::instant().await;

    let trace = traced(&node, json!({})).await;

    let steps: Vec<&str> = trace["structLogs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["op"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["PUSH1", "PUSH1", "PUSH1", "LOG1", "STOP"]);
}

#[tokio::test]
async fn the_other_tracers_answer_too() {
    let node = Node::instant().await;
    for tracer in ["4byteTracer", "flatCallTracer", "noopTracer", "muxTracer"] {
        traced(&node, json!({"tracer": tracer, "tracerConfig": {}})).await;
    }
}

#[tokio::test]
async fn a_block_is_traced_transaction_by_transaction() {
    let node = Node::manual().await;
    for _ in 0..2 {
        node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}])).await;
    }
    node.ask("evm_mine", json!([])).await;

    let traces =
        node.ask("debug_traceBlockByNumber", json!(["0x1", {"tracer": "callTracer"}])).await;

    assert_eq!(traces.as_array().unwrap().len(), 2);
    let genesis = node.refusal("debug_traceBlockByNumber", json!(["0x0"])).await;
    assert_eq!(genesis.message(), "genesis is not traceable");
}

#[tokio::test]
async fn a_call_is_traced_with_overrides() {
    let node = Node::instant().await;
    let options = json!({"tracer": "callTracer", "stateOverrides": {BOB.to_string(): {"code": "0x60006000fd"}}});

    let trace =
        node.ask("debug_traceCall", json!([{"from": ALICE, "to": BOB}, "latest", options])).await;

    assert_eq!(trace["error"], "execution reverted");
}

#[tokio::test]
async fn calls_are_found_by_who_made_them() {
    let node = Node::instant().await;
    let request = json!([{"from": ALICE, "to": BOB, "value": "0x1"}]);
    let hash = node.ask("eth_sendTransaction", request).await;

    let found = node.ask("trace_filter", json!([{"fromAddress": [ALICE]}])).await;

    assert_eq!(found[0]["transactionHash"], hash);
    assert_eq!(found, node.ask("trace_transaction", json!([hash])).await);
    assert_eq!(found, node.ask("trace_block", json!(["latest"])).await);
    assert_eq!(node.ask("trace_filter", json!([{"fromAddress": [BOB]}])).await, json!([]));
}

#[tokio::test]
async fn an_unknown_tracer_is_refused() {
    let node = Node::instant().await;
    let params = json!([{"to": BOB}, "latest", {"tracer": "{fault: 1}"}]);
    assert!(node.refusal("debug_traceCall", params).await.message().contains("invalid tracer"));
}

#[tokio::test]
async fn raw_blocks_hash_to_their_hash() {
    let node = Node::instant().await;
    let block = node.ask("eth_getBlockByNumber", json!(["0x0", false])).await;
    let raw = node.ask("debug_getRawHeader", json!(["0x0"])).await;
    assert_eq!(node.ask("web3_sha3", json!([raw])).await, block["hash"]);
}
