//! Answers JSON-RPC: Ethereum's methods, anvil's and hardhat's for development, and those of POCI.
//!
//! `table` is the list of methods; one file per namespace holds their handlers; `server` and `ipc` carry them.

mod args;
mod batch;
mod blocks;
mod debug;
mod dev;
mod error;
mod eth;
mod filters;
mod ids;
mod ipc;
mod names;
mod objects;
mod server;
mod signers;
mod subscribe;
mod table;
mod testing;
mod trace;
mod txpool;
mod utn;
mod values;

pub use server::{Cors, RpcConfig, RpcServer, ServeError};
pub use signers::Signers;
pub use table::{Method, Standard};

use crate::engine::api::Chain;
use alloy_primitives::B256;
use filters::Filters;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What `web3_clientVersion` says: hardhat's tools ask for anvil's name at its start.
pub const CLIENT_VERSION: &str = concat!("anvil/v1.7.1-utnet/v", env!("CARGO_PKG_VERSION"));

/// The namespaces, in the order of the manual.
pub const NAMESPACES: &[(&str, &[Method])] = &[
    ("eth: accounts and state", eth::state::METHODS),
    ("eth: blocks", eth::block::METHODS),
    ("eth: transactions and receipts", eth::transaction::METHODS),
    ("eth: calls", eth::call::METHODS),
    ("eth: simulation", eth::simulate::METHODS),
    ("eth: fees", eth::fee::METHODS),
    ("eth: sending and signing", eth::send::METHODS),
    ("eth: logs and filters", eth::filter::METHODS),
    ("eth: rules", eth::config::METHODS),
    ("The node", names::METHODS),
    ("txpool", txpool::METHODS),
    ("debug", debug::METHODS),
    ("trace", trace::METHODS),
    ("testing", testing::METHODS),
    ("Development: time and mining", dev::mining::METHODS),
    ("Development: accounts and state", dev::state::METHODS),
    ("Development: the node", dev::node::METHODS),
    ("utn: POCI and the chain's contracts", utn::METHODS),
];

/// What the node behind the methods is.
#[derive(Clone, Debug)]
pub struct RpcSetup {
    /// The chain.
    pub chain: Chain,
    /// Keys of the dev accounts.
    pub signers: Signers,
    /// Blocks between the head and the safe one; twice as many to the finalized one.
    pub slots_in_an_epoch: u64,
}

/// What every handler can reach.
#[derive(Debug)]
pub(crate) struct Context {
    chain: Chain,
    signers: Signers,
    slots: u64,
    /// A random id of this run, for `anvil_metadata`.
    instance: B256,
    filters: Mutex<Filters>,
    /// Held while a dev account's transaction is filled and sent.
    sending: tokio::sync::Mutex<()>,
    /// Runs the subscriptions; closed when the server closes.
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// The manual of all methods, as Markdown: the text of `docs/rpc.md`.
pub fn manual() -> String {
    table::manual(NAMESPACES, subscribe::KINDS)
}

/// Opens the doors.
///
/// # Errors
/// [`ServeError`] when port or socket cannot be taken.
pub async fn serve(setup: RpcSetup, config: RpcConfig) -> Result<RpcServer, ServeError> {
    let context = Context {
        chain: setup.chain,
        signers: setup.signers,
        slots: setup.slots_in_an_epoch,
        instance: B256::random(),
        filters: Mutex::default(),
        sending: tokio::sync::Mutex::default(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let rows = NAMESPACES.iter().flat_map(|(_, methods)| *methods);
    let context = Arc::new(context);
    let mut module = table::module(Arc::clone(&context), rows)?;
    subscribe::register(&mut module)?;
    RpcServer::open(config, module.into(), context).await
}

#[cfg(test)]
mod tests;
