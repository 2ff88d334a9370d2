//! Prometheus sees what the node does.

use super::support::{ALICE, BOB, Node};
use serde_json::json;

#[tokio::test]
async fn requests_errors_and_blocks_are_counted() {
    let node = Node::instant().await;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}])).await;
    node.refusal("eth_getBalance", json!(["0x12"])).await;
    node.refusal("eth_nothing", json!([])).await;

    let text = node.metrics().await;

    for line in [
        "utnet_rpc_request_duration_seconds_count{method=\"eth_sendTransaction\"} 1",
        "utnet_rpc_request_duration_seconds_count{method=\"unknown\"} 1",
        "utnet_rpc_errors_total{method=\"eth_getBalance\",code=\"-32602\"} 1",
        "utnet_blocks_total 1",
        "utnet_transactions_total 1",
        "utnet_gas_used_total 21000",
        "utnet_head_height 1",
        "utnet_pool_transactions{state=\"pending\"} 0",
        "utnet_database_commit_seconds_count 1",
        "utnet_rpc_in_flight 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn who_made_a_block_is_counted() {
    let node = Node::poci().await;
    node.ask("anvil_mine", json!([2])).await;

    let text = node.metrics().await;

    assert!(text.contains("utnet_poci_blocks_total{by=\"sealer\"} 2"), "{text}");
    assert!(text.contains("utnet_poci_epoch 0"), "{text}");
}

#[tokio::test]
async fn subscriptions_and_websockets_are_counted_while_they_last() {
    use jsonrpsee::core::client::{Subscription, SubscriptionClientT};
    let node = Node::instant().await;
    let client = node.ws().await;
    let params = super::support::list(json!(["newHeads"]));
    let heads: Subscription<serde_json::Value> =
        client.subscribe("eth_subscribe", params, "eth_unsubscribe").await.unwrap();

    let text = node.metrics().await;
    assert!(text.contains("utnet_rpc_subscriptions 1"), "{text}");
    assert!(text.contains("utnet_rpc_websockets 1"), "{text}");

    drop(heads);
    drop(client);
    while !node.metrics().await.contains("utnet_rpc_websockets 0") {}
    assert!(node.metrics().await.contains("utnet_rpc_subscriptions 0"));
}
