//! Tells which rules the chain has, and how far back the node can answer.

use crate::{
    execution::{ReadError, UtnetEvmFactory},
    genesis::ChainSpec,
    rpc::{Context, args::Args, error::RpcError, table::methods},
};
use alloy_eips::eip7910::{EthConfig, EthForkConfig, SystemContract};
use alloy_evm::precompiles::Precompile as _;
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256, U64};
use serde::Serialize;
use std::collections::BTreeMap;
use utnet_db::History;
use utnet_primitives::{Height, Seconds};

methods! {
    now "eth_config", Ethereum, "Shows the rules of now, of the next fork and of the last (EIP-7910)." => config;
    now "eth_capabilities", Ethereum, "Tells how far back state, transactions, logs, receipts, blocks and proofs are kept." => capabilities;
}

fn config(context: &Context, _: &mut Args) -> Result<EthConfig, RpcError> {
    let view = context.view()?;
    let (spec, head) = (view.spec(), view.head());
    let times = spec.fork_times();
    let rules =
        |time: Option<u64>| fork(spec, Height(head.number), Seconds(time.unwrap_or_default()));
    let next = times.iter().copied().find(|time| *time > head.timestamp);
    Ok(EthConfig {
        current: rules(times.iter().copied().rfind(|time| *time <= head.timestamp))?,
        next: next.map(|time| rules(Some(time))).transpose()?,
        last: next.and_then(|_| times.last()).map(|time| rules(Some(*time))).transpose()?,
    })
}

/// The rules that a fork brings; time 0 is genesis.
fn fork(spec: &ChainSpec, height: Height, time: Seconds) -> Result<EthForkConfig, RpcError> {
    let reached = time.max(Seconds(spec.genesis.timestamp));
    let blob_schedule =
        spec.blob_params(reached).ok_or(RpcError::Unsupported("eth_config before Cancun"))?;
    Ok(EthForkConfig {
        activation_time: time.0,
        blob_schedule,
        chain_id: spec.chain_id,
        fork_id: spec.fork_id(reached).to_vec().into(),
        precompiles: precompiles(spec, height, reached),
        system_contracts: system_contracts(spec, reached),
    })
}

fn precompiles(spec: &ChainSpec, height: Height, time: Seconds) -> BTreeMap<String, Address> {
    let factory = UtnetEvmFactory::of(spec);
    let all = factory.precompiles(spec.evm_spec(height, time));
    let named = all.addresses().filter_map(|address| {
        let name = all.get(address)?.precompile_id().name().to_owned();
        Some((name, *address))
    });
    named.collect()
}

fn system_contracts(spec: &ChainSpec, time: Seconds) -> BTreeMap<SystemContract, Address> {
    let mut all = BTreeMap::from(SystemContract::cancun());
    if spec.is_prague_active_at_timestamp(time.0) {
        all.extend(SystemContract::prague(spec.genesis.config.deposit_contract_address));
    }
    all
}

/// How far back each kind of data is kept.
#[derive(Debug, Serialize)]
struct Capabilities {
    head: Head,
    state: Kept,
    tx: Kept,
    logs: Kept,
    receipts: Kept,
    blocks: Kept,
    stateproofs: Kept,
}

#[derive(Debug, Serialize)]
struct Head {
    number: U64,
    hash: B256,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    disabled: bool,
    oldest_block: U64,
    delete_strategy: Window,
}

/// Data older than a number of blocks goes.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "type", rename = "window")]
struct Window {
    retention_blocks: U64,
}

fn capabilities(context: &Context, _: &mut Args) -> Result<Capabilities, RpcError> {
    let view = context.view()?;
    let head = view.head();
    let (first, pruning) = (view.store().kept().map_err(ReadError::from)?, context.chain.pruning());
    let kept = |part| Kept {
        disabled: false,
        oldest_block: U64::from(first.first(part)),
        // The head is one of them. Where all is kept, the window is as wide as a block number can say.
        delete_strategy: Window {
            retention_blocks: U64::from(
                pruning.distance(part).unwrap_or(u64::MAX).saturating_add(1),
            ),
        },
    };
    Ok(Capabilities {
        head: Head { number: U64::from(head.number), hash: head.hash() },
        state: kept(History::State),
        tx: kept(History::Bodies),
        logs: kept(History::Receipts),
        receipts: kept(History::Receipts),
        blocks: kept(History::Bodies),
        stateproofs: kept(History::State),
    })
}
