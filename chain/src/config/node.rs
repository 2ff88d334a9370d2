//! Runs a node from its start to its end.

use super::{
    accounts::DevAccounts,
    args::{LimitArgs, NodeArgs, Order, Told},
    banner::Banner,
    error::NodeError,
    fork, genesis,
    output::Output,
    report::{Report, Style},
    values::Origins,
};
use crate::{
    clock::{Clock, SystemClock},
    engine::{self, Beginning, Chain, EngineOptions, dump::Restored},
    execution::{At, ChainView, ReadError},
    genesis::SEALER_KEY,
    miner::MiningMode,
    poci::{Chips, Sealer},
    pool::PoolOrder,
    rpc::{self, Cors, MetricsConfig, RpcConfig, RpcLimits, RpcSetup},
};
use alloy_primitives::{B256, U256};
use alloy_signer_local::PrivateKeySigner;
use std::{
    future::Future,
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};
use tracing::{info, warn};
use utnet_db::{History, OpenOptions, Store};
use utnet_primitives::{Seconds, Wei};

/// How long the end of a node waits for requests that still hold the chain.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a node ended without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitReason {
    /// It was asked to.
    Shutdown,
    /// The engine has ended.
    EngineEnded,
}

/// Runs a node until `shutdown` is ready; prints its banner and its blocks to `out`.
///
/// # Errors
/// [`NodeError`] names the flag, file or port that is wrong.
pub async fn run_node(
    args: NodeArgs,
    out: &mut dyn Write,
    shutdown: impl Future,
) -> Result<ExitReason, NodeError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let accounts = DevAccounts::new(&args.accounts)?;
    let pruning = args.prune.pruning();
    if args.state.writes() && pruning.distance(History::Receipts).is_some() {
        return Err(NodeError::PrunedDump);
    }
    if !args.poci.chips.is_empty() && !genesis::has_poci(&args) {
        return Err(NodeError::NoPoci);
    }
    let store = open_store(&args)?;
    let dump = args.state.read()?;
    if dump.is_some() && store.genesis_config()?.is_some() && store.view()?.head_number()? > 0 {
        return Err(NodeError::NotEmpty);
    }
    let beginning = begin(&args, &accounts, (&store, dump.as_ref()), clock.seconds()).await?;
    if !args.poci.chips.is_empty() && beginning.spec.poci.is_none() {
        return Err(NodeError::NoPoci);
    }
    let mut options = engine_options(&args, &accounts)?;
    options.fork = beginning.fork;
    let (chain, engine) = engine::open(store, beginning.spec, options, clock)?;
    let engine = engine.start()?;
    if let Some(dump) = dump {
        chain.load(dump).await?;
    }
    let out = &mut Output::new(out);
    if args.evm.auto_impersonate {
        chain.auto_impersonate(true).await?;
    }
    let ended = tokio::select! {
        ended = serve(&args, &accounts, &chain, out, shutdown) => ended,
        () = args.state.keep(&chain) => Ok(ExitReason::Shutdown),
    };
    let dumped = args.state.write(&chain).await;
    drop(chain);
    let joined = tokio::task::spawn_blocking(move || engine.join());
    match tokio::time::timeout(PATIENCE, joined).await {
        Ok(Ok(Ok(()))) => dumped.and(ended),
        Ok(_) => Err(NodeError::EngineCrashed),
        // Every block is committed when it is made: nothing is lost by not waiting.
        Err(_elapsed) => dumped.and(ended),
    }
}

/// Finds how the chain begins, on a thread that may wait for the network.
async fn begin(
    args: &NodeArgs,
    accounts: &DevAccounts,
    (store, dump): (&Store, Option<&Restored>),
    now: Seconds,
) -> Result<Beginning, NodeError> {
    let (args, accounts, store) = (args.clone(), accounts.clone(), store.clone());
    let dump = dump.cloned();
    let begun = move || genesis::beginning(&args, &accounts, (&store, dump.as_ref()), now);
    tokio::task::spawn_blocking(begun).await.map_err(io::Error::from)?
}

pub(super) async fn serve(
    args: &NodeArgs,
    accounts: &DevAccounts,
    chain: &Chain,
    out: &mut dyn Write,
    shutdown: impl Future,
) -> Result<ExitReason, NodeError> {
    let explainer = args.explaining.explainer()?;
    let shows_console = !args.explaining.disable_console_log;
    let report = Report::new(chain, explainer.clone(), style(args), shows_console);
    let setup = RpcSetup {
        chain: chain.clone(),
        signers: accounts.signers(),
        slots_in_an_epoch: args.chain.slots_in_an_epoch,
        explainer,
        faults: args.operation.faults,
        forker: Some(fork::forker(args, accounts, chain.spec())),
        metrics: metrics(args),
    };
    let server = rpc::serve(setup, rpc_config(args)).await?;
    let view = chain.view()?;
    let ipc = args.server.ipc.as_deref();
    let kept = view.store().kept()?;
    let history = Told { pruning: chain.pruning(), kept, genesis: chain.spec().header.number };
    let balances = balances(&view, accounts)?;
    let banner = Banner { accounts, balances, view: &view, server: &server, ipc, history };
    announce(args, &banner, out)?;
    info!(%history, "started");
    drop(view);
    let reason = tokio::select! {
        _ = shutdown => Ok(ExitReason::Shutdown),
        printed = report.follow(out) => {
            printed.map(|()| ExitReason::EngineEnded).map_err(NodeError::from)
        }
        () = chain.ended() => Ok(ExitReason::EngineEnded),
    };
    server.close().await;
    reason
}

/// What the dev accounts have on this chain, which may not be one that funds them; nothing from where a forked chain's
/// node is needed that does not answer.
fn balances(view: &ChainView, accounts: &DevAccounts) -> Result<Vec<U256>, NodeError> {
    let state = view.state(At::Latest)?;
    let mut balances = Vec::new();
    for address in accounts.addresses() {
        match state.account(address) {
            Ok(account) => balances.push(account.unwrap_or_default().balance),
            Err(ReadError::Fork(_)) => break,
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(balances)
}

/// How blocks are printed.
const fn style(args: &NodeArgs) -> Style {
    match (args.output.silent, args.output.json) {
        (true, _) => Style::Silent,
        (false, true) => Style::Json,
        (false, false) => Style::Text,
    }
}

/// Prints the banner and writes `--config-out`.
fn announce(args: &NodeArgs, banner: &Banner<'_>, out: &mut dyn Write) -> Result<(), NodeError> {
    if let Some(path) = &args.output.config_out {
        write_json(path, &banner.to_json())?;
    }
    match style(args) {
        Style::Silent => return Ok(()),
        Style::Json => writeln!(out, "{}", banner.to_json())?,
        Style::Text => {
            banner.print(out)?;
            let idle = args.accepted.given();
            if !idle.is_empty() {
                writeln!(out, "Accepted, without effect here: {}\n", idle.join(", "))?;
            }
        }
    }
    Ok(banner.print_doors(out)?)
}

fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), NodeError> {
    std::fs::write(path, format!("{value:#}\n")).map_err(|source| NodeError::File {
        flag: "--config-out",
        path: path.to_owned(),
        source,
    })
}

fn open_store(args: &NodeArgs) -> Result<Store, NodeError> {
    let Some(folder) = &args.storage.datadir else { return Ok(Store::in_memory()) };
    std::fs::create_dir_all(folder).map_err(|source| NodeError::File {
        flag: "--datadir",
        path: folder.clone(),
        source,
    })?;
    let options = OpenOptions { durable: args.storage.durable, ..OpenOptions::default() };
    Ok(Store::open(folder, options)?)
}

fn engine_options(args: &NodeArgs, accounts: &DevAccounts) -> Result<EngineOptions, NodeError> {
    Ok(EngineOptions {
        mining: mining(args),
        order: match args.mining.order {
            Order::Fees => PoolOrder::Fees,
            Order::Fifo => PoolOrder::Arrival,
        },
        coinbase: accounts.addresses().next().unwrap_or_default(),
        gas_limit: genesis::gas_limit(args),
        min_gas_price: Wei(args.chain.gas_price.unwrap_or_default()),
        sealer: Sealer::new(chips(args)?, Some(sealer_key(args)?)),
        max_transactions: args.mining.max_transactions,
        checks_balances: !args.mining.disable_pool_balance_checks,
        in_memory: args.storage.datadir.is_none(),
        pruning: args.prune.pruning(),
        ..EngineOptions::default()
    })
}

const fn mining(args: &NodeArgs) -> MiningMode {
    match args.mining.block_time {
        Some(period) if args.mining.mixed_mining => MiningMode::Mixed { period },
        Some(period) => MiningMode::Interval { period },
        None if args.mining.no_mining => MiningMode::Manual,
        None => MiningMode::Instant,
    }
}

/// The chips to seal with. A folder may be filled later, but it must be there.
fn chips(args: &NodeArgs) -> Result<Chips, NodeError> {
    let folders = &args.poci.chips;
    for path in folders {
        std::fs::read_dir(path)
            .map_err(|source| NodeError::Chips { path: path.clone(), source })?;
    }
    let chips = Chips::new(folders.clone());
    if chips.is_empty() && !folders.is_empty() {
        warn!("no chip is in the folders of --chips so far: the genesis sealer makes the blocks");
    }
    Ok(chips)
}

/// The genesis sealer's key: the public one of the dev chain unless a file names another.
fn sealer_key(args: &NodeArgs) -> Result<PrivateKeySigner, NodeError> {
    let Some(path) = &args.poci.sealer_key else { return signer(&SEALER_KEY, Path::new("")) };
    let text = std::fs::read_to_string(path).map_err(|source| NodeError::File {
        flag: "--sealer-key",
        path: path.clone(),
        source,
    })?;
    let key =
        text.trim().parse().map_err(|_not_hex| NodeError::SealerKey { path: path.clone() })?;
    signer(&key, path)
}

fn signer(key: &B256, path: &Path) -> Result<PrivateKeySigner, NodeError> {
    PrivateKeySigner::from_bytes(key)
        .map_err(|_out_of_range| NodeError::SealerKey { path: path.to_owned() })
}

fn metrics(args: &NodeArgs) -> Option<MetricsConfig> {
    let listen = args.operation.metrics?;
    Some(MetricsConfig { listen, database: args.storage.datadir.clone() })
}

fn rpc_config(args: &NodeArgs) -> RpcConfig {
    let server = &args.server;
    let listen = server.host.iter().map(|host| SocketAddr::new(*host, server.port));
    RpcConfig {
        listen: listen.collect(),
        ipc: server.ipc.clone(),
        modules: (!server.rpc_modules.is_empty()).then(|| server.rpc_modules.clone()),
        cors: match (&server.allow_origin, server.no_cors) {
            (_, true) => Cors::Nobody,
            (Origins::Any, false) => Cors::Everybody,
            (Origins::Only(origins), false) => Cors::Only(origins.clone()),
        },
        limits: limits(&server.limits),
        patience: args.operation.shutdown_timeout,
    }
}

const fn limits(args: &LimitArgs) -> RpcLimits {
    RpcLimits {
        request_bytes: if args.no_request_size_limit { u32::MAX } else { args.max_request_bytes },
        response_bytes: args.max_response_bytes,
        buffered_bytes: if args.no_request_size_limit { u32::MAX } else { args.max_buffered_bytes },
        batch: args.max_batch,
        connections: args.max_connections,
        connections_per_peer: args.max_connections_per_peer,
        in_flight: args.max_in_flight,
        in_flight_per_peer: args.max_in_flight_per_peer,
        subscriptions: args.max_subscriptions,
        client_timeout: args.client_timeout,
        ws_timeout: args.ws_timeout,
    }
}
