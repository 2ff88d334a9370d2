//! Serves the methods over a Unix socket: a stream of JSON texts each way, as geth does.
//!
//! Requests need nothing between them. Answers end with a newline, by which some clients (ethers) cut.

mod frames;

use super::{Context, batch::Sends, ids::HexIds};
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
use std::{io, path::PathBuf, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream, unix::OwnedWriteHalf},
    sync::mpsc,
};

/// Requests of one connection that may be under way at the same time.
const IN_FLIGHT: usize = 128;
/// Notifications that may wait for a slow reader before its subscription waits too.
const OUTBOX: usize = 1_024;
/// Subscriptions that one connection may hold.
const SUBSCRIPTIONS: u32 = 1_024;
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
    pub(super) async fn serve(self, methods: Methods, limits: Limits, context: Arc<Context>) {
        let mut connections = 0;
        let stop = &context.stop;
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
            let Ok((stream, _)) = accepted else { continue };
            connections += 1;
            let peer = Peer::new(methods.clone(), Arc::clone(&context), connections);
            let serving = stop.clone().run_until_cancelled_owned(converse(stream, peer, limits));
            context.tasks.spawn(serving);
        }
    }
}

/// How much one request or answer may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of one request.
    pub(super) request_bytes: usize,
    /// Bytes of one answer.
    pub(super) response_bytes: usize,
}

/// One connection, as the methods see it.
#[derive(Clone)]
struct Peer {
    methods: Methods,
    context: Arc<Context>,
    id: ConnectionId,
    sink: MethodSink,
    subscriptions: BoundedSubscriptions,
}

async fn converse(stream: UnixStream, (peer, mut notices): (Peer, Outbox), limits: Limits) {
    let (mut reader, mut writer) = stream.into_split();
    let mut frames = Frames::new(limits.request_bytes);
    let mut answers = FuturesUnordered::new();
    let mut open = true;
    while open || !answers.is_empty() {
        let sent = tokio::select! {
            Some(answer) = answers.next() => send(&mut writer, answer).await,
            Some(notice) = notices.recv() => send(&mut writer, Some(notice)).await,
            read = reader.read_buf(frames.buffer(READ_BYTES)), if open && answers.len() < IN_FLIGHT => {
                open = matches!(read, Ok(1..));
                while let Some(frame) = frames.next() {
                    open &= frame.is_ok();
                    answers.push(answer(peer.clone(), frame, limits.response_bytes));
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

async fn answer(
    peer: Peer,
    frame: Result<String, frames::Broken>,
    limit: usize,
) -> Option<Box<RawValue>> {
    match frame {
        Err(broken) => Some(refuse(Id::Null, broken.into()).into_json()),
        Ok(text) if text.starts_with('[') => peer.batch(&text, limit).await,
        Ok(text) => peer.one(&text, limit).await.map(MethodResponse::into_json),
    }
}

fn refuse(id: Id<'_>, error: ErrorObject<'_>) -> MethodResponse {
    MethodResponse::error(id, error)
}

impl Peer {
    fn new(methods: Methods, context: Arc<Context>, number: usize) -> (Self, Outbox) {
        let (tx, outbox) = mpsc::channel(OUTBOX);
        let subscriptions = BoundedSubscriptions::new(SUBSCRIPTIONS);
        // Unix connections are numbered from the top, so that none shares a number with a TCP one.
        let id = ConnectionId(usize::MAX - number);
        (Self { methods, context, id, sink: MethodSink::new(tx), subscriptions }, outbox)
    }

    async fn batch(&self, text: &str, limit: usize) -> Option<Box<RawValue>> {
        let Ok(entries) = serde_json::from_str::<Vec<&RawValue>>(text) else {
            return Some(refuse(Id::Null, ErrorCode::ParseError.into()).into_json());
        };
        if entries.is_empty() {
            return Some(refuse(Id::Null, ErrorCode::InvalidRequest.into()).into_json());
        }
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
                && sends.take(request).is_none()
            {
                continue;
            }
            sends.flush(&self.context, answers, limit).await?;
            if let Some(answer) = self.one(entry.get(), limit).await {
                answers.append(answer)?;
            }
        }
        sends.flush(&self.context, answers, limit).await
    }

    /// Answers one request; `None` when it is a notification, which wants no answer.
    async fn one(&self, text: &str, limit: usize) -> Option<MethodResponse> {
        match serde_json::from_str::<Request<'_>>(text) {
            Ok(request) => self.call(request, limit).await,
            Err(_) if serde_json::from_str::<Notification<'_, &RawValue>>(text).is_ok() => None,
            Err(_) => {
                let (id, code) = prepare_error(text.as_bytes());
                Some(refuse(id, code.into()))
            }
        }
    }

    async fn call(&self, request: Request<'_>, limit: usize) -> Option<MethodResponse> {
        let Request { id, method, params, .. } = request;
        let params = Params::new(params.as_ref().map(|raw| raw.get()));
        let mut about = Extensions::new();
        about.insert(self.id);
        let Some(callback) = self.methods.method(&method) else {
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
