//! Tells what development tools ask about the node, empties its pool and starts it again.

use crate::{
    engine::api::SnapshotId,
    pool::PoolOrder,
    rpc::{CLIENT_VERSION, Context, args::Args, error::RpcError, table::methods, values::Small},
};
use alloy_consensus::BlockHeader;
use alloy_primitives::{B256, Bytes, U64, U128};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use utnet_primitives::{Height, Seconds};

methods! {
    now "anvil_nodeInfo", Anvil, "Shows head, rules and fees of the node." => info;
    ask "anvil_metadata" | "hardhat_metadata", Hardhat, "Shows version, chain id, this run's id, the head and the snapshots." => metadata;
    now "anvil_getGenesisTime", Anvil, "Tells the timestamp of the genesis block." => genesis_time;
    ask "anvil_dropTransaction", Anvil, "Drops a transaction from the pool: `hash`; answers with it, or null." => drop_transaction;
    ask "hardhat_dropTransaction", Hardhat, "Drops a transaction from the pool: `hash`; answers whether it was there." => has_dropped_transaction;
    ask "anvil_dropAllTransactions" | "hardhat_dropAllTransactions", Anvil, "Empties the pool." => drop_all;
    ask "anvil_removePoolTransactions", Anvil, "Drops all transactions of a sender: `address`." => drop_of_sender;
    now "anvil_getBlobsByTransactionHash", Anvil, "Shows the blobs of a recent transaction: `hash`." => blobs;
    now "anvil_getBlobByHash", Anvil, "Shows a recent blob: `versioned hash`." => blob;
    now "anvil_getLastBlockWallTime", Anvil, "Tells when the head became the head, in milliseconds since 1970." => head_since;
    ask "anvil_setChainId", Anvil, "Gives a chain in memory another id (fixed under POCI): `id`." => set_chain_id;
    now "anvil_enableTraces", Anvil, "Accepted; traces are always there." => enable_traces;
    now "anvil_setLoggingEnabled" | "hardhat_setLoggingEnabled", Hardhat, "Prints blocks, transactions and calls from now on, or not: `true or false`." => set_logging;
}

/// anvil's form of `anvil_nodeInfo`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeInfo {
    current_block_number: U64,
    current_block_timestamp: u64,
    current_block_hash: B256,
    hard_fork: String,
    transaction_order: &'static str,
    environment: Environment,
    fork_config: ForkConfig,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    base_fee: U128,
    chain_id: u64,
    gas_limit: U64,
    gas_price: U128,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ForkConfig {
    fork_url: Option<String>,
    fork_block_number: Option<u64>,
    fork_retry_backoff: Option<u64>,
}

fn info(context: &Context, _: &mut Args) -> Result<NodeInfo, RpcError> {
    let view = context.view()?;
    let (head, settings) = (view.head(), context.chain.settings());
    let base_fee = u128::from(context.next_base_fee(&view).unwrap_or_default());
    let rules = view.spec().evm_spec(Height(head.number()), Seconds(head.timestamp()));
    Ok(NodeInfo {
        current_block_number: U64::from(head.number()),
        current_block_timestamp: head.timestamp(),
        current_block_hash: head.hash(),
        hard_fork: format!("{rules:?}").to_lowercase(),
        transaction_order: match settings.order {
            PoolOrder::Fees => "fees",
            PoolOrder::Arrival => "fifo",
        },
        environment: Environment {
            base_fee: U128::from(base_fee),
            chain_id: view.spec().chain_id,
            gas_limit: U64::from(settings.gas_limit.0),
            gas_price: U128::from(context.suggested_price(&view)),
        },
        fork_config: match context.chain.fork() {
            Some(fork) => ForkConfig {
                fork_url: Some(fork.url()),
                fork_block_number: Some(fork.number()),
                fork_retry_backoff: None,
            },
            None => ForkConfig::default(),
        },
    })
}

/// anvil's form of `anvil_metadata`; hardhat's has the same first five fields.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    client_version: &'static str,
    chain_id: u64,
    instance_id: B256,
    latest_block_number: u64,
    latest_block_hash: B256,
    forked_network: Option<ForkedNetwork>,
    snapshots: BTreeMap<U64, (u64, B256)>,
}

/// hardhat's form of where a chain forked off.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ForkedNetwork {
    chain_id: u64,
    fork_block_number: u64,
    fork_block_hash: B256,
}

async fn metadata(context: Arc<Context>, _: Args) -> Result<Metadata, RpcError> {
    let snapshots = context.chain.snapshots().await?;
    let view = context.view()?;
    Ok(Metadata {
        client_version: CLIENT_VERSION,
        chain_id: view.spec().chain_id,
        instance_id: context.instance,
        latest_block_number: view.head().number(),
        latest_block_hash: view.head().hash(),
        forked_network: context.chain.fork().map(|fork| ForkedNetwork {
            chain_id: fork.origin().chain_id,
            fork_block_number: fork.number(),
            fork_block_hash: fork.head().hash(),
        }),
        snapshots: snapshots
            .into_iter()
            .map(|(SnapshotId(id), (height, hash))| (U64::from(id), (height.0, hash)))
            .collect(),
    })
}

fn genesis_time(context: &Context, _: &mut Args) -> Result<u64, RpcError> {
    Ok(context.chain.spec().header.timestamp())
}

fn blobs(context: &Context, args: &mut Args) -> Result<Option<Vec<Bytes>>, RpcError> {
    let hash: B256 = args.take("hash")?;
    let sidecar = context.chain.sidecar(&hash);
    Ok(sidecar.map(|sidecar| {
        sidecar.blobs().iter().map(|blob| Bytes::copy_from_slice(blob.as_slice())).collect()
    }))
}

async fn drop_transaction(context: Arc<Context>, mut args: Args) -> Result<Option<B256>, RpcError> {
    Ok(context.chain.drop_transaction(args.take("hash")?).await?)
}

async fn has_dropped_transaction(context: Arc<Context>, args: Args) -> Result<bool, RpcError> {
    Ok(drop_transaction(context, args).await?.is_some())
}

async fn drop_all(context: Arc<Context>, _: Args) -> Result<(), RpcError> {
    Ok(context.chain.drop_transactions(None).await?)
}

async fn drop_of_sender(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    Ok(context.chain.drop_transactions(Some(args.take("address")?)).await?)
}

fn set_logging(context: &Context, args: &mut Args) -> Result<bool, RpcError> {
    context.chain.set_logging(args.find("on")?.unwrap_or(true));
    Ok(true)
}

fn blob(context: &Context, args: &mut Args) -> Result<Option<Bytes>, RpcError> {
    let hash: B256 = args.take("hash")?;
    Ok(context.chain.blob(&hash).map(|blob| Bytes::copy_from_slice(blob.as_slice())))
}

fn head_since(context: &Context, _: &mut Args) -> Result<u64, RpcError> {
    Ok(context.chain.head_since())
}

async fn set_chain_id(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Small(id) = args.take("id")?;
    Ok(context.chain.set_chain_id(id).await?)
}

fn enable_traces(_: &Context, _: &mut Args) -> Result<(), RpcError> {
    Ok(())
}
