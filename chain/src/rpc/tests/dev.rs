//! The development methods change what they say they change.

use super::support::{ALICE, BOB, Node, number};
use serde_json::json;

#[tokio::test]
async fn a_snapshot_brings_everything_back() {
    let node = Node::instant().await;
    let before = node.ask("eth_getBalance", json!([BOB])).await;
    let id = node.ask("evm_snapshot", json!([])).await;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}])).await;

    assert_eq!(node.ask("evm_revert", json!([id])).await, true);

    assert_eq!(node.ask("eth_getBalance", json!([BOB])).await, before);
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
    assert_eq!(node.ask("evm_revert", json!([id])).await, false);
}

#[tokio::test]
async fn an_impersonated_account_sends_without_a_key() {
    let node = Node::instant().await;
    let whale = format!("0x{}", "77".repeat(20));
    node.ask("hardhat_setBalance", json!([whale, "0xde0b6b3a7640000"])).await;
    node.ask("anvil_impersonateAccount", json!([whale])).await;

    let request = json!([{"from": whale, "to": BOB, "value": "0x5"}]);
    let receipt = node.ask("eth_sendTransactionSync", request.clone()).await;

    assert_eq!((&receipt["status"], &receipt["from"]), (&json!("0x1"), &json!(whale)));
    node.ask("anvil_stopImpersonatingAccount", json!([whale])).await;
    node.refusal("eth_sendTransaction", request).await;
}

#[tokio::test]
async fn accounts_can_be_rewritten() {
    let node = Node::instant().await;
    node.ask("anvil_setBalance", json!([BOB, "0x7"])).await;
    node.ask("anvil_addBalance", json!([BOB, "0x3"])).await;
    node.ask("anvil_setNonce", json!([BOB, "0x5"])).await;
    node.ask("anvil_setCode", json!([BOB, "0x00"])).await;
    node.ask("anvil_setStorageAt", json!([BOB, "0x1", format!("0x{:064x}", 9)])).await;

    assert_eq!(node.ask("eth_getBalance", json!([BOB])).await, "0xa");
    assert_eq!(node.ask("eth_getTransactionCount", json!([BOB])).await, "0x5");
    assert_eq!(node.ask("eth_getCode", json!([BOB])).await, "0x00");
    let slot = node.ask("eth_getStorageAt", json!([BOB, "0x1", "latest"])).await;
    assert_eq!(slot, format!("0x{:064x}", 9));
}

#[tokio::test]
async fn time_goes_where_it_is_told() {
    let node = Node::instant().await;
    let head = async || node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    let start = number(&head().await["timestamp"]);

    node.ask("evm_setNextBlockTimestamp", json!([start + 1_000])).await;
    node.ask("evm_mine", json!([])).await;

    assert_eq!(number(&head().await["timestamp"]), start + 1_000);
    let past = node.refusal("evm_setNextBlockTimestamp", json!([start])).await;
    assert!(past.message().contains("not above the head's"), "{past}");
    node.ask("evm_increaseTime", json!(["0xa"])).await;
    node.ask("evm_mine", json!([])).await;
    assert!(number(&head().await["timestamp"]) >= start + 1_010);
}

#[tokio::test]
async fn many_blocks_are_mined_at_a_distance() {
    let node = Node::instant().await;
    node.ask("hardhat_mine", json!(["0x5", "0x3c"])).await;

    let last = node.ask("eth_getBlockByNumber", json!(["0x5", false])).await;
    let before = node.ask("eth_getBlockByNumber", json!(["0x4", false])).await;
    assert_eq!(number(&last["timestamp"]) - number(&before["timestamp"]), 60);
}

#[tokio::test]
async fn automine_can_be_switched() {
    let node = Node::instant().await;
    node.ask("evm_setAutomine", json!([false])).await;
    let hash = node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}])).await;

    assert!(node.ask("eth_getTransactionReceipt", json!([hash])).await.is_null());

    assert_eq!(node.ask("hardhat_getAutomine", json!([])).await, false);
    assert_eq!(node.ask("anvil_dropTransaction", json!([hash])).await, hash);
    assert_eq!(node.ask("txpool_status", json!([])).await["pending"], "0x0");
}

#[tokio::test]
async fn tools_learn_about_the_node() {
    let node = Node::instant().await;
    let snapshot = node.ask("evm_snapshot", json!([])).await;
    let metadata = node.ask("hardhat_metadata", json!([])).await;
    assert_eq!(metadata["chainId"], 31_337);
    let taken_at = json!([0, metadata["latestBlockHash"]]);
    assert_eq!(metadata["snapshots"], json!({ snapshot.as_str().unwrap(): taken_at }));
    let info = node.ask("anvil_nodeInfo", json!([])).await;
    assert_eq!((&info["hardFork"], &info["transactionOrder"]), (&json!("osaka"), &json!("fees")));
}

#[tokio::test]
async fn a_snapshot_whose_block_is_gone_is_not_listed() {
    let node = Node::instant().await;
    let kept = node.ask("evm_snapshot", json!([])).await;
    node.ask("anvil_mine", json!([1])).await;
    let gone = node.ask("evm_snapshot", json!([])).await;

    // With a transaction: an empty block in the same second would be the same block.
    let transfer = json!({"from": ALICE, "to": BOB});
    node.ask("anvil_reorg", json!([1, [[transfer, 0]]])).await;

    let listed = node.ask("hardhat_metadata", json!([])).await["snapshots"].clone();
    assert_eq!(listed.as_object().unwrap().keys().collect::<Vec<_>>(), [kept.as_str().unwrap()]);
    assert_eq!(node.ask("evm_revert", json!([gone])).await, false);
}

#[tokio::test]
async fn a_reorganisation_replaces_the_last_blocks() {
    let node = Node::instant().await;
    node.ask("eth_sendTransactionSync", json!([{"from": ALICE, "to": BOB, "value": "0x1"}])).await;
    let before = node.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
    let replacement = json!({"from": ALICE, "to": BOB, "value": "0x2", "nonce": "0x0"});

    node.ask("anvil_reorg", json!([1, [[replacement, "0x0"]]])).await;

    let after = node.ask("eth_getBlockByNumber", json!(["0x1", true])).await;
    assert_ne!(after["hash"], before["hash"]);
    assert_eq!(after["transactions"][0]["value"], "0x2");
}

/// The nonce was taken from the head that is taken back: the block was left empty, and nobody was told.
#[tokio::test]
async fn replacements_without_a_nonce_count_from_the_block_that_stays() {
    let node = Node::instant().await;
    for value in ["0x1", "0x2"] {
        let transfer = json!({"from": ALICE, "to": BOB, "value": value});
        node.ask("eth_sendTransactionSync", json!([transfer])).await;
    }
    let new = |value: &str| json!({"from": ALICE, "to": BOB, "value": value});

    let replacements = json!([[new("0x7"), 1], [new("0x5"), 0], [new("0x6"), 0]]);
    node.ask("anvil_reorg", json!([2, replacements])).await;

    let mut values = Vec::new();
    for height in [1, 2] {
        let block = node.ask("eth_getBlockByNumber", json!([height, true])).await;
        let transactions = block["transactions"].as_array().unwrap();
        values.extend(transactions.iter().map(|tx| (tx["value"].clone(), tx["nonce"].clone())));
    }
    assert_eq!(
        values,
        [("0x5", "0x0"), ("0x6", "0x1"), ("0x7", "0x2")].map(|(v, n)| (json!(v), json!(n)))
    );
}

/// Runtime code that reverts until the time in its first slot has come.
const LOCK: &str = "0x600054 42 10 600957 00 5b 60006000fd";
/// Creation code of a contract that sets its first slot to one.
const SETTER: &str = "0x65600160005500 600052 6006601af3";

#[tokio::test]
async fn gas_of_a_replacement_is_what_it_needs_in_the_time_of_its_new_block() {
    let node = Node::instant().await;
    let lock = node.place(LOCK).await;
    let head = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    let opens = format!("0x{:064x}", number(&head["timestamp"]) + 80_000);
    node.ask("anvil_setStorageAt", json!([lock, "0x0", opens])).await;
    node.ask("anvil_mine", json!([1])).await;
    node.ask("evm_increaseTime", json!([90_000])).await;
    node.ask("eth_sendTransactionSync", json!([{"from": ALICE, "to": BOB}])).await;

    node.ask("anvil_reorg", json!([1, [[{"from": ALICE, "to": lock}, 0]]])).await;

    let receipts = node.ask("eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!((&receipts[0]["status"], &receipts[0]["to"]), (&json!("0x1"), &json!(lock)));
}

#[tokio::test]
async fn gas_of_a_replacement_is_what_it_needs_after_those_before_it() {
    let node = Node::instant().await;
    node.ask("anvil_mine", json!([2])).await;
    let code = SETTER.replace(' ', "");
    let made = ALICE.create(0);
    let calls = json!([[{"from": ALICE, "data": code}, 0], [{"from": BOB, "to": made}, 1]]);

    node.ask("anvil_reorg", json!([2, calls])).await;

    let receipts = node.ask("eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!((&receipts[0]["status"], &receipts[0]["to"]), (&json!("0x1"), &json!(made)));
    let slot = node.ask("eth_getStorageAt", json!([made, "0x0", "latest"])).await;
    assert_eq!(slot, format!("0x{:064x}", 1));
}

#[tokio::test]
async fn a_replacement_that_comes_into_no_block_is_told() {
    let node = Node::instant().await;
    node.ask("anvil_mine", json!([2])).await;
    let gap = json!({"from": ALICE, "to": BOB, "nonce": "0x9"});

    let beyond = node.refusal("anvil_reorg", json!([1, [[gap, 1]]])).await;
    let left_out = node.refusal("anvil_reorg", json!([1, [[gap, 0]]])).await;

    assert_eq!(beyond.code(), -32_602);
    assert!(left_out.message().contains("is left out"), "{left_out}");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x2");
}

#[tokio::test]
async fn a_rollback_of_no_blocks_takes_nothing_back() {
    let node = Node::instant().await;
    node.ask("anvil_setBalance", json!([BOB, "0x7"])).await;

    node.ask("anvil_rollback", json!([0])).await;

    assert_eq!(node.ask("eth_getBalance", json!([BOB])).await, "0x7");
}

#[tokio::test]
async fn a_reset_begins_at_genesis() {
    let node = Node::instant().await;
    node.ask("anvil_mine", json!([4])).await;
    node.ask("anvil_reset", json!([])).await;
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}
