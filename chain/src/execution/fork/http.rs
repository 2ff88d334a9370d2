//! Asks a node over HTTP, with patience: again after a while, and one by one where batches fail.

use super::upstream::{Answer, Call, ForkError, Upstream};
use futures::future::join_all;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use jsonrpsee::{
    core::{
        client::{ClientT, Error},
        params::{ArrayParams, BatchRequestBuilder},
    },
    http_client::{HttpClient, HttpClientBuilder},
    types::ErrorObject,
};
use parking_lot::RwLock;
use serde_json::value::RawValue;
use std::{
    sync::{Arc, mpsc::sync_channel},
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle, RuntimeFlavor},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tokio_util::task::TaskTracker;

/// Requests of one batch.
const BATCH: usize = 100;
/// Bytes of an answer: a large block with its receipts.
const ANSWER_BYTES: u32 = 256 << 20;

/// How a node is asked.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Sent with every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Times that a failed request is tried again.
    pub retries: u32,
    /// Before the first repetition; each further one waits twice as long.
    pub backoff: Duration,
    /// In which an answer must come.
    pub timeout: Duration,
}

/// A node that is asked over HTTP, from a thread of its own: whoever asks waits for the answer,
/// be it the chain's writer or a reader of the state.
#[derive(Debug)]
pub struct HttpUpstream {
    place: Arc<RwLock<Place>>,
    manners: Manners,
    jobs: UnboundedSender<Job>,
}

#[derive(Clone, Debug)]
struct Place {
    url: String,
    client: HttpClient,
}

struct Job {
    calls: Vec<Call>,
    place: Place,
    manners: Manners,
    reply: std::sync::mpsc::SyncSender<Result<Vec<Answer>, ForkError>>,
}

impl HttpUpstream {
    /// Gets ready to ask; nothing is asked yet.
    ///
    /// # Errors
    /// When that is no URL, or the system gives no thread.
    pub fn new(url: &str, manners: Manners) -> Result<Self, ForkError> {
        let place = Arc::new(RwLock::new(Place::new(url, &manners)?));
        let (jobs, inbox) = unbounded_channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("fork".to_owned())
            .spawn(move || runtime.block_on(work(inbox)))?;
        Ok(Self { place, manners, jobs })
    }
}

impl Place {
    fn new(url: &str, manners: &Manners) -> Result<Self, ForkError> {
        let client = HttpClientBuilder::default()
            .max_request_size(ANSWER_BYTES)
            .max_response_size(ANSWER_BYTES)
            .request_timeout(manners.timeout)
            .set_headers(HeaderMap::from_iter(manners.headers.iter().cloned()))
            .build(url)
            .map_err(|error| ForkError::Url { why: error.to_string() })?;
        Ok(Self { url: url.to_owned(), client })
    }

    /// Scheme and host: the rest may be a secret.
    fn node(&self) -> String {
        let uri: Result<hyper::Uri, _> = self.url.parse();
        uri.map_or_else(
            |_strange| "?".to_owned(),
            |uri| {
                let host = uri.authority().map_or("", |authority| authority.as_str());
                let host = host.rsplit('@').next().unwrap_or_default();
                format!("{}://{host}", uri.scheme_str().unwrap_or_default())
            },
        )
    }
}

impl Upstream for HttpUpstream {
    fn ask(&self, calls: &[Call]) -> Result<Vec<Answer>, ForkError> {
        let place = self.place.read().clone();
        let node = place.node();
        let (reply, answer) = sync_channel(1);
        let job = Job { calls: calls.to_vec(), place, manners: self.manners.clone(), reply };
        let gone = || ForkError::Unreachable { node: node.clone(), why: "its thread ended".into() };
        self.jobs.send(job).map_err(|_ended| gone())?;
        let wait = || answer.recv().map_err(|_ended| gone())?;
        // A thread that drives other tasks must hand them over before it waits.
        match Handle::try_current().map(|handle| handle.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
            _ => wait(),
        }
    }

    fn url(&self) -> String {
        self.place.read().url.clone()
    }

    fn set_url(&self, url: &str) -> Result<(), ForkError> {
        *self.place.write() = Place::new(url, &self.manners)?;
        Ok(())
    }
}

/// Serves jobs, several at a time, until nobody can ask any more.
async fn work(mut inbox: UnboundedReceiver<Job>) {
    let tasks = TaskTracker::new();
    while let Some(job) = inbox.recv().await {
        tasks.spawn(async move {
            let answers = patiently(&job).await;
            // Who asked may have given up.
            drop(job.reply.send(answers));
        });
    }
    tasks.close();
    tasks.wait().await;
}

async fn patiently(job: &Job) -> Result<Vec<Answer>, ForkError> {
    let chunks = job.calls.chunks(BATCH).map(|calls| chunk(job, calls));
    let mut answers = Vec::new();
    for chunk in join_all(chunks).await {
        answers.extend(chunk?);
    }
    Ok(answers)
}

async fn chunk(job: &Job, calls: &[Call]) -> Result<Vec<Answer>, ForkError> {
    let Manners { retries, backoff, .. } = job.manners;
    let mut pause = backoff;
    let mut tried = 0;
    loop {
        let why = match once(&job.place.client, calls).await {
            Ok(answers) => return Ok(answers),
            Err(error) => why(&error),
        };
        if tried == retries {
            return Err(ForkError::Unreachable { node: job.place.node(), why });
        }
        tracing::debug!(%why, "the forked chain's node is asked again");
        rest(pause).await;
        tried = tried.saturating_add(1);
        pause = pause.saturating_mul(2);
    }
}

#[expect(clippy::disallowed_methods, reason = "a node's patience is no matter of the chain's time")]
async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// The last cause, which tells more than "transport error".
fn why(error: &Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    source.to_string()
}

/// Asks all at once; where the node refuses batches, one after the other.
async fn once(client: &HttpClient, calls: &[Call]) -> Result<Vec<Answer>, Error> {
    if let [call] = calls {
        return Ok(vec![single(client, call).await?]);
    }
    let mut batch = BatchRequestBuilder::new();
    for call in calls {
        batch.insert(call.method, params(call)?)?;
    }
    match client.batch_request::<Box<RawValue>>(batch).await {
        Ok(answers) if answers.len() == calls.len() => {
            let answer = |(call, answer): (&Call, Result<_, ErrorObject<'_>>)| {
                answer.map_err(|error| refused(call, &error))
            };
            Ok(calls.iter().zip(answers).map(answer).collect())
        }
        _ => {
            let mut answers = Vec::with_capacity(calls.len());
            for call in calls {
                answers.push(single(client, call).await?);
            }
            Ok(answers)
        }
    }
}

async fn single(client: &HttpClient, call: &Call) -> Result<Answer, Error> {
    match client.request::<Box<RawValue>, _>(call.method, params(call)?).await {
        Ok(answer) => Ok(Ok(answer)),
        // Too many requests: a reason to wait, not an answer.
        Err(Error::Call(error)) if matches!(error.code(), 429 | -32_005) => Err(Error::Call(error)),
        Err(Error::Call(error)) => Ok(Err(refused(call, &error))),
        Err(error) => Err(error),
    }
}

fn refused(call: &Call, error: &ErrorObject<'_>) -> ForkError {
    ForkError::Refused {
        method: call.method,
        code: error.code(),
        message: error.message().to_owned(),
    }
}

fn params(call: &Call) -> Result<ArrayParams, serde_json::Error> {
    let mut list = ArrayParams::new();
    for param in call.params.as_array().into_iter().flatten() {
        list.insert(param)?;
    }
    Ok(list)
}
