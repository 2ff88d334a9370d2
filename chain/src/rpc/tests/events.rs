//! Logs are found, filtered, pushed, and taken back with their blocks.

use super::support::{ALICE, BOB, LOGGER, Node, list};
use jsonrpsee::core::client::{Subscription, SubscriptionClientT};
use serde_json::{Value, json};

async fn log_once(node: &Node) -> Value {
    let logger = node.place(LOGGER).await;
    node.ask("eth_sendTransactionSync", json!([{"from": ALICE, "to": logger}])).await
}

fn topic() -> String {
    format!("0x{:064x}", 42)
}

#[tokio::test]
async fn logs_are_found_by_range_hash_address_and_topic() {
    let node = Node::instant().await;
    let receipt = log_once(&node).await;
    let address = &receipt["logs"][0]["address"];

    for filter in [
        json!({"fromBlock": "0x0", "toBlock": "latest"}),
        json!({"blockHash": receipt["blockHash"]}),
        json!({"address": address, "topics": [topic()]}),
        json!({"address": [address, ALICE], "topics": [[topic(), receipt["blockHash"]]]}),
    ] {
        let logs = node.ask("eth_getLogs", json!([filter])).await;
        assert_eq!(logs, receipt["logs"], "{filter}");
    }
    let elsewhere = json!([{"address": BOB, "fromBlock": "earliest"}]);
    assert_eq!(node.ask("eth_getLogs", elsewhere).await, json!([]));
}

#[tokio::test]
async fn logs_of_an_unknown_block_are_an_error() {
    let node = Node::instant().await;
    let unknown = json!([{"blockHash": topic()}]);
    assert_eq!(node.refusal("eth_getLogs", unknown).await.code(), -32_000);
    let reversed = json!([{"fromBlock": "0x1", "toBlock": "0x0"}]);
    assert_eq!(node.refusal("eth_getLogs", reversed).await.code(), -32_602);
    let beyond = json!([{"fromBlock": "0x0", "toBlock": "0x9"}]);
    assert_eq!(node.refusal("eth_getLogs", beyond).await.code(), -32_602);
}

#[tokio::test]
async fn a_filter_brings_each_change_once() {
    let node = Node::instant().await;
    let blocks = node.ask("eth_newBlockFilter", json!([])).await;
    let pending = node.ask("eth_newPendingTransactionFilter", json!([])).await;
    let logs = node.ask("eth_newFilter", json!([{"topics": [topic()]}])).await;

    let receipt = log_once(&node).await;

    let changes = async |id: &Value| node.ask("eth_getFilterChanges", json!([id])).await;
    assert_eq!(changes(&blocks).await, json!([receipt["blockHash"]]));
    assert_eq!(changes(&pending).await, json!([receipt["transactionHash"]]));
    assert_eq!(changes(&logs).await, receipt["logs"]);
    for id in [&blocks, &pending, &logs] {
        assert_eq!(changes(id).await, json!([]));
    }
    assert_eq!(node.ask("eth_uninstallFilter", json!([logs])).await, true);
    assert_eq!(
        node.refusal("eth_getFilterChanges", json!([logs])).await.message(),
        "filter not found"
    );
}

#[tokio::test]
async fn a_block_that_is_taken_back_takes_its_logs_back() {
    let node = Node::instant().await;
    let snapshot = node.ask("evm_snapshot", json!([])).await;
    let filter = node.ask("eth_newFilter", json!([{}])).await;
    log_once(&node).await;

    node.ask("evm_revert", json!([snapshot])).await;

    let changes = node.ask("eth_getFilterChanges", json!([filter])).await;
    assert_eq!((&changes[0]["removed"], &changes[1]["removed"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn subscribers_are_told_of_heads_logs_and_transactions() {
    let node = Node::instant().await;
    let ws = node.ws().await;
    let subscribe = async |params: Value| -> Subscription<Value> {
        ws.subscribe("eth_subscribe", list(params), "eth_unsubscribe").await.unwrap()
    };
    let mut heads = subscribe(json!(["newHeads"])).await;
    let mut logs = subscribe(json!(["logs", {"topics": [topic()]}])).await;
    let mut pending = subscribe(json!(["newPendingTransactions"])).await;
    let mut whole = subscribe(json!(["newPendingTransactions", true])).await;

    let receipt = log_once(&node).await;

    assert_eq!(heads.next().await.unwrap().unwrap()["hash"], receipt["blockHash"]);
    assert_eq!(logs.next().await.unwrap().unwrap(), receipt["logs"][0]);
    assert_eq!(pending.next().await.unwrap().unwrap(), receipt["transactionHash"]);
    assert_eq!(whole.next().await.unwrap().unwrap()["from"], receipt["from"]);
}

#[tokio::test]
async fn an_unknown_kind_of_subscription_is_refused_by_name() {
    let node = Node::instant().await;
    let params = list(json!(["news"]));
    let ws = node.ws().await;

    let refused: Result<Subscription<Value>, _> =
        ws.subscribe("eth_subscribe", params, "eth_unsubscribe").await;

    let error = refused.err().unwrap().to_string();
    assert!(error.contains("`kind`"), "{error}");
}

#[tokio::test]
async fn filters_and_subscriptions_go_on_when_another_chain_is_loaded() {
    let node = Node::instant().await;
    let filter = node.ask("eth_newBlockFilter", json!([])).await;
    let client = node.ws().await;
    let mut heads: Subscription<Value> = client
        .subscribe("eth_subscribe", list(json!(["newHeads"])), "eth_unsubscribe")
        .await
        .unwrap();
    node.ask("anvil_mine", json!([2])).await;
    let dump = node.ask("anvil_dumpState", json!([])).await;
    node.ask("anvil_mine", json!([2])).await;
    node.ask("anvil_loadState", json!([dump])).await;
    node.ask("eth_getFilterChanges", json!([filter])).await;

    node.ask("evm_mine", json!([])).await;

    let head = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(head["number"], "0x3");
    let changes = node.ask("eth_getFilterChanges", json!([filter])).await;
    assert_eq!(changes, json!([head["hash"]]));
    while heads.next().await.unwrap().unwrap()["hash"] != head["hash"] {}
}

#[tokio::test]
async fn a_filter_that_is_asked_too_seldom_to_see_a_revert_brings_every_block_in_its_place() {
    let node = Node::instant().await;
    node.ask("anvil_mine", json!([4])).await;
    let snapshot = node.ask("evm_snapshot", json!([])).await;
    node.ask("anvil_mine", json!([6])).await;
    let filter = node.ask("eth_newBlockFilter", json!([])).await;
    node.ask("evm_revert", json!([snapshot])).await;
    node.ask("eth_sendTransactionSync", json!([{"from": ALICE, "to": BOB}])).await;
    // More than are kept for whoever is slow.
    node.ask("anvil_mine", json!([4_199])).await;

    let changes = node.ask("eth_getFilterChanges", json!([filter])).await;

    let changes = changes.as_array().unwrap();
    assert_eq!(changes.len(), 4_200);
    let first = node.ask("eth_getBlockByNumber", json!(["0x5", false])).await;
    assert_eq!(changes[0], first["hash"]);
    let changes = node.ask("eth_getFilterChanges", json!([filter])).await;
    assert_eq!(changes, json!([]));
}

#[tokio::test]
async fn a_log_filter_brings_only_logs_of_the_blocks_that_it_names() {
    let node = Node::instant().await;
    let logger = node.place(LOGGER).await;
    let log =
        async || node.ask("eth_sendTransactionSync", json!([{"from": ALICE, "to": logger}])).await;
    let filter = json!([{"fromBlock": "0x2", "toBlock": "0x3"}]);
    let filter = node.ask("eth_newFilter", filter).await;
    let receipts = [log().await, log().await, log().await, log().await];

    let changes = node.ask("eth_getFilterChanges", json!([filter])).await;

    assert_eq!(changes, json!([receipts[1]["logs"][0], receipts[2]["logs"][0]]));
    let reversed = json!([{"fromBlock": "0x9", "toBlock": "0x8"}]);
    assert_eq!(node.refusal("eth_newFilter", reversed).await.code(), -32_602);
}
