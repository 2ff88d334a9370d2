//! Asks one node of the other chain over HTTP, one by one where it refuses batches.

use super::{
    Origin,
    http::Manners,
    open::header_call,
    upstream::{Answer, Call, ForkError, parse},
};
use alloy_primitives::B256;
use hyper::header::HeaderMap;
use jsonrpsee::{
    core::{
        client::{ClientT, Error},
        params::{ArrayParams, BatchRequestBuilder},
    },
    http_client::{HttpClient, HttpClientBuilder},
    types::ErrorObject,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of an answer: a large block with its receipts.
const ANSWER_BYTES: u32 = 256 << 20;

/// One node.
#[derive(Debug)]
pub(super) struct Place {
    url: String,
    client: HttpClient,
    /// Whether it was found to be a node of the forked chain.
    is_known: AtomicBool,
}

/// The hash of a block.
#[derive(Deserialize)]
struct Hashed {
    hash: B256,
}

impl Place {
    pub(super) fn new(url: &str, manners: &Manners) -> Result<Self, ForkError> {
        let client = HttpClientBuilder::default()
            .max_request_size(ANSWER_BYTES)
            .max_response_size(ANSWER_BYTES)
            .request_timeout(manners.timeout)
            .set_headers(HeaderMap::from_iter(manners.headers.iter().cloned()))
            .build(url)
            .map_err(|error| ForkError::Url { why: error.to_string() })?;
        Ok(Self { url: url.to_owned(), client, is_known: AtomicBool::new(false) })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Scheme and host: the rest may be a secret.
    pub(super) fn node(&self) -> String {
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

    /// Asks all of it, of a node that has the block at which the fork begins; or says in words why not.
    pub(super) async fn ask(
        &self,
        calls: &[Call],
        origin: Option<&Origin>,
    ) -> Result<Vec<Answer>, String> {
        if let Some(origin) = origin.filter(|_| !self.is_known.load(Ordering::Relaxed)) {
            self.identify(origin).await?;
            self.is_known.store(true, Ordering::Relaxed);
        }
        once(&self.client, calls).await.map_err(|error| why(&error))
    }

    async fn identify(&self, Origin { number, hash, .. }: &Origin) -> Result<(), String> {
        let call = header_call(*number);
        let asked = single(&self.client, &call).await.map_err(|error| why(&error))?;
        let answer = asked.map_err(|refused| refused.to_string())?;
        let found: Option<Hashed> =
            parse(call.method, &answer).map_err(|error| error.to_string())?;
        match found {
            Some(found) if found.hash == *hash => Ok(()),
            Some(found) => Err(format!(
                "it has another chain: its block {number} is {}, the fork began after {hash}",
                found.hash
            )),
            None => Err(format!("it has no block {number}, after which the fork began")),
        }
    }
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
