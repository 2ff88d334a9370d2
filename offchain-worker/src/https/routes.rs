//! Answers the job port's requests.

use super::{
    Doors, Published, download, published,
    refused::{Answer, Refused},
    upload,
};
use crate::{
    agent::{
        Home,
        rentals::{commitment_of, keep_rating},
    },
    notebook::Notebook,
    records::{JobProgress, JobRecord, RentalRecord},
    store::BlobStore,
};
use alloy_primitives::B256;
use alloy_signer_local::PrivateKeySigner;
use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde::Serialize;
use std::{str::FromStr, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use utnet_bindings::signed::{OperatorHalf, RenterHalf, SolStruct};
use utnet_jobs::port::{Dossier, RatingAnswer, RatingRequest, Spec};
use utnet_messages::{sign, verify};
use utnet_primitives::{BatchId, JobId, RentalId};

/// Longest body of a request that brings no file, in bytes.
const LONGEST_BODY: usize = 16 << 10;

/// Time in which a request is answered; files are given more.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the job port needs of the worker.
#[derive(Debug)]
pub struct Desk {
    /// Which chain, which operator.
    pub home: Home,
    /// The worker's memory.
    pub notebook: Notebook,
    /// Inputs and results.
    pub blobs: BlobStore,
    /// Secrets that are good now.
    pub doors: Doors,
    /// Signs this operator's halves of ratings.
    pub signer: PrivateKeySigner,
    /// Score for renters, 1 to 100.
    pub renter_score: u8,
    /// Longest file that a renter may bring, in bytes.
    pub longest_blob: u64,
    /// All files that one rental may bring, in bytes.
    pub rental_bytes: u64,
    /// Files that may come at the same time.
    pub uploads: Semaphore,
    /// Files that may be given to renters at the same time.
    pub downloads: Arc<Semaphore>,
    /// Files and lists of posted batches that may be given to everybody at the same time.
    pub public_downloads: Arc<Semaphore>,
    /// What everybody may read.
    pub published: Published,
}

/// How far a job is, for its renter.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JobAnswer {
    job: JobId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_root: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u64>,
}

type Shared = State<Arc<Desk>>;

/// All routes.
pub(super) fn router(desk: Arc<Desk>) -> Router {
    let files = Router::new().route("/v1/blobs/{hash}", put(keep_blob));
    Router::new()
        .route("/v1/access", get(show_access))
        .route("/v1/blobs/{hash}", get(show_blob))
        .route("/v1/jobs/{job}", get(show_job))
        .route("/v1/rentals/{rental}/rating", post(rate))
        .route("/v1/results/{batch}", get(show_batch))
        .route("/v1/results/{batch}/blobs/{hash}", get(show_batch_blob))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn(in_time))
        .merge(files)
        .with_state(desk)
}

async fn in_time(request: Request, next: Next) -> Response {
    let answered = timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_late| Refused::BrokenOff.into_response())
}

/// The rental that the request's secret opens.
async fn admit(desk: &Desk, headers: &HeaderMap) -> Answer<RentalId> {
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|secret| secret.trim().parse::<B256>().ok());
    let secret = shown.ok_or(Refused::Locked)?;
    desk.doors.find_soon(&secret).await.ok_or(Refused::Locked)
}

fn parse<T: FromStr>(text: &str) -> Answer<T> {
    text.parse().map_err(|_malformed| Refused::Name)
}

async fn show_access(State(desk): Shared, headers: HeaderMap) -> Answer<Response> {
    let rental = admit(&desk, &headers).await?;
    let answer = serde_json::json!({ "rental": rental, "operator": desk.home.operator });
    Ok(Json(answer).into_response())
}

/// The secret is looked at before a byte of the file is taken.
async fn keep_blob(
    State(desk): Shared,
    Path(hash): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer<StatusCode> {
    let rental = admit(&desk, &headers).await?;
    let hash: B256 = parse(&hash)?;
    let bytes = upload::take(&desk, rental, hash, body).await?;
    tracing::info!(%rental, %hash, bytes, "blob kept");
    Ok(StatusCode::CREATED)
}

async fn show_blob(
    State(desk): Shared,
    Path(hash): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    admit(&desk, &headers).await?;
    let seat = seat(&desk.downloads)?;
    download::give(&desk, parse(&hash)?, seat).await
}

/// A place among those who are given something at the same time.
fn seat(all: &Arc<Semaphore>) -> Answer<OwnedSemaphorePermit> {
    Arc::clone(all).try_acquire_owned().map_err(|_all_taken| Refused::Busy)
}

/// Files are read and hashed beside the server's own threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Answer<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request failed");
        Refused::Failed
    })
}

async fn show_job(
    State(desk): Shared,
    Path(job): Path<String>,
    headers: HeaderMap,
) -> Answer<Json<JobAnswer>> {
    admit(&desk, &headers).await?;
    let id: JobId = parse(&job)?;
    let record = desk.notebook.find::<JobRecord>(id.0.as_slice())?.ok_or(Refused::Unknown)?;
    let mut answer =
        JobAnswer { job: id, state: "waiting", reason: None, result_root: None, steps: None };
    match record.progress {
        JobProgress::Waiting => {}
        JobProgress::Computed(computed) => {
            answer.state = "computed";
            answer.result_root = Some(computed.leaf.result_root);
            answer.steps = Some(computed.leaf.steps);
        }
        JobProgress::Declined { reason, .. } => {
            answer.state = "declined";
            answer.reason = Some(reason);
        }
        JobProgress::Closed { outcome, .. } => {
            answer.state = "closed";
            answer.reason = Some(outcome);
        }
    }
    Ok(Json(answer))
}

async fn show_batch(State(desk): Shared, Path(batch): Path<String>) -> Answer<Json<Dossier>> {
    let _seat = seat(&desk.public_downloads)?;
    let id: BatchId = parse(&batch)?;
    let (batch, jobs) = blocking(move || published::posted(&desk.notebook, id)).await??;
    Ok(Json(Dossier {
        batch: id,
        root: batch.root,
        leaves: batch.leaves,
        specs: jobs.into_iter().map(|job| Spec(job.spec)).collect(),
    }))
}

async fn show_batch_blob(
    State(desk): Shared,
    Path((batch, hash)): Path<(String, String)>,
) -> Answer<Response> {
    let seat = seat(&desk.public_downloads)?;
    let (id, hash): (BatchId, B256) = (parse(&batch)?, parse(&hash)?);
    let looking = Arc::clone(&desk);
    let files =
        blocking(move || looking.published.of(&looking.notebook, &looking.blobs, id)).await??;
    if files.contains(&hash) {
        download::give(&desk, hash, seat).await
    } else {
        Err(Refused::Unknown)
    }
}

/// Signs this operator's half over the renter's. The renter's signature opens this route, not the secret: that is void once
/// the rental has ended.
async fn rate(
    State(desk): Shared,
    Path(rental): Path<String>,
    Json(request): Json<RatingRequest>,
) -> Answer<Json<RatingAnswer>> {
    let id: RentalId = parse(&rental)?;
    let record = desk.notebook.find::<RentalRecord>(id.0.as_slice())?.ok_or(Refused::Unknown)?;
    let domain = desk.home.sealing().domain();
    let half = RenterHalf { rental: id.0, commitment: request.commitment };
    verify(&half, &domain, &request.signature, record.renter)
        .map_err(|_not_the_renter| Refused::Unsigned)?;

    let ours = Arc::clone(&desk);
    let kept = blocking(move || keep_rating(&ours.notebook, id, ours.renter_score)).await??;
    let commitment = commitment_of(&kept, desk.home.operator);
    let renter_half = half.eip712_hash_struct();
    let ours = OperatorHalf { rental: id.0, commitment, renterHalf: renter_half };
    let signature = sign(&ours, &domain, &desk.signer).map_err(|_in_memory| Refused::Failed)?;
    Ok(Json(RatingAnswer { commitment, renter_half, signature }))
}
