//! Decides which chain is run: the one of the data folder, of a genesis file, or a new dev chain.

use super::{
    accounts::DevAccounts,
    args::{Hardfork, NodeArgs},
    fork,
    node::NodeError,
};
use crate::{
    engine::{Beginning, dump::Restored, stored_genesis},
    execution::{Founders, install},
    genesis::{CREATE2_DEPLOYER, ChainSpec, DevGenesis, GenesisError, Limits},
};
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::Address;
use std::sync::Arc;
use utnet_db::Store;
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
            Some(spec) => store.0.view()?.head_number()? > spec.header.number,
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
        return Ok(ChainSpec::new(adapt(genesis, args), limits)?);
    }
    if let Some(stored) = stored_genesis(store, limits)? {
        return match args.chain.chain_id {
            Some(asked) if asked != stored.chain_id => {
                Err(NodeError::OtherChain { asked, stored: stored.chain_id })
            }
            _ => Ok(stored),
        };
    }
    match dump.map(|dump| dump.spec(limits)).transpose()?.flatten() {
        Some(dumped) => Ok(dumped),
        None => dev(args, accounts, now),
    }
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
