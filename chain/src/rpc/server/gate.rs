//! Stands before the methods: counts, measures, refuses who asks for too much at a time, and takes batches
//! apart.

use super::limits::{Bounded, Place};
use crate::rpc::{Context, batch, subscribe};
use jsonrpsee::{
    MethodResponse,
    core::middleware::{Batch, Notification, RpcServiceT},
    types::{ErrorObject, Request, error::METHOD_NOT_FOUND_CODE},
};
use std::{future::Future, sync::Arc};

/// Told with a request that comes over HTTP: whoever sends it hears one answer, and nothing after that.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnsweredOnce;

/// The code of a refusal for too many requests (EIP-1474: limit exceeded).
const LIMIT_EXCEEDED: i32 = -32_005;

/// What one connection may have under way.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    connection: Arc<Bounded>,
    peer: Arc<Bounded>,
    most: u32,
}

impl Seats {
    /// Seats for one connection of a peer.
    pub(super) fn new(most: u32, peer: Arc<Bounded>) -> Self {
        Self { connection: Arc::new(Bounded::new(most)), peer, most }
    }

    fn take(&self) -> Option<(Place, Place)> {
        Some((self.connection.take()?, self.peer.take()?))
    }
}

/// The methods behind a gate.
#[derive(Clone, Debug)]
pub(super) struct Gate<S> {
    inner: S,
    seats: Seats,
    context: Arc<Context>,
    /// Bytes of the answer to a batch, inclusive.
    limit: usize,
}

/// Puts a gate before a service.
#[derive(Clone, Debug)]
pub(super) struct GateLayer {
    pub(super) seats: Seats,
    pub(super) context: Arc<Context>,
    /// Bytes of the answer to a batch, inclusive.
    pub(super) limit: usize,
}

impl<S> tower::Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        let Self { seats, context, limit } = self.clone();
        Gate { inner, seats, context, limit }
    }
}

impl<S> Gate<S>
where
    S: RpcServiceT<MethodResponse = MethodResponse> + Clone + Send + Sync + 'static,
{
    async fn run(self, request: Request<'_>) -> MethodResponse {
        let Some(_seat) = self.seats.take() else { return self.refuse(&request) };
        let call = self.context.metrics.begin(request.method_name());
        self.context.delay(request.method_name()).await;
        let response = match cannot_follow(&request) {
            Some(refused) => refused,
            None => self.inner.call(request).await,
        };
        call.end(response.as_error_code());
        response
    }

    fn refuse(&self, request: &Request<'_>) -> MethodResponse {
        self.context.metrics.refuse();
        let why = format!("too many requests at a time: at most {}", self.seats.most);
        let error = ErrorObject::owned(LIMIT_EXCEEDED, why, None::<()>);
        MethodResponse::error(request.id(), error)
    }
}

/// The answer to who asks over HTTP to be told of things later, in geth's words.
fn cannot_follow(request: &Request<'_>) -> Option<MethodResponse> {
    request.extensions().get::<AnsweredOnce>()?;
    if !subscribe::NAMES.contains(&request.method_name()) {
        return None;
    }
    let why = "notifications not supported over HTTP: subscribe over WebSocket or IPC";
    let refused = ErrorObject::owned(METHOD_NOT_FOUND_CODE, why, None::<()>);
    Some(MethodResponse::error(request.id(), refused))
}

impl<S> RpcServiceT for Gate<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type BatchResponse = MethodResponse;
    type NotificationResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.clone().run(request)
    }

    /// Each call of a batch comes through the gate by itself.
    fn batch<'a>(&self, entries: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let this = self.clone();
        async move { batch::serve(&this, entries, &this.context, this.limit).await }
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = MethodResponse> + Send + 'a {
        let inner = self.inner.clone();
        async move { inner.notification(notification).await }
    }
}
