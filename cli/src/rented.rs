//! Uses a rented worker: brings files, and gets the operator's half of a rating.

use alloy_primitives::{B256, hex};
use anyhow::{Context as _, Result, bail};
use reqwest::{RequestBuilder, Response};
use std::time::Duration;
use utnet_client::{Clock as _, SystemClock};
use utnet_jobs::{
    port::{RatingAnswer, RatingRequest},
    remote::{FILE_PATIENCE, Remote},
    sha256,
};
use utnet_messages::Access;
use utnet_primitives::RentalId;

/// How often a closed door is tried (10 s in all).
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(200);

/// A worker that a hand-over gave access to.
#[derive(Debug)]
pub(crate) struct Rented {
    remote: Remote,
    access: Access,
}

impl Rented {
    /// Nothing is sent yet.
    pub(crate) fn new(access: Access) -> Result<Self> {
        Ok(Self { remote: Remote::pinned(&access.url, access.cert_fingerprint)?, access })
    }

    /// Waits until the worker has seen that the rental runs: its door opens with the block that says so.
    pub(crate) async fn wait_for_door(&self) -> Result<()> {
        let url = format!("{}/v1/access", self.remote.url());
        let mut tries = 0;
        loop {
            let request = self.remote.client().get(&url);
            let request = request.bearer_auth(hex::encode_prefixed(self.access.secret));
            tries += 1;
            match send(request, &url).await {
                Err(_) if tries < TRIES => SystemClock.sleep(PAUSE).await,
                answer => return answer.map(drop),
            }
        }
    }

    /// Puts a file under its SHA-256; the worker checks it.
    pub(crate) async fn put(&self, bytes: Vec<u8>) -> Result<B256> {
        let hash = sha256(&bytes);
        let url = format!("{}/v1/blobs/{}", self.remote.url(), hex::encode(hash));
        let request = self.remote.client().put(&url).timeout(FILE_PATIENCE).body(bytes);
        send(request.bearer_auth(hex::encode_prefixed(self.access.secret)), &url).await?;
        Ok(hash)
    }

    /// Lets the operator's worker sign its half over the renter's; the renter's signature opens that door.
    pub(crate) async fn rate(
        &self,
        rental: RentalId,
        half: &RatingRequest,
    ) -> Result<RatingAnswer> {
        let url = format!("{}/v1/rentals/{rental}/rating", self.remote.url());
        let answer = send(self.remote.client().post(&url).json(half), &url).await?;
        answer.json().await.with_context(|| format!("{url} answers in another form"))
    }
}

async fn send(request: RequestBuilder, url: &str) -> Result<Response> {
    let answer = request.send().await.with_context(|| format!("no answer from {url}"))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let reason: String = answer.text().await.unwrap_or_default().chars().take(500).collect();
    bail!("{url}: {status}: {reason}")
}
