//! Receives the bodies of HTTP requests: not too long, not too slow, not too many at a time.

use super::limits::RpcLimits;
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::{
    StatusCode,
    body::{Body, Bytes, Incoming},
};
use jsonrpsee::{
    server::{HttpBody, HttpResponse, http::response},
    types::{ErrorObject, Id, ResponsePayload},
};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a body that are not counted against what all clients share.
const FREE_BYTES: usize = 64 * 1024;
/// Bytes that one permit of the shared budget stands for.
const UNIT: usize = 1_024;
/// Bytes of a refused body that are read and thrown away, so that its client gets to see the answer.
const DRAINED_BYTES: usize = 256 << 20;

/// The code of a refusal for lack of room.
const BUSY: i32 = -32_005;

/// A whole body, with its share of the memory that all clients have.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Bytes,
    pub(super) share: Option<OwnedSemaphorePermit>,
}

/// Why a body was not received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    TooLong { limit: u32 },
    TooSlow,
    Busy,
    Broken,
}

/// The memory that bodies share.
pub(super) fn budget(limits: &RpcLimits) -> Arc<Semaphore> {
    let bytes = usize::try_from(limits.buffered_bytes).unwrap_or(usize::MAX);
    Arc::new(Semaphore::new(bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS)))
}

/// Receives a body, or says why not.
pub(super) async fn receive(
    mut body: Incoming,
    limits: &RpcLimits,
    budget: &Arc<Semaphore>,
) -> Result<Received, Refused> {
    let receiving = async {
        let received = gather(&mut body, limits.request_bytes, budget).await;
        if received.is_err() {
            drain(&mut body).await;
        }
        received
    };
    match tokio::time::timeout(limits.client_timeout, receiving).await {
        Ok(received) => received,
        Err(_elapsed) => Err(Refused::TooSlow),
    }
}

async fn gather(
    body: &mut Incoming,
    limit: u32,
    budget: &Arc<Semaphore>,
) -> Result<Received, Refused> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    if body.size_hint().lower() > u64::from(limit) {
        return Err(Refused::TooLong { limit });
    }
    let mut bytes = BytesMut::new();
    let mut share = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_gone| Refused::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        let length = bytes.len().saturating_add(data.len());
        if length > most {
            return Err(Refused::TooLong { limit });
        }
        grow(&mut share, length, budget)?;
        bytes.extend_from_slice(&data);
    }
    Ok(Received { bytes: bytes.freeze(), share })
}

/// Takes as much of the budget as a body of that length needs. Who finds it used up is refused at
/// once: waiting with memory in hand is how all of it ends up in hands that wait.
fn grow(
    share: &mut Option<OwnedSemaphorePermit>,
    length: usize,
    budget: &Arc<Semaphore>,
) -> Result<(), Refused> {
    let needed = length.saturating_sub(FREE_BYTES).div_ceil(UNIT);
    let held = share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
    let more = u32::try_from(needed.saturating_sub(held)).map_err(|_huge| Refused::Busy)?;
    if more == 0 {
        return Ok(());
    }
    let more = Arc::clone(budget).try_acquire_many_owned(more).map_err(|_used_up| Refused::Busy)?;
    match share {
        Some(share) => share.merge(more),
        None => *share = Some(more),
    }
    Ok(())
}

/// Reads what comes and keeps none of it.
async fn drain(body: &mut Incoming) {
    let mut seen = 0_usize;
    while seen < DRAINED_BYTES
        && let Some(Ok(frame)) = body.frame().await
    {
        seen = seen.saturating_add(frame.data_ref().map_or(0, Bytes::len));
    }
}

impl Refused {
    /// The answer for the client.
    pub(super) fn into_response(self) -> HttpResponse {
        match self {
            Self::TooLong { limit } => response::too_large(limit),
            Self::Broken => response::malformed(),
            Self::TooSlow => answer(StatusCode::REQUEST_TIMEOUT, "the request came too slowly"),
            Self::Busy => busy("the node receives too many large requests: try again later"),
        }
    }
}

/// A refusal that another try may escape.
pub(super) fn busy(why: &'static str) -> HttpResponse {
    answer(StatusCode::SERVICE_UNAVAILABLE, why)
}

/// An error as JSON-RPC has it, under an HTTP status.
fn answer(status: StatusCode, why: &'static str) -> HttpResponse {
    let mut response = HttpResponse::new(HttpBody::from(error_text(why)));
    *response.status_mut() = status;
    let json = hyper::header::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}

/// The JSON text of a refusal.
pub(super) fn error_text(why: &str) -> String {
    let payload = ResponsePayload::<()>::error(ErrorObject::owned(BUSY, why, None::<()>));
    let response = jsonrpsee::types::Response::new(payload, Id::Null);
    serde_json::to_string(&response).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_need_no_share() {
        let budget = Arc::new(Semaphore::new(0));
        let mut share = None;

        grow(&mut share, FREE_BYTES, &budget).unwrap();

        assert_eq!(grow(&mut share, FREE_BYTES + 1, &budget), Err(Refused::Busy));
    }

    #[test]
    fn a_share_grows_with_its_body_and_comes_back() {
        let budget = Arc::new(Semaphore::new(8));
        let mut share = None;

        for length in [1, 3, 8] {
            grow(&mut share, FREE_BYTES + length * UNIT, &budget).unwrap();
        }

        assert_eq!(budget.available_permits(), 0);
        drop(share);
        assert_eq!(budget.available_permits(), 8);
    }
}
