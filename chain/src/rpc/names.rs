//! Answers who and what this node is.

use super::{CLIENT_VERSION, Context, args::Args, error::RpcError, table::methods};
use crate::miner::MiningMode;
use alloy_primitives::{Address, B256, Bytes, U64, keccak256};
use std::collections::BTreeMap;

methods! {
    now "web3_clientVersion", Geth, "Names the node; begins with `anvil/`, which hardhat's tools look for." => version;
    now "web3_sha3", Geth, "Hashes bytes with Keccak-256: `bytes`." => sha3;
    now "net_version", Ethereum, "Tells the chain id, in decimal." => net_version;
    now "net_listening", Geth, "Tells whether the node has peers to listen to: true." => listening;
    now "net_peerCount", Geth, "Counts peers: none." => none;
    now "rpc_modules", Geth, "Lists the namespaces." => modules;
    now "eth_chainId", Ethereum, "Tells the chain id." => chain_id;
    now "eth_networkId", Anvil, "Tells the chain id." => chain_id;
    now "eth_syncing", Ethereum, "Tells whether the node is behind: false." => syncing;
    now "eth_coinbase", Ethereum, "Names the beneficiary of the next block." => coinbase;
    now "eth_mining", Geth, "Tells whether blocks are made without being asked for." => mining;
    now "eth_hashrate", Geth, "Tells the hashes per second: none." => none;
    now "eth_protocolVersion", Geth, "Tells the version of the peer protocol." => protocol;
}

fn version(_: &Context, _: &mut Args) -> Result<&'static str, RpcError> {
    Ok(CLIENT_VERSION)
}

fn sha3(_: &Context, args: &mut Args) -> Result<B256, RpcError> {
    Ok(keccak256(args.take::<Bytes>("data")?))
}

fn net_version(context: &Context, _: &mut Args) -> Result<String, RpcError> {
    Ok(context.chain.spec().chain_id.to_string())
}

fn listening(_: &Context, _: &mut Args) -> Result<bool, RpcError> {
    Ok(true)
}

fn none(_: &Context, _: &mut Args) -> Result<U64, RpcError> {
    Ok(U64::ZERO)
}

fn modules(
    context: &Context,
    _: &mut Args,
) -> Result<BTreeMap<&'static str, &'static str>, RpcError> {
    Ok(context.modules.iter().map(|name| (*name, "1.0")).collect())
}

fn chain_id(context: &Context, _: &mut Args) -> Result<U64, RpcError> {
    Ok(U64::from(context.chain.spec().chain_id))
}

fn syncing(_: &Context, _: &mut Args) -> Result<bool, RpcError> {
    Ok(false)
}

fn coinbase(context: &Context, _: &mut Args) -> Result<Address, RpcError> {
    Ok(context.chain.settings().coinbase)
}

fn mining(context: &Context, _: &mut Args) -> Result<bool, RpcError> {
    Ok(context.chain.settings().mining != MiningMode::Manual)
}

fn protocol(_: &Context, _: &mut Args) -> Result<U64, RpcError> {
    Ok(U64::from(68))
}
