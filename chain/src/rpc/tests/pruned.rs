//! A node that keeps only a window of history: inside it every answer is as ever, outside it there is an
//! error that says so, never a wrong or an empty answer.

use super::support::{ALICE, BOB, LOGGER, Node, number};
use serde_json::{Value, json};
use utnet_db::Pruning;

/// The code of history that is not kept.
const GONE: Option<i32> = Some(4444);

/// A node at block 20 that has states from block 12, bodies from 14 and receipts from 16 on; the
/// hashes of the one transaction of each block; the contract that logs in each.
async fn long_lived() -> (Node, Vec<Value>, String) {
    let window = Pruning { state: Some(8), receipts: Some(4), bodies: Some(6) };
    let node = Node::keeping(window).await;
    let logger = node.place(LOGGER).await.to_string();
    let mut hashes = vec![Value::Null];
    for _ in 0..20 {
        let request = json!([{"from": ALICE, "to": logger, "value": "0x1"}]);
        hashes.push(node.ask("eth_sendTransaction", request).await);
    }
    (node, hashes, logger)
}

#[tokio::test]
async fn states_that_are_gone_are_refused() {
    let (node, hashes, logger) = long_lived().await;
    let call = json!({"from": ALICE, "to": logger});
    let tracer = json!({"tracer": "callTracer"});
    for (method, params) in [
        ("eth_getBalance", json!([ALICE, "0xb"])),
        ("eth_getTransactionCount", json!([ALICE, "0xb"])),
        ("eth_getCode", json!([logger, "0xb"])),
        ("eth_getStorageAt", json!([logger, "0x0", "0xb"])),
        ("eth_getProof", json!([ALICE, [], "0xb"])),
        ("eth_call", json!([call, "0xb"])),
        ("eth_estimateGas", json!([call, "0xb"])),
        ("eth_createAccessList", json!([call, "0xb"])),
        ("eth_simulateV1", json!([{"blockStateCalls": [{"calls": [call]}]}, "0xb"])),
        ("eth_getBalance", json!([ALICE, "earliest"])),
        ("debug_traceCall", json!([call, "0xb", tracer])),
        ("trace_call", json!([call, ["trace"], "0xb"])),
        ("debug_dumpBlock", json!(["0xb"])),
        ("debug_getModifiedAccountsByNumber", json!([11])),
        ("eth_getTransactionBySenderAndNonce", json!([ALICE, "0x3"])),
        ("debug_traceTransaction", json!([hashes[5], tracer])),
    ] {
        assert_eq!(node.error_code(method, params).await, GONE, "{method}");
    }
    let told = node.refusal("eth_getBalance", json!([ALICE, "0xb"])).await;
    assert_eq!(
        told.message(),
        "pruned history unavailable: state of block 11; what is kept begins with block 12"
    );
}

#[tokio::test]
async fn blocks_and_receipts_that_are_gone_are_refused() {
    let (node, hashes, logger) = long_lived().await;
    for (method, params) in [
        ("eth_getBlockByNumber", json!(["0xd", false])),
        ("eth_getBlockTransactionCountByNumber", json!(["0xd"])),
        ("eth_getTransactionByHash", json!([hashes[13]])),
        ("eth_getRawTransactionByHash", json!([hashes[13]])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0xd", "0x0"])),
        ("eth_getTransactionReceipt", json!([hashes[13]])),
        ("debug_traceTransaction", json!([hashes[13]])),
        ("debug_traceBlockByNumber", json!(["0xd"])),
        ("debug_getRawBlock", json!(["0xd"])),
        ("trace_transaction", json!([hashes[13]])),
        ("trace_block", json!(["0xd"])),
        ("trace_filter", json!([{"fromBlock": "0x1", "toBlock": "0x14"}])),
        ("ots_getTransactionError", json!([hashes[13]])),
        // These have their bodies.
        ("eth_getTransactionReceipt", json!([hashes[15]])),
        ("eth_getBlockReceipts", json!(["0xf"])),
        ("debug_getRawReceipts", json!(["0xf"])),
        ("ots_getBlockDetails", json!(["0xf"])),
        ("eth_feeHistory", json!(["0xa", "latest", [50]])),
        ("eth_getLogs", json!([{"fromBlock": "0x1", "toBlock": "latest", "address": logger}])),
        ("anvil_dumpState", json!([])),
    ] {
        assert_eq!(node.error_code(method, params).await, GONE, "{method}");
    }
}

#[tokio::test]
async fn what_is_kept_is_answered() {
    let (node, hashes, logger) = long_lived().await;

    let at_12 = node.ask("eth_getBalance", json!([logger, "0xc"])).await;
    assert_eq!(number(&at_12), 12);
    assert_eq!(node.ask("eth_getTransactionCount", json!([ALICE, "0xc"])).await, "0xc");
    let block = node.ask("eth_getBlockByNumber", json!(["0xe", false])).await;
    assert_eq!(block["transactions"], json!([hashes[14]]));
    let trace = json!([hashes[14], {"tracer": "callTracer"}]);
    assert_eq!(node.ask("debug_traceTransaction", trace).await["type"], "CALL");
    let receipt = node.ask("eth_getTransactionReceipt", json!([hashes[16]])).await;
    assert_eq!(receipt["logs"].as_array().unwrap().len(), 1);
    let filter = json!([{"fromBlock": "0x10", "toBlock": "latest", "address": logger}]);
    assert_eq!(node.ask("eth_getLogs", filter).await.as_array().unwrap().len(), 5);
    let found = node.ask("eth_getTransactionBySenderAndNonce", json!([ALICE, "0xe"])).await;
    assert_eq!(found["hash"], hashes[15]);
    let first = node.ask("eth_getBlockByNumber", json!(["earliest", true])).await;
    assert_eq!(first["number"], "0x0");
    let fees = node.ask("eth_feeHistory", json!(["0xa", "latest", null])).await;
    assert_eq!(fees["gasUsedRatio"].as_array().unwrap().len(), 10);
}

/// Headers stay, and their blooms prove that nothing is missing.
#[tokio::test]
async fn logs_that_were_never_there_are_not_missed() {
    let (node, _, _) = long_lived().await;
    let filter = json!([{"fromBlock": "0x1", "toBlock": "latest", "address": BOB}]);
    assert_eq!(node.ask("eth_getLogs", filter).await, json!([]));
}

#[tokio::test]
async fn a_transaction_that_waits_was_not_removed() {
    let (node, _, _) = long_lived().await;
    node.ask("evm_setAutomine", json!([false])).await;
    let hash = node.ask("eth_sendTransaction", json!([{"from": BOB, "to": ALICE}])).await;

    assert!(node.ask("eth_getTransactionReceipt", json!([hash])).await.is_null());
    assert!(node.ask("eth_getTransactionByHash", json!([hash])).await["blockHash"].is_null());
    let nobodys = json!([format!("0x{:064x}", 1)]);
    assert_eq!(node.error_code("eth_getTransactionReceipt", nobodys).await, GONE);
}

/// A draw reads the state of an epoch ago, whatever the window is.
#[tokio::test]
async fn producers_are_drawn_from_states_that_stay_for_it() {
    let window = Pruning { state: Some(1), receipts: Some(9), bodies: Some(9) };
    let node = Node::poci_keeping(window).await;

    node.ask("anvil_mine", json!(["0x64"])).await;
    node.ask("anvil_rollback", json!([1])).await;
    node.ask("anvil_mine", json!(["0x2"])).await;

    let kept = node.ask("eth_capabilities", json!([])).await;
    let oldest = number(&kept["state"]["oldestBlock"]);
    assert!((1..=100 - 1 - 16).contains(&oldest), "{oldest}");
}

#[tokio::test]
async fn capabilities_tell_the_window() {
    let (node, _, _) = long_lived().await;

    let kept = node.ask("eth_capabilities", json!([])).await;

    for (resource, oldest, blocks) in [
        ("state", 12, 9),
        ("stateproofs", 12, 9),
        ("tx", 14, 7),
        ("blocks", 14, 7),
        ("logs", 16, 5),
        ("receipts", 16, 5),
    ] {
        assert_eq!(number(&kept[resource]["oldestBlock"]), oldest, "{resource}");
        let strategy = &kept[resource]["deleteStrategy"];
        assert_eq!(strategy["type"], "window", "{resource}");
        assert_eq!(number(&strategy["retentionBlocks"]), blocks, "{resource}");
    }
}

#[tokio::test]
async fn going_back_further_than_what_is_kept_is_refused_and_loses_nothing() {
    let window = Pruning { state: Some(8), receipts: Some(8), bodies: Some(8) };
    let node = Node::keeping(window).await;
    node.ask("anvil_mine", json!(["0x2"])).await;
    let early = node.ask("evm_snapshot", json!([])).await;
    node.ask("anvil_mine", json!(["0x12"])).await;
    let head = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;

    assert_eq!(node.error_code("evm_revert", json!([early])).await, GONE);
    assert_eq!(node.error_code("anvil_rollback", json!([9])).await, GONE);
    assert_eq!(node.error_code("anvil_reorg", json!([9, []])).await, GONE);
    assert_eq!(node.error_code("debug_setHead", json!(["0xb"])).await, GONE);

    assert_eq!(node.ask("eth_getBlockByNumber", json!(["latest", false])).await, head);
    node.ask("anvil_rollback", json!([8])).await;
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0xc");
    node.ask("evm_mine", json!([])).await;
    node.ask("anvil_reset", json!([])).await;
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}
