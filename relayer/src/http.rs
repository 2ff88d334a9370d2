//! Answers the http requests of `docs/protocol.md`, section 6; every refusal is JSON that names the field.

mod refusal;

pub use refusal::Refusal;

use crate::{Relayer, inbox::Stored};
use alloy_primitives::{Address, B256, Bytes};
use axum::{
    Json, Router,
    body::Bytes as Body,
    extract::{DefaultBodyLimit, Path, Request, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use utnet_client::Chain;
use utnet_messages::Sealed;

/// Bytes of a request's body, at most: hex of the longest message, and its frame.
const MOST_BODY_BYTES: usize = 16 * 1_024;

/// Time for a request and its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The relayer's key and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    key: Bytes,
    chain_id: u64,
    escrow: Address,
    account: Address,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Accepted {
    id: B256,
}

/// What a caretaker wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    /// Whether the node answers.
    node: bool,
    /// Height of the node's newest block.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<u64>,
    /// Messages that are not checked yet.
    waiting: u64,
    /// Transactions that are not final yet.
    unsettled: u64,
}

/// All routes.
pub fn router<C: Chain + 'static>(relayer: Arc<Relayer<C>>) -> Router {
    Router::new()
        .route("/v1/key", get(key::<C>))
        .route("/v1/inbox", post(receive::<C>))
        .route("/v1/inbox/{id}", get(find::<C>))
        .route("/v1/health", get(health::<C>))
        .fallback(|| async { Refusal::NoRoute })
        .method_not_allowed_fallback(|| async { Refusal::Method })
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .layer(middleware::from_fn(in_time))
        .with_state(relayer)
}

/// A body that never comes must not hold a place.
async fn in_time(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_late| Refusal::TooSlow.into_response())
}

async fn key<C: Chain>(State(relayer): State<Arc<Relayer<C>>>) -> Response {
    let escrow = relayer.escrow();
    Json(KeyView {
        key: relayer.public_key().to_bytes(),
        chain_id: escrow.chain_id,
        escrow: escrow.address,
        account: relayer.outbox().account(),
    })
    .into_response()
}

async fn receive<C: Chain + 'static>(
    State(relayer): State<Arc<Relayer<C>>>,
    headers: HeaderMap,
    body: Result<Body, BytesRejection>,
) -> Result<Response, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A page in a browser cannot send this type to another origin unasked.
    if !kind.starts_with("application/json") {
        return Err(Refusal::NotJson);
    }
    let body = body.map_err(|_too_long_or_broken| Refusal::TooLong { most: MOST_BODY_BYTES })?;
    let sealed: Sealed = serde_json::from_slice(&body)?;
    let id = sealed.id();
    // Opening takes a multiplication on the curve, storing a sync of the disk.
    let receiving = tokio::task::spawn_blocking(move || relayer.receive(&sealed));
    let status = match receiving.await.map_err(|_panic| Refusal::Failed)?? {
        Stored::Known => StatusCode::OK,
        _ => StatusCode::ACCEPTED,
    };
    Ok((status, Json(Accepted { id })).into_response())
}

async fn find<C: Chain>(
    State(relayer): State<Arc<Relayer<C>>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id: B256 = id.parse().map_err(|_no_hex| Refusal::BadId)?;
    let view = relayer.view(id)?.ok_or(Refusal::Unknown { id })?;
    Ok(Json(view).into_response())
}

async fn health<C: Chain>(State(relayer): State<Arc<Relayer<C>>>) -> Result<Response, Refusal> {
    let head = relayer.head().await.ok().map(|block| block.number.0);
    let health = Health {
        node: head.is_some(),
        head,
        waiting: relayer.inbox().waiting().map_err(utnet_client::OutboxError::from)?,
        unsettled: relayer.outbox().unsettled()?,
    };
    let status = if health.node { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(health)).into_response())
}
