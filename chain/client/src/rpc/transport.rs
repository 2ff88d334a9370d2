//! Carries one request over http, or over a ws connection that is opened again after it broke.

use super::RpcError;
use jsonrpsee::{
    core::{
        ClientError,
        client::{ClientT, Error},
        params::ArrayParams,
    },
    http_client::{HttpClient, HttpClientBuilder},
    ws_client::{WsClient, WsClientBuilder},
};
use serde::de::DeserializeOwned;
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// Long enough for a slow node, short enough to notice a dead one.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The largest answer: all logs of a full block.
const MOST_BYTES: u32 = 64 << 20;

pub(super) struct Transport {
    line: Line,
    /// With secrets, if the url has any: never shown.
    full_url: String,
    shown_url: Arc<str>,
}

enum Line {
    Http(Box<HttpClient>),
    Ws(Mutex<Option<Arc<WsClient>>>),
}

impl Transport {
    pub(super) fn new(url: &str) -> Result<Self, RpcError> {
        let shown_url: Arc<str> = show(url).into();
        let bad_url = || RpcError::BadUrl { url: Arc::clone(&shown_url) };
        let line = if url.starts_with("http://") {
            let builder =
                HttpClientBuilder::new().request_timeout(TIMEOUT).max_response_size(MOST_BYTES);
            Line::Http(Box::new(builder.build(url).map_err(|_unusable| bad_url())?))
        } else if url.starts_with("ws://") {
            Line::Ws(Mutex::new(None))
        } else {
            return Err(bad_url());
        };
        Ok(Self { line, full_url: url.to_owned(), shown_url })
    }

    pub(super) fn url(&self) -> &str {
        &self.shown_url
    }

    pub(super) async fn request<R: DeserializeOwned + Send>(
        &self,
        method: &'static str,
        params: ArrayParams,
    ) -> Result<R, RpcError> {
        let answer = match &self.line {
            Line::Http(client) => client.request(method, params).await,
            Line::Ws(slot) => self.request_over_ws(slot, method, params).await,
        };
        answer.map_err(|error| RpcError::from_client(method, &self.shown_url, error))
    }

    async fn request_over_ws<R: DeserializeOwned + Send>(
        &self,
        slot: &Mutex<Option<Arc<WsClient>>>,
        method: &'static str,
        params: ArrayParams,
    ) -> Result<R, ClientError> {
        let client = self.connected(slot).await?;
        let answer = client.request(method, params).await;
        if matches!(answer, Err(Error::Transport(_) | Error::RestartNeeded(_))) {
            *slot.lock().await = None;
        }
        answer
    }

    async fn connected(
        &self,
        slot: &Mutex<Option<Arc<WsClient>>>,
    ) -> Result<Arc<WsClient>, ClientError> {
        let mut slot = slot.lock().await;
        if let Some(client) = slot.as_ref().filter(|client| client.is_connected()) {
            return Ok(Arc::clone(client));
        }
        let builder = WsClientBuilder::new().request_timeout(TIMEOUT).max_response_size(MOST_BYTES);
        let client: Arc<WsClient> = Arc::new(builder.build(&self.full_url).await?);
        *slot = Some(Arc::clone(&client));
        Ok(client)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("url", &self.shown_url).finish_non_exhaustive()
    }
}

/// Scheme, host and port: user, password, path and query may hold secrets.
fn show(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "(no scheme)".to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_url_are_not_shown() {
        assert_eq!(show("http://me:pw@node:8545/v3/key?token=1"), "http://node:8545");
        assert_eq!(show("nonsense"), "(no scheme)");
    }

    #[test]
    fn only_http_and_ws_urls_are_taken() {
        assert!(matches!(Transport::new("ipc:///x"), Err(RpcError::BadUrl { .. })));
        assert!(Transport::new("http://127.0.0.1:8545").is_ok());
    }
}
