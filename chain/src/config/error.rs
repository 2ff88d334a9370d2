//! Says why a node did not start, by the flag, file or port that is wrong.

use crate::{
    engine::{EngineError, dump::DumpError},
    execution::InstallError,
    explain::ArtifactsError,
    genesis::GenesisError,
    rpc::ServeError,
};
use std::{io, path::PathBuf};
use utnet_db::DbError;

/// Why a node did not start, or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// A file that a flag names cannot be used.
    #[error("{flag} {} cannot be used", path.display())]
    File {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The sealer's key is not 32 bytes of hex, or no secp256k1 key.
    #[error("--sealer-key {}: expected 32 bytes of hex, a secp256k1 key", path.display())]
    SealerKey {
        /// The file.
        path: PathBuf,
    },
    /// A folder of chips cannot be read.
    #[error("--chips {} cannot be read: give a folder that `utnet chip new --dir` made", path.display())]
    Chips {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The data folder holds another chain.
    #[error("--chain-id {asked}: the chain in --datadir has chain id {stored}")]
    OtherChain {
        /// What was asked for.
        asked: u64,
        /// What the folder holds.
        stored: u64,
    },
    /// The data folder holds a chain that began otherwise.
    #[error(
        "{flag} {asked}: the chain in --datadir has {}, for ever: leave the flag out, or choose another folder",
        stored.map_or_else(|| "none".to_owned(), |stored| stored.to_string())
    )]
    OtherGenesis {
        /// The flag.
        flag: &'static str,
        /// What was asked for.
        asked: u64,
        /// What the chain has.
        stored: Option<u64>,
    },
    /// The data folder holds a chain with other rules.
    #[error(
        "--hardfork: the chain in --datadir has other forks, for ever: leave the flag out, or choose another folder"
    )]
    OtherRules,
    /// The genesis file, with the flags, says other rules than its chain in the data folder has.
    #[error(
        "--init: the chain in --datadir has another config.{field} than the file and the flags beside it say, for ever: give those that it began with, or choose another folder"
    )]
    OtherConfig {
        /// The field that differs.
        field: String,
    },
    /// The data folder holds a chain under POCI.
    #[error(
        "--no-poci: the chain in --datadir is run under POCI, for ever: start it by `utnet node` without the flag, or choose another folder"
    )]
    HasPoci,
    /// Chips without POCI.
    #[error(
        "--chips: this chain is not run under POCI (no fork is, and none below --hardfork osaka): there is nothing to seal"
    )]
    NoPoci,
    /// A dump cannot be read or made.
    #[error("the dump {} cannot be used", path.display())]
    Dump {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DumpError,
    },
    /// A dump needs what is to be removed.
    #[error(
        "--prune: a dump (--state, --dump-state) holds all blocks and receipts: leave one of the two out"
    )]
    PrunedDump,
    /// A dump would replace a chain that is kept.
    #[error("the chain in --datadir has blocks: a dump would replace them")]
    NotEmpty,
    /// The dev accounts cannot be made.
    #[error("the dev accounts cannot be made")]
    Accounts(#[from] alloy_signer_local::LocalSignerError),
    /// The chain in the data folder is no fork.
    #[error("--fork-url: the chain in --datadir is no fork")]
    NoFork,
    /// The chain in the data folder is a fork.
    #[error("the chain in --datadir is a fork: give --fork-url, which may be offline")]
    ForkUrlMissing,
    /// The chain to fork cannot be read.
    #[error("--fork-url")]
    Fork(#[from] crate::execution::ForkError),
    /// The genesis is not valid.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A system contract cannot be put into genesis.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The data folder cannot be opened.
    #[error("--datadir cannot be opened")]
    Store(#[from] DbError),
    /// The contracts' artifacts cannot be read.
    #[error(transparent)]
    Artifacts(#[from] ArtifactsError),
    /// The chain cannot be opened or changed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The chain cannot be read.
    #[error(transparent)]
    Read(#[from] crate::execution::ReadError),
    /// Port or socket cannot be taken.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The system gave no thread, or the output broke.
    #[error("the system refuses a thread, a file or the output")]
    System(#[from] io::Error),
    /// The engine's thread ended by a panic: a fault of the node.
    #[error("the engine crashed; the chain is as of its last block")]
    EngineCrashed,
}
