//! Takes the flags of anvil and hardhat that change nothing here, so that scripts which pass them run.

use clap::{Args, ValueEnum};

/// Flags of anvil that scripts pass and that change nothing here.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Accepted for anvil's scripts, without effect")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(in crate::config) struct AcceptedArgs {
    /// No least tip is asked.
    #[arg(long, visible_alias = "no-priority-fee")]
    disable_min_priority_fee: bool,
    /// History is kept on disk and costs no memory; --prune.bodies bounds it.
    #[arg(long, value_name = "BLOCKS")]
    transaction_block_keeper: Option<u64>,
    /// History is kept on disk and costs no memory; --prune.state bounds it.
    #[arg(long, value_name = "STATES", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "clap's form of a flag with an optional value")]
    prune_history: Option<Option<usize>>,
    /// History is kept on disk and costs no memory.
    #[arg(long, value_name = "STATES")]
    max_persisted_states: Option<usize>,
    /// Threads are as many as cores.
    #[arg(short = 'j', long, visible_alias = "jobs", value_name = "NUM")]
    threads: Option<usize>,
    /// Gas bounds the EVM's memory.
    #[arg(long, value_name = "BYTES")]
    memory_limit: Option<u64>,
    /// Output has no colours.
    #[arg(long, value_enum, value_name = "WHEN")]
    color: Option<Color>,
    /// Output is text or, with --json, JSON.
    #[arg(long)]
    md: bool,
    /// Nothing is counted: the upstream's own answers are obeyed (429 is tried again later).
    #[arg(long, value_name = "NUM", visible_alias = "cups")]
    compute_units_per_second: Option<u64>,
    /// Nothing is counted: the upstream's own answers are obeyed.
    #[arg(long, visible_alias = "no-rpc-rate-limit")]
    no_rate_limit: bool,
    /// Other networks' rules are refused.
    #[arg(short = 'n', long, value_enum, value_name = "NAME")]
    network: Option<Network>,
    /// Only layer 1 is run.
    #[arg(long, value_enum, value_name = "TYPE")]
    chain_type: Option<ChainType>,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// Networks whose rules are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Network {
    Ethereum,
}

/// hardhat's names of kinds of chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ChainType {
    Generic,
    L1,
}

impl AcceptedArgs {
    /// The flags that were given, to be told once.
    pub(in crate::config) fn given(&self) -> Vec<&'static str> {
        let flags = [
            ("--disable-min-priority-fee", self.disable_min_priority_fee),
            ("--transaction-block-keeper", self.transaction_block_keeper.is_some()),
            ("--prune-history", self.prune_history.is_some()),
            ("--max-persisted-states", self.max_persisted_states.is_some()),
            ("--threads", self.threads.is_some()),
            ("--memory-limit", self.memory_limit.is_some()),
            ("--color", self.color.is_some()),
            ("--md", self.md),
            ("--compute-units-per-second", self.compute_units_per_second.is_some()),
            ("--no-rate-limit", self.no_rate_limit),
            ("--network", self.network.is_some()),
            ("--chain-type", self.chain_type.is_some()),
        ];
        flags.into_iter().filter_map(|(name, is_given)| is_given.then_some(name)).collect()
    }
}
