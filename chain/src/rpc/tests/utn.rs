//! A POCI chain tells who made its blocks, and what its contracts hold.

use super::support::{ALICE, Node};
use serde_json::json;

#[tokio::test]
async fn without_power_the_genesis_sealer_makes_blocks_and_says_so() {
    let node = Node::poci().await;
    node.ask("evm_mine", json!([])).await;
    let block = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;

    let draw = node.ask("utn_draw", json!([1])).await;

    assert_eq!((&draw["by"], &draw["lambda"]), (&json!("genesisSealer"), &json!("0x0")));
    assert_eq!(draw["sealer"], block["miner"]);
    assert_eq!(draw["beacon"], block["mixHash"]);
}

#[tokio::test]
async fn a_sidecar_hashes_to_the_extra_data() {
    let node = Node::poci().await;
    node.ask("evm_mine", json!([])).await;

    let sidecar = node.ask("utn_sidecar", json!(["0x1"])).await;

    let block = node.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
    assert_eq!(node.ask("web3_sha3", json!([sidecar])).await, block["extraData"]);
}

#[tokio::test]
async fn an_epochs_beacon_is_that_of_the_block_before_it() {
    let node = Node::poci().await;
    node.ask("anvil_mine", json!([16])).await;

    let beacon = node.ask("utn_beacon", json!([{"epoch": "0x1"}])).await;

    assert_eq!(beacon, node.ask("utn_beacon", json!([15])).await);
    assert!(node.ask("utn_beacon", json!([1_000])).await.is_null());
}

#[tokio::test]
async fn an_empty_registry_has_no_power_and_no_chips() {
    let node = Node::poci().await;
    assert_eq!(node.ask("utn_power", json!([])).await, "0x0");
    assert_eq!(node.ask("utn_power", json!([ALICE, "latest"])).await, "0x0");
    assert!(node.ask("utn_chip", json!([format!("0x{}", "11".repeat(32))])).await.is_null());
    assert!(node.ask("utn_batch", json!([format!("0x{}", "11".repeat(32))])).await.is_null());
    assert_eq!(node.ask("utn_supply", json!([])).await, json!({"issued": "0x0", "burned": "0x0"}));
}

#[tokio::test]
async fn poci_fixes_beacon_and_beneficiary() {
    let node = Node::poci().await;
    let error = node.refusal("anvil_setCoinbase", json!([ALICE])).await;
    assert!(error.message().contains("fixed by POCI"), "{error}");
}

#[tokio::test]
async fn a_plain_chain_has_no_such_contracts() {
    let node = Node::instant().await;
    let error = node.refusal("utn_power", json!([])).await;
    assert!(error.message().contains("PociRegistry does not stand"), "{error}");
}
