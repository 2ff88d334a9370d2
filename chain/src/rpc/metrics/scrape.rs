//! Serves the metrics over HTTP, as Prometheus reads them.

use super::{Metrics, chain::ChainCounts};
use crate::engine::{Chain, Durations};
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::{encoding::text::encode, registry::Registry};
use std::{convert::Infallible, fmt::Write as _, path::PathBuf, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The format of the answers.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// In which a client must have sent its request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that can be scraped.
#[derive(Debug)]
pub(in crate::rpc) struct MetricsServer {
    registry: Registry,
    counts: Arc<ChainCounts>,
    chain: Chain,
    /// The database's folder, if there is one.
    database: Option<PathBuf>,
}

impl MetricsServer {
    pub(in crate::rpc) fn new(
        metrics: &Metrics,
        counts: Arc<ChainCounts>,
        chain: Chain,
        database: Option<PathBuf>,
    ) -> Self {
        let mut registry = Registry::with_prefix("utnet");
        metrics.register(&mut registry);
        counts.register(&mut registry);
        Self { registry, counts, chain, database }
    }

    /// Answers until the end.
    pub(in crate::rpc) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) {
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            let Ok((stream, _)) = accepted else {
                tokio::time::timeout(Duration::from_millis(50), stop.cancelled()).await.ok();
                continue;
            };
            let connection = Arc::clone(&self).converse(stream);
            tasks.spawn(stop.clone().run_until_cancelled_owned(connection));
        }
    }

    async fn converse(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| {
            let answer = self.answer(&request);
            async move { Ok::<_, Infallible>(answer) }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
            tracing::debug!(%error, "a reader of metrics has gone");
        }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET || request.uri().path() != "/metrics" {
            return plain(StatusCode::NOT_FOUND, "metrics are at /metrics\n");
        }
        match self.text() {
            Ok(text) => {
                let mut response = Response::new(Full::new(Bytes::from(text)));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
                response
            }
            Err(_unwritable) => {
                plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n")
            }
        }
    }

    /// All metrics, as text.
    pub(in crate::rpc) fn text(&self) -> Result<String, std::fmt::Error> {
        let _alone = self.counts.reading.lock();
        self.counts.read(&self.chain, self.database.as_ref());
        let mut text = String::new();
        write_durations(&mut text, "commit", "Time to commit a block", &self.chain.commits())?;
        write_syncs(&mut text, self.chain.syncs())?;
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Writes a histogram that the engine keeps.
fn write_durations(
    text: &mut String,
    name: &str,
    help: &str,
    durations: &Durations,
) -> std::fmt::Result {
    let name = format!("utnet_database_{name}_seconds");
    writeln!(text, "# HELP {name} {help}.\n# TYPE {name} histogram\n# UNIT {name} seconds")?;
    for (bound, count) in durations.buckets() {
        writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}")?;
    }
    let (count, sum) = (durations.count(), durations.sum().as_secs_f64());
    writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}")
}

/// Writes how long the disk took.
fn write_syncs(text: &mut String, (count, sum): (u64, Duration)) -> std::fmt::Result {
    let (name, sum) = ("utnet_database_sync_seconds", sum.as_secs_f64());
    writeln!(text, "# HELP {name} Time to bring commits to the disk.\n# TYPE {name} summary")?;
    writeln!(text, "# UNIT {name} seconds\n{name}_sum {sum}\n{name}_count {count}")
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}
