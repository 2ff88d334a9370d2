//! Begins a chain where it forks off from another.

use super::{
    accounts::DevAccounts,
    args::{ForkArgs, NodeArgs},
    error::NodeError,
    genesis::{self, hold, limits},
};
use crate::{
    clock::{Clock, SystemClock},
    engine::Beginning,
    execution::{Fork, ForkConfig, Manners, Origin},
    genesis::{ChainSpec, DevGenesis, ETHEREUM_CONTRACTS, fork_off},
    rpc::{ForkWish, Forker},
};
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, Bytes, U256};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tracing::warn;
use utnet_primitives::precompile;

/// Our precompiles, where the other chain may have them, too.
const PRECOMPILES: [Address; 4] = [
    precompile::SE_VERIFY,
    precompile::POCI_VERIFY,
    precompile::VRF_VERIFY,
    precompile::DLEQ_VERIFY,
];

/// Begins a fork as the flags say; one that the store holds goes on, where it has blocks from them.
pub(super) fn begin(
    args: &NodeArgs,
    accounts: &DevAccounts,
    stored: Option<ChainSpec>,
    has_blocks: bool,
) -> Result<Beginning, NodeError> {
    let known = match &stored {
        Some(spec) => {
            let chain_id = spec.forked_from.ok_or(NodeError::NoFork)?;
            Some(Origin { chain_id, number: spec.header.number, hash: spec.header.hash() })
        }
        None => None,
    };
    let mut config = config(args, args.fork.fork_url.clone());
    config.block = args.fork.fork_block_number;
    config.transaction = args.fork.fork_transaction_hash.filter(|_| !has_blocks);
    config.chain_id = args.fork.fork_chain_id;
    config.known = known;
    let fork = open(&config)?;
    let spec = match stored {
        Some(spec) => spec,
        None => ChainSpec::new(genesis(args, accounts, &fork)?, limits(args))?,
    };
    Ok(Beginning { spec: Arc::new(spec), fork: Some(Arc::new(fork)) })
}

/// What begins forks, or ends them, for whoever asks while the node runs; `spec` is how it began.
pub(super) fn forker(args: &NodeArgs, accounts: &DevAccounts, spec: Arc<ChainSpec>) -> Forker {
    let (args, accounts) = (args.clone(), accounts.clone());
    Forker::new(move |wish: ForkWish| -> Result<Beginning, NodeError> {
        let Some(url) = wish.url else { return own(&args, &accounts, &spec) };
        let mut config = config(&args, vec![url]);
        config.block = wish.block;
        let fork = open(&config)?;
        let genesis = genesis(&args, &accounts, &fork)?;
        let spec = ChainSpec::new(genesis, limits(&args))?;
        Ok(Beginning { spec: Arc::new(spec), fork: Some(Arc::new(fork)) })
    })
}

/// The chain of its own that a node goes back to: how it began, or a new dev chain where that was a fork.
fn own(
    args: &NodeArgs,
    accounts: &DevAccounts,
    spec: &Arc<ChainSpec>,
) -> Result<Beginning, NodeError> {
    if spec.forked_from.is_none() {
        return Ok(Beginning { spec: Arc::clone(spec), fork: None });
    }
    let mut args = args.clone();
    // As while it was a fork.
    args.poci.no_poci = true;
    let spec = genesis::dev(&args, accounts, SystemClock.seconds())?;
    Ok(Beginning { spec: Arc::new(spec), fork: None })
}

/// Opens a fork with what its blocks will need at hand.
fn open(config: &ForkConfig) -> Result<Fork, NodeError> {
    let fork = Fork::open(config)?;
    if let Err(fault) = fork.prefetch_routine() {
        // One that goes on may have it in its own store.
        warn!(%fault, "blocks may have to wait for the forked chain");
    }
    Ok(fork)
}

fn config(args: &NodeArgs, urls: Vec<String>) -> ForkConfig {
    let ForkArgs { fork_header, fork_retries, fork_retry_backoff, timeout, .. } = &args.fork;
    ForkConfig {
        urls,
        block: None,
        transaction: None,
        chain_id: None,
        known: None,
        manners: Manners {
            headers: fork_header.clone(),
            retries: *fork_retries,
            backoff: Duration::from_millis(*fork_retry_backoff),
            timeout: *timeout,
        },
        cache: cache(args),
    }
}

/// Where answers are kept.
fn cache(args: &NodeArgs) -> Option<PathBuf> {
    if args.fork.no_storage_caching {
        return None;
    }
    let of_chain = || args.storage.datadir.as_ref().map(|folder| folder.join("fork"));
    let of_user = || std::env::home_dir().map(|home| home.join(".cache/utnet/fork"));
    args.fork.cache_path.clone().or_else(of_chain).or_else(of_user)
}

/// The rules of a dev chain and the dev accounts' money, above the other chain's state.
fn genesis(args: &NodeArgs, accounts: &DevAccounts, fork: &Fork) -> Result<Genesis, NodeError> {
    let chain_id = args.chain.chain_id.unwrap_or_else(|| fork.origin().chain_id);
    let dev = DevGenesis { chain_id, accounts: 0, poci: None, ..DevGenesis::default() };
    let contracts = dev.build()?.alloc;
    let mut genesis = Genesis { alloc: Default::default(), ..dev.build()? };
    let addresses: Vec<_> =
        accounts.addresses().chain(ETHEREUM_CONTRACTS).chain(PRECOMPILES).collect();
    fork.prefetch(fork.number(), &addresses, &[])?;
    for address in accounts.addresses() {
        let account = GenesisAccount { balance: accounts.balance, ..upstream(fork, address)? };
        genesis.alloc.insert(address, account);
    }
    // What Ethereum's rules call at every block, where the other chain is older than they.
    for address in ETHEREUM_CONTRACTS {
        let has_code = upstream(fork, address)?.code.is_some();
        if let (false, Some(contract)) = (has_code, contracts.get(&address)) {
            genesis.alloc.insert(address, contract.clone());
        }
    }
    for address in PRECOMPILES {
        let account = upstream(fork, address)?;
        if account.code.as_ref().is_some_and(|code| code.as_ref() == [0xfe]) {
            genesis.alloc.insert(address, account);
        }
    }
    hold(&mut genesis, args);
    fork_off(&mut genesis, fork.head(), fork.origin().chain_id)?;
    Ok(genesis)
}

/// An account as the other chain has it.
fn upstream(fork: &Fork, address: Address) -> Result<GenesisAccount, NodeError> {
    let Some(account) = fork.account(address, fork.number())? else {
        return Ok(GenesisAccount { balance: U256::ZERO, ..GenesisAccount::default() });
    };
    let code =
        account.code.map(|code| code.original_bytes()).filter(|code: &Bytes| !code.is_empty());
    Ok(GenesisAccount {
        balance: account.balance,
        nonce: Some(account.nonce),
        code,
        ..GenesisAccount::default()
    })
}
