//! Speaks JSON-RPC with a real server in front of a simulated chain.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer_local::PrivateKeySigner;
use std::{net::SocketAddr, sync::Arc};
use utnet_client::{
    Backoff, CallError, CallRequest, Chain, Clock, Dispatcher, Intent, IntentKey, ManualClock,
    Outbox, Policy, Rpc, RpcError, Status, call_contract,
    simulation::{Faults, RecordingChain, serve},
};
use utnet_primitives::{Gas, Height, Seconds};

const CHAIN_ID: u64 = 31_337;

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(Seconds(1)))
}

fn rpc(scheme: &str, address: SocketAddr) -> Rpc {
    Rpc::new(&format!("{scheme}://{address}"), clock()).expect("a good url")
}

fn request() -> CallRequest {
    let to = Address::repeat_byte(1).into();
    CallRequest { from: None, to, value: U256::ZERO, input: Bytes::from_static(&[1]) }
}

#[tokio::test]
async fn http_and_ws_give_the_same_answers() {
    let chain = RecordingChain::new(CHAIN_ID, Faults::default());
    let block = chain.mine();
    let (address, _server) = serve(chain).await.expect("a free port");
    for scheme in ["http", "ws"] {
        let rpc = rpc(scheme, address);
        assert_eq!(rpc.chain_id().await.expect("served"), CHAIN_ID);
        assert_eq!(rpc.head().await.expect("served"), block);
        assert_eq!(rpc.block_at(Height(1)).await.expect("served"), Some(block));
        assert_eq!(rpc.block_at(Height(2)).await.expect("served"), None);
        assert_eq!(rpc.mined_nonce(Address::ZERO).await.expect("served"), 0);
        assert_eq!(rpc.receipt(B256::ZERO).await.expect("served"), None);
        assert_eq!(rpc.fees().await.expect("served").base_fee, 1_000_000_000);
        assert_eq!(rpc.estimate_gas(&request()).await.expect("served"), Gas(50_000));
    }
}

#[tokio::test]
async fn requests_that_the_node_could_not_serve_are_tried_again() {
    let faults = Faults { lost_requests: 40, seed: 7, ..Faults::default() };
    let (address, _server) = serve(RecordingChain::new(CHAIN_ID, faults)).await.expect("a port");
    let patient = Backoff { tries: 50, ..Backoff::default() };
    let url = format!("http://{address}");
    let rpc = Rpc::with_backoff(&url, clock(), patient).expect("a good url");
    for _ in 0..50 {
        assert_eq!(rpc.chain_id().await.expect("served in the end"), CHAIN_ID);
    }
}

#[tokio::test]
async fn a_revert_is_an_answer_and_not_tried_again() {
    let chain = RecordingChain::new(CHAIN_ID, Faults::default());
    chain.answer_calls(|_request| Err("execution reverted: no".to_owned()));
    let (address, _server) = serve(chain).await.expect("a free port");
    let error = rpc("http", address).call(&request()).await.expect_err("reverts");
    assert!(error.is_revert() && !error.is_retryable());
    assert!(error.to_string().contains("eth_call at http://127.0.0.1"), "{error}");
}

#[tokio::test]
async fn a_node_that_is_not_there_is_named_with_the_method() {
    let (address, server) =
        serve(RecordingChain::new(CHAIN_ID, Faults::default())).await.expect("a free port");
    server.stop().expect("it runs");
    server.stopped().await;
    for scheme in ["http", "ws"] {
        let error = rpc(scheme, address).chain_id().await.expect_err("gone");
        assert!(matches!(error, RpcError::Unreachable { method: "eth_chainId", .. }), "{error}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn an_address_without_code_is_an_error_and_not_an_empty_answer() {
    let chain = RecordingChain::new(CHAIN_ID, Faults::default());
    let call = utnet_bindings::PociRegistry::totalPowerCall {};
    let error = call_contract(&chain, Address::ZERO, &call).await.expect_err("nothing there");
    assert!(matches!(error, CallError::Silent { function: "totalPower()", .. }), "{error}");
}

#[tokio::test]
async fn an_intent_goes_through_a_real_line() {
    let chain = RecordingChain::new(CHAIN_ID, Faults::default());
    let (address, _server) = serve(chain.clone()).await.expect("a free port");
    let signer = PrivateKeySigner::random();
    let outbox = Outbox::in_memory(signer.address()).expect("in memory");
    let key = IntentKey::of(&[b"story"]);
    let intent = Intent {
        to: Address::repeat_byte(1).into(),
        value: U256::from(5),
        input: Bytes::new(),
        gas: None,
    };
    outbox.enqueue(key, &intent).expect("stored");
    let node = rpc("http", address);
    let started = Dispatcher::start(&outbox, node, signer, clock(), Policy::default()).await;
    let mut dispatcher = started.expect("the node is there");

    dispatcher.tick().await.expect("sent");
    chain.mine();
    let status = dispatcher.settle(key).await.expect("mined");

    assert!(matches!(status, Status::Mined { height: Height(1), .. }));
}
