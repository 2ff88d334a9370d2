//! Answers JSON-RPC: Ethereum's methods, anvil's and hardhat's for development, and those of POCI.
//!
//! `table` is the list of methods; one file per namespace holds their handlers; `server` and `ipc` carry them.

mod accounts;
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
mod metrics;
mod names;
mod objects;
mod ots;
mod server;
mod signers;
mod subscribe;
mod table;
mod testing;
mod told;
mod trace;
mod txpool;
mod utn;
mod values;
mod wallet;
mod work;

pub use dev::fork::{ForkFailure, ForkWish, Forker};
pub use ipc::Desk;
pub use server::{Cors, RpcConfig, RpcLimits, RpcServer, ServeError};
pub use signers::Signers;
pub use table::{Method, Standard};

use crate::{engine::api::Chain, explain::Explainer};
use alloy_primitives::B256;
use filters::Filters;
use jsonrpsee::{Methods, core::RegisterMethodError};
use metrics::{ChainCounts, Metrics, MetricsServer};
use parking_lot::Mutex;
use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What `web3_clientVersion` says: hardhat's tools ask for anvil's name at its start.
pub const CLIENT_VERSION: &str = concat!("anvil/v1.7.1-utnet/v", env!("CARGO_PKG_VERSION"));

/// How the names of methods begin that make the node misbehave.
const FAULTS: &str = "utn_fault";

/// The namespaces, in the order of the manual.
pub const NAMESPACES: &[(&str, &[Method])] = &[
    ("eth: accounts and state", eth::state::METHODS),
    ("eth: blocks", eth::block::METHODS),
    ("eth: transactions and receipts", eth::transaction::METHODS),
    ("eth: calls", eth::call::METHODS),
    ("eth: simulation", eth::simulate::METHODS),
    ("eth: fees", eth::fee::METHODS),
    ("eth: sending and signing", eth::send::METHODS),
    ("eth: bundles and conditions", eth::bundle::METHODS),
    ("eth: logs and filters", eth::filter::METHODS),
    ("eth: rules", eth::config::METHODS),
    ("The node", names::METHODS),
    ("txpool", txpool::METHODS),
    ("debug: raw blocks, and the chain", debug::METHODS),
    ("debug: traces", debug::trace::METHODS),
    ("debug: states", debug::state::METHODS),
    ("trace", trace::METHODS),
    ("testing", testing::METHODS),
    ("ots: for Otterscan", ots::METHODS),
    ("Development: time and mining", dev::mining::METHODS),
    ("Development: accounts and state", dev::state::METHODS),
    ("Development: dumps", dev::dump::METHODS),
    ("Development: tokens", dev::tokens::METHODS),
    ("Development: the node", dev::node::METHODS),
    ("Development: forks of other chains", dev::fork::METHODS),
    ("wallet: for pages that speak to the node directly", wallet::METHODS),
    ("utn: POCI and the chain's contracts", utn::METHODS),
    ("utn: faults for tests", utn::fault::METHODS),
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
    /// What is known about contracts.
    pub explainer: Explainer,
    /// Whether `utn_fault*` is served.
    pub faults: bool,
    /// Begins forks of other chains, if it may.
    pub forker: Option<Forker>,
    /// Where metrics are served, and the database that they measure.
    pub metrics: Option<MetricsConfig>,
}

/// Where metrics are served.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    /// Address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The database's folder, if there is one.
    pub database: Option<PathBuf>,
}

/// What every handler can reach.
#[derive(Debug)]
pub(crate) struct Context {
    chain: Chain,
    signers: Signers,
    slots: u64,
    explainer: Explainer,
    /// A random id of this run, for `anvil_metadata`.
    instance: B256,
    filters: Mutex<Filters>,
    forker: Option<Forker>,
    /// Namespaces that are served.
    modules: BTreeSet<&'static str>,
    metrics: Arc<Metrics>,
    /// Batches of calls that were sent.
    batches: Mutex<wallet::Batches>,
    /// For calls on connections' own threads.
    seats: work::Seats,
    /// Held while a dev account's transaction is filled and sent.
    sending: tokio::sync::Mutex<()>,
    /// Runs the subscriptions; closed when the server closes.
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// The manual of all methods, as Markdown: the text of `docs/rpc.md` but for its last section.
pub fn manual() -> String {
    table::manual(NAMESPACES, subscribe::KINDS)
}

/// All namespaces.
pub fn namespaces() -> BTreeSet<&'static str> {
    names().filter_map(namespace).collect()
}

/// All names of methods, aliases and subscriptions among them.
pub fn names() -> impl Iterator<Item = &'static str> {
    let methods = NAMESPACES.iter().flat_map(|(_, methods)| *methods);
    let names = methods
        .flat_map(|method| std::iter::once(method.name).chain(method.aliases.iter().copied()));
    names.chain(subscribe::NAMES)
}

/// The part of a method's name before the first underscore.
fn namespace(name: &'static str) -> Option<&'static str> {
    Some(name.split_once('_')?.0)
}

/// Opens the doors.
///
/// # Errors
/// [`ServeError`] when port or socket cannot be taken.
pub async fn serve(setup: RpcSetup, config: RpcConfig) -> Result<RpcServer, ServeError> {
    let scrape = setup.metrics.clone();
    let (methods, context) = prepare(setup, config.modules.clone())?;
    let metrics_address = match scrape {
        Some(scrape) => Some(measure(scrape, &context).await?),
        None => None,
    };
    RpcServer::open(config, methods, context, metrics_address).await
}

/// The methods of some namespaces, or of all, and what they work on.
fn prepare(
    setup: RpcSetup,
    modules: Option<Vec<&'static str>>,
) -> Result<(Methods, Arc<Context>), RegisterMethodError> {
    let modules = match modules {
        // Whoever may ask at all may ask what else there is.
        Some(names) => names.into_iter().chain(["rpc"]).collect(),
        None => namespaces(),
    };
    let context = Arc::new(Context {
        chain: setup.chain,
        signers: setup.signers,
        slots: setup.slots_in_an_epoch,
        explainer: setup.explainer,
        instance: B256::random(),
        filters: Mutex::default(),
        forker: setup.forker,
        modules,
        metrics: Arc::new(Metrics::new(names())),
        batches: Mutex::default(),
        seats: work::Seats::of_this_machine(),
        sending: tokio::sync::Mutex::default(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    });
    let has_faults = setup.faults;
    let rows = NAMESPACES.iter().flat_map(|(_, methods)| *methods);
    let rows = rows.filter(|method| has_faults || !method.name.starts_with(FAULTS));
    let mut module = table::module(Arc::clone(&context), rows)?;
    subscribe::register(&mut module)?;
    for name in names().filter(|name| !context.serves(name)) {
        module.remove_method(name);
    }
    Ok((module.into(), context))
}

impl Context {
    /// Whether the namespace of a method is served.
    fn serves(&self, name: &'static str) -> bool {
        namespace(name).is_some_and(|namespace| self.modules.contains(namespace))
    }
}

/// Opens the door for readers of metrics; answers where.
async fn measure(config: MetricsConfig, context: &Context) -> Result<SocketAddr, ServeError> {
    let refuse = |source| ServeError::Port { address: config.listen, source };
    let listener = tokio::net::TcpListener::bind(config.listen).await.map_err(refuse)?;
    let address = listener.local_addr().map_err(refuse)?;
    let counts = Arc::new(ChainCounts::default());
    let follow = metrics::follow(Arc::clone(&counts), context.chain.heads());
    context.tasks.spawn(context.stop.clone().run_until_cancelled_owned(follow));
    let server =
        MetricsServer::new(&context.metrics, counts, context.chain.clone(), config.database);
    let serve = Arc::new(server).serve(listener, context.stop.clone(), context.tasks.clone());
    context.tasks.spawn(serve);
    Ok(address)
}

#[cfg(test)]
mod tests;
