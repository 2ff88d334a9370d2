//! Shows the pool.

use super::{
    Context,
    args::Args,
    error::RpcError,
    objects::{self, TransactionObject},
    signers::without_sidecar,
    table::methods,
};
use crate::pool::PooledEntry;
use alloy_consensus::Transaction;
use alloy_primitives::{Address, U64};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

methods! {
    now "txpool_status", Ethereum, "Counts the transactions that a block could take, and those behind a gap." => status;
    now "txpool_content", Ethereum, "Shows all transactions by sender and nonce." => content;
    now "txpool_contentFrom", Ethereum, "Shows one sender's transactions by nonce: `address`." => content_from;
    now "txpool_inspect", Geth, "Shows all transactions by sender and nonce, one line each." => inspect;
}

/// Something of the pool, for those that a block could take and those behind a gap.
#[derive(Clone, Debug, Serialize)]
struct Halves<T> {
    pending: T,
    queued: T,
}

type ByNonce<T> = BTreeMap<String, T>;
type BySender<T> = BTreeMap<String, ByNonce<T>>;
type Entries = BTreeMap<u64, Arc<PooledEntry>>;

/// A transaction of the pool; those of blocks have a time.
#[derive(Clone, Debug, Serialize)]
struct Waiting {
    #[serde(flatten)]
    transaction: TransactionObject,
    /// Always null.
    #[serde(rename = "blockTimestamp")]
    block_timestamp: (),
}

fn status(context: &Context, _: &mut Args) -> Result<Halves<U64>, RpcError> {
    let status = context.chain.pool_view().status();
    Ok(Halves { pending: U64::from(status.pending), queued: U64::from(status.queued) })
}

fn content(context: &Context, _: &mut Args) -> Result<Halves<BySender<Waiting>>, RpcError> {
    let content = context.chain.pool_view().content();
    Ok(Halves {
        pending: by_sender(&content.pending, object),
        queued: by_sender(&content.queued, object),
    })
}

fn content_from(context: &Context, args: &mut Args) -> Result<Halves<ByNonce<Waiting>>, RpcError> {
    let (pending, queued) = context.chain.pool_view().content_from(args.take("address")?);
    Ok(Halves { pending: by_nonce(&pending, object), queued: by_nonce(&queued, object) })
}

fn inspect(context: &Context, _: &mut Args) -> Result<Halves<BySender<String>>, RpcError> {
    let content = context.chain.pool_view().content();
    Ok(Halves {
        pending: by_sender(&content.pending, line),
        queued: by_sender(&content.queued, line),
    })
}

fn by_sender<T>(all: &BTreeMap<Address, Entries>, show: fn(&PooledEntry) -> T) -> BySender<T> {
    all.iter()
        .map(|(sender, entries)| (sender.to_checksum(None), by_nonce(entries, show)))
        .collect()
}

fn by_nonce<T>(entries: &Entries, show: fn(&PooledEntry) -> T) -> ByNonce<T> {
    entries.iter().map(|(nonce, entry)| (nonce.to_string(), show(entry))).collect()
}

fn object(entry: &PooledEntry) -> Waiting {
    let transaction = objects::pooled(without_sidecar(entry.transaction.clone()));
    Waiting { transaction, block_timestamp: () }
}

/// geth's line: receiver, value, gas and price.
fn line(entry: &PooledEntry) -> String {
    let transaction = &entry.transaction;
    let to = transaction.to().map_or_else(|| "contract creation".into(), |to| to.to_checksum(None));
    let (value, gas) = (transaction.value(), transaction.gas_limit());
    format!("{to}: {value} wei + {gas} gas × {} wei", transaction.max_fee_per_gas())
}
