//! The Unix socket answers as the port does.

use super::support::{ALICE, BOB, Node};
use crate::miner::MiningMode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

/// A client that cuts the stream by asking serde where each text ends.
struct Client {
    stream: UnixStream,
    read: Vec<u8>,
}

impl Client {
    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        loop {
            let mut texts = serde_json::Deserializer::from_slice(&self.read).into_iter::<Value>();
            if let Some(Ok(value)) = texts.next() {
                let end = texts.byte_offset();
                self.read.drain(..end);
                return value;
            }
            self.stream.read_buf(&mut self.read).await.unwrap();
        }
    }
}

async fn connect() -> (Node, Client, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.ipc");
    let node = Node::start_at(MiningMode::Instant, Some(path.clone())).await;
    let stream = UnixStream::connect(path).await.unwrap();
    (node, Client { stream, read: Vec::new() }, folder)
}

#[tokio::test]
async fn requests_without_newlines_are_answered() {
    let (_node, mut client, _folder) = connect().await;

    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}{"jsonrpc":"2.0","id":2,"method":"eth_blockNumber","params":[]}"#).await;

    let mut answers = [client.next().await, client.next().await];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(answers[0], json!({"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}));
    assert_eq!(answers[1]["result"], "0x0");
}

#[tokio::test]
async fn a_batch_is_answered_as_one_list() {
    let (_node, mut client, _folder) = connect().await;

    client.send(r#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","id":2,"method":"nope"}]"#).await;

    let answer = client.next().await;
    assert_eq!(answer[0]["result"], "0x7a69");
    assert_eq!(answer[1]["error"]["code"], -32_601);
}

#[tokio::test]
async fn a_subscription_is_answered_and_then_fed() {
    let (node, mut client, _folder) = connect().await;

    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#).await;
    let id = client.next().await["result"].clone();
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": BOB}])).await;

    assert!(id.as_str().unwrap().starts_with("0x"));
    let notice = client.next().await;
    assert_eq!(notice["method"], "eth_subscription");
    assert_eq!(notice["params"]["subscription"], id);
    assert_eq!(notice["params"]["result"]["number"], "0x1");
    client
        .send(
            &json!({"jsonrpc": "2.0", "id": 2, "method": "eth_unsubscribe", "params": [id]})
                .to_string(),
        )
        .await;
    assert_eq!(client.next().await["result"], true);
}

#[tokio::test]
async fn garbage_is_answered_with_a_parse_error_and_the_end() {
    let (_node, mut client, _folder) = connect().await;

    client.send("hello").await;

    assert_eq!(client.next().await["error"]["code"], -32_700);
    assert_eq!(client.stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_socket_has_as_many_connections_as_the_node_allows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.ipc");
    let _node = Node::serving(MiningMode::Instant, |config| {
        config.ipc = Some(path.clone());
        config.limits.connections = 1;
    })
    .await;
    let mut first = Client { stream: UnixStream::connect(&path).await.unwrap(), read: Vec::new() };
    first.send(r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#).await;
    assert_eq!(first.next().await["result"], "0x7a69");

    let mut second = UnixStream::connect(&path).await.unwrap();

    assert_eq!(second.read(&mut [0; 1]).await.unwrap(), 0);
    first.send(r#"{"jsonrpc":"2.0","id":2,"method":"eth_chainId"}"#).await;
    assert_eq!(first.next().await["id"], 2);
}
