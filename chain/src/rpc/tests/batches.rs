//! Transactions that stand together in a batch are sent as one, and answered each at its place.

use super::support::{ALICE, BOB, Node};
use crate::miner::MiningMode;
use jsonrpsee::{core::client::ClientT, core::params::BatchRequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

/// Signed payments of one wei, nonces from zero on.
async fn signed(node: &Node, count: u64) -> Vec<Value> {
    let mut all = Vec::new();
    for nonce in 0..count {
        let pay = json!([{ "from": ALICE, "to": BOB, "value": "0x1", "gas": "0x5208",
            "nonce": format!("{nonce:#x}") }]);
        all.push(node.ask("eth_signTransaction", pay).await);
    }
    all
}

#[tokio::test]
async fn transactions_of_a_batch_share_a_block_in_instant_mode() {
    let node = Node::instant().await;
    let mut batch = BatchRequestBuilder::new();
    for raw in signed(&node, 5).await {
        batch.insert("eth_sendRawTransaction", [raw]).unwrap();
    }

    let answers = node.http.batch_request::<Value>(batch).await.unwrap();

    assert_eq!(answers.num_successful_calls(), 5);
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x1");
    let block = node.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
    let hashes: Vec<_> = answers.into_ok().unwrap().collect();
    assert_eq!(block["transactions"], json!(hashes));
}

#[tokio::test]
async fn a_bad_transaction_is_refused_at_its_place_and_the_others_go_on() {
    let node = Node::instant().await;
    let raw = signed(&node, 2).await;
    let mut batch = BatchRequestBuilder::new();
    batch.insert("eth_sendRawTransaction", [raw[0].clone()]).unwrap();
    batch.insert("eth_sendRawTransaction", [json!("0x1234")]).unwrap();
    batch.insert("eth_sendRawTransaction", [raw[1].clone()]).unwrap();
    batch.insert("eth_sendRawTransaction", [raw[1].clone()]).unwrap();

    let answers = node.http.batch_request::<Value>(batch).await.unwrap();

    let places: Vec<_> = answers.into_iter().map(|answer| answer.is_ok()).collect();
    assert_eq!(places, [true, false, true, false]);
    assert_eq!(node.ask("eth_getTransactionCount", json!([ALICE, "latest"])).await, "0x2");
}

#[tokio::test]
async fn what_stands_after_a_send_in_a_batch_sees_its_effect() {
    let node = Node::instant().await;
    let raw = signed(&node, 2).await;
    let mut batch = BatchRequestBuilder::new();
    batch.insert("eth_blockNumber", [Value::Null; 0]).unwrap();
    batch.insert("eth_sendRawTransaction", [raw[0].clone()]).unwrap();
    batch.insert("eth_blockNumber", [Value::Null; 0]).unwrap();
    batch.insert("eth_sendRawTransaction", [raw[1].clone()]).unwrap();
    batch.insert("eth_blockNumber", [Value::Null; 0]).unwrap();

    let answers = node.http.batch_request::<Value>(batch).await.unwrap();

    let answers: Vec<_> = answers.into_ok().unwrap().collect();
    assert_eq!([&answers[0], &answers[2], &answers[4]], ["0x0", "0x1", "0x2"]);
}

#[tokio::test]
async fn a_batch_over_the_socket_is_sent_as_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.ipc");
    let node = Node::start_at(MiningMode::Instant, Some(path.clone())).await;
    let raw = signed(&node, 3).await;
    let call = |id: usize, raw: &Value| json!({ "jsonrpc": "2.0", "id": id, "method": "eth_sendRawTransaction", "params": [raw] });
    let batch: Vec<_> = raw.iter().enumerate().map(|(id, raw)| call(id, raw)).collect();

    let mut stream = BufReader::new(UnixStream::connect(path).await.unwrap());
    stream.write_all(json!(batch).to_string().as_bytes()).await.unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();

    let answers: Vec<Value> = serde_json::from_str(&line).unwrap();
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, [0, 1, 2]);
    assert!(answers.iter().all(|answer| answer["result"].is_string()), "{line}");
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x1");
}
