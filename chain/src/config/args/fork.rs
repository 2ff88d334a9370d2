//! Reads from which other chain this one forks off.

use crate::config::values;
use alloy_primitives::TxHash;
use clap::Args;
use std::{path::PathBuf, time::Duration};

/// Another chain that this one begins from.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fork of another chain")]
pub(in crate::config) struct ForkArgs {
    /// JSON-RPC address of the chain to fork; `URL@NUMBER` names the block, too. May be repeated: one
    /// that does not answer is passed over.
    #[arg(short = 'f', long, visible_aliases = ["rpc-url", "fork"], value_name = "URL", conflicts_with_all = ["init", "chips", "sealer_key"])]
    pub(in crate::config) fork_url: Vec<String>,
    /// Block after which this chain goes its own way; negative counts back from the latest.
    #[arg(long, requires = "fork_url", value_name = "NUMBER", allow_negative_numbers = true)]
    pub(in crate::config) fork_block_number: Option<i64>,
    /// Transaction after which this chain goes its own way: its block is made again up to it.
    #[arg(long, requires = "fork_url", value_name = "HASH", conflicts_with_all = ["fork_block_number", "fork_chain_id"])]
    pub(in crate::config) fork_transaction_hash: Option<TxHash>,
    /// Header sent with every request upstream, as `Name: value`; may be repeated.
    #[arg(long, requires = "fork_url", value_name = "HEADER", value_parser = values::header)]
    pub(in crate::config) fork_header: Vec<values::Header>,
    /// Chain id of the upstream, so that it need not be asked: a fork that is cached starts offline.
    #[arg(long, requires = "fork_block_number", value_name = "ID", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::config) fork_chain_id: Option<u64>,
    /// Times that a request which failed upstream is tried again; while nobody was there, none.
    #[arg(long, visible_alias = "retries", default_value_t = 5, value_name = "NUM")]
    pub(in crate::config) fork_retries: u32,
    /// Milliseconds before the first repetition; each further one waits twice as long.
    #[arg(long, default_value_t = 250, value_name = "MS")]
    pub(in crate::config) fork_retry_backoff: u64,
    /// Milliseconds that the upstream gets for an answer.
    #[arg(long, visible_alias = "fork-timeout", default_value = "45000", value_name = "MS", value_parser = values::milliseconds)]
    pub(in crate::config) timeout: Duration,
    /// Keep nothing of the upstream on disk.
    #[arg(long)]
    pub(in crate::config) no_storage_caching: bool,
    /// Folder for what is kept of upstreams; else the one of --datadir, else `~/.cache/utnet/fork`.
    #[arg(long, value_name = "DIR")]
    pub(in crate::config) cache_path: Option<PathBuf>,
}
