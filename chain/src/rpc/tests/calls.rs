//! Reads and calls answer what the chain holds.

use super::support::{ALICE, BOB, LOGGER, Node, list, number};
use alloy_primitives::keccak256;
use alloy_rlp::{Encodable, Header};
use jsonrpsee::core::{client::ClientT, params::BatchRequestBuilder};
use serde_json::{Value, json};

/// Runtime code that returns the block's number.
const NUMBER: &str = "0x4360005260206000f3";
/// Runtime code that returns slot 0.
const SLOT: &str = "0x60005460005260206000f3";

#[tokio::test]
async fn the_client_names_itself_after_anvil() {
    let node = Node::instant().await;
    let version = node.ask("web3_clientVersion", json!([])).await;
    assert!(version.as_str().unwrap().starts_with("anvil/"), "{version}");
    assert_eq!(node.ask("eth_chainId", json!([])).await, "0x7a69");
    assert_eq!(node.ask("net_version", json!([])).await, "31337");
}

#[tokio::test]
async fn a_batch_is_answered_in_order() {
    let node = Node::instant().await;
    let mut batch = BatchRequestBuilder::new();
    batch.insert("eth_blockNumber", list(json!([]))).unwrap();
    batch.insert("eth_chainId", list(json!([]))).unwrap();

    let answers = node.http.batch_request::<Value>(batch).await.unwrap();

    let answers: Vec<Value> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [json!("0x0"), json!("0x7a69")]);
}

#[tokio::test]
async fn a_call_sees_overridden_state() {
    let node = Node::instant().await;
    let overrides = json!({ BOB.to_string(): {
        "code": SLOT,
        "stateDiff": { format!("0x{:064x}", 0): format!("0x{:064x}", 7) },
    }});

    let call = json!([{"to": BOB}, "latest", overrides]);

    assert_eq!(node.ask("eth_call", call).await, format!("0x{:064x}", 7));
}

#[tokio::test]
async fn a_call_sees_an_overridden_block() {
    let node = Node::instant().await;
    let code = json!({ BOB.to_string(): {"code": NUMBER} });

    let call = json!([{"to": BOB}, "latest", code, {"number": "0x63"}]);

    assert_eq!(node.ask("eth_call", call).await, format!("0x{:064x}", 0x63));
}

#[tokio::test]
async fn state_is_found_by_number_tag_and_hash() {
    let node = Node::instant().await;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB, "value": "0x1"}])).await;
    let genesis = node.ask("eth_getBlockByNumber", json!(["0x0", false])).await;

    let by_hash = json!([BOB, {"blockHash": genesis["hash"], "requireCanonical": true}]);

    let before = node.ask("eth_getBalance", by_hash).await;
    assert_eq!(before, node.ask("eth_getBalance", json!([BOB, "earliest"])).await);
    assert_eq!(before, node.ask("eth_getBalance", json!([BOB, genesis["hash"]])).await);
    assert_ne!(before, node.ask("eth_getBalance", json!([BOB])).await);
}

/// Simulated calls with a `gasPrice` had `v` of a signature, which nobody had made: geth has a zero there, and so another
/// hash, and another root of the block's transactions.
#[tokio::test]
async fn a_simulated_call_with_a_gas_price_is_signed_by_zeros() {
    let node = Node::instant().await;
    let price = 2_000_000_000_u64;
    let call =
        json!({"from": ALICE, "to": BOB, "gas": "0x5208", "gasPrice": price, "value": "0x1"});
    let call = json!({"blockStateCalls": [{"calls": [call]}], "returnFullTransactions": true});

    let blocks = node.ask("eth_simulateV1", json!([call, "latest"])).await;

    let transaction = &blocks[0]["transactions"][0];
    assert_eq!(["v", "r", "s"].map(|field| transaction[field].clone()), ["0x0", "0x0", "0x0"]);
    let mut fields = Vec::new();
    for number in [0, price, 21_000] {
        number.encode(&mut fields);
    }
    BOB.encode(&mut fields);
    // The value, no data, and the signature.
    for number in [1_u64, 0, 0, 0, 0] {
        number.encode(&mut fields);
    }
    let mut rlp = Vec::new();
    Header { list: true, payload_length: fields.len() }.encode(&mut rlp);
    rlp.extend(fields);
    assert_eq!(transaction["hash"], keccak256(rlp).to_string());
}

/// A call that never ends and asks for 2^64 gas held a thread of the node for ever.
#[tokio::test]
async fn a_call_that_never_ends_runs_out_of_gas_however_much_it_asks_for() {
    let node = Node::instant().await;
    let endless = node.place("0x5b600056").await;
    let call = json!([{"from": ALICE, "to": endless, "gas": "0xffffffffffffffff"}]);

    let refused = node.refusal("eth_call", call).await;

    assert_eq!(refused.message(), "out of gas");
}

#[tokio::test]
async fn a_plain_transfer_is_estimated_at_21000() {
    let node = Node::instant().await;
    let gas =
        node.ask("eth_estimateGas", json!([{"from": ALICE, "to": BOB, "value": "0x1"}])).await;
    assert_eq!(number(&gas), 21_000);
}

#[tokio::test]
async fn an_estimate_is_enough_for_the_transaction() {
    let node = Node::instant().await;
    let logger = node.place(LOGGER).await;

    let gas = node.ask("eth_estimateGas", json!([{"from": ALICE, "to": logger}])).await;

    let request = json!([{"from": ALICE, "to": logger, "gas": gas}]);
    let hash = node.ask("eth_sendTransaction", request).await;
    let receipt = node.ask("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1");
}

#[tokio::test]
async fn an_access_list_names_the_slots_that_are_read() {
    let node = Node::instant().await;
    let reader = node.place(SLOT).await;

    let result = node.ask("eth_createAccessList", json!([{"from": ALICE, "to": reader}])).await;

    let slot = &result["accessList"][0]["storageKeys"][0];
    assert_eq!(slot, &json!(format!("0x{:064x}", 0)));
}

#[tokio::test]
async fn a_fee_history_has_one_base_fee_more_than_blocks() {
    let node = Node::instant().await;
    node.ask("anvil_mine", json!([3])).await;

    let history = node.ask("eth_feeHistory", json!(["0x2", "latest", [50.0]])).await;

    assert_eq!(history["baseFeePerGas"].as_array().unwrap().len(), 3);
    assert_eq!(history["gasUsedRatio"].as_array().unwrap().len(), 2);
    assert_eq!(history["oldestBlock"], "0x2");
}

#[tokio::test]
async fn an_account_is_proven_against_the_state_root() {
    let node = Node::instant().await;
    let proof = node.ask("eth_getProof", json!([ALICE, ["0x0"], "latest"])).await;
    assert!(!proof["accountProof"].as_array().unwrap().is_empty());
    assert_eq!(proof["storageProof"][0]["key"], "0x0");
}

/// Runtime code that returns the block's time.
const TIME: &str = "0x4260005260206000f3";

#[tokio::test]
async fn every_call_needs_a_sender_that_can_pay() {
    let node = Node::instant().await;
    let poor = "0x00000000000000000000000000000000000000bb";
    let moving = json!({"from": poor, "to": BOB, "value": "0x1"});
    let priced = json!({"from": poor, "to": BOB, "gasPrice": "0x77359400"});
    for call in [&moving, &priced] {
        for (method, params) in [
            ("eth_call", json!([call])),
            ("eth_callMany", json!([[{"transactions": [call]}]])),
            ("eth_createAccessList", json!([call])),
            ("debug_traceCall", json!([call, "latest"])),
            ("debug_traceCallMany", json!([[{"transactions": [call]}]])),
            ("trace_call", json!([call, ["trace"]])),
            ("trace_callMany", json!([[[call, ["trace"]]]])),
        ] {
            let refused = node.refusal(method, params).await;
            assert!(refused.message().starts_with("insufficient funds"), "{method}: {refused}");
        }
    }
    // What an earlier call brought is there for the next.
    let gift = json!({"from": ALICE, "to": poor, "value": "0x5"});
    let many = json!([[{"transactions": [gift, moving]}]]);
    node.ask("eth_callMany", many).await;
}

#[tokio::test]
async fn a_call_for_another_chain_is_refused_and_blobs_cost_a_call_nothing() {
    let node = Node::instant().await;
    for method in ["eth_call", "eth_estimateGas", "debug_traceCall"] {
        let refused = node.refusal(method, json!([{"to": BOB, "chainId": "0x1"}, "latest"])).await;
        assert!(refused.message().contains("chainId"), "{method}: {refused}");
    }
    let hash = format!("0x01{}", "00".repeat(31));
    assert_eq!(
        node.ask("eth_call", json!([{"to": BOB, "blobVersionedHashes": [hash]}])).await,
        "0x"
    );
}

#[tokio::test]
async fn pending_means_the_block_that_would_be_made_now() {
    let node = Node::manual().await;
    let [paid, clock] =
        ["0x00000000000000000000000000000000000000aa", &node.place(TIME).await.to_string()];
    let init = "0x602a60005560016000f3";
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": paid, "value": "0x5"}])).await;
    node.ask("eth_sendTransaction", json!([{"from": BOB, "data": init}])).await;
    node.ask("evm_increaseTime", json!([3_600])).await;
    assert_eq!(node.ask("eth_getBalance", json!([paid, "latest"])).await, "0x0");

    let block = node.ask("eth_getBlockByNumber", json!(["pending", true])).await;
    let time = node.ask("eth_call", json!([{"to": clock}, "pending"])).await;

    assert_eq!(number(&block["timestamp"]), number(&time));
    assert_eq!(block["transactions"].as_array().unwrap().len(), 2);
    assert_eq!(node.ask("eth_getBlockTransactionCountByNumber", json!(["pending"])).await, "0x2");
    assert!(number(&block["gasUsed"]) > 21_000);
    assert_eq!(node.ask("eth_getBalance", json!([paid, "pending"])).await, "0x5");
    let info = node.ask("eth_getAccountInfo", json!([paid, "pending"])).await;
    assert_eq!(info["balance"], "0x5");
    node.ask("evm_mine", json!([])).await;
    let made = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    for field in ["timestamp", "transactionsRoot", "gasUsed", "baseFeePerGas"] {
        assert_eq!(made[field], block[field], "{field}");
    }
    let receipts = node.ask("eth_getBlockReceipts", json!(["latest"])).await;
    let receipts = receipts.as_array().unwrap();
    let created = receipts.iter().find_map(|receipt| receipt["contractAddress"].as_str()).unwrap();
    assert_eq!(number(&node.ask("eth_getStorageAt", json!([created, "0x0", "pending"])).await), 42);
}

#[tokio::test]
async fn the_pending_block_lacks_only_its_hash_and_its_nonce() {
    let node = Node::manual().await;
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}])).await;

    let block = node.ask("eth_getBlockByNumber", json!(["pending", false])).await;

    let fields = block.as_object().unwrap().iter();
    let blank: Vec<_> = fields.filter(|(_, value)| value.is_null()).map(|(name, _)| name).collect();
    assert_eq!(blank, ["hash", "nonce"]);
    node.ask("evm_mine", json!([])).await;
    let made = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    for field in ["logsBloom", "receiptsRoot"] {
        assert_eq!(made[field], block[field], "{field}");
    }
}

/// Runtime code that reverts until the time in its first slot has come.
const LOCK: &str = "0x600054 42 10 600957 00 5b 60006000fd";

/// What is estimated comes into the next block: tools that estimate first had a time lock's word against it.
#[tokio::test]
async fn an_estimate_runs_in_the_time_of_the_next_block() {
    let node = Node::instant().await;
    let lock = node.place(LOCK).await;
    let head = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    let opens = format!("0x{:064x}", number(&head["timestamp"]) + 80_000);
    node.ask("anvil_setStorageAt", json!([lock, "0x0", opens])).await;
    let call = json!({"from": ALICE, "to": lock});
    node.refusal("eth_estimateGas", json!([call])).await;

    node.ask("evm_increaseTime", json!([90_000])).await;

    assert!(number(&node.ask("eth_estimateGas", json!([call])).await) > 21_000);
    node.refusal("eth_estimateGas", json!([call, "latest"])).await;
    node.refusal("eth_call", json!([call])).await;
}

#[tokio::test]
async fn an_estimate_follows_what_waits_in_the_pool() {
    let node = Node::manual().await;
    let poor = "0x00000000000000000000000000000000000000bb";
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": poor, "value": "0x5"}])).await;

    let gas = node.ask("eth_estimateGas", json!([{"from": poor, "to": BOB, "value": "0x5"}])).await;

    assert_eq!(gas, "0x5208");
}

/// Runtime code that works once: it sets slot 0, and reverts where that is set.
const ONCE: &str = "0x600054 15 600c57 60006000fd 5b 6001600055 00";

/// A transaction that takes a waiting one's place was estimated after that one: with its money gone and its work done,
/// it could not be sped up.
#[tokio::test]
async fn what_takes_a_waiting_transactions_place_is_estimated_without_it() {
    let node = Node::manual().await;
    let once = node.place(ONCE).await;
    node.ask("anvil_setBalance", json!([ALICE, "0xde0b6b3a7640000"])).await;
    let most = json!({"from": ALICE, "to": BOB, "value": "0xc7d713b49da0000", "nonce": "0x0"});
    let claim = json!({"from": BOB, "to": once, "nonce": "0x0"});
    for waiting in [&most, &claim] {
        node.ask("eth_sendTransaction", json!([waiting])).await;
    }

    for (replacing, least) in [(most, 21_000), (claim, 40_000)] {
        for params in [json!([replacing]), json!([replacing, "pending"])] {
            let gas = number(&node.ask("eth_estimateGas", params).await);
            assert!(gas >= least, "{gas}");
        }
        let mut dearer = replacing;
        dearer["gasPrice"] = json!("0x2540be400");
        node.ask("eth_sendTransaction", json!([dearer])).await;
    }
    node.refusal("eth_estimateGas", json!([{"from": ALICE, "to": once}])).await;
    node.ask("evm_mine", json!([])).await;
    let block = node.ask("eth_getBlockByNumber", json!(["latest", true])).await;
    for transaction in block["transactions"].as_array().unwrap() {
        let hash = json!([transaction["hash"]]);
        assert_eq!(transaction["gasPrice"], "0x2540be400");
        assert_eq!(node.ask("eth_getTransactionReceipt", hash).await["status"], "0x1");
    }
    assert_eq!(block["transactions"].as_array().unwrap().len(), 2);
}

/// Runtime code that returns the price of blobs.
const BLOB_PRICE: &str = "0x4a60005260206000f3";

#[tokio::test]
async fn a_call_without_blobs_sees_their_price() {
    let node = Node::instant().await;
    let code = json!({ BOB.to_string(): {"code": BLOB_PRICE} });
    let price = async |call: serde_json::Value, block: serde_json::Value| {
        number(&node.ask("eth_call", json!([call, "latest", code, block])).await)
    };
    let hash = format!("0x01{}", "00".repeat(31));
    let with_blobs = json!({"to": BOB, "blobVersionedHashes": [hash]});

    assert_eq!(price(json!({"to": BOB}), json!({})).await, 1);
    assert_eq!(price(json!({"to": BOB}), json!({"blobBaseFee": "0x7"})).await, 7);
    assert_eq!(price(with_blobs, json!({})).await, 0, "it offers nothing for them");
}

#[tokio::test]
async fn a_fee_history_up_to_the_head_ends_with_the_fee_that_is_set() {
    let node = Node::instant().await;
    node.ask("anvil_mine", json!([2])).await;
    node.ask("anvil_setNextBlockBaseFeePerGas", json!(["0x63"])).await;

    let last = async |newest: &str| {
        let history = node.ask("eth_feeHistory", json!([1, newest])).await;
        number(history["baseFeePerGas"].as_array().unwrap().last().unwrap())
    };

    assert_eq!(last("latest").await, 0x63);
    assert_ne!(last("0x1").await, 0x63);
}
