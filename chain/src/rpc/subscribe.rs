//! Sends what happens to those who subscribed, over WebSocket and IPC.

use super::{
    Context,
    args::{Args, params},
    error::RpcError,
    filters::{Follower, check_range, matching},
    objects,
    signers::without_sidecar,
};
use crate::{engine::api::HeadEvent, pool::PooledEntry};
use alloy_consensus::BlockHeader;
use alloy_primitives::B256;
use alloy_rpc_types_eth::{
    Filter,
    pubsub::{SubscriptionKind, TransactionReceiptsParams},
};
use jsonrpsee::{
    PendingSubscriptionSink, RpcModule, SubscriptionSink, core::RegisterMethodError, types::Params,
};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utnet_primitives::Seconds;

/// The methods that begin and end a subscription.
pub(super) const NAMES: [&str; 2] = ["eth_subscribe", "eth_unsubscribe"];

/// Kinds of subscription, for the manual.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("newHeads", "Each block's header, when the block becomes the head."),
    (
        "logs",
        "Each log that a filter (second argument) wants; again with `removed` when its block is taken back.",
    ),
    (
        "newPendingTransactions",
        "The hash of each transaction that enters the pool, or the whole of it (second argument `true`).",
    ),
    (
        "transactionReceipts",
        "The receipts of each block, or of the `transactionHashes` in the second argument.",
    ),
    ("syncing", "`false`, once: this node never syncs."),
];

params! {
    SubscriptionKind => "newHeads, logs, newPendingTransactions, transactionReceipts or syncing",
    TransactionReceiptsParams => "an object with transactionHashes",
}

/// What a client asked to be told, with the channel it comes from.
enum Feed {
    Heads(Follower),
    Logs(Follower, Box<Filter>),
    Receipts(Follower, Option<Vec<B256>>),
    Pending(Receiver<Arc<PooledEntry>>, bool),
    Syncing,
}

/// Adds `eth_subscribe` and `eth_unsubscribe`.
pub(super) fn register(module: &mut RpcModule<Context>) -> Result<(), RegisterMethodError> {
    module.register_subscription_raw(
        "eth_subscribe",
        "eth_subscription",
        "eth_unsubscribe",
        |params, pending, context, _| {
            let feed = open(&context, &params);
            let stop = context.stop.clone();
            let tasks = context.tasks.clone();
            tasks.spawn(stop.run_until_cancelled_owned(serve(feed, pending, context)));
        },
    )?;
    Ok(())
}

/// Joins the channel before the client is answered, so that it misses nothing.
fn open(context: &Context, params: &Params<'_>) -> Result<Feed, RpcError> {
    let mut args = Args::new(params)?;
    let chain = &context.chain;
    Ok(match args.take("kind")? {
        SubscriptionKind::NewHeads => Feed::Heads(Follower::new(chain)?),
        SubscriptionKind::Logs => {
            let filter: Filter = args.find("filter")?.unwrap_or_default();
            check_range(&filter)?;
            Feed::Logs(Follower::new(chain)?, Box::new(filter))
        }
        SubscriptionKind::TransactionReceipts => {
            let wanted: Option<TransactionReceiptsParams> = args.find("filter")?;
            let hashes = wanted.and_then(|wanted| wanted.transaction_hashes);
            Feed::Receipts(Follower::new(chain)?, hashes.filter(|hashes| !hashes.is_empty()))
        }
        SubscriptionKind::NewPendingTransactions => {
            Feed::Pending(chain.pending_transactions(), args.find("full")?.unwrap_or_default())
        }
        SubscriptionKind::Syncing => Feed::Syncing,
    })
}

async fn serve(
    feed: Result<Feed, RpcError>,
    pending: PendingSubscriptionSink,
    context: Arc<Context>,
) {
    let feed = match feed {
        Ok(feed) => feed,
        Err(refused) => return pending.reject(refused).await,
    };
    // An error means that the client has gone.
    let Ok(sink) = pending.accept().await else { return };
    let _counted = context.metrics.subscribe();
    tokio::select! {
        () = sink.closed() => {}
        () = pump(feed, &sink, &context) => {}
    }
}

/// The client has gone, or the chain has ended: the subscription is over.
struct Over;

async fn pump(mut feed: Feed, sink: &SubscriptionSink, context: &Context) {
    if let Feed::Syncing = feed {
        // Whether it arrives or not, nothing follows until the client goes.
        tell(sink, &false).await.ok();
        return sink.closed().await;
    }
    while let Ok(()) = step(&mut feed, sink, context).await {}
}

async fn step(feed: &mut Feed, sink: &SubscriptionSink, context: &Context) -> Result<(), Over> {
    let chain = &context.chain;
    match feed {
        Feed::Pending(entries, full) => {
            return tell_pending(sink, entries.recv().await, *full).await;
        }
        Feed::Heads(follower) => {
            for event in events(follower, chain).await? {
                tell_head(sink, &event).await?;
            }
        }
        Feed::Logs(follower, filter) => {
            for event in events(follower, chain).await? {
                tell_logs(sink, &event, filter).await?;
            }
        }
        Feed::Receipts(follower, wanted) => {
            for event in events(follower, chain).await? {
                tell_receipts(sink, context, &event, wanted.as_deref()).await?;
            }
        }
        Feed::Syncing => {}
    }
    Ok(())
}

async fn events(
    follower: &mut Follower,
    chain: &crate::engine::api::Chain,
) -> Result<Vec<HeadEvent>, Over> {
    follower.wait(chain).await.map_err(|_unreadable| Over)?.ok_or(Over)
}

async fn tell_head(sink: &SubscriptionSink, event: &HeadEvent) -> Result<(), Over> {
    match event {
        HeadEvent::Added(record) => tell(sink, &objects::header(record)).await,
        HeadEvent::Removed(_) => Ok(()),
    }
}

async fn tell_logs(
    sink: &SubscriptionSink,
    event: &HeadEvent,
    filter: &Filter,
) -> Result<(), Over> {
    for log in matching(event, filter) {
        tell(sink, &log).await?;
    }
    Ok(())
}

async fn tell_receipts(
    sink: &SubscriptionSink,
    context: &Context,
    event: &HeadEvent,
    wanted: Option<&[B256]>,
) -> Result<(), Over> {
    let HeadEvent::Added(record) = event else { return Ok(()) };
    let blobs = context.chain.spec().blob_params(Seconds(record.header.timestamp()));
    let mut receipts = objects::receipts(record, blobs);
    receipts
        .retain(|receipt| wanted.is_none_or(|wanted| wanted.contains(&receipt.transaction_hash)));
    if receipts.is_empty() { Ok(()) } else { tell(sink, &receipts).await }
}

async fn tell_pending(
    sink: &SubscriptionSink,
    entry: Result<Arc<PooledEntry>, RecvError>,
    full: bool,
) -> Result<(), Over> {
    match entry {
        Ok(entry) if full => {
            tell(sink, &objects::pooled(without_sidecar(entry.transaction.clone()))).await
        }
        Ok(entry) => tell(sink, &entry.hash).await,
        Err(RecvError::Lagged(_)) => Ok(()),
        Err(RecvError::Closed) => Err(Over),
    }
}

async fn tell(sink: &SubscriptionSink, what: &impl Serialize) -> Result<(), Over> {
    let text = serde_json::value::to_raw_value(what).map_err(|_unwritable| Over)?;
    sink.send(text).await.map_err(|_gone| Over)
}
