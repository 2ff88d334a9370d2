//! Traces in Parity's form, and what Otterscan asks.

use super::support::{ALICE, BOB, LOGGER, Node, PARROT};
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

/// Runtime code that sends the value it gets on to Bob.
fn forwarder() -> String {
    let bob = BOB.to_string().to_lowercase();
    format!("0x600060006000600034 73{} 5af1 00", bob.trim_start_matches("0x"))
}

/// Creation code that leaves one zero byte as code.
const MAKER: &str = "0x602a60005560016000f3";

async fn send(node: &Node, request: Value) -> Value {
    node.ask("eth_sendTransactionSync", json!([request])).await
}

#[tokio::test]
async fn a_call_shows_its_calls_its_steps_and_what_it_changed() {
    let node = Node::instant().await;
    let forwarder = node.place(&forwarder()).await;
    let request = json!({"from": ALICE, "to": forwarder, "value": "0x5"});
    let types = json!(["trace", "vmTrace", "stateDiff"]);

    let traces = node.ask("trace_call", json!([request, types])).await;

    assert_eq!(traces["trace"].as_array().unwrap().len(), 2);
    assert_eq!(traces["trace"][1]["traceAddress"], json!([0]));
    assert_eq!(traces["vmTrace"]["ops"].as_array().unwrap().len(), 9);
    let bob = BOB.to_string().to_lowercase();
    assert!(traces["stateDiff"][bob]["balance"]["*"].is_object(), "{}", traces["stateDiff"]);
}

#[tokio::test]
async fn a_trace_that_is_not_asked_for_is_not_made() {
    let node = Node::instant().await;
    let traces = node.ask("trace_call", json!([{"from": ALICE, "to": BOB}, ["trace"]])).await;
    assert!(traces["vmTrace"].is_null() && traces["stateDiff"].is_null());
    let code = node.error_code("trace_call", json!([{"to": BOB}, ["all"]])).await;
    assert_eq!(code, Some(-32_602));
}

#[tokio::test]
async fn calls_follow_one_another() {
    let node = Node::instant().await;
    let pay = json!([{"from": ALICE, "to": BOB, "value": "0x5"}, ["stateDiff"]]);

    let traces = node.ask("trace_callMany", json!([[pay, pay]])).await;

    let bob = BOB.to_string().to_lowercase();
    let change = |index: usize| traces[index]["stateDiff"][&bob]["balance"]["*"].clone();
    assert_eq!(change(0)["to"], change(1)["from"]);
}

#[tokio::test]
async fn a_mined_transaction_traces_as_its_call_did() {
    let node = Node::instant().await;
    let forwarder = node.place(&forwarder()).await;
    let receipt = send(&node, json!({"from": ALICE, "to": forwarder, "value": "0x5"})).await;
    let hash = &receipt["transactionHash"];

    let replayed = node.ask("trace_replayTransaction", json!([hash, ["trace", "stateDiff"]])).await;

    let whole =
        node.ask("trace_replayBlockTransactions", json!(["latest", ["trace", "stateDiff"]])).await;
    assert_eq!(&whole[0]["transactionHash"], hash);
    assert_eq!(whole[0]["trace"], replayed["trace"]);
    let listed = node.ask("trace_transaction", json!([hash])).await;
    assert_eq!(listed[1]["action"], replayed["trace"][1]["action"]);
    assert_eq!(node.ask("trace_get", json!([hash, ["0x1"]])).await, listed[1]);
    assert!(node.ask("trace_get", json!([hash, []])).await.is_null());
    assert_eq!(node.ask("trace_block", json!(["0x0"])).await, json!([]));
}

#[tokio::test]
async fn a_signed_transaction_is_traced_without_being_sent() {
    let node = Node::instant().await;
    let raw = node.ask("eth_signTransaction", json!([{"from": ALICE, "to": BOB}])).await;

    let traces = node.ask("trace_rawTransaction", json!([raw, ["trace"]])).await;

    assert_eq!(traces["trace"][0]["type"], "call");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
    node.ask("eth_sendRawTransaction", json!([raw])).await;
    let again = node.refusal("trace_rawTransaction", json!([raw, ["trace"]])).await;
    assert!(again.message().contains("nonce too low"), "{again}");
}

#[tokio::test]
async fn opcodes_are_counted() {
    let node = Node::instant().await;
    let logger = node.place(LOGGER).await;
    let receipt = send(&node, json!({"from": ALICE, "to": logger})).await;

    let counted = node.ask("trace_transactionOpcodeGas", json!([receipt["transactionHash"]])).await;

    let names: Vec<_> =
        counted["opcodeGas"].as_array().unwrap().iter().map(|one| &one["opcode"]).collect();
    assert_eq!(names, ["LOG1", "PUSH1", "STOP"]);
    assert_eq!(counted["opcodeGas"][1]["count"], 3);
    let block = node.ask("trace_blockOpcodeGas", json!(["latest"])).await;
    assert_eq!(block["transactions"][0], counted);
}

#[tokio::test]
async fn otterscan_sees_inner_payments_and_the_call_tree() {
    let node = Node::instant().await;
    let forwarder = node.place(&forwarder()).await;
    let receipt = send(&node, json!({"from": ALICE, "to": forwarder, "value": "0x5"})).await;
    let hash = &receipt["transactionHash"];

    let inner = node.ask("ots_getInternalOperations", json!([hash])).await;
    let tree = node.ask("ots_traceTransaction", json!([hash])).await;

    let bob = BOB.to_string().to_lowercase();
    assert_eq!(
        (&inner[0]["to"], &inner[0]["value"], &inner[0]["type"]),
        (&json!(bob), &json!("0x5"), &json!(0))
    );
    assert_eq!((&tree[1]["type"], &tree[1]["depth"]), (&json!("CALL"), &json!(1)));
    assert_eq!(node.ask("ots_getApiLevel", json!([])).await, 8);
}

#[tokio::test]
async fn otterscan_finds_who_made_a_contract() {
    let node = Node::instant().await;
    let receipt = send(&node, json!({"from": ALICE, "data": MAKER})).await;
    node.ask("anvil_mine", json!([3])).await;
    let made = &receipt["contractAddress"];

    let found = node.ask("ots_getContractCreator", json!([made])).await;

    assert_eq!(found["hash"], receipt["transactionHash"]);
    assert_eq!(found["creator"], json!(ALICE.to_string().to_lowercase()));
    assert_eq!(node.ask("ots_hasCode", json!([made, "latest"])).await, true);
    let placed = node.place(LOGGER).await;
    assert!(node.ask("ots_getContractCreator", json!([placed])).await.is_null());
}

#[tokio::test]
async fn otterscan_shows_why_a_transaction_failed() {
    let node = Node::instant().await;
    let parrot = node.place(PARROT).await;
    let request = json!({"from": ALICE, "to": parrot, "data": "0x0102", "gas": "0x186a0"});
    let receipt = send(&node, request).await;

    let error = node.ask("ots_getTransactionError", json!([receipt["transactionHash"]])).await;

    assert_eq!((&receipt["status"], error), (&json!("0x0"), json!("0x0102")));
}

#[tokio::test]
async fn an_address_history_is_paged_both_ways() {
    let node = Node::instant().await;
    let forwarder = node.place(&forwarder()).await;
    let mut hashes = Vec::new();
    for _ in 0..3 {
        let receipt = send(&node, json!({"from": ALICE, "to": forwarder, "value": "0x5"})).await;
        hashes.push(receipt["transactionHash"].clone());
    }
    let of = |page: &Value| -> Vec<Value> {
        page["txs"].as_array().unwrap().iter().map(|tx| tx["hash"].clone()).collect()
    };

    // Bob is only ever paid from inside.
    let newest = node.ask("ots_searchTransactionsBefore", json!([BOB, 0, 2])).await;
    let oldest = node.ask("ots_searchTransactionsBefore", json!([BOB, 2, 2])).await;
    let up = node.ask("ots_searchTransactionsAfter", json!([BOB, 0, 2])).await;

    assert_eq!(of(&newest), [hashes[2].clone(), hashes[1].clone()]);
    assert_eq!((&newest["firstPage"], &newest["lastPage"]), (&json!(true), &json!(false)));
    assert_eq!(of(&oldest), [hashes[0].clone()]);
    assert_eq!(oldest["lastPage"], true);
    assert_eq!(of(&up), [hashes[1].clone(), hashes[0].clone()]);
    let nobody = node.ask("ots_searchTransactionsBefore", json!([Address::ZERO, 0, 9])).await;
    assert_eq!(of(&nobody), [] as [Value; 0]);
}

/// Otterscan reads the receipts of a search by its formatter, which wants a list of logs: null left every address's page
/// empty.
#[tokio::test]
async fn a_search_shows_whole_receipts() {
    let node = Node::instant().await;
    let logger = node.place(LOGGER).await;
    let receipt = send(&node, json!({"from": ALICE, "to": logger})).await;

    for method in ["ots_searchTransactionsBefore", "ots_searchTransactionsAfter"] {
        let found = node.ask(method, json!([logger, 0, 25])).await;

        for (field, value) in receipt.as_object().unwrap() {
            assert_eq!(&found["receipts"][0][field], value, "{method}: {field}");
        }
        assert_eq!(found["receipts"][0]["logs"].as_array().unwrap().len(), 1, "{method}");
    }
}

/// Otterscan turns each page round, so its pages begin at the block's end.
#[tokio::test]
async fn a_block_comes_in_pages_from_its_end() {
    let node = Node::manual().await;
    for _ in 0..3 {
        node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}])).await;
    }
    node.ask("evm_mine", json!([])).await;
    let page = async |number: u64, size: u64| {
        let page = node.ask("ots_getBlockTransactions", json!(["0x1", number, size])).await;
        let list = |value: &Value, field: &str| -> Vec<Value> {
            value.as_array().unwrap().iter().map(|one| one[field].clone()).collect()
        };
        assert_eq!(page["fullblock"]["transactionCount"], 3);
        assert!(page["receipts"].as_array().unwrap().iter().all(|one| one["logs"].is_null()));
        let indices = list(&page["fullblock"]["transactions"], "transactionIndex");
        assert_eq!(list(&page["receipts"], "transactionIndex"), indices);
        indices
    };

    assert_eq!(page(0, 2).await, ["0x1", "0x2"]);
    assert_eq!(page(1, 2).await, ["0x0"]);
    assert_eq!(page(2, 2).await, [] as [Value; 0]);
    assert_eq!(page(0, u64::MAX).await.len(), 3);
    assert_eq!(page(u64::MAX, 2).await, [] as [Value; 0]);
}

#[tokio::test]
async fn otterscan_sees_a_block_without_its_transactions_and_none_as_null() {
    let node = Node::manual().await;
    for _ in 0..3 {
        node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}])).await;
    }
    node.ask("evm_mine", json!([])).await;

    let details = node.ask("ots_getBlockDetails", json!(["0x1"])).await;

    assert_eq!(details["block"]["transactionCount"], 3);
    assert_ne!(details["totalFees"], "0x0");
    let by_hash = json!([details["block"]["hash"]]);
    assert_eq!(node.ask("ots_getBlockDetailsByHash", by_hash).await, details);
    let page = node.ask("ots_getBlockTransactions", json!(["0x1", 0, 1])).await;
    let hash = node.ask("ots_getTransactionBySenderAndNonce", json!([ALICE, 2])).await;
    assert_eq!(hash, page["receipts"][0]["transactionHash"]);
    let nowhere = B256::repeat_byte(7);
    assert!(node.ask("ots_getBlockDetails", json!([2])).await.is_null());
    assert!(node.ask("ots_getBlockDetailsByHash", json!([nowhere])).await.is_null());
    assert!(node.ask("ots_getBlockTransactions", json!([2, 0, 25])).await.is_null());
}

#[tokio::test]
async fn otterscan_names_blocks_by_plain_numbers() {
    let node = Node::instant().await;
    send(&node, json!({"from": ALICE, "to": BOB, "value": "0x1"})).await;

    let details = node.ask("ots_getBlockDetails", json!([1])).await;
    let page = node.ask("ots_getBlockTransactions", json!([1, 0, 25])).await;
    let header = node.ask("erigon_getHeaderByNumber", json!([1])).await;

    assert_eq!(details["block"]["number"], "0x1");
    assert_eq!(page["receipts"].as_array().unwrap().len(), 1);
    assert_eq!(header["hash"], details["block"]["hash"]);
    assert_eq!(node.ask("ots_hasCode", json!([BOB, 1])).await, false);
    assert_eq!(node.ask("trace_block", json!([1])).await.as_array().unwrap().len(), 1);
    let block = node.ask("eth_getBlockByNumber", json!([1, false])).await;
    assert_eq!(block["hash"], header["hash"]);
}
