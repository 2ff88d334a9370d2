//! The command lines of `utnet init`, `utnet import` and `utnet export`.

use crate::genesis::{ChainSpec, Limits};
use clap::Args;
use std::path::PathBuf;

/// What `utnet init` takes.
#[derive(Args, Clone, Debug)]
pub struct InitArgs {
    /// Genesis file (geth's format; our section `config.utnet` turns POCI on).
    #[arg(long, value_name = "FILE")]
    pub genesis: PathBuf,
    /// Folder of the chain's database.
    #[arg(long, value_name = "DIR")]
    pub datadir: PathBuf,
}

/// What `utnet import` takes.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// Files of blocks in RLP, one after another, as geth and `utnet export` write them.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Folder of the chain's database, made by `utnet init`.
    #[arg(long, value_name = "DIR")]
    pub datadir: PathBuf,
    /// Judge a plain chain as a dev node does: no cap on the gas of one transaction (EIP-7825).
    /// Chains with POCI are always judged so.
    #[arg(long)]
    pub dev_limits: bool,
    /// Largest code of a contract, in bytes, instead of EIP-170's 24576.
    #[arg(long, value_name = "BYTES")]
    pub code_size_limit: Option<usize>,
}

/// What `utnet export` takes.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// File to write; it appears whole or not at all.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Folder of the chain's database.
    #[arg(long, value_name = "DIR")]
    pub datadir: PathBuf,
    /// First block.
    #[arg(long, default_value_t = 1, value_name = "NUM")]
    pub first: u64,
    /// Last block; the head if left out.
    #[arg(long, value_name = "NUM")]
    pub last: Option<u64>,
    /// Write the genesis file, too: another folder needs it before it can import.
    #[arg(long, value_name = "FILE")]
    pub genesis: Option<PathBuf>,
}

impl ImportArgs {
    /// The limits by which a chain's blocks are judged.
    pub(super) fn limits(&self, spec: &ChainSpec) -> Limits {
        let is_lenient = self.dev_limits || spec.poci.is_some();
        Limits { has_transaction_gas_cap: !is_lenient, code_bytes: self.code_size_limit }
    }
}
