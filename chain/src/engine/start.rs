//! Opens a chain: genesis into an empty store, the engine beside it, the handle to both.

use super::{
    api::{Chain, EngineError, Settings},
    reminder::Reminder,
    retry::Retry,
    shared::Shared,
    worker::Engine,
};
use crate::{
    clock::Clock,
    execution::{Fork, genesis_changes},
    genesis::{ChainSpec, GenesisError, Limits},
    miner::{BlockTime, MiningMode, Pace},
    poci::Sealer,
    pool::{Pool, PoolOrder},
};
use alloy_consensus::Sealed;
use alloy_genesis::Genesis;
use alloy_primitives::Address;
use std::{collections::BTreeMap, sync::Arc, thread};
use tokio::sync::mpsc;
use tracing::warn;
use utnet_db::{GenesisState, Pruning, SealedHeader, Store};
use utnet_primitives::{Gas, Height, Seconds, Wei};

/// Commands that may wait before senders wait too.
const MAILBOX: usize = 16_384;

/// How a chain is run.
#[derive(Debug)]
pub struct EngineOptions {
    /// When blocks are made.
    pub mining: MiningMode,
    /// In which order ready transactions enter a block.
    pub order: PoolOrder,
    /// Beneficiary of blocks where POCI does not name it.
    pub coinbase: Address,
    /// Gas limit of blocks; `None` keeps the head's.
    pub gas_limit: Option<Gas>,
    /// Least price per gas that the pool accepts.
    pub min_gas_price: Wei,
    /// Most transactions in the pool.
    pub pool_capacity: usize,
    /// What this node can seal with under POCI.
    pub sealer: Sealer,
    /// The chain that this one forks off from.
    pub fork: Option<Arc<Fork>>,
    /// Most transactions in a block; `None` for as many as fit.
    pub max_transactions: Option<u64>,
    /// Whether the pool refuses transactions whose sender cannot pay for them.
    pub checks_balances: bool,
    /// How much history is kept.
    pub pruning: Pruning,
    /// Whether the store is in memory, so that a reset may choose another genesis.
    pub in_memory: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            mining: MiningMode::Instant,
            order: PoolOrder::Fees,
            coinbase: Address::ZERO,
            gas_limit: None,
            min_gas_price: Wei(0),
            pool_capacity: 200_000,
            sealer: Sealer::default(),
            fork: None,
            max_transactions: None,
            checks_balances: true,
            pruning: Pruning::default(),
            in_memory: true,
        }
    }
}

/// Opens a chain over a store: writes genesis if the store is empty, else checks that it is the
/// same; makes the block that a fork begins with. The engine does nothing more until it is run.
///
/// # Errors
/// When the store belongs to another chain or cannot be read.
pub fn open(
    store: Store,
    spec: Arc<ChainSpec>,
    options: EngineOptions,
    clock: Arc<dyn Clock>,
) -> Result<(Chain, Engine), EngineError> {
    init(&store, &spec)?;
    let pruning = widened(options.pruning, &spec);
    store.set_pruning(pruning);
    let head = store.view()?.head_header()?;
    let settings = Settings {
        mining: options.mining,
        order: options.order,
        max_transactions: options.max_transactions,
        coinbase: options.coinbase,
        gas_limit: options.gas_limit.unwrap_or(Gas(head.gas_limit)),
        time: time_of_head(&spec, Seconds(head.timestamp), clock.as_ref()),
        min_gas_price: options.min_gas_price,
        ..Settings::default()
    };
    let pool = Pool::new(options.pool_capacity);
    let chain = (spec, options.fork);
    let shared = Shared::new(store, chain, settings.clone(), pool, Arc::clone(&clock));
    let shared = Arc::new(shared);
    let mut sealer = options.sealer;
    if options.in_memory {
        sealer.forget_at_the_end();
    }
    let (sender, inbox) = mpsc::channel(MAILBOX);
    let mut engine = Engine {
        shared: Arc::clone(&shared),
        inbox,
        sealer,
        pace: Pace::new(settings.mining.period(), clock.now()),
        clock: Arc::clone(&clock),
        initial: settings.clone(),
        settings,
        snapshots: BTreeMap::new(),
        next_snapshot: 1,
        stopped: Reminder::default(),
        waiting: Reminder::default(),
        retry: Retry::default(),
        submitted: Vec::new(),
        checks_balances: options.checks_balances,
        in_memory: options.in_memory,
        is_behind: !pruning.keeps_all(),
    };
    engine.wake_chips(Height(head.number));
    engine.replay()?;
    Ok((Chain { inbox: sender, shared, clock }, engine))
}

/// Block time after a head. Where others make blocks, too, it is the clock's.
fn time_of_head(spec: &ChainSpec, head: Seconds, clock: &dyn Clock) -> BlockTime {
    match &spec.poci {
        Some(schedule) if !schedule.sole_sealer => BlockTime::default(),
        _ => BlockTime::from_head(head, clock.seconds()),
    }
}

/// The window of states is so much wider under POCI that producers can be drawn after a rollback to its
/// beginning, too: a draw reads the state of some epochs ago.
fn widened(pruning: Pruning, spec: &ChainSpec) -> Pruning {
    let back = spec.poci.as_ref().map_or(0, |schedule| {
        schedule.lookback_epochs.saturating_add(1).saturating_mul(schedule.epoch_blocks)
    });
    Pruning { state: pruning.state.map(|blocks| blocks.saturating_add(back)), ..pruning }
}

/// Writes genesis into an empty store, or checks that it is the one there.
///
/// # Errors
/// When the store belongs to another chain or cannot be written.
pub fn init(store: &Store, spec: &ChainSpec) -> Result<(), EngineError> {
    if store.has_genesis(spec.header.hash())? {
        return Ok(());
    }
    let config = serde_json::to_vec(&spec.without_accounts()).map_err(GenesisError::Form)?;
    let accounts = serde_json::to_vec(&spec.genesis.alloc).map_err(GenesisError::Form)?;
    let header = SealedHeader::new(spec.header.inner().clone(), spec.header.hash());
    let genesis = GenesisState {
        header,
        alloc: genesis_changes(&spec.genesis),
        config: config.into(),
        accounts: accounts.into(),
        check_root: spec.forked_from.is_none(),
    };
    Ok(store.init_genesis(&genesis)?)
}

/// The rules of the chain that a store holds; `None` if it is empty. The accounts of its genesis file are
/// left out: [`genesis_file`] has them.
///
/// # Errors
/// When the store cannot be read, or its genesis file is damaged.
pub fn stored_genesis(store: &Store, limits: Limits) -> Result<Option<ChainSpec>, EngineError> {
    let Some(config) = store.genesis_config()? else { return Ok(None) };
    let view = store.view()?;
    let first = view.genesis_number()?.map(|number| view.header(number)).transpose()?.flatten();
    if let (Some(first), None) = (first, view.original_genesis()?) {
        let genesis = serde_json::from_slice(&config).map_err(GenesisError::Form)?;
        let (header, hash) = first.split();
        let header = Sealed::new_unchecked(header, hash);
        return Ok(Some(ChainSpec::stored(genesis, header, limits)?));
    }
    // The first block is another chain's: that of the genesis file is computed anew.
    Ok(genesis_file(store)?.map(|genesis| ChainSpec::new(genesis, limits)).transpose()?)
}

/// The genesis file of the chain that a store holds, with its accounts; `None` if it is empty.
///
/// # Errors
/// When the store cannot be read, or its genesis file is damaged.
pub fn genesis_file(store: &Store) -> Result<Option<Genesis>, EngineError> {
    let Some(config) = store.genesis_config()? else { return Ok(None) };
    let mut genesis: Genesis = serde_json::from_slice(&config).map_err(GenesisError::Form)?;
    if let Some(accounts) = store.view()?.genesis_accounts()? {
        genesis.alloc = serde_json::from_slice(&accounts).map_err(GenesisError::Form)?;
    }
    Ok(Some(genesis))
}

/// The engine at work on a thread of its own: its EVM cannot move between threads, and it blocks
/// on the disk.
#[derive(Debug)]
pub struct EngineThread(thread::JoinHandle<()>);

impl Engine {
    /// Lets the chips of a dev chain that begins anew seal what they sealed before, and names those that others wait for.
    fn wake_chips(&mut self, head: Height) {
        let spec = self.spec();
        let asleep = self.sealer.asleep(spec.header.hash(), head);
        if asleep.is_empty() {
            return;
        }
        if head == Height(spec.header.number) && self.is_alone() {
            return self.free_chips(head);
        }
        for (path, floor) in asleep {
            warn!(path = %path.display(), %floor, %head, "this chip seals nothing up to its floor: it has sealed there before");
        }
    }

    /// Block time after the present head.
    pub(super) fn time_of_head(&self) -> Result<BlockTime, EngineError> {
        let view = self.view()?;
        Ok(time_of_head(view.spec(), Seconds(view.head().timestamp), self.clock.as_ref()))
    }

    /// Puts the engine to work on a thread of its own; it ends with the last handle.
    ///
    /// # Errors
    /// When the system gives no thread or no timer.
    pub fn start(self) -> std::io::Result<EngineThread> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let work = move || runtime.block_on(self.run());
        thread::Builder::new().name("engine".to_owned()).spawn(work).map(EngineThread)
    }
}

impl EngineThread {
    /// Waits until the engine has ended; drop all handles first.
    ///
    /// # Errors
    /// The panic of the engine, if it panicked.
    pub fn join(self) -> thread::Result<()> {
        self.0.join()
    }
}
