//! Whoever asks for too much, too slowly or too deep is refused; everybody else is served on.

use super::support::{ALICE, BOB, Node, list};
use crate::miner::MiningMode;
use jsonrpsee::core::{
    ClientError,
    client::{BatchResponse, ClientT},
    params::BatchRequestBuilder,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// So short that a test does not wait, so long that an honest request is in time.
const MOMENT: Duration = Duration::from_millis(300);

async fn connect(node: &Node) -> TcpStream {
    TcpStream::connect(node.address()).await.unwrap()
}

fn post(length: usize) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// Everything up to the end of the connection, however it ends.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The beginning of the next answer.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4_096];
    let length = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_the_others_are_served() {
    let node = Node::serving(MiningMode::Instant, |config| config.limits.connections = 3).await;
    node.ask("eth_chainId", json!([])).await;
    let _held = [connect(&node).await, connect(&node).await];

    let refused = rest(connect(&node).await).await;

    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("too many connections"), "{refused}");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let node =
        Node::serving(MiningMode::Instant, |config| config.limits.client_timeout = MOMENT).await;
    let silent = connect(&node).await;
    let mut slow = connect(&node).await;
    slow.write_all(b"POST / HTTP/1.1\r\nX: ").await.unwrap();

    rest(silent).await;
    rest(slow).await;

    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_with_a_timeout() {
    let node =
        Node::serving(MiningMode::Instant, |config| config.limits.client_timeout = MOMENT).await;
    let mut slow = connect(&node).await;

    slow.write_all(post(100).as_bytes()).await.unwrap();
    slow.write_all(b"{\"jsonrpc\"").await.unwrap();

    let refused = rest(slow).await;
    assert!(refused.starts_with("HTTP/1.1 408"), "{refused}");
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_and_not_kept() {
    let node =
        Node::serving(MiningMode::Instant, |config| config.limits.request_bytes = 1 << 20).await;
    let mut client = connect(&node).await;

    client.write_all(post(100 << 20).as_bytes()).await.unwrap();
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..100 {
        client.write_all(&spaces).await.unwrap();
    }

    let refused = answer(&mut client).await;
    assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");
}

#[tokio::test]
async fn large_requests_share_a_budget_that_small_ones_do_not_need() {
    let node = Node::serving(MiningMode::Instant, |config| {
        config.limits.request_bytes = 8 << 20;
        config.limits.buffered_bytes = 1 << 20;
    })
    .await;
    let mut holder = connect(&node).await;
    holder.write_all(post(2 << 20).as_bytes()).await.unwrap();
    holder.write_all(&vec![b' '; 1 << 20]).await.unwrap();
    // What was sent is received once the other side has taken it from the socket.
    let mut second = connect(&node).await;
    second.write_all(post(2 << 20).as_bytes()).await.unwrap();
    second.write_all(&vec![b' '; 2 << 20]).await.unwrap();

    let refused = answer(&mut second).await;

    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn json_nested_without_end_is_no_request() {
    let node = Node::instant().await;
    let deep = "[".repeat(1_000_000);
    for body in [
        deep.clone(),
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":{deep}"),
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":[{}{}]}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ),
    ] {
        let mut client = connect(&node).await;
        client.write_all(post(body.len()).as_bytes()).await.unwrap();
        client.write_all(body.as_bytes()).await.unwrap();
        let refused = answer(&mut client).await;
        assert!(refused.contains("\"error\""), "{refused}");
    }
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn a_batch_may_have_only_so_many_requests() {
    let node = Node::serving(MiningMode::Instant, |config| config.limits.batch = 2).await;
    let mut batch = BatchRequestBuilder::new();
    for _ in 0..3 {
        batch.insert("eth_chainId", list(json!([]))).unwrap();
    }

    let refused: Result<BatchResponse<'_, Value>, ClientError> =
        node.http.batch_request(batch).await;

    refused.unwrap_err();
}

#[tokio::test]
async fn a_connection_may_have_only_so_many_requests_under_way() {
    let node = Node::serving(MiningMode::Manual, |config| config.limits.in_flight = 1).await;
    let client = node.ws().await;
    // It waits for a block that does not come.
    let waiting = list(json!([{"from": ALICE, "to": BOB}, 600]));
    let waits = client.request::<Value, _>("eth_sendTransactionSync", waiting);
    let asks = async {
        while node.ask("txpool_status", json!([])).await["pending"] == "0x0" {}
        client.request::<Value, _>("eth_chainId", list(json!([]))).await
    };

    let (_, refused) = tokio::join!(waits, asks);

    let Err(ClientError::Call(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.code(), -32_005);
}

#[tokio::test]
async fn a_client_that_takes_no_answers_loses_its_connection() {
    let node =
        Node::serving(MiningMode::Instant, |config| config.limits.client_timeout = MOMENT).await;
    let code = format!("0x{}", "00".repeat(4 << 20));
    node.ask("anvil_setCode", json!([BOB, code])).await;
    let request =
        json!({"jsonrpc": "2.0", "id": 1, "method": "eth_getCode", "params": [BOB]}).to_string();
    let mut deaf = connect(&node).await;

    // More than the sockets between both hold.
    for _ in 0..4 {
        deaf.write_all(post(request.len()).as_bytes()).await.unwrap();
        deaf.write_all(request.as_bytes()).await.unwrap();
    }
    while !node.metrics().await.contains("method=\"eth_getCode\"") {}
    // Both connections end: this one for its deafness, the other for being idle.
    while !node.metrics().await.contains("utnet_rpc_connections 0") {}

    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x0");
}

#[tokio::test]
async fn namespaces_that_are_not_listed_are_not_served() {
    let node = Node::serving(MiningMode::Instant, |config| {
        config.modules = Some(vec!["eth", "net"]);
    })
    .await;

    assert_eq!(node.ask("eth_chainId", json!([])).await, "0x7a69");
    assert_eq!(node.ask("net_version", json!([])).await, "31337");
    for method in ["anvil_mine", "debug_traceTransaction", "web3_clientVersion", "utn_supply"] {
        assert_eq!(node.error_code(method, json!([])).await, Some(-32_601), "{method}");
    }
    let listed = node.ask("rpc_modules", json!([])).await;
    assert_eq!(listed, json!({"eth": "1.0", "net": "1.0", "rpc": "1.0"}));
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_doors_close() {
    let node = Node::serving(MiningMode::Manual, |_| {}).await;
    let client = node.http.clone();
    let waiting = list(json!([{"from": ALICE, "to": BOB}, 500]));
    let waits = client.request::<Value, _>("eth_sendTransactionSync", waiting);
    let closes = async {
        while node.ask("txpool_status", json!([])).await["pending"] == "0x0" {}
        node.close().await;
    };

    let (answered, ()) = tokio::join!(waits, closes);

    let Err(ClientError::Call(answered)) = answered else { panic!("an answer was promised") };
    assert!(answered.message().contains("no block took"), "{answered}");
    // EIP-7966.
    assert_eq!(answered.code(), 4);
}
