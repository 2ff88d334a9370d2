//! Tests of others can make this node misbehave.

use super::support::{ALICE, BOB, Node, number};
use crate::miner::MiningMode;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_stalled_producer_makes_no_block_until_it_is_cleared() {
    let node = Node::instant().await;
    node.ask("utn_faultStall", json!([true])).await;

    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}])).await;
    let refused = node.refusal("anvil_mine", json!([1])).await;
    assert!(refused.message().contains("utn_faultStall"), "{refused}");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");

    node.ask("utn_faultClear", json!([])).await;
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x1");
}

#[tokio::test]
async fn a_late_beacon_holds_blocks_back_for_its_time() {
    let node = Node::poci().await;
    node.ask("anvil_mine", json!([1])).await;
    node.ask("utn_faultBeaconDelay", json!([30])).await;

    let refused = node.refusal("anvil_mine", json!([1])).await;
    assert!(refused.message().contains("before"), "{refused}");
    node.ask("evm_increaseTime", json!([60])).await;
    node.ask("anvil_mine", json!([1])).await;

    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x2");
}

#[tokio::test]
async fn a_slow_method_is_answered_later_and_others_are_not() {
    let node = Node::instant().await;
    let delay = Duration::from_millis(200);
    node.ask("utn_faultSlow", json!(["eth_chainId", 200])).await;

    let took = async |method| {
        #[expect(clippy::disallowed_methods, reason = "the delay is in real time")]
        let began = Instant::now();
        node.ask(method, json!([])).await;
        began.elapsed()
    };

    assert!(took("eth_chainId").await >= delay);
    node.ask("utn_faultSlow", json!(["eth_chainId", 0])).await;
    assert_eq!(node.ask("utn_faults", json!([])).await["slow"], json!({}));
}

#[tokio::test]
async fn a_reorg_replaces_the_last_blocks() {
    let node = Node::manual().await;
    node.ask("anvil_mine", json!([5])).await;
    let hash = async |height: &str| -> Value {
        node.ask("eth_getBlockByNumber", json!([height, false])).await["hash"].clone()
    };
    let before = [hash("0x3").await, hash("0x4").await, hash("0x5").await];

    node.ask("utn_faultReorg", json!([2])).await;

    assert_eq!(number(&node.ask("eth_blockNumber", json!([])).await), 5);
    assert_eq!(hash("0x3").await, before[0]);
    assert_ne!(hash("0x4").await, before[1]);
    assert_ne!(hash("0x5").await, before[2]);
}

#[tokio::test]
async fn faults_are_listed() {
    let node = Node::serving(MiningMode::Manual, |_| {}).await;
    let chip = format!("0x{}", "ab".repeat(32));
    node.ask("utn_faultDropChip", json!([chip])).await;
    node.ask("utn_faultBeaconDelay", json!([5])).await;

    let listed = node.ask("utn_faults", json!([])).await;

    let expected =
        json!({"droppedChips": [chip], "stalled": false, "beaconDelay": "0x5", "slow": {}});
    assert_eq!(listed, expected);
}
