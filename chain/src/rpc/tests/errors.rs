//! Errors carry the codes and words that tools look for.

use super::support::{ALICE, BOB, Node, PARROT};
use alloy_primitives::hex;
use alloy_sol_types::{Revert, SolError};
use serde_json::json;

#[tokio::test]
async fn an_unknown_method_has_the_code_of_json_rpc() {
    let node = Node::instant().await;
    assert_eq!(node.refusal("eth_nothing", json!([])).await.code(), -32_601);
}

/// It had the code of a fault of the node.
#[tokio::test]
async fn a_subscription_over_http_is_refused_by_geths_code() {
    let node = Node::instant().await;
    for (method, params) in
        [("eth_subscribe", json!(["newHeads"])), ("eth_unsubscribe", json!(["0x1"]))]
    {
        let error = node.refusal(method, params).await;

        assert_eq!(error.code(), -32_601);
        assert!(error.message().starts_with("notifications not supported"), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let node = Node::instant().await;

    let error = node.refusal("eth_getBalance", json!(["0x12", "latest"])).await;

    assert_eq!(error.code(), -32_602);
    assert!(error.message().contains("`address`"), "{error}");
    let error = node.refusal("eth_getBalance", json!([ALICE, "newest"])).await;
    assert!(error.message().contains("`block`"), "{error}");
}

#[tokio::test]
async fn a_revert_has_code_3_with_reason_and_data() {
    let node = Node::instant().await;
    let parrot = node.place(PARROT).await;
    let data = hex::encode_prefixed(Revert::from("not today").abi_encode());

    let error = node.refusal("eth_call", json!([{"to": parrot, "data": data}, "latest"])).await;

    assert_eq!((error.code(), error.message()), (3, "execution reverted: not today"));
    assert_eq!(error.data().unwrap().get(), format!("\"{data}\""));
}

#[tokio::test]
async fn a_used_nonce_is_refused_in_geths_words() {
    let node = Node::instant().await;
    let transfer = json!([{"from": ALICE, "to": BOB, "value": "0x1", "nonce": "0x0"}]);
    node.ask("eth_sendTransaction", transfer.clone()).await;

    let error = node.refusal("eth_sendTransaction", transfer).await;

    assert_eq!(error.code(), -32_000);
    assert!(error.message().starts_with("nonce too low"), "{error}");
}

#[tokio::test]
async fn too_little_money_is_refused_in_geths_words() {
    let node = Node::instant().await;
    let all = format!("0x{}", "f".repeat(40));
    let transfer = json!([{"from": ALICE, "to": BOB, "value": all, "gas": "0x5208"}]);

    let error = node.refusal("eth_sendTransaction", transfer).await;

    assert!(error.message().starts_with("insufficient funds for gas * price + value"), "{error}");
}

#[tokio::test]
async fn a_call_cannot_move_more_than_its_sender_has() {
    let node = Node::instant().await;
    let all = format!("0x{}", "f".repeat(40));
    for method in ["eth_call", "eth_estimateGas"] {
        let error = node.refusal(method, json!([{"from": ALICE, "to": BOB, "value": all}])).await;
        assert!(error.message().starts_with("insufficient funds for gas"), "{method}: {error}");
    }
    node.ask("eth_call", json!([{"to": BOB, "value": "0x1"}])).await;
}

#[tokio::test]
async fn a_block_that_does_not_exist_is_no_empty_answer() {
    let node = Node::instant().await;

    let error = node.refusal("eth_getBalance", json!([ALICE, "0x10"])).await;

    assert_eq!(error.code(), -32_000);
    assert!(error.message().contains("header not found"), "{error}");
    assert!(node.ask("eth_getBlockByNumber", json!(["0x10", false])).await.is_null());
}

#[tokio::test]
async fn an_account_without_a_key_cannot_send() {
    let node = Node::instant().await;
    let stranger = format!("0x{}", "12".repeat(20));

    let request = json!([{"from": stranger, "to": BOB, "gas": "0x5208"}]);
    let error = node.refusal("eth_sendTransaction", request).await;

    assert!(error.message().contains("unknown account"), "{error}");
}
