//! Transactions are filled, signed, sent, mined and found again.

use super::support::{ALICE, BOB, LOGGER, Node, number};
use alloy_primitives::{Signature, hex};
use serde_json::json;

#[tokio::test]
async fn a_sent_transfer_is_mined_and_found() {
    let node = Node::instant().await;

    let hash =
        node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}])).await;

    let receipt = node.ask("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!((number(&receipt["gasUsed"]), &receipt["status"]), (21_000, &json!("0x1")));
    let found = node.ask("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!(found["blockNumber"], "0x1");
    let again = node.ask("eth_getTransactionBySenderAndNonce", json!([ALICE, "0x0"])).await;
    assert_eq!(again["hash"], hash);
    let block = node.ask("eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(block["transactions"][0]["hash"], hash);
    let receipts = node.ask("eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!(receipts[0], receipt);
}

#[tokio::test]
async fn a_signed_transaction_can_be_sent_raw() {
    let node = Node::instant().await;
    let request = json!([{"from": ALICE, "to": BOB, "value": "0x1"}]);
    let raw = node.ask("eth_signTransaction", request).await;

    let receipt = node.ask("eth_sendRawTransactionSync", json!([raw])).await;

    assert_eq!(receipt["status"], "0x1");
    let stored = node.ask("eth_getRawTransactionByHash", json!([receipt["transactionHash"]])).await;
    assert_eq!(stored, raw);
}

#[tokio::test]
async fn a_creation_tells_the_contracts_address() {
    let node = Node::instant().await;
    // Returns the logger's eight bytes as code.
    let creation = format!("0x67{}60005260086018f3", LOGGER.trim_start_matches("0x"));

    let request = json!([{"from": ALICE, "data": creation}]);
    let receipt = node.ask("eth_sendTransactionSync", request).await;

    let code = node.ask("eth_getCode", json!([receipt["contractAddress"], "latest"])).await;
    assert_eq!(code, LOGGER);
}

#[tokio::test]
async fn transactions_wait_in_the_pool_until_a_block_is_asked_for() {
    let node = Node::manual().await;
    let request = |nonce| json!([{"from": ALICE, "to": BOB, "nonce": nonce, "gas": "0x5208"}]);
    node.ask("eth_sendTransaction", request("0x0")).await;
    node.ask("eth_sendTransaction", request("0x2")).await;

    let status = node.ask("txpool_status", json!([])).await;

    assert_eq!(status, json!({"pending": "0x1", "queued": "0x1"}));
    let content = node.ask("txpool_contentFrom", json!([ALICE])).await;
    assert!(content["pending"]["0"].is_object() && content["queued"]["2"].is_object());
    assert_eq!(node.ask("eth_getTransactionCount", json!([ALICE, "pending"])).await, "0x1");
    node.ask("evm_mine", json!([])).await;
    assert_eq!(node.ask("eth_getTransactionCount", json!([ALICE, "latest"])).await, "0x1");
}

#[tokio::test]
async fn two_requests_without_a_nonce_take_different_ones() {
    let node = Node::manual().await;
    let request = json!([{"from": ALICE, "to": BOB, "value": "0x1"}]);

    let (one, two) = tokio::join!(
        node.ask("eth_sendTransaction", request.clone()),
        node.ask("eth_sendTransaction", request.clone()),
    );

    assert_ne!(one, two);
    let status = node.ask("txpool_status", json!([])).await;
    assert_eq!(status["pending"], "0x2");
}

#[tokio::test]
async fn a_message_is_signed_by_the_account_that_is_named() {
    let node = Node::instant().await;

    let signed = node.ask("personal_sign", json!(["0x6869", ALICE])).await;

    let bytes = hex::decode(signed.as_str().unwrap()).unwrap();
    let signature = Signature::from_raw(&bytes).unwrap();
    assert_eq!(signature.recover_address_from_msg("hi").unwrap(), ALICE);
}

#[tokio::test]
async fn suggested_prices_are_ones_that_the_pool_takes() {
    let node = Node::instant().await;
    let least = 100_000_000_000_u64;
    node.ask("anvil_setMinGasPrice", json!([format!("{least:#x}")])).await;

    let price = node.ask("eth_gasPrice", json!([])).await;

    assert!(number(&price) >= least, "{price}");
    for fees in [json!({}), json!({"gasPrice": price}), json!({"maxFeePerGas": price})] {
        let mut transaction = json!({"from": ALICE, "to": BOB, "value": "0x1"});
        transaction.as_object_mut().unwrap().extend(fees.as_object().unwrap().clone());
        node.ask("eth_sendTransaction", json!([transaction])).await;
    }
    let tip = number(&node.ask("eth_maxPriorityFeePerGas", json!([])).await);
    let base = number(&node.ask("eth_baseFee", json!([])).await);
    assert!(base + tip >= least);
}
