//! Takes connections, and serves HTTP and WebSocket on each: one client, however bad, spoils none.

use super::{
    body::{self, Received},
    gate::{AnsweredOnce, GateLayer, Seats},
    limits::{Guest, Guests, RpcLimits},
    patient::Patient,
};
use crate::rpc::Context;
use hyper::{Method, Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::{
    Methods,
    core::middleware::RpcServiceBuilder,
    server::{HttpBody, HttpRequest, HttpResponse, StopHandle, TowerServiceBuilder, ws},
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{
    Service,
    layer::util::{Identity, Stack},
    util::Either,
};
use tower_http::cors::CorsLayer;

/// How long no connection is taken after the system had no room for one.
const PAUSE: Duration = Duration::from_millis(50);
/// Connections that are told at the same time that there are too many; others are just closed.
const FAREWELLS: usize = 64;
/// How long a client that is turned away may take to notice.
const FAREWELL: Duration = Duration::from_secs(1);

/// What CORS puts around the methods.
type Layers = Stack<Either<CorsLayer, Identity>, Identity>;
/// Makes the service of a connection.
pub(super) type Factory = TowerServiceBuilder<Identity, Layers>;

/// The doors of the node: HTTP and WebSocket.
#[derive(Debug)]
pub(super) struct Doors {
    limits: RpcLimits,
    guests: Guests,
    budget: Arc<Semaphore>,
    farewells: Arc<Semaphore>,
    context: Arc<Context>,
    stop: CancellationToken,
    kill: CancellationToken,
    tasks: TaskTracker,
}

impl Doors {
    pub(super) fn new(limits: RpcLimits, context: Arc<Context>, kill: CancellationToken) -> Self {
        Self {
            guests: Guests::new(&limits),
            budget: body::budget(&limits),
            farewells: Arc::new(Semaphore::new(FAREWELLS)),
            limits,
            stop: context.stop.clone(),
            tasks: context.tasks.clone(),
            context,
            kill,
        }
    }

    /// Takes connections until the end.
    pub(super) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        factory: Factory,
        methods: Methods,
        stopped: StopHandle,
    ) {
        while let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, address)) => {
                    self.welcome(stream, address, (&factory, &methods, &stopped));
                }
                Err(error) => self.rest(&error).await,
            }
        }
    }

    /// The system has no room for another connection, or the client has gone: in the first case
    /// trying again at once would only burn the processor.
    async fn rest(&self, error: &io::Error) {
        tracing::debug!(%error, "a connection could not be taken");
        tokio::time::timeout(PAUSE, self.stop.cancelled()).await.ok();
    }

    fn welcome(
        self: &Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        (factory, methods, stopped): (&Factory, &Methods, &StopHandle),
    ) {
        let Some(guest) = self.guests.admit(address.ip()) else {
            self.context.metrics.turn_away();
            return self.turn_away(stream);
        };
        let layer = GateLayer {
            seats: Seats::new(self.limits.in_flight, Arc::clone(&guest.peer.in_flight)),
            context: Arc::clone(&self.context),
            limit: usize::try_from(self.limits.response_bytes).unwrap_or(usize::MAX),
        };
        let service = factory
            .clone()
            .set_rpc_middleware(RpcServiceBuilder::new().layer(layer))
            .build(methods.clone(), stopped.clone());
        let host = Host { doors: Arc::clone(self), guest: Arc::new(guest), service };
        let kill = self.kill.clone();
        self.tasks.spawn(kill.run_until_cancelled_owned(host.converse(stream)));
    }

    /// Tells a client that there are too many, and waits a moment for it to see that.
    fn turn_away(&self, stream: TcpStream) {
        let Ok(permit) = Arc::clone(&self.farewells).try_acquire_owned() else { return };
        let kill = self.kill.clone();
        self.tasks.spawn(kill.run_until_cancelled_owned(async move {
            tokio::time::timeout(FAREWELL, farewell(stream)).await.ok();
            drop(permit);
        }));
    }
}

async fn farewell(mut stream: TcpStream) -> io::Result<()> {
    let text = body::error_text("the node has too many connections: try again later");
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\n\
         Retry-After: 1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.shutdown().await?;
    // A socket closed with unread bytes is reset, and the client would not see the answer.
    let mut bytes = [0; 4_096];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

/// One connection's side of the node.
#[derive(Clone)]
struct Host<S> {
    doors: Arc<Doors>,
    guest: Arc<Guest>,
    service: S,
}

impl<L> Host<jsonrpsee::server::TowerService<L, Layers>>
where
    L: Clone + Send + Sync + 'static,
    jsonrpsee::server::TowerService<L, Layers>: Service<
            HttpRequest,
            Response = HttpResponse,
            Error = jsonrpsee::core::BoxError,
            Future: Send,
        > + Clone
        + Send,
{
    async fn converse(self, stream: TcpStream) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the client has gone");
            return;
        }
        let open = self.doors.context.metrics.connect();
        let limits = &self.doors.limits;
        let io = TokioIo::new(Patient::new(stream, limits.client_timeout));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(limits.client_timeout);
        let host = self.clone();
        let service = service_fn(move |request| host.clone().answer(request));
        let connection = http.serve_connection(io, service).with_upgrades();
        tokio::pin!(connection);
        let stop = self.doors.stop.clone();
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        }
        drop(open);
    }

    async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<HttpResponse, jsonrpsee::core::BoxError> {
        if ws::is_upgrade_request(&request) {
            return self.upgrade(request).await;
        }
        if request.method() != Method::POST {
            return self.pass(request.map(HttpBody::new)).await;
        }
        let (mut parts, incoming) = request.into_parts();
        parts.extensions.insert(AnsweredOnce);
        let doors = &self.doors;
        match body::receive(incoming, &doors.limits, &doors.budget).await {
            Ok(Received { bytes, share }) => {
                let whole = HttpBody::new(http_body_util::Full::new(bytes));
                let answer = self.pass(Request::from_parts(parts, whole)).await;
                drop(share);
                answer
            }
            Err(refused) => {
                doors.context.metrics.refuse();
                Ok(refused.into_response())
            }
        }
    }

    async fn pass(
        mut self,
        request: HttpRequest,
    ) -> Result<HttpResponse, jsonrpsee::core::BoxError> {
        self.service.call(request).await
    }

    /// Lets a WebSocket begin; its place among the connections is kept until it ends.
    async fn upgrade(
        mut self,
        request: Request<Incoming>,
    ) -> Result<HttpResponse, jsonrpsee::core::BoxError> {
        let closed = self.service.on_session_closed();
        let kill = self.doors.kill.clone();
        let (guest, open) = (Arc::clone(&self.guest), self.doors.context.metrics.session());
        self.doors.tasks.spawn(kill.run_until_cancelled_owned(async move {
            closed.await;
            drop((guest, open));
        }));
        self.service.call(request.map(HttpBody::new)).await
    }
}
