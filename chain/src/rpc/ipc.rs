//! Serves the methods over a Unix socket: a stream of JSON texts each way, as geth does.
//!
//! Requests need nothing between them. Answers end with a newline, by which some clients (ethers) cut.

mod desk;
mod frames;

pub use desk::Desk;

use super::{Context, batch::Sends, ids::HexIds, server::RpcLimits, work::InCompany};
use frames::Frames;
use futures::{StreamExt, stream::FuturesUnordered};
use jsonrpsee::{
    ConnectionId, Extensions, MethodCallback, MethodResponse, MethodSink, Methods,
    core::server::{
        BatchResponseBuilder, BoundedSubscriptions, SubscriptionState, helpers::prepare_error,
    },
    types::{ErrorCode, ErrorObject, Id, Notification, Params, Request},
};
use serde_json::value::RawValue;
use std::{io, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream, unix::OwnedWriteHalf},
    sync::{Semaphore, mpsc},
};
use tokio_util::sync::CancellationToken;

/// Notifications that may wait for a slow reader before its subscription waits too.
const OUTBOX: usize = 1_024;
/// After a connection that could not be taken.
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes asked of the socket at a time.
const READ_BYTES: usize = 64 * 1024;

/// A Unix socket that is listened on; the file goes when this is dropped.
#[derive(Debug)]
pub(super) struct IpcSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for IpcSocket {
    fn drop(&mut self) {
        // Another node may have taken the path over, or the folder may be gone: nothing to do then.
        std::fs::remove_file(&self.path).ok();
    }
}

impl IpcSocket {
    /// Listens at `path`; a socket file that nobody serves any more is replaced.
    pub(super) async fn bind(path: PathBuf) -> io::Result<Self> {
        if UnixStream::connect(&path).await.is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self { listener: UnixListener::bind(&path)?, path })
    }

    /// Serves every connection until `stop`.
    pub(super) async fn serve(self, host: Host) {
        let mut connections = 0;
        let places = Arc::new(Semaphore::new(count(host.limits.connections)));
        let stop = &host.context.stop;
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
            let Ok((stream, _)) = accepted else {
                // The system has no room for another: trying again at once would only burn the processor.
                tokio::time::timeout(PAUSE, stop.cancelled()).await.ok();
                continue;
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                host.context.metrics.turn_away();
                continue;
            };
            connections += 1;
            let serving = converse(stream, Peer::new(&host, connections));
            let serving = async move {
                serving.await;
                drop(place);
            };
            host.context.tasks.spawn(host.kill.clone().run_until_cancelled_owned(serving));
        }
    }
}

/// What a socket leads to.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// The methods.
    pub(super) methods: Methods,
    /// What they work on.
    pub(super) context: Arc<Context>,
    /// How much one client may ask for.
    pub(super) limits: RpcLimits,
    /// Ends what has not ended by itself.
    pub(super) kill: CancellationToken,
}

/// One connection, as the methods see it.
#[derive(Clone)]
struct Peer {
    host: Host,
    id: ConnectionId,
    sink: MethodSink,
    subscriptions: BoundedSubscriptions,
    /// Whether it asked for something else before that was not answered yet.
    in_company: Option<InCompany>,
}

/// Answers until the client has gone; at the end of the node only what was asked before.
async fn converse(stream: UnixStream, (peer, mut notices): (Peer, Outbox)) {
    let stop = peer.host.context.stop.clone();
    let _counted = peer.host.context.metrics.connect();
    let (mut reader, mut writer) = stream.into_split();
    let limits = peer.host.limits.clone();
    let most = count(limits.in_flight);
    let mut frames = Frames::new(count(limits.request_bytes));
    let mut answers = FuturesUnordered::new();
    let mut open = true;
    while open || !answers.is_empty() {
        let sent = tokio::select! {
            () = stop.cancelled(), if open => {
                open = false;
                Ok(())
            }
            Some(answer) = answers.next() => send(&mut writer, answer).await,
            Some(notice) = notices.recv() => send(&mut writer, Some(notice)).await,
            read = reader.read_buf(frames.buffer(READ_BYTES)), if open && answers.len() < most => {
                open = matches!(read, Ok(1..));
                while let Some(frame) = frames.next() {
                    open &= frame.is_ok();
                    let in_company = (!answers.is_empty()).then_some(InCompany);
                    answers.push(answer(Peer { in_company, ..peer.clone() }, frame));
                }
                Ok(())
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

type Outbox = mpsc::Receiver<Box<RawValue>>;

async fn send(writer: &mut OwnedWriteHalf, text: Option<Box<RawValue>>) -> io::Result<()> {
    match text {
        Some(text) => {
            let mut line = String::from(Box::<str>::from(text));
            line.push('\n');
            writer.write_all(line.as_bytes()).await
        }
        None => Ok(()),
    }
}

/// A limit as a size or count in memory.
fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

async fn answer(peer: Peer, frame: Result<String, frames::Broken>) -> Option<Box<RawValue>> {
    match frame {
        Err(broken) => Some(refuse(Id::Null, broken.into()).into_json()),
        Ok(text) if text.starts_with('[') => peer.batch(&text).await,
        Ok(text) => peer.one(&text).await.map(MethodResponse::into_json),
    }
}

fn refuse(id: Id<'_>, error: ErrorObject<'_>) -> MethodResponse {
    MethodResponse::error(id, error)
}

impl Peer {
    fn new(host: &Host, number: usize) -> (Self, Outbox) {
        let (tx, outbox) = mpsc::channel(OUTBOX);
        let subscriptions = BoundedSubscriptions::new(host.limits.subscriptions);
        // Unix connections are numbered from the top, so that none shares a number with a TCP one.
        let id = ConnectionId(usize::MAX - number);
        let (host, sink) = (host.clone(), MethodSink::new(tx));
        (Self { host, id, sink, subscriptions, in_company: None }, outbox)
    }

    async fn batch(&self, text: &str) -> Option<Box<RawValue>> {
        let Ok(entries) = serde_json::from_str::<Vec<&RawValue>>(text) else {
            return Some(refuse(Id::Null, ErrorCode::ParseError.into()).into_json());
        };
        if entries.is_empty() {
            return Some(refuse(Id::Null, ErrorCode::InvalidRequest.into()).into_json());
        }
        let limits = &self.host.limits;
        if entries.len() > count(limits.batch) {
            let refused =
                jsonrpsee::types::error::reject_too_big_batch_request(count(limits.batch));
            return Some(refuse(Id::Null, refused).into_json());
        }
        let limit = count(limits.response_bytes);
        let mut answers = BatchResponseBuilder::new_with_limit(limit);
        if let Err(too_long) = self.answer_all(&entries, &mut answers, limit).await {
            return Some(too_long.into_json());
        }
        let only_notifications = answers.is_empty();
        (!only_notifications).then(|| MethodResponse::from_batch(answers.finish()).into_json())
    }

    async fn answer_all(
        &self,
        entries: &[&RawValue],
        answers: &mut BatchResponseBuilder,
        limit: usize,
    ) -> Result<(), MethodResponse> {
        let mut sends = Sends::default();
        for entry in entries {
            if let Ok(request) = serde_json::from_str(entry.get())
                && sends.take(&self.host.context, request).is_none()
            {
                continue;
            }
            sends.flush(&self.host.context, answers, limit).await?;
            if let Some(answer) = self.one(entry.get()).await {
                answers.append(answer)?;
            }
        }
        sends.flush(&self.host.context, answers, limit).await
    }

    /// Answers one request; `None` when it is a notification, which wants no answer.
    async fn one(&self, text: &str) -> Option<MethodResponse> {
        match serde_json::from_str::<Request<'_>>(text) {
            Ok(request) => {
                let call = self.host.context.metrics.begin(request.method_name());
                self.host.context.delay(request.method_name()).await;
                let answer = self.call(request).await;
                call.end(answer.as_ref().and_then(MethodResponse::as_error_code));
                answer
            }
            Err(_) if serde_json::from_str::<Notification<'_, &RawValue>>(text).is_ok() => None,
            Err(_) => {
                let (id, code) = prepare_error(text.as_bytes());
                Some(refuse(id, code.into()))
            }
        }
    }

    async fn call(&self, request: Request<'_>) -> Option<MethodResponse> {
        let Request { id, method, params, .. } = request;
        let limit = count(self.host.limits.response_bytes);
        let params = Params::new(params.as_ref().map(|raw| raw.get()));
        let mut about = Extensions::new();
        about.insert(self.id);
        if let Some(in_company) = self.in_company {
            about.insert(in_company);
        }
        let Some(callback) = self.host.methods.method(&method) else {
            return Some(refuse(id, ErrorCode::MethodNotFound.into()));
        };
        Some(match callback {
            MethodCallback::Sync(run) => run(id, params, limit, about),
            MethodCallback::Async(run) => {
                run(id.into_owned(), params.into_owned(), self.id, limit, about).await
            }
            MethodCallback::Unsubscription(run) => run(id, params, self.id, limit, about),
            MethodCallback::Subscription(run) => {
                let Some(subscription_permit) = self.subscriptions.acquire() else {
                    let max = self.subscriptions.max();
                    let refused = jsonrpsee::types::error::reject_too_many_subscriptions(max);
                    return Some(refuse(id, refused));
                };
                let state = SubscriptionState {
                    conn_id: self.id,
                    id_provider: &HexIds,
                    subscription_permit,
                };
                // The answer goes out through the sink, before the first notification.
                run(id, params, self.sink.clone(), state, about).await;
                return None;
            }
        })
    }
}

impl From<frames::Broken> for ErrorObject<'static> {
    fn from(broken: frames::Broken) -> Self {
        let code = match broken {
            frames::Broken::NotJson => ErrorCode::ParseError,
            frames::Broken::TooLong { .. } => ErrorCode::OversizedRequest,
        };
        ErrorObject::owned(code.code(), broken.to_string(), None::<()>)
    }
}
