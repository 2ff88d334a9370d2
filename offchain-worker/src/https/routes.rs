//! Answers the job port's requests.

use super::Doors;
use crate::{
    agent::{
        Home,
        rentals::{commitment_of, keep_rating},
    },
    merkle::Leaf,
    notebook::Notebook,
    records::{BatchRecord, JobProgress, JobRecord, RentalRecord},
    store::{BlobError, BlobStore},
};
use alloy_primitives::{B256, Bytes};
use alloy_signer_local::PrivateKeySigner;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use std::{str::FromStr, sync::Arc};
use utnet_bindings::signed::{JobSpec, OperatorHalf, RenterHalf, SolStruct};
use utnet_messages::{sign, verify};
use utnet_primitives::{BatchId, JobId, RentalId};

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
    pub longest_blob: usize,
}

/// Leaves and specifications of a posted batch: what a referee needs to run them again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// The batch.
    pub batch: BatchId,
    /// Root over the leaves.
    pub root: B256,
    /// The leaves, in their order.
    pub leaves: Vec<Leaf>,
    /// Their jobs' specifications, in the same order.
    pub specs: Vec<Spec>,
}

/// A specification; travels as hex of its ABI encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec(#[serde(with = "crate::records::spec")] pub JobSpec);

/// What a renter sends to get `m_final` signed: its own half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RatingRequest {
    /// The renter's commitment.
    pub commitment: B256,
    /// The renter's signature over `RenterHalf`.
    pub signature: Bytes,
}

/// What a renter gets for it: the operator's half, nested over the renter's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RatingAnswer {
    /// The operator's commitment.
    pub commitment: B256,
    /// Struct hash of the renter's half.
    pub renter_half: B256,
    /// The operator's signature over `OperatorHalf`.
    pub signature: Bytes,
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

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("a path names 32 bytes in hex")]
    Name,
    #[error("no such thing here")]
    Unknown,
    #[error("the secret opens no rental that runs")]
    Locked,
    #[error("the renter has not signed this")]
    Unsigned,
    #[error("the file does not hash to its name")]
    Mismatch,
    #[error("the worker failed")]
    Failed,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Name => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Locked => StatusCode::UNAUTHORIZED,
            Self::Unsigned => StatusCode::FORBIDDEN,
            Self::Mismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(serde_json::json!({ "error": self.to_string() }))).into_response()
    }
}

impl From<utnet_client::StorageError> for Refused {
    fn from(error: utnet_client::StorageError) -> Self {
        tracing::error!(%error, "the notebook failed");
        Self::Failed
    }
}

impl From<BlobError> for Refused {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Missing { .. } => Self::Unknown,
            BlobError::Mismatch { .. } => Self::Mismatch,
            _ => {
                tracing::error!(%error, "the blob store failed");
                Self::Failed
            }
        }
    }
}

type Answer<T> = Result<T, Refused>;
type Shared = State<Arc<Desk>>;

/// All routes.
pub fn router(desk: Arc<Desk>) -> Router {
    let limit = DefaultBodyLimit::max(desk.longest_blob);
    Router::new()
        .route("/v1/access", get(show_access))
        .route("/v1/blobs/{hash}", put(keep_blob).get(show_blob))
        .route("/v1/jobs/{job}", get(show_job))
        .route("/v1/rentals/{rental}/rating", post(rate))
        .route("/v1/results/{batch}", get(show_batch))
        .route("/v1/results/{batch}/blobs/{hash}", get(show_batch_blob))
        .layer(limit)
        .with_state(desk)
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

async fn keep_blob(
    State(desk): Shared,
    Path(hash): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Answer<StatusCode> {
    let rental = admit(&desk, &headers).await?;
    let hash: B256 = parse(&hash)?;
    let (bytes, blobs) = (body.len(), desk.blobs.clone());
    blocking(move || blobs.put_as(hash, &body)).await??;
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
        JobProgress::Declined { reason } => {
            answer.state = "declined";
            answer.reason = Some(reason);
        }
        JobProgress::Closed { outcome } => {
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
    let (batch, jobs) = posted(&desk, &batch)?;
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
    let (batch, jobs) = posted(&desk, &batch)?;
    let is_input = jobs
        .iter()
        .any(|job| [job.spec.programHash, job.spec.inputHash, job.spec.paramsHash].contains(&hash));
    let is_public = is_input
        || batch.leaves.iter().any(|leaf| leaf.result_root == hash)
        || is_result_file(&desk, &batch, &hash);
    if is_public { read(&desk, hash).await } else { Err(Refused::Unknown) }
}

fn is_result_file(desk: &Desk, batch: &BatchRecord, hash: &B256) -> bool {
    batch.leaves.iter().any(|leaf| {
        let manifest = desk.blobs.read(&leaf.result_root).ok();
        let manifest = manifest.and_then(|bytes| crate::manifest::Manifest::decode(&bytes).ok());
        manifest.is_some_and(|it| it.files.iter().any(|file| file.sha256 == *hash))
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

    let kept = keep_rating(&desk.notebook, id, desk.renter_score)?;
    let commitment = commitment_of(&kept, desk.home.operator);
    let renter_half = half.eip712_hash_struct();
    let ours = OperatorHalf { rental: id.0, commitment, renterHalf: renter_half };
    let signature = sign(&ours, &domain, &desk.signer).map_err(|_in_memory| Refused::Failed)?;
    Ok(Json(RatingAnswer { commitment, renter_half, signature }))
}
