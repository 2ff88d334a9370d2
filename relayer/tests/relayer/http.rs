//! Asks a relayer over http, rightly and wrongly.

use crate::support::{chain, client, clock, end, outbox, relayer, sealed};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpListener;
use utnet_client::simulation::Faults;
use utnet_messages::{PublicKey, SecretKey};
use utnet_relayer::http::router;

/// A relayer on a free port, while the test asks it.
async fn with_relayer<F: Future<Output = ()>>(ask: impl FnOnce(Asker) -> F) {
    let secret = SecretKey::generate();
    let relayer = relayer(&chain(Faults::default()), &clock(), &secret, &outbox());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    let asker = Asker { url, client: client(), key: secret.public() };
    tokio::select! {
        served = axum::serve(listener, router(Arc::new(relayer))) => served.expect("serves"),
        () = ask(asker) => {}
    }
}

struct Asker {
    url: String,
    client: Client,
    key: PublicKey,
}

impl Asker {
    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.url);
        read(self.client.get(url).send().await.expect("answered")).await
    }

    async fn post(&self, body: &Value) -> (StatusCode, Value) {
        let url = format!("{}/inbox", self.url);
        read(self.client.post(url).json(body).send().await.expect("answered")).await
    }
}

async fn read(response: Response) -> (StatusCode, Value) {
    (response.status(), response.json().await.expect("json"))
}

#[tokio::test]
async fn the_key_is_published_with_chain_and_escrow() {
    with_relayer(async |asker: Asker| {
        let (status, body) = asker.get("/key").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body["key"], asker.key.to_string());
        assert_eq!(body["chainId"], crate::support::CHAIN_ID);
    })
    .await;
}

#[tokio::test]
async fn a_message_is_accepted_once_and_found_by_its_id() {
    with_relayer(async |asker: Asker| {
        let body = json!(sealed(&end(1), &asker.key));
        let (first, accepted) = asker.post(&body).await;
        let (second, again) = asker.post(&body).await;
        assert_eq!((first, second), (StatusCode::ACCEPTED, StatusCode::OK));
        assert_eq!(accepted, again);
        let id = accepted["id"].as_str().expect("an id");
        let (status, found) = asker.get(&format!("/inbox/{id}")).await;
        assert_eq!((status, &found["state"]), (StatusCode::OK, &json!("received")));
    })
    .await;
}

#[tokio::test]
async fn every_bad_request_is_answered_with_the_field() {
    with_relayer(async |asker: Asker| {
        let good = json!(sealed(&end(1), &asker.key));
        let stranger = json!(sealed(&end(1), &SecretKey::generate().public()));
        let with = |field: &str, value: Value| {
            let mut body = good.clone();
            body[field] = value;
            body
        };
        let cases = [
            (json!({}), 400, "body"),
            (json!([1]), 400, "body"),
            (with("tip", json!(1)), 400, "body"),
            (with("enc", json!("0xzz")), 400, "body"),
            (with("enc", json!("0x04")), 422, "enc"),
            (stranger, 422, "ciphertext"),
            (with("ciphertext", json!("0x")), 422, "ciphertext"),
            (with("ciphertext", json!(format!("0x{}", "00".repeat(5_000)))), 413, "ciphertext"),
            (with("ciphertext", json!(format!("0x{}", "00".repeat(50_000)))), 413, "body"),
        ];
        for (body, status, field) in cases {
            let (found, answer) = asker.post(&body).await;
            assert_eq!((found.as_u16(), &answer["error"]["field"]), (status, &json!(field)));
            assert!(answer["error"]["message"].is_string());
        }
    })
    .await;
}

#[tokio::test]
async fn unknown_ids_paths_and_methods_are_answered_in_json() {
    with_relayer(async |asker: Asker| {
        let unknown = format!("/inbox/0x{}", "00".repeat(32));
        assert_eq!(asker.get(&unknown).await.0, StatusCode::NOT_FOUND);
        assert_eq!(asker.get("/inbox/7").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(asker.get("/nothing").await.0, StatusCode::NOT_FOUND);
        assert_eq!(asker.get("/inbox").await.0, StatusCode::METHOD_NOT_ALLOWED);
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    with_relayer(async |asker: Asker| {
        let url = format!("{}/inbox", asker.url);
        let sent = asker.client.post(url).body("{}").send().await.expect("answered");
        assert_eq!(sent.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    })
    .await;
}

#[tokio::test]
async fn health_shows_the_head_and_what_waits() {
    with_relayer(async |asker: Asker| {
        asker.post(&json!(sealed(&end(1), &asker.key))).await;
        let (status, body) = asker.get("/health").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body, json!({ "node": true, "head": 0, "waiting": 1, "unsettled": 0 }));
    })
    .await;
}
