//! Opens the doors: HTTP and WebSocket on one port, and a Unix socket if wished.

mod body;
mod connection;
mod gate;
mod limits;
mod patient;

pub use limits::RpcLimits;

use super::{
    Context,
    ids::HexIds,
    ipc::{self, IpcSocket},
};
use connection::Doors;
use hyper::header::HeaderValue;
use jsonrpsee::{
    Methods,
    server::{BatchRequestConfig, PingConfig, Server, ServerConfig, ServerHandle, stop_channel},
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// How long the end waits for what was cut off.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Where and how generously to serve.
#[derive(Clone, Debug)]
pub struct RpcConfig {
    /// Addresses for HTTP and WebSocket; port 0 takes a free one, the same for all that have it.
    pub listen: Vec<SocketAddr>,
    /// Path of the Unix socket, if one is wished.
    pub ipc: Option<PathBuf>,
    /// Namespaces that are served; `None` serves all.
    pub modules: Option<Vec<&'static str>>,
    /// Which web pages may call.
    pub cors: Cors,
    /// What one client, and all together, may ask for.
    pub limits: RpcLimits,
    /// How long requests under way get to finish at the end.
    pub patience: Duration,
}

impl RpcConfig {
    /// Serves everybody on this machine, with room for large traces and batches.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen: vec![listen],
            ipc: None,
            modules: None,
            cors: Cors::Everybody,
            limits: RpcLimits::default(),
            patience: Duration::from_secs(5),
        }
    }
}

/// Which web pages a browser lets call the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Pages from anywhere.
    Everybody,
    /// Pages from these origins.
    Only(Vec<HeaderValue>),
    /// No pages: the node sends no such headers.
    Nobody,
}

/// Why the doors did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The TCP port could not be taken.
    #[error("cannot listen on {address}")]
    Port {
        /// What was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The Unix socket could not be made.
    #[error("cannot listen on the socket {}", path.display())]
    Socket {
        /// What was asked for.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Two methods share a name: a fault in the table.
    #[error("the method table is wrong: {0}")]
    Table(#[from] jsonrpsee::core::RegisterMethodError),
}

/// Open doors; dropping them closes them without waiting.
#[derive(Debug)]
pub struct RpcServer {
    addresses: Vec<SocketAddr>,
    /// Where metrics are served, if they are.
    metrics: Option<SocketAddr>,
    sessions: ServerHandle,
    patience: Duration,
    /// Ends what waits for events, and takes no more guests.
    stop: CancellationToken,
    /// Ends what has not ended by itself.
    kill: CancellationToken,
    tasks: TaskTracker,
}

impl Context {
    /// Waits as long as a test wants answers to this method late.
    pub(super) async fn delay(&self, method: &str) {
        if let Some(delay) = self.chain.faults().delay_of(method) {
            late(delay).await;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test that asked for it waits in real time")]
async fn late(delay: Duration) {
    tokio::time::sleep(delay).await;
}

impl RpcServer {
    /// Takes ports and socket and begins to answer.
    pub(super) async fn open(
        config: RpcConfig,
        methods: Methods,
        context: Arc<Context>,
        metrics_address: Option<SocketAddr>,
    ) -> Result<Self, ServeError> {
        let listeners = listen(&config.listen)?;
        let addresses = listeners.iter().map(|(address, _)| *address).collect();
        let (stop, tasks) = (context.stop.clone(), context.tasks.clone());
        let kill = CancellationToken::new();
        if let Some(path) = config.ipc.clone() {
            let socket = IpcSocket::bind(path.clone())
                .await
                .map_err(|source| ServeError::Socket { path, source })?;
            let host = ipc::Host {
                methods: methods.clone(),
                context: Arc::clone(&context),
                limits: config.limits.clone(),
                kill: kill.clone(),
            };
            tasks.spawn(kill.clone().run_until_cancelled_owned(socket.serve(host)));
        }
        let layers = tower::ServiceBuilder::new().option_layer(cors(&config.cors));
        let service = Server::builder()
            .set_config(settings(&config.limits))
            .set_http_middleware(layers)
            .to_service_builder();
        let (stopped, sessions) = stop_channel();
        let doors = Arc::new(Doors::new(config.limits, context, kill.clone()));
        for (_, listener) in listeners {
            let service = service.clone();
            let serve =
                Arc::clone(&doors).serve(listener, service, methods.clone(), stopped.clone());
            tasks.spawn(serve);
        }
        let patience = config.patience;
        Ok(Self { addresses, metrics: metrics_address, sessions, patience, stop, kill, tasks })
    }

    /// Where HTTP and WebSocket are served first, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        self.addresses.first().copied().unwrap_or(nowhere)
    }

    /// Where HTTP and WebSocket are served.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where metrics are served, if they are.
    pub const fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Ends every subscription, lets running requests finish for a while and closes the doors.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        // An error says that it had ended before.
        self.sessions.stop().ok();
        if tokio::time::timeout(self.patience, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "requests under way are cut off");
            self.kill.cancel();
            // What computes cannot be cut off: the process ends without it.
            tokio::time::timeout(LAST_WAIT, self.tasks.wait()).await.ok();
        }
    }
}

type Listener = (SocketAddr, tokio::net::TcpListener);

fn listen(wanted: &[SocketAddr]) -> Result<Vec<Listener>, ServeError> {
    let mut free_port = 0;
    let mut taken = Vec::new();
    for wanted in wanted {
        let mut address = *wanted;
        if address.port() == 0 {
            address.set_port(free_port);
        }
        let refuse = |source| ServeError::Port { address, source };
        let listener = TcpListener::bind(address).map_err(refuse)?;
        listener.set_nonblocking(true).map_err(refuse)?;
        let bound = listener.local_addr().map_err(refuse)?;
        if wanted.port() == 0 {
            free_port = bound.port();
        }
        taken.push((bound, tokio::net::TcpListener::from_std(listener).map_err(refuse)?));
    }
    Ok(taken)
}

fn settings(limits: &RpcLimits) -> ServerConfig {
    let ping = PingConfig::new().ping_interval(limits.ws_timeout / 2);
    ServerConfig::builder()
        .max_request_body_size(limits.request_bytes)
        .max_response_body_size(limits.response_bytes)
        // Whoever comes in at all was counted before.
        .max_connections(u32::MAX)
        .max_subscriptions_per_connection(limits.subscriptions)
        .set_batch_request_config(BatchRequestConfig::Limit(limits.batch))
        .enable_ws_ping(ping.inactive_limit(limits.ws_timeout))
        .set_id_provider(HexIds)
        .build()
}

fn cors(pages: &Cors) -> Option<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_methods([hyper::Method::GET, hyper::Method::POST])
        .allow_headers(Any);
    match pages {
        Cors::Everybody => Some(layer.allow_origin(Any)),
        Cors::Only(origins) => Some(layer.allow_origin(AllowOrigin::list(origins.clone()))),
        Cors::Nobody => None,
    }
}

/// One peer, whichever of its ports it comes from; all of an IPv6 network of 64 bits count as one.
pub(super) fn peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            IpAddr::V6(network.into())
        }
        v4 => v4,
    }
}
