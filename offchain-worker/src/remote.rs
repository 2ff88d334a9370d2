//! Asks another worker over https: its certificate is known by fingerprint, not by a name or an authority.

mod pin;

use crate::store::sha256;
use alloy_primitives::{B256, Bytes, hex};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt, time::Duration};
use utnet_messages::Access;
use utnet_primitives::RentalId;

/// Longest wait for one answer; a job's state is asked for again, never waited for in one request.
const PATIENCE: Duration = Duration::from_secs(60);

/// Largest answer that is read into memory.
const MOST_BYTES: u64 = 256 << 20;

/// Another worker's job port.
#[derive(Clone)]
pub struct Remote {
    client: Client,
    url: String,
    secret: Option<B256>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Why a worker gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The TLS library refused its settings.
    #[error("no https client can be made")]
    Client(#[source] reqwest::Error),
    /// A data pointer of another form.
    #[error("{pointer:?} is no data pointer: https://HOST:PORT#sha256=HEX is expected")]
    BadPointer {
        /// The pointer, at most 256 characters of it.
        pointer: String,
    },
    /// No connection, another certificate than the pinned one, or the line broke.
    #[error("{method} {url}: no answer")]
    Unreachable {
        /// HTTP method.
        method: Method,
        /// Where.
        url: String,
        /// What the transport says.
        #[source]
        source: reqwest::Error,
    },
    /// The worker refused.
    #[error("{method} {url}: {status}: {reason}")]
    Refused {
        /// HTTP method.
        method: Method,
        /// Where.
        url: String,
        /// HTTP status.
        status: StatusCode,
        /// The worker's words.
        reason: String,
    },
    /// The answer is too large to be read.
    #[error("{url}: the answer has more than {most} bytes")]
    TooLarge {
        /// Where.
        url: String,
        /// What is read at most.
        most: u64,
    },
    /// The bytes are not what their name says.
    #[error("{url}: the bytes hash to {found}, not to {expected}")]
    OtherBytes {
        /// Where.
        url: String,
        /// SHA-256 that was asked for.
        expected: B256,
        /// SHA-256 of what came.
        found: B256,
    },
}

/// The renter's half of a rating, as the operator's worker takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenterHalfRequest {
    /// The renter's commitment.
    pub renter_commitment: B256,
    /// The renter's signature over its half.
    pub renter_signature: Bytes,
}

/// The operator's half, as its worker answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatorHalfAnswer {
    /// The operator's commitment.
    pub operator_commitment: B256,
    /// The operator's signature over its half, which names the renter's.
    pub operator_signature: Bytes,
}

impl Remote {
    /// The worker that a hand-over gave access to.
    ///
    /// # Errors
    /// [`RemoteError::Client`].
    pub fn with_access(access: &Access) -> Result<Self, RemoteError> {
        Self::new(&access.url, access.cert_fingerprint, Some(access.secret))
    }

    /// A worker whose public part is read: results of posted batches.
    ///
    /// # Errors
    /// [`RemoteError::Client`].
    pub fn public(url: &str, cert_fingerprint: B256) -> Result<Self, RemoteError> {
        Self::new(url, cert_fingerprint, None)
    }

    /// The public part of the worker that a batch's data pointer names: `https://HOST:PORT#sha256=FINGERPRINT`, of
    /// its certificate, in hex.
    ///
    /// # Errors
    /// [`RemoteError::BadPointer`], [`RemoteError::Client`].
    pub fn at_pointer(pointer: &str) -> Result<Self, RemoteError> {
        let bad = || RemoteError::BadPointer { pointer: pointer.chars().take(256).collect() };
        let (url, fingerprint) = pointer.split_once("#sha256=").ok_or_else(bad)?;
        let fingerprint = fingerprint.parse().map_err(|_not_hex| bad())?;
        if !url.starts_with("https://") {
            return Err(bad());
        }
        Self::public(url, fingerprint)
    }

    fn new(url: &str, fingerprint: B256, secret: Option<B256>) -> Result<Self, RemoteError> {
        let client = Client::builder()
            .tls_backend_preconfigured(pin::config(fingerprint))
            .https_only(true)
            .timeout(PATIENCE)
            .build()
            .map_err(RemoteError::Client)?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), secret })
    }

    /// Puts a file under its SHA-256; the worker checks it.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn put_blob(&self, bytes: Vec<u8>) -> Result<B256, RemoteError> {
        let hash = sha256(&bytes);
        let path = format!("/v1/blobs/{}", hex::encode(hash));
        self.send(Method::PUT, &path, |request| request.body(bytes)).await?;
        Ok(hash)
    }

    /// Reads a file and checks that it is the one that was asked for.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn blob(&self, hash: B256) -> Result<Vec<u8>, RemoteError> {
        let path = format!("/v1/blobs/{}", hex::encode(hash));
        let answer = self.send(Method::GET, &path, |request| request).await?;
        let url = format!("{}{path}", self.url);
        let bytes = self.read(answer, &url).await?;
        let found = sha256(&bytes);
        if found == hash {
            Ok(bytes)
        } else {
            Err(RemoteError::OtherBytes { url, expected: hash, found })
        }
    }

    /// Any JSON document of the worker.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, RemoteError> {
        let answer = self.send(Method::GET, path, |request| request).await?;
        self.parse(answer, Method::GET, path).await
    }

    /// Lets the operator's worker sign its half over the renter's.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub async fn rate(
        &self,
        rental: RentalId,
        half: &RenterHalfRequest,
    ) -> Result<OperatorHalfAnswer, RemoteError> {
        let path = format!("/v1/rentals/{rental}/rating");
        let answer = self.send(Method::POST, &path, |request| request.json(half)).await?;
        self.parse(answer, Method::POST, &path).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, RemoteError> {
        let url = format!("{}{path}", self.url);
        let mut request = fill(self.client.request(method.clone(), &url));
        if let Some(secret) = self.secret {
            request = request.bearer_auth(hex::encode(secret));
        }
        let answer = request.send().await.map_err(|source| RemoteError::Unreachable {
            method: method.clone(),
            url: url.clone(),
            source,
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let reason = answer.text().await.unwrap_or_default().chars().take(500).collect();
        Err(RemoteError::Refused { method, url, status, reason })
    }

    async fn parse<T: DeserializeOwned>(
        &self,
        answer: Response,
        method: Method,
        path: &str,
    ) -> Result<T, RemoteError> {
        let url = format!("{}{path}", self.url);
        answer.json().await.map_err(|source| RemoteError::Unreachable { method, url, source })
    }

    async fn read(&self, mut answer: Response, url: &str) -> Result<Vec<u8>, RemoteError> {
        let mut bytes = Vec::new();
        let broken =
            |source| RemoteError::Unreachable { method: Method::GET, url: url.to_owned(), source };
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&chunk);
            if u64::try_from(bytes.len()).is_ok_and(|read| read > MOST_BYTES) {
                return Err(RemoteError::TooLarge { url: url.to_owned(), most: MOST_BYTES });
            }
        }
        Ok(bytes)
    }
}
