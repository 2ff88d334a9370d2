//! Dumps of the chain bring back all that they hold.

use super::support::{ALICE, BOB, LOGGER, Node};
use serde_json::{Value, json};

/// A chain with payments, a contract, a cheat and an impersonated sender; its head's number.
async fn lively(node: &Node) -> u64 {
    let whale = format!("0x{}", "77".repeat(20));
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x5"}])).await;
    let logger = node.place(LOGGER).await;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": logger}])).await;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "data": "0x602a60005560016000f3"}]))
        .await;
    node.ask("anvil_setBalance", json!([whale, "0xde0b6b3a7640000"])).await;
    node.ask("anvil_impersonateAccount", json!([whale])).await;
    node.ask("eth_sendTransaction", json!([{"from": whale, "to": BOB, "value": "0x5"}])).await;
    node.ask("anvil_setBalance", json!([whale, "0x1"])).await;
    4
}

async fn story(node: &Node, head: u64) -> Vec<Value> {
    let mut told = Vec::new();
    for number in 0..=head {
        let tag = format!("{number:#x}");
        told.push(node.ask("eth_getBlockByNumber", json!([tag, true])).await);
        told.push(node.ask("eth_getBlockReceipts", json!([tag])).await);
        told.push(node.ask("eth_getBalance", json!([BOB, tag])).await);
        told.push(node.ask("eth_getProof", json!([ALICE, [], tag])).await);
        told.push(node.ask("trace_block", json!([tag])).await);
    }
    told.push(node.ask("eth_getBalance", json!([format!("0x{}", "77".repeat(20))])).await);
    told
}

#[tokio::test]
async fn a_dump_brings_back_blocks_receipts_history_and_traces() {
    let node = Node::instant().await;
    let head = lively(&node).await;
    let dump = node.ask("anvil_dumpState", json!([])).await;
    let other = Node::instant().await;
    other.ask("eth_sendTransaction", json!([{"from": BOB, "to": ALICE, "value": "0x9"}])).await;

    assert_eq!(other.ask("anvil_loadState", json!([dump])).await, true);

    let (told, retold) = (story(&node, head).await, story(&other, head).await);
    for (index, (before, after)) in told.iter().zip(&retold).enumerate() {
        assert_eq!(before, after, "fact {index}");
    }
    let next = json!([{"from": ALICE, "to": BOB}]);
    let receipt = other.ask("eth_sendTransactionSync", next).await;
    assert_eq!(receipt["blockNumber"], "0x5");
    other.ask("anvil_rollback", json!([3])).await;
    assert_eq!(other.ask("eth_blockNumber", json!([])).await, "0x2");
}

#[tokio::test]
async fn a_chain_under_poci_goes_on_from_its_dump() {
    let node = Node::poci().await;
    node.ask("anvil_mine", json!([40])).await;
    let dump = node.ask("hardhat_dumpState", json!([])).await;
    let other = Node::poci().await;

    other.ask("hardhat_loadState", json!([dump])).await;

    other.ask("anvil_mine", json!([20])).await;
    assert_eq!(other.ask("eth_blockNumber", json!([])).await, "0x3c");
}

#[tokio::test]
async fn accounts_alone_are_put_into_the_present_state() {
    let node = Node::instant().await;
    let accounts = json!({BOB.to_string(): {"nonce": 3, "balance": "0x7", "code": "0x5f", "storage": {"0x1": "0x2"}}});
    let dump = json!({"block": null, "best_block_number": 9, "accounts": accounts}).to_string();
    let bytes = format!("0x{}", alloy_primitives::hex::encode(dump));

    node.ask("anvil_loadState", json!([bytes])).await;

    assert_eq!(node.ask("eth_getBalance", json!([BOB])).await, "0x7");
    assert_eq!(node.ask("eth_getCode", json!([BOB])).await, "0x5f");
    let slot = node.ask("eth_getStorageAt", json!([BOB, "0x1", "latest"])).await;
    assert_eq!(slot, format!("0x{:064x}", 2));
    assert_ne!(node.ask("eth_getBalance", json!([ALICE])).await, "0x0");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn a_dump_of_anvils_kind_keeps_what_it_says_and_no_more() {
    let node = Node::instant().await;
    let head = lively(&node).await;
    let whole = node.ask("anvil_dumpState", json!([true])).await;
    let bare = without_ours(&whole, false);
    let with_states = without_ours(&whole, true);

    let other = Node::instant().await;
    other.ask("anvil_loadState", json!([bare])).await;
    let latest = other.ask("eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(latest, node.ask("eth_getBlockByNumber", json!(["latest", true])).await);
    let lost = other.refusal("eth_getBalance", json!([BOB, "0x1"])).await;
    assert_eq!(lost.code(), 4444);
    assert!(lost.message().contains("state of block 1; what is kept begins with"), "{lost}");
    other.ask("anvil_mine", json!([2])).await;
    other.ask("eth_getBalance", json!([BOB, "0x4"])).await;
    other.ask("anvil_reset", json!([])).await;
    assert_eq!(other.ask("eth_blockNumber", json!([])).await, "0x0");

    other.ask("anvil_loadState", json!([with_states])).await;
    for number in 0..=head {
        let params = json!([BOB, format!("{number:#x}")]);
        let balance = other.ask("eth_getBalance", params.clone()).await;
        assert_eq!(balance, node.ask("eth_getBalance", params).await, "block {number}");
    }
}

/// Its block took the place of the own first one, and its accounts stayed.
#[tokio::test]
async fn a_reset_after_a_dump_of_one_block_begins_at_the_own_first_block() {
    let node = Node::poci().await;
    let other = Node::instant().await;
    let first = other.ask("eth_getBlockByNumber", json!(["0x0", false])).await;
    let whale = format!("0x{}", "77".repeat(20));
    node.ask("anvil_setBalance", json!([whale, "0x7"])).await;
    let dump = without_ours(&node.ask("anvil_dumpState", json!([])).await, false);
    other.ask("anvil_loadState", json!([dump])).await;
    assert_eq!(other.ask("eth_getBalance", json!([whale])).await, "0x7");

    other.ask("anvil_reset", json!([])).await;

    assert_eq!(other.ask("eth_getBlockByNumber", json!(["0x0", false])).await, first);
    assert_eq!(other.ask("eth_getBalance", json!([whale])).await, "0x0");
}

/// The same dump without our own part, with or without whole states.
fn without_ours(packed: &Value, with_states: bool) -> String {
    use std::io::Read;
    let bytes = alloy_primitives::hex::decode(packed.as_str().unwrap()).unwrap();
    let mut json = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut json).unwrap();
    let mut dump: Value = serde_json::from_str(&json).unwrap();
    dump.as_object_mut().unwrap().remove("utnet");
    if !with_states {
        dump["historical_states"] = Value::Null;
    }
    format!("0x{}", alloy_primitives::hex::encode(dump.to_string()))
}

#[tokio::test]
async fn what_is_wrong_with_a_dump_is_said() {
    let node = Node::instant().await;
    lively(&node).await;
    let whole = node.ask("anvil_dumpState", json!([])).await;
    let cut = whole.as_str().unwrap();
    let cut = &cut[..cut.len() / 2 * 2 - 200];
    for (dump, word) in [("0x00", "unpacked"), (cut, "unpacked"), ("0x7b7d", "accounts")] {
        let answer = node.refusal("anvil_loadState", json!([dump])).await;
        assert!(answer.message().contains(word), "{answer}");
    }
    let foreign = without_ours(&whole, false);
    let poci = Node::poci().await;
    let answer = poci.refusal("anvil_loadState", json!([foreign])).await;
    assert!(answer.message().contains("--no-poci"), "{answer}");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x4");
}
