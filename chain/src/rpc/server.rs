//! Opens the doors: HTTP and WebSocket on one port, and a Unix socket if wished.

use super::{
    Context,
    batch::Together,
    ids::HexIds,
    ipc::{IpcSocket, Limits},
};
use hyper::header::HeaderValue;
use jsonrpsee::{
    Methods,
    server::{
        BatchRequestConfig, PingConfig, Server, ServerConfig, ServerHandle,
        middleware::rpc::RpcServiceBuilder,
    },
};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::cors::{Any, CorsLayer};

/// Where and how generously to serve.
#[derive(Clone, Debug)]
pub struct RpcConfig {
    /// Address for HTTP and WebSocket; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Path of the Unix socket, if one is wished.
    pub ipc: Option<PathBuf>,
    /// Which web pages may call.
    pub cors: Cors,
    /// Bytes of one request or batch, inclusive.
    pub max_request_bytes: u32,
    /// Bytes of one answer, inclusive.
    pub max_response_bytes: u32,
    /// Connections at the same time.
    pub max_connections: u32,
}

impl RpcConfig {
    /// Serves everybody on this machine, with room for large traces and batches.
    pub fn new(listen: SocketAddr) -> Self {
        const MIB: u32 = 1 << 20;
        Self {
            listen,
            ipc: None,
            cors: Cors::Everybody,
            max_request_bytes: 64 * MIB,
            max_response_bytes: 512 * MIB,
            max_connections: 1_000,
        }
    }
}

/// Which web pages a browser lets call the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cors {
    /// Pages from anywhere.
    Everybody,
    /// Pages from one origin.
    Only(HeaderValue),
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
    address: SocketAddr,
    http: ServerHandle,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl RpcServer {
    /// Takes port and socket and begins to answer.
    pub(super) async fn open(
        config: RpcConfig,
        methods: Methods,
        context: Arc<Context>,
    ) -> Result<Self, ServeError> {
        let (stop, tasks) = (context.stop.clone(), context.tasks.clone());
        let refuse = |source| ServeError::Port { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).map_err(refuse)?;
        listener.set_nonblocking(true).map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        if let Some(path) = config.ipc.clone() {
            let limits = Limits {
                request_bytes: bytes(config.max_request_bytes),
                response_bytes: bytes(config.max_response_bytes),
            };
            let socket = IpcSocket::bind(path.clone())
                .await
                .map_err(|source| ServeError::Socket { path, source })?;
            tasks.spawn(socket.serve(methods.clone(), limits, Arc::clone(&context)));
        }
        let layers = tower::ServiceBuilder::new().option_layer(cors(&config.cors));
        let limit = bytes(config.max_response_bytes);
        let together = RpcServiceBuilder::new().layer_fn(move |service| Together {
            service,
            context: Arc::clone(&context),
            limit,
        });
        let server = Server::builder()
            .set_config(limits(&config))
            .set_http_middleware(layers)
            .set_rpc_middleware(together)
            .build_from_tcp(listener)
            .map_err(refuse)?;
        Ok(Self { address, http: server.start(methods), stop, tasks })
    }

    /// Where HTTP and WebSocket are served, with the port that was taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every subscription, lets running requests finish and closes the doors.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        // An error says that it had ended before.
        self.http.stop().ok();
        self.http.stopped().await;
        self.tasks.wait().await;
    }
}

fn bytes(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn limits(config: &RpcConfig) -> ServerConfig {
    ServerConfig::builder()
        .max_request_body_size(config.max_request_bytes)
        .max_response_body_size(config.max_response_bytes)
        .max_connections(config.max_connections)
        .set_batch_request_config(BatchRequestConfig::Unlimited)
        .enable_ws_ping(PingConfig::new())
        .set_id_provider(HexIds)
        .build()
}

fn cors(pages: &Cors) -> Option<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_methods([hyper::Method::GET, hyper::Method::POST])
        .allow_headers(Any);
    match pages {
        Cors::Everybody => Some(layer.allow_origin(Any)),
        Cors::Only(origin) => Some(layer.allow_origin(origin.clone())),
        Cors::Nobody => None,
    }
}
