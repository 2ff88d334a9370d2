//! Decides which chain is run: the one of the data folder, of a genesis file, or a new dev chain.

use super::{
    accounts::DevAccounts,
    args::{Hardfork, NodeArgs},
    error::NodeError,
    fork,
};
use crate::{
    engine::{Beginning, dump::Restored, stored_genesis},
    execution::{Founders, install},
    genesis::{CREATE2_DEPLOYER, ChainSpec, DevGenesis, GenesisError, Limits},
};
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::Address;
use std::sync::Arc;
use utnet_db::{DbError, Store};
use utnet_primitives::{Gas, PociSchedule, Seconds};

/// What anvil gives a block that may hold any amount of gas.
const UNLIMITED_GAS: u64 = 1 << 62;
/// The gas limit of a dev chain's blocks.
const BLOCK_GAS: u64 = 30_000_000;

/// How the chain to run begins. A chain that the store holds wins over a new one.
pub(super) fn beginning(
    args: &NodeArgs,
    accounts: &DevAccounts,
    store: (&Store, Option<&Restored>),
    now: Seconds,
) -> Result<Beginning, NodeError> {
    if !args.fork.fork_url.is_empty() {
        let stored = stored_genesis(store.0, limits(args))?;
        let has_blocks = match &stored {
            Some(spec) => {
                check_rules(spec, args)?;
                store.0.view()?.head_number()? > spec.header.number
            }
            None => false,
        };
        return fork::begin(args, accounts, stored, has_blocks);
    }
    let spec = spec(args, accounts, store, now)?;
    if spec.forked_from.is_some() {
        return Err(NodeError::ForkUrlMissing);
    }
    Ok(Beginning { spec: Arc::new(spec), fork: None })
}

fn spec(
    args: &NodeArgs,
    accounts: &DevAccounts,
    (store, dump): (&Store, Option<&Restored>),
    now: Seconds,
) -> Result<ChainSpec, NodeError> {
    let limits = limits(args);
    if let Some(file) = &args.chain.init {
        let text = std::fs::read_to_string(file).map_err(|source| NodeError::File {
            flag: "--init",
            path: file.clone(),
            source,
        })?;
        let genesis = serde_json::from_str(&text).map_err(GenesisError::Form)?;
        let given = given(adapt(genesis, args), args, accounts, store)?;
        check_given(&given, store)?;
        return Ok(given);
    }
    if let Some(stored) = stored_genesis(store, limits)? {
        check_stored(&stored, args)?;
        return Ok(stored);
    }
    match dump.map(|dump| dump.spec(limits)).transpose()?.flatten() {
        Some(dumped) => Ok(dumped),
        None => dev(args, accounts, now),
    }
}

/// The chain of a genesis file. A plain one gets the dev accounts' money, as with anvil; one under POCI is a network's,
/// where nobody may have it, and one that `utnet init` began is as the file says.
fn given(
    genesis: Genesis,
    args: &NodeArgs,
    accounts: &DevAccounts,
    store: &Store,
) -> Result<ChainSpec, NodeError> {
    let exact = ChainSpec::new(genesis.clone(), limits(args))?;
    if exact.poci.is_some() || holds(store, &exact)? {
        return Ok(exact);
    }
    let mut funded = genesis;
    let has_none = |address: &Address| !exact.genesis.alloc.contains_key(address);
    fund(&mut funded, accounts.addresses().filter(has_none), accounts);
    Ok(ChainSpec::new(funded, limits(args))?)
}

/// Whether the store holds the chain of this genesis, be its first block in the place of another or not.
fn holds(store: &Store, spec: &ChainSpec) -> Result<bool, NodeError> {
    match store.has_genesis(spec.header.hash()) {
        Err(DbError::OtherGenesis { .. }) => Ok(false),
        held => Ok(held?),
    }
}

/// Refuses rules of a genesis file, and of the flags beside it, that its chain in the data folder began without: they
/// are no part of the first block's hash.
fn check_given(given: &ChainSpec, store: &Store) -> Result<(), NodeError> {
    if !holds(store, given)? {
        return Ok(());
    }
    let Some(stored) = stored_genesis(store, given.limits)? else { return Ok(()) };
    match other_rule(&stored, given)? {
        Some(field) => Err(NodeError::OtherConfig { field }),
        None => Ok(()),
    }
}

/// The first field in which the rules of two chains differ.
pub(super) fn other_rule(
    one: &ChainSpec,
    other: &ChainSpec,
) -> Result<Option<String>, GenesisError> {
    let fields = |spec: &ChainSpec| -> Result<_, GenesisError> {
        let config = serde_json::to_value(&spec.genesis.config).map_err(GenesisError::Form)?;
        Ok(config.as_object().cloned().unwrap_or_default())
    };
    let (one, other) = (fields(one)?, fields(other)?);
    let mut names = one.keys().chain(other.keys());
    Ok(names.find(|name| one.get(*name) != other.get(*name)).cloned())
}

/// Refuses flags that the chain in the data folder cannot obey any more.
fn check_stored(stored: &ChainSpec, args: &NodeArgs) -> Result<(), NodeError> {
    check_rules(stored, args)?;
    if args.poci.no_poci && stored.poci.is_some() {
        return Err(NodeError::HasPoci);
    }
    let (asked, first) = (&args.chain, &stored.header);
    let mut held = stored.genesis.clone();
    held.base_fee_per_gas = asked.block_base_fee_per_gas.map(u128::from);
    hold(&mut held, args);
    // A fork that has none takes it away.
    let base_fee = asked.block_base_fee_per_gas.filter(|_| held.base_fee_per_gas.is_some());
    let epoch_blocks = stored.poci.as_ref().map(|poci| poci.epoch_blocks);
    for (flag, asked, stored) in [
        ("--block-base-fee-per-gas", base_fee, first.base_fee_per_gas),
        ("--timestamp", asked.timestamp, Some(first.timestamp)),
        ("--number", asked.number, Some(first.number)),
        ("--epoch-blocks", args.poci.epoch_blocks, epoch_blocks),
    ] {
        if let Some(asked) = asked.filter(|asked| Some(*asked) != stored) {
            return Err(NodeError::OtherGenesis { flag, asked, stored });
        }
    }
    Ok(())
}

/// Refuses another chain id, or other forks, than a chain has.
fn check_rules(stored: &ChainSpec, args: &NodeArgs) -> Result<(), NodeError> {
    if let Some(asked) = args.chain.chain_id.filter(|asked| *asked != stored.chain_id) {
        return Err(NodeError::OtherChain { asked, stored: stored.chain_id });
    }
    let mut held = stored.genesis.clone();
    hold(&mut held, args);
    if held.config != stored.genesis.config {
        return Err(NodeError::OtherRules);
    }
    Ok(())
}

/// A new dev chain.
pub(super) fn dev(
    args: &NodeArgs,
    accounts: &DevAccounts,
    now: Seconds,
) -> Result<ChainSpec, NodeError> {
    Ok(ChainSpec::new(fresh(args, accounts, now)?, limits(args))?)
}

pub(super) fn limits(args: &NodeArgs) -> Limits {
    let code_bytes =
        if args.evm.disable_code_size_limit { Some(usize::MAX) } else { args.evm.code_size_limit };
    Limits { has_transaction_gas_cap: args.evm.enable_tx_gas_limit, code_bytes }
}

/// Applies the flags that change a genesis file.
fn adapt(mut genesis: Genesis, args: &NodeArgs) -> Genesis {
    genesis.config.chain_id = args.chain.chain_id.unwrap_or(genesis.config.chain_id);
    genesis.timestamp = args.chain.timestamp.unwrap_or(genesis.timestamp);
    genesis.number = args.chain.number.or(genesis.number);
    let base_fee = args.chain.block_base_fee_per_gas.map(u128::from);
    genesis.base_fee_per_gas = base_fee.or(genesis.base_fee_per_gas);
    hold(&mut genesis, args);
    if !has_poci(args) {
        genesis.config.extra_fields.remove("utnet");
    }
    genesis
}

/// Holds a genesis to the fork that was chosen.
pub(super) fn hold(genesis: &mut Genesis, args: &NodeArgs) {
    if let Some(fork) = args.chain.hardfork {
        fork.hold(genesis);
    }
}

/// Whether the flags leave room for POCI.
pub(super) fn has_poci(args: &NodeArgs) -> bool {
    !args.poci.no_poci && args.chain.hardfork.is_none_or(Hardfork::has_poci)
}

fn fresh(args: &NodeArgs, accounts: &DevAccounts, now: Seconds) -> Result<Genesis, NodeError> {
    let dev = DevGenesis::default();
    let poci = dev.poci.clone().filter(|_| has_poci(args));
    let poci = poci.map(|poci| PociSchedule {
        epoch_blocks: args.poci.epoch_blocks.unwrap_or(poci.epoch_blocks),
        ..poci
    });
    let built = DevGenesis {
        chain_id: args.chain.chain_id.unwrap_or(dev.chain_id),
        timestamp: args.chain.timestamp.map_or(now, Seconds),
        gas_limit: gas_limit(args).unwrap_or(Gas(BLOCK_GAS)),
        base_fee: args.chain.block_base_fee_per_gas.unwrap_or(dev.base_fee),
        accounts: 0,
        poci,
        ..dev
    };
    let mut genesis = built.build()?;
    genesis.number = args.chain.number;
    hold(&mut genesis, args);
    if args.evm.disable_default_create2_deployer {
        genesis.alloc.remove(&CREATE2_DEPLOYER);
    }
    fund(&mut genesis, accounts.addresses(), accounts);
    if genesis.config.extra_fields.contains_key("utnet") {
        let vendors: Vec<_> = accounts.addresses().take(1).collect();
        let governor = vendors.first().copied().unwrap_or_default();
        let issue = args.poci.issue.schedule();
        install(&mut genesis, &Founders { governor, vendors, issue })?;
    }
    Ok(genesis)
}

fn fund(genesis: &mut Genesis, who: impl Iterator<Item = Address>, accounts: &DevAccounts) {
    for address in who {
        genesis.alloc.insert(address, GenesisAccount::default().with_balance(accounts.balance));
    }
}

/// The gas limit that the flags ask for.
pub(super) fn gas_limit(args: &NodeArgs) -> Option<Gas> {
    if args.chain.disable_block_gas_limit {
        return Some(Gas(UNLIMITED_GAS));
    }
    args.chain.gas_limit.map(Gas)
}
