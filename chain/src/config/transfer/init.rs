//! Begins a chain in a data folder from a genesis file.

use super::{InitArgs, TransferError};
use crate::{
    config::genesis::other_rule,
    engine,
    genesis::{ChainSpec, Limits},
};
use alloy_primitives::B256;
use std::fs;
use utnet_db::{OpenOptions, Store};

/// A chain that stands in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Initialised {
    /// Hash of block 0.
    pub genesis: B256,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Whether only those may make blocks who prove computing power.
    pub has_poci: bool,
}

/// Writes block 0 of a genesis file into a folder; does nothing if it is there already.
///
/// # Errors
/// [`TransferError`] when the file is wrong, or the folder holds another chain.
pub fn init_chain(args: &InitArgs) -> Result<Initialised, TransferError> {
    let file = |source| TransferError::File { path: args.genesis.clone(), source };
    let text = fs::read_to_string(&args.genesis).map_err(file)?;
    let spec = ChainSpec::from_json(&text, Limits::ETHEREUM)?;
    let folder = |source| TransferError::File { path: args.datadir.clone(), source };
    fs::create_dir_all(&args.datadir).map_err(folder)?;
    let store = Store::open(&args.datadir, OpenOptions::default())?;
    engine::init(&store, &spec)?;
    check_rules(&store, &spec)?;
    store.sync()?;
    let (genesis, chain_id) = (spec.header.hash(), spec.chain_id);
    Ok(Initialised { genesis, chain_id, has_poci: spec.poci.is_some() })
}

/// Forks and our section are not part of the hash: they must be the same, too.
fn check_rules(store: &Store, spec: &ChainSpec) -> Result<(), TransferError> {
    let Some(stored) = engine::stored_genesis(store, Limits::ETHEREUM)? else { return Ok(()) };
    match other_rule(&stored, spec)? {
        Some(field) => Err(TransferError::OtherRules { field: format!("config.{field}") }),
        None => Ok(()),
    }
}
