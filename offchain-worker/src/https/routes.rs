//! Answers the job port's requests.

use super::{
    Doors,
    refused::{Answer, Refused},
    upload,
};
use crate::{
    agent::{
        Home,
        rentals::{commitment_of, keep_rating},
    },
    notebook::Notebook,
    records::{BatchRecord, JobProgress, JobRecord, RentalRecord},
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
use tokio::{sync::Semaphore, time::timeout};
use utnet_bindings::signed::{OperatorHalf, RenterHalf, SolStruct};
use utnet_jobs::{
    manifest::Manifest,
    port::{Dossier, RatingAnswer, RatingRequest, Spec},
};
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
pub fn router(desk: Arc<Desk>) -> Router {
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
) -> Answer<Vec<u8>> {
    admit(&desk, &headers).await?;
    read(&desk, parse(&hash)?).await
}

async fn read(desk: &Desk, hash: B256) -> Answer<Vec<u8>> {
    let blobs = desk.blobs.clone();
    Ok(blocking(move || blobs.read(&hash)).await??)
}

/// Files are read and hashed beside the server's own threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
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

fn posted(desk: &Desk, batch: &str) -> Answer<(BatchRecord, Vec<JobRecord>)> {
    let id: BatchId = parse(batch)?;
    let all = desk.notebook.all::<BatchRecord>()?;
    let batch = all.into_iter().find(|batch| batch.id == Some(id)).ok_or(Refused::Unknown)?;
    let jobs = batch
        .leaves
        .iter()
        .map(|leaf| desk.notebook.find::<JobRecord>(leaf.job.0.as_slice())?.ok_or(Refused::Unknown))
        .collect::<Answer<_>>()?;
    Ok((batch, jobs))
}

async fn show_batch(State(desk): Shared, Path(batch): Path<String>) -> Answer<Json<Dossier>> {
    let (batch, jobs) = blocking(move || posted(&desk, &batch)).await??;
    Ok(Json(Dossier {
        batch: batch.id.unwrap_or_default(),
        root: batch.root,
        leaves: batch.leaves,
        specs: jobs.into_iter().map(|job| Spec(job.spec)).collect(),
    }))
}

async fn show_batch_blob(
    State(desk): Shared,
    Path((batch, hash)): Path<(String, String)>,
) -> Answer<Vec<u8>> {
    let hash: B256 = parse(&hash)?;
    blocking(move || {
        let (batch, jobs) = posted(&desk, &batch)?;
        let is_public = is_input(&jobs, &hash) || is_result(&desk, &batch, &hash);
        if is_public { Ok(desk.blobs.read(&hash)?) } else { Err(Refused::Unknown) }
    })
    .await?
}

fn is_input(jobs: &[JobRecord], hash: &B256) -> bool {
    jobs.iter()
        .any(|job| [job.spec.programHash, job.spec.inputHash, job.spec.paramsHash].contains(hash))
}

fn is_result(desk: &Desk, batch: &BatchRecord, hash: &B256) -> bool {
    batch.leaves.iter().any(|leaf| {
        leaf.result_root == *hash || {
            let manifest = desk.blobs.read(&leaf.result_root).ok();
            let manifest = manifest.and_then(|bytes| Manifest::decode(&bytes).ok());
            manifest.is_some_and(|it| it.files.iter().any(|file| file.sha256 == *hash))
        }
    })
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
