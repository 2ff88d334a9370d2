//! States inside blocks, what blocks changed, and traces of blocks and calls that are on no chain.

use super::support::{ALICE, BOB, Node};
use serde_json::{Value, json};

/// Runtime code that stores the first word of its input at slot 1.
const STORE: &str = "0x600035 600155 00";

async fn two_writes(node: &Node) -> (String, Value) {
    let store = node.place(STORE).await.to_string().to_lowercase();
    for word in [7, 9] {
        let request = json!([{"from": ALICE, "to": store, "data": format!("0x{word:064x}")}]);
        node.ask("eth_sendTransaction", request).await;
    }
    node.ask("evm_mine", json!([])).await;
    let block = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    (store, block)
}

#[tokio::test]
async fn storage_is_listed_as_it_was_inside_a_block() {
    let node = Node::manual().await;
    let (store, block) = two_writes(&node).await;
    let value = async |before: u64| {
        let params = json!([block["hash"], before, store, "0x", 10]);
        let range = node.ask("debug_storageRangeAt", params).await;
        assert!(range["nextKey"].is_null());
        let slots = range["storage"].as_object().unwrap().values().next().cloned();
        slots.map_or(Value::Null, |slot| slot["value"].clone())
    };

    assert_eq!(value(0).await, Value::Null);
    assert_eq!(value(1).await, format!("0x{:064x}", 7));
    assert_eq!(value(2).await, format!("0x{:064x}", 9));
    node.refusal("debug_storageRangeAt", json!([block["hash"], 3, store, "0x", 10])).await;
}

#[tokio::test]
async fn an_account_is_shown_as_it_was_after_a_transaction() {
    let node = Node::manual().await;
    two_writes(&node).await;

    let info = node.ask("debug_accountInfoAt", json!(["latest", "0x0", ALICE])).await;

    assert_eq!(info["nonce"], "0x1");
    node.refusal("debug_accountInfoAt", json!(["latest", "0x2", ALICE])).await;
}

#[tokio::test]
async fn the_last_intermediate_root_leads_to_the_blocks_own() {
    let node = Node::manual().await;
    let (_, block) = two_writes(&node).await;
    let roots = node.ask("debug_intermediateRoots", json!([block["hash"]])).await;
    assert_eq!(roots.as_array().unwrap().len(), 2);
    assert_eq!(roots[1], block["stateRoot"]);
    assert_ne!(roots[0], roots[1]);
}

#[tokio::test]
async fn a_block_tells_whom_it_changed() {
    let node = Node::manual().await;
    let (store, block) = two_writes(&node).await;

    let changed = node.ask("debug_getModifiedAccountsByNumber", json!([1])).await;

    let changed: Vec<_> =
        changed.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(changed.contains(&store.as_str()));
    assert!(changed.contains(&ALICE.to_string().to_lowercase().as_str()));
    assert!(!changed.contains(&BOB.to_string().to_lowercase().as_str()));
    let by_hash = json!([block["parentHash"], block["hash"]]);
    assert_eq!(node.ask("debug_getModifiedAccountsByHash", by_hash).await, json!(changed));
    node.refusal("debug_getModifiedAccountsByNumber", json!([0])).await;
}

#[tokio::test]
async fn all_accounts_are_dumped_and_ranges_go_on() {
    let node = Node::manual().await;
    let (store, block) = two_writes(&node).await;

    let dump = node.ask("debug_dumpBlock", json!(["latest"])).await;

    let root = block["stateRoot"].as_str().unwrap().trim_start_matches("0x");
    assert_eq!(dump["root"], root);
    let slots = dump["accounts"][&store]["storage"].as_object().unwrap();
    assert_eq!(slots.values().next().unwrap(), "09");
    let all = dump["accounts"].as_object().unwrap().len();
    let first = node.ask("debug_accountRange", json!(["latest", "0x", 3, true, true])).await;
    let rest =
        node.ask("debug_accountRange", json!(["latest", first["next"], 99, true, true])).await;
    let count = |part: &Value| part["accounts"].as_object().unwrap().len();
    assert_eq!((count(&first), count(&first) + count(&rest)), (3, all));
}

#[tokio::test]
async fn a_block_is_traced_from_its_bytes_even_if_it_is_not_on_the_chain() {
    let node = Node::manual().await;
    two_writes(&node).await;
    let raw = node.ask("debug_getRawBlock", json!(["latest"])).await;
    let options = json!({"tracer": "callTracer"});
    let known = node.ask("debug_traceBlock", json!([raw, options])).await;
    node.ask("debug_setHead", json!(["0x0"])).await;

    let foreign = node.ask("debug_traceBlock", json!([raw, options])).await;

    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
    assert_eq!(known[0]["txHash"], foreign[0]["txHash"]);
    assert_eq!(known.as_array().unwrap().len(), 2);
    let cut = node.refusal("debug_traceBlock", json!(["0xc0", options])).await;
    assert!(cut.message().contains("cannot decode the block"), "{cut}");
}

#[tokio::test]
async fn calls_are_traced_after_one_another_and_inside_blocks() {
    let node = Node::manual().await;
    let (store, _) = two_writes(&node).await;
    let call = json!({"from": ALICE, "to": store, "data": format!("0x{:064x}", 1)});
    let options = json!({"tracer": "prestateTracer"});

    let bundles = json!([{"transactions": [call, call]}]);
    let traces = node.ask("debug_traceCallMany", json!([bundles, {}, options])).await;
    let inside = json!({"tracer": "prestateTracer", "txIndex": "0x1"});
    let inside = node.ask("debug_traceCall", json!([call, "latest", inside])).await;

    let slot = format!("0x{:064x}", 1);
    let word = |trace: &Value| trace[&store]["storage"][&slot].clone();
    assert_eq!(word(&traces[0][0]), format!("0x{:064x}", 9));
    assert_eq!(word(&traces[0][1]), format!("0x{:064x}", 1));
    assert_eq!(word(&inside), format!("0x{:064x}", 7));
}

#[tokio::test]
async fn code_is_found_by_its_hash() {
    let node = Node::instant().await;
    node.place("0x5f").await;
    let hash = node.ask("web3_sha3", json!(["0x5f"])).await;
    assert_eq!(node.ask("debug_codeByHash", json!([hash])).await, "0x5f");
    let key = format!("0x63{}", hash.as_str().unwrap().trim_start_matches("0x"));
    assert_eq!(node.ask("debug_dbGet", json!([key])).await, "0x5f");
    assert!(node.ask("debug_codeByHash", json!([format!("0x{:064x}", 1)])).await.is_null());
    assert_eq!(node.ask("debug_chainConfig", json!([])).await["chainId"], 31_337);
    node.ask("evm_mine", json!([])).await;
    assert_eq!(node.ask("debug_getAccessibleState", json!(["0x0", "latest"])).await, 0);
}

#[tokio::test]
async fn a_witness_proves_what_a_block_looked_at_from_the_parents_root() {
    let node = Node::manual().await;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x5"}])).await;
    node.ask("evm_mine", json!([])).await;
    let parent = node.ask("eth_getBlockByNumber", json!(["0x0", false])).await;

    let witness = node.ask("debug_executionWitness", json!(["0x1"])).await;

    let mut hashes = Vec::new();
    for element in witness["state"].as_array().unwrap() {
        hashes.push(node.ask("web3_sha3", json!([element])).await);
    }
    assert!(hashes.contains(&parent["stateRoot"]));
    let keys = witness["keys"].as_array().unwrap();
    assert!(keys.contains(&json!(ALICE.to_string().to_lowercase())));
    let header = node.ask("debug_getRawHeader", json!(["0x0"])).await;
    assert_eq!(witness["headers"], json!([header]));
    node.place("0x5f").await;
    node.ask("evm_mine", json!([])).await;
    let cheated = node.refusal("debug_executionWitness", json!(["0x2"])).await;
    assert!(cheated.message().contains("dev methods changed"), "{cheated}");
}

#[tokio::test]
async fn a_struct_log_of_too_many_steps_is_refused_and_limits_are_kept() {
    let node = Node::manual().await;
    // JUMPDEST, PUSH0, JUMP: three steps for eleven gas.
    let endless = node.place("0x5b5f56").await;
    let trace = |gas: &str, limit: u64| {
        let options = json!({ "limit": limit, "disableStack": true });
        json!([{ "from": ALICE, "to": endless, "gas": gas }, "latest", options])
    };

    let short = node.ask("debug_traceCall", trace("0x4c4b40", 10)).await;
    let whole = node.ask("debug_traceCall", trace("0x7530", 0)).await;
    let refused = node.refusal("debug_traceCall", trace("0x4c4b40", 0)).await;

    assert_eq!(short["structLogs"].as_array().unwrap().len(), 10);
    assert!(whole["structLogs"].as_array().unwrap().len() > 2_000);
    assert!(refused.message().contains("more than 1000000 steps"), "{refused}");
}
