//! What a wallet would answer, and the cheats for tokens.

use super::support::{ALICE, BOB, Node, PARROT};
use alloy_primitives::{Address, keccak256};
use serde_json::{Value, json};

fn batch(calls: Value) -> Value {
    json!([{"version": "2.0.0", "chainId": "0x7a69", "from": ALICE, "atomicRequired": false, "calls": calls}])
}

#[tokio::test]
async fn a_batch_is_sent_and_its_outcome_told() {
    let node = Node::manual().await;
    let calls = json!([{"to": BOB, "value": "0x1"}, {"to": BOB, "value": "0x2"}]);

    let sent = node.ask("wallet_sendCalls", batch(calls)).await;

    let pending = node.ask("wallet_getCallsStatus", json!([sent["id"]])).await;
    assert_eq!((&pending["status"], &pending["atomic"]), (&json!(100), &json!(false)));
    node.ask("evm_mine", json!([])).await;
    let done = node.ask("wallet_getCallsStatus", json!([sent["id"]])).await;
    assert_eq!(done["status"], 200);
    assert_eq!(done["receipts"].as_array().unwrap().len(), 2);
    assert_eq!(done["receipts"][0]["status"], "0x1");
    assert!(node.ask("wallet_showCallsStatus", json!([sent["id"]])).await.is_null());
}

/// A batch whose blocks were taken back was told to wait for ever.
#[tokio::test]
async fn a_batch_that_is_in_no_block_and_no_pool_any_more_is_lost() {
    let node = Node::instant().await;
    node.ask("anvil_mine", json!([1])).await;
    let status = async |id: &Value| {
        let status = node.ask("wallet_getCallsStatus", json!([id])).await;
        status["status"].as_u64().unwrap()
    };
    let kept = node.ask("wallet_sendCalls", batch(json!([{"to": BOB}]))).await;
    let snapshot = node.ask("evm_snapshot", json!([])).await;
    let lost = node.ask("wallet_sendCalls", batch(json!([{"to": BOB}, {"to": BOB}]))).await;
    assert_eq!(status(&lost["id"]).await, 200);

    node.ask("anvil_rollback", json!([1])).await;
    assert_eq!(status(&lost["id"]).await, 600, "one of its two calls is left");

    node.ask("evm_revert", json!([snapshot])).await;
    assert_eq!((status(&kept["id"]).await, status(&lost["id"]).await), (200, 400));
    node.ask("anvil_reset", json!([])).await;
    assert_eq!(status(&kept["id"]).await, 400);
}

#[tokio::test]
async fn a_batch_that_reverts_says_so() {
    let node = Node::manual().await;
    let parrot = node.place(PARROT).await;
    // No gas is estimated for a call that reverts: the first goes, the second is not sent.
    let calls = json!([{"to": BOB}, {"to": parrot, "data": "0x01"}]);

    let sent = node.ask("wallet_sendCalls", batch(calls)).await;

    node.ask("evm_mine", json!([])).await;
    let status = node.ask("wallet_getCallsStatus", json!([sent["id"]])).await;
    assert_eq!(status["status"], 600);
    assert!(status["error"].as_str().unwrap().contains("reverted"), "{status}");
    let code =
        node.error_code("wallet_sendCalls", batch(json!([{"to": parrot}, {"to": BOB}]))).await;
    assert_eq!(code, Some(3));
}

#[tokio::test]
async fn what_a_batch_may_not_ask_is_refused_by_its_number() {
    let node = Node::instant().await;
    let with = |field: &str, value: Value| {
        let mut params = batch(json!([{"to": BOB}]));
        params[0][field] = value;
        params
    };
    let cases = [
        (with("chainId", json!("0x1")), 5710),
        (with("atomicRequired", json!(true)), 5760),
        (with("capabilities", json!({"paymasterService": {"url": "x"}})), 5700),
        (with("from", json!(Address::repeat_byte(9))), 4100),
        (with("calls", json!([])), -32_602),
        (with("version", json!("9")), -32_602),
        (with("calls", json!(vec![json!({"to": BOB}); 257])), 5740),
    ];
    for (params, code) in cases {
        assert_eq!(
            node.error_code("wallet_sendCalls", params.clone()).await,
            Some(code),
            "{params}"
        );
    }
    let named = with("id", json!("mine"));
    assert_eq!(node.ask("wallet_sendCalls", named.clone()).await["id"], "mine");
    assert_eq!(node.error_code("wallet_sendCalls", named).await, Some(5720));
    assert_eq!(node.error_code("wallet_getCallsStatus", json!(["other"])).await, Some(5730));
    let optional = json!({"paymasterService": {"url": "x", "optional": true}});
    node.ask("wallet_sendCalls", with("capabilities", optional)).await;
}

#[tokio::test]
async fn the_only_chain_is_this_one() {
    let node = Node::instant().await;
    for method in ["wallet_addEthereumChain", "wallet_switchEthereumChain"] {
        assert!(node.ask(method, json!([{"chainId": "0x7a69"}])).await.is_null());
        assert_eq!(node.error_code(method, json!([{"chainId": "0x1"}])).await, Some(4902));
    }
    let capabilities = node.ask("wallet_getCapabilities", json!([ALICE])).await;
    assert_eq!(capabilities["0x7a69"]["atomic"]["status"], "unsupported");
    assert_eq!(node.ask("wallet_getCapabilities", json!([ALICE, ["0x1"]])).await, json!({}));
    let permissions = node.ask("wallet_requestPermissions", json!([{"eth_accounts": {}}])).await;
    assert_eq!(permissions[0]["parentCapability"], "eth_accounts");
}

/// Runtime code of a token: it answers every question with the slot `keccak(first argument)`, and fails when
/// slot 0 is not zero.
const TOKEN: &str = "0x600054 601c57 600435 600052 6020600020 54 600052 60206000f3 5b 60006000fd";

#[tokio::test]
async fn tokens_are_given_through_the_slot_that_decides() {
    let node = Node::instant().await;
    let token = node.place(TOKEN).await;

    node.ask("anvil_dealERC20", json!([BOB, token, "0x64"])).await;

    let slot = keccak256(BOB.into_word());
    let stored = node.ask("eth_getStorageAt", json!([token, slot, "latest"])).await;
    assert_eq!(stored, format!("0x{:064x}", 100));
    // The balance is that already: slot 0 must not be taken for the one that decides.
    node.ask("anvil_dealERC20", json!([BOB, token, "0x64"])).await;
    let first = node.ask("eth_getStorageAt", json!([token, "0x0", "latest"])).await;
    assert_eq!(first, format!("0x{:064x}", 0));
    node.ask("anvil_setERC20Allowance", json!([ALICE, BOB, token, 7])).await;
    let none = node.refusal("hardhat_dealERC20", json!([BOB, ALICE, 1])).await;
    assert!(none.message().contains("no storage slot"), "{none}");
}

#[tokio::test]
async fn a_waiting_transaction_is_sent_again_at_another_price() {
    let node = Node::manual().await;
    let request = json!({"from": ALICE, "to": BOB, "nonce": "0x0", "gasPrice": "0x77359400"});
    let first = node.ask("eth_sendTransaction", json!([request])).await;

    let second = node.ask("eth_resend", json!([request, "0xee6b2800"])).await;

    assert_ne!(first, second);
    assert_eq!(node.ask("txpool_status", json!([])).await["pending"], "0x1");
    let other = json!({"from": ALICE, "to": BOB, "nonce": "0x5"});
    assert_eq!(node.refusal("eth_resend", json!([other])).await.message(), "transaction not found");
}

#[tokio::test]
async fn a_condition_keeps_a_transaction_out() {
    let node = Node::instant().await;
    let raw = node.ask("eth_signTransaction", json!([{"from": ALICE, "to": BOB}])).await;
    let slot = format!("0x{:064x}", 1);
    let known = json!({"knownAccounts": {BOB.to_string(): {"0x1": slot}}});
    for condition in
        [json!({"blockNumberMax": "0x0"}), json!({"timestampMin": "0xffffffffff"}), known]
    {
        let code =
            node.error_code("eth_sendRawTransactionConditional", json!([raw, condition])).await;
        assert_eq!(code, Some(-32_003), "{condition}");
    }
    let fine = json!({"blockNumberMin": "0x1", "knownAccounts": {BOB.to_string(): {"0x1": format!("0x{:064x}", 0)}}});
    node.ask("eth_sendRawTransactionConditional", json!([raw, fine])).await;
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x1");
}

#[tokio::test]
async fn a_bundle_runs_on_a_state_and_changes_nothing() {
    let node = Node::instant().await;
    let request = json!({"from": ALICE, "to": BOB, "value": "0x5"});
    let raw = node.ask("eth_signTransaction", json!([request])).await;
    let bundle = json!([{"txs": [raw], "blockNumber": "0x1", "stateBlockNumber": "latest"}]);

    let ran = node.ask("eth_callBundle", bundle).await;

    assert_eq!((&ran["totalGasUsed"], &ran["stateBlockNumber"]), (&json!(21_000), &json!(0)));
    let earned: u128 = ran["coinbaseDiff"].as_str().unwrap().parse().unwrap();
    assert_eq!(earned, 21_000 * 1_000_000_000);
    assert_eq!(ran["ethSentToCoinbase"], "0");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn a_chain_in_memory_may_change_its_id() {
    let node = Node::instant().await;
    let old = node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}])).await;
    node.ask("anvil_setChainId", json!([7])).await;
    assert_eq!(node.ask("eth_chainId", json!([])).await, "0x7");
    node.ask("eth_sendTransactionSync", json!([{"from": ALICE, "to": BOB}])).await;
    node.ask("debug_traceTransaction", json!([old, {}])).await;
}

#[tokio::test]
async fn a_signature_recovers_to_whom_it_is_said_to() {
    let node = Node::instant().await;
    let hash = format!("{:064x}", 5);
    let (r, s) = ("11".repeat(32), "22".repeat(32));
    node.ask("anvil_impersonateSignature", json!([format!("0x{r}{s}1b"), BOB])).await;
    let recover = async |v: u8| {
        let data = format!("0x{hash}{v:064x}{r}{s}");
        let call = json!({"to": format!("0x{:040x}", 1), "data": data});
        node.ask("eth_call", json!([call, "latest"])).await
    };
    assert_eq!(recover(27).await, json!(BOB.into_word()));
    assert_ne!(recover(28).await, json!(BOB.into_word()));
}
