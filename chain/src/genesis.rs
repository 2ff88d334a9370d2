//! Reads and builds genesis: the rules of a chain and the state it starts from.

mod dev;
mod error;
mod forks;
mod header;
mod spec;

pub use dev::{
    CREATE2_DEPLOYER, DEV_MNEMONIC, DevGenesis, ETHEREUM_CONTRACTS, SEALER_KEY, dev_accounts,
    sealer_address,
};
pub use error::GenesisError;
pub use spec::{ChainSpec, Limits, Recoveries, fork_off};
