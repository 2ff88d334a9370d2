//! Counts what the node does, and shows it to Prometheus.

mod chain;
mod scrape;

pub(super) use chain::{ChainCounts, follow};
pub(super) use scrape::MetricsServer;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::collections::HashSet;
use tokio::time::Instant;

/// The label of methods that the node does not have: their names are the clients' choice, and a
/// series for each would let a client fill the memory.
const UNKNOWN: &str = "unknown";

/// Upper bounds of latencies, in seconds.
const SECONDS: [f64; 12] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 2.5, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfMethod {
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfError {
    method: &'static str,
    code: i32,
}

/// What is counted about requests and connections.
#[derive(Debug)]
pub(super) struct Metrics {
    names: HashSet<&'static str>,
    latency: Family<OfMethod, Histogram, fn() -> Histogram>,
    errors: Family<OfError, Counter>,
    in_flight: Gauge,
    refused: Counter,
    connections: Gauge,
    turned_away: Counter,
    websockets: Gauge,
    subscriptions: Gauge,
}

/// A thing that is counted while this is held.
#[derive(Debug)]
pub(super) struct Held(Gauge);

impl Held {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Call<'a> {
    metrics: &'a Metrics,
    method: &'static str,
    started: Instant,
    _held: Held,
}

impl Call<'_> {
    /// Notes how the request ended.
    pub(super) fn end(self, error: Option<i32>) {
        let Self { metrics, method, started, .. } = self;
        let latency = started.elapsed().as_secs_f64();
        metrics.latency.get_or_create(&OfMethod { method }).observe(latency);
        if let Some(code) = error {
            metrics.errors.get_or_create(&OfError { method, code }).inc();
        }
    }
}

impl Metrics {
    /// Counts from zero; only these names of methods get series of their own.
    pub(super) fn new(names: impl Iterator<Item = &'static str>) -> Self {
        Self {
            names: names.collect(),
            latency: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            errors: Family::default(),
            in_flight: Gauge::default(),
            refused: Counter::default(),
            connections: Gauge::default(),
            turned_away: Counter::default(),
            websockets: Gauge::default(),
            subscriptions: Gauge::default(),
        }
    }

    /// A request begins.
    pub(super) fn begin(&self, method: &str) -> Call<'_> {
        let method = self.names.get(method).copied().unwrap_or(UNKNOWN);
        let held = Held::new(&self.in_flight);
        Call { metrics: self, method, started: Instant::now(), _held: held }
    }

    /// A request was refused: too long, too slow, or one too many.
    pub(super) fn refuse(&self) {
        self.refused.inc();
    }

    /// A connection was refused.
    pub(super) fn turn_away(&self) {
        self.turned_away.inc();
    }

    /// A connection begins.
    pub(super) fn connect(&self) -> Held {
        Held::new(&self.connections)
    }

    /// A WebSocket begins.
    pub(super) fn session(&self) -> Held {
        Held::new(&self.websockets)
    }

    /// A subscription begins.
    pub(super) fn subscribe(&self) -> Held {
        Held::new(&self.subscriptions)
    }

    fn register(&self, registry: &mut Registry) {
        let rpc = registry.sub_registry_with_prefix("rpc");
        rpc.register_with_unit(
            "request_duration",
            "Time of requests",
            Unit::Seconds,
            self.latency.clone(),
        );
        rpc.register("errors", "Requests answered with an error", self.errors.clone());
        rpc.register("in_flight", "Requests under way", self.in_flight.clone());
        rpc.register("refused", "Requests refused by a limit", self.refused.clone());
        rpc.register(
            "connections",
            "Connections, WebSockets that began apart",
            self.connections.clone(),
        );
        rpc.register(
            "connections_refused",
            "Connections refused by a limit",
            self.turned_away.clone(),
        );
        rpc.register("websockets", "WebSockets", self.websockets.clone());
        rpc.register("subscriptions", "Subscriptions", self.subscriptions.clone());
    }
}
