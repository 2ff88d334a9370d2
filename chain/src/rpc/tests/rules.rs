//! What the node says about its rules, and what it builds and simulates by them.

use super::support::{ALICE, BOB, Node, number};
use serde_json::{Value, json};

#[tokio::test]
async fn a_dev_chain_has_one_set_of_rules_from_genesis_on() {
    let node = Node::manual().await;

    let config = node.ask("eth_config", json!([])).await;

    assert_eq!(config["current"]["activationTime"], 0);
    assert_eq!(config["current"]["chainId"], "0x7a69");
    assert_eq!(config["current"]["blobSchedule"]["max"], 9);
    let precompiles = &config["current"]["precompiles"];
    assert_eq!(precompiles["P256VERIFY"], "0x0000000000000000000000000000000000000100");
    assert_eq!(precompiles["SE_VERIFY"], Value::Null, "a plain chain has none of ours");
    assert_eq!((&config["next"], &config["last"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_chain_with_poci_names_its_precompiles() {
    let node = Node::poci().await;

    let config = node.ask("eth_config", json!([])).await;

    let precompiles = config["current"]["precompiles"].as_object().unwrap();
    let ours = ["SE_VERIFY", "POCI_VERIFY", "VRF_VERIFY", "DLEQ_VERIFY"];
    assert!(ours.iter().all(|name| precompiles.contains_key(*name)), "{precompiles:?}");
}

#[tokio::test]
async fn everything_is_kept_from_the_first_block_on() {
    let node = Node::manual().await;
    node.ask("anvil_mine", json!([3])).await;

    let kept = node.ask("eth_capabilities", json!([])).await;

    assert_eq!(number(&kept["head"]["number"]), 3);
    for resource in ["state", "tx", "logs", "receipts", "blocks", "stateproofs"] {
        assert_eq!(kept[resource]["disabled"], false, "{resource}");
        assert_eq!(kept[resource]["oldestBlock"], "0x0", "{resource}");
        let blocks = &kept[resource]["deleteStrategy"]["retentionBlocks"];
        assert_eq!(number(blocks), u64::MAX, "{resource}");
    }
}

#[tokio::test]
async fn a_filled_transaction_has_all_that_is_to_be_signed() {
    let node = Node::manual().await;

    let filled = node.ask("eth_fillTransaction", json!([{"from": ALICE, "to": BOB}])).await;

    let tx = &filled["tx"];
    assert_eq!(
        (&tx["nonce"], &tx["gas"], &tx["type"]),
        (&json!("0x0"), &json!("0x5208"), &json!("0x2"))
    );
    for field in ["maxFeePerGas", "maxPriorityFeePerGas", "gasPrice", "chainId", "value", "input"] {
        assert!(tx[field].is_string(), "{field}: {tx}");
    }
    assert!(filled["raw"].as_str().unwrap().starts_with("0x02"));
}

#[tokio::test]
async fn no_block_before_amsterdam_has_an_access_list() {
    let node = Node::manual().await;

    assert_eq!(node.ask("eth_getBlockAccessList", json!(["latest"])).await, Value::Null);
    let refused = node.refusal("debug_getRawBlockAccessList", json!(["latest"])).await;
    assert!(refused.message().contains("Amsterdam"), "{refused}");
    assert_eq!(node.ask("debug_getBadBlocks", json!([])).await, json!([]));
}

#[tokio::test]
async fn a_block_is_built_on_the_head_and_not_kept() {
    let node = Node::manual().await;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}])).await;
    let head = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    let time = format!("{:#x}", number(&head["timestamp"]) + 1);
    let zero = format!("{:#066x}", 0);
    let wished = json!({"timestamp": time, "prevRandao": zero, "suggestedFeeRecipient": BOB,
        "withdrawals": [], "parentBeaconBlockRoot": zero});
    let hash = &head["hash"];

    let pool = node.ask("testing_buildBlockV1", json!([hash, wished, null, "0x61"])).await;
    let empty = node.ask("testing_buildBlockV1", json!([hash, wished, [], "0x"])).await;
    let other = node.refusal("testing_buildBlockV1", json!([zero, wished, [], "0x"])).await;

    let built = &pool["executionPayload"];
    assert_eq!(built["transactions"].as_array().map(Vec::len), Some(1));
    assert_eq!((&built["gasUsed"], &built["extraData"]), (&json!("0x5208"), &json!("0x61")));
    assert_ne!(pool["blockValue"], "0x0");
    assert_eq!(empty["executionPayload"]["transactions"], json!([]));
    assert!(other.message().contains("not found"), "{other}");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn each_fault_of_a_simulation_has_its_code() {
    let node = Node::manual().await;
    let block =
        |overrides: Value, call: Value| json!({"blockOverrides": overrides, "calls": [call]});
    let call = json!({"from": ALICE, "to": BOB});
    let plain = |call: Value| json!({"blockStateCalls": [block(json!({}), call)]});
    let checked =
        |call: Value| json!({"blockStateCalls": [block(json!({}), call)], "validation": true});
    let number = |n: &str| json!({"blockStateCalls": [block(json!({"number": n}), call.clone())]});
    let time = json!({"blockStateCalls": [block(json!({"time": "0x1"}), call.clone())]});
    let itself = json!({"blockStateCalls": [{"stateOverrides":
        {"0x0000000000000000000000000000000000000001":
            {"movePrecompileToAddress": "0x0000000000000000000000000000000000000001"}}}]});
    let cases = [
        (-38_010, {
            node.ask("anvil_setNonce", json!([ALICE, "0x5"])).await;
            checked(json!({"from": ALICE, "to": BOB, "nonce": "0x4"}))
        }),
        (-38_011, checked(json!({"from": ALICE, "to": BOB, "nonce": "0x6"}))),
        (-38_012, checked(json!({"from": ALICE, "to": BOB, "maxFeePerGas": "0x1"}))),
        (-38_013, plain(json!({"from": ALICE, "to": BOB, "gas": "0x1"}))),
        (
            -38_014,
            plain(
                json!({"from": "0x00000000000000000000000000000000000000aa", "to": BOB, "value": "0x1"}),
            ),
        ),
        (-38_015, plain(json!({"from": ALICE, "to": BOB, "gas": "0xffffffffff"}))),
        (-38_020, number("0x0")),
        (-38_021, time),
        (-38_022, itself),
        (-38_025, plain(json!({"from": ALICE, "input": format!("0x{}", "00".repeat(49_153))}))),
        (-38_026, number("0x101")),
        (-32_602, json!({"blockStateCalls": []})),
    ];
    for (code, payload) in cases {
        let refused = node.refusal("eth_simulateV1", json!([payload, "latest"])).await;

        assert_eq!(refused.code(), code, "{refused}");
    }
}
