//! Reads the node's command line: anvil's names where anvil has the flag, ours for the rest.

mod accepted;
mod fork;
mod hardfork;
mod operation;
mod prune;
mod server;

pub(super) use accepted::AcceptedArgs;
pub(super) use fork::ForkArgs;
pub(super) use hardfork::Hardfork;
pub(super) use operation::OperationArgs;
pub use operation::{LogFormat, LogSettings};
pub(super) use prune::{PruneArgs, Told};
pub(super) use server::{LimitArgs, ServerArgs};

use super::explaining::ExplainArgs;
use crate::{execution::Issue, genesis::DEV_MNEMONIC};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Everything `utnet node` takes.
#[derive(Args, Clone, Debug)]
pub struct NodeArgs {
    #[command(flatten)]
    pub(super) accounts: AccountArgs,
    #[command(flatten)]
    pub(super) chain: ChainArgs,
    #[command(flatten)]
    pub(super) mining: MiningArgs,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) fork: ForkArgs,
    #[command(flatten)]
    pub(super) operation: OperationArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) explaining: ExplainArgs,
    #[command(flatten)]
    pub(super) evm: EvmArgs,
    #[command(flatten)]
    pub(super) storage: StorageArgs,
    #[command(flatten)]
    pub(super) prune: PruneArgs,
    #[command(flatten)]
    pub(super) state: super::state::StateArgs,
    #[command(flatten)]
    pub(super) poci: PociArgs,
    #[command(flatten)]
    pub(super) accepted: AcceptedArgs,
}

impl NodeArgs {
    /// The same for whoever starts a program called anvil: a plain chain, unless the flags speak of POCI.
    #[must_use]
    pub fn as_anvil(mut self) -> Self {
        let poci = &mut self.poci;
        poci.no_poci |=
            poci.chips.is_empty() && poci.sealer_key.is_none() && poci.epoch_blocks.is_none();
        self
    }

    /// What is logged, and how: whoever runs the node sets that up.
    pub fn log(&self) -> LogSettings {
        self.operation.log()
    }
}

/// Dev accounts and their money.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Accounts")]
pub(super) struct AccountArgs {
    /// Dev accounts to make.
    #[arg(short, long, default_value_t = 10, value_name = "NUM", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(super) accounts: u32,
    /// Balance of each dev account, in UNC.
    #[arg(long, default_value = "10000", value_name = "NUM", value_parser = super::values::coins)]
    pub(super) balance: alloy_primitives::U256,
    /// BIP-39 phrase that the dev accounts come from.
    #[arg(short, long, default_value = DEV_MNEMONIC, value_name = "PHRASE", value_parser = super::values::mnemonic)]
    pub(super) mnemonic: String,
    /// A new random phrase of this many words instead.
    #[arg(long, conflicts_with = "mnemonic", default_missing_value = "12", num_args = 0..=1, value_name = "WORDS", value_parser = super::values::words)]
    pub(super) mnemonic_random: Option<usize>,
    /// The phrase that this number gives, the same as anvil's: for tests only, never for money.
    #[arg(long, conflicts_with_all = ["mnemonic", "mnemonic_random"], value_name = "SEED")]
    pub(super) mnemonic_seed_unsafe: Option<u64>,
    /// Path of the dev accounts, up to their index.
    #[arg(long, default_value = "m/44'/60'/0'/0/", value_name = "PATH", value_parser = super::values::derivation_path)]
    pub(super) derivation_path: String,
}

/// The chain's rules.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Chain")]
pub(super) struct ChainArgs {
    /// EIP-155 chain id.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) chain_id: Option<u64>,
    /// Genesis file (geth's format, our section `config.utnet`). One without that section, or with --no-poci, gets the
    /// dev accounts' money, too: `utnet init` takes it as it is.
    #[arg(long, value_name = "FILE")]
    pub(super) init: Option<PathBuf>,
    /// Rules of Ethereum that hold from the first block on; below Osaka there is no POCI.
    #[arg(long, value_enum, ignore_case = true, hide_possible_values = true, value_name = "NAME")]
    pub(super) hardfork: Option<Hardfork>,
    /// Gas limit of a block.
    #[arg(long, value_name = "GAS", conflicts_with = "disable_block_gas_limit", value_parser = clap::value_parser!(u64).range(21_000..))]
    pub(super) gas_limit: Option<u64>,
    /// Blocks may hold any amount of gas.
    #[arg(long)]
    pub(super) disable_block_gas_limit: bool,
    /// Least price per gas that the pool accepts, in wei.
    #[arg(long, value_name = "WEI")]
    pub(super) gas_price: Option<u128>,
    /// Base fee of the first block, in wei per gas.
    #[arg(long, visible_alias = "base-fee", value_name = "WEI")]
    pub(super) block_base_fee_per_gas: Option<u64>,
    /// Timestamp of the genesis block, in seconds since 1970.
    #[arg(long, value_name = "SECONDS")]
    pub(super) timestamp: Option<u64>,
    /// Number of the genesis block; other than 0 only with --no-poci.
    #[arg(long, value_name = "NUM")]
    pub(super) number: Option<u64>,
    /// Blocks from the head to the safe one; twice as many to the finalized one.
    #[arg(long, value_name = "NUM", default_value_t = 32)]
    pub(super) slots_in_an_epoch: u64,
}

/// When blocks are made and in which order transactions enter them.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Mining")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct MiningArgs {
    /// Seconds between blocks, fractions allowed; without it each transaction makes its block. Blocks made faster than
    /// one a second run ahead of the clock: no two have the same timestamp.
    #[arg(short, long, visible_alias = "blockTime", value_name = "SECONDS", value_parser = super::values::seconds)]
    pub(super) block_time: Option<std::time::Duration>,
    /// Make no block until one is asked for.
    #[arg(long, visible_alias = "no-mine", conflicts_with = "block_time")]
    pub(super) no_mining: bool,
    /// With --block-time: each transaction makes its block, too.
    #[arg(long, requires = "block_time")]
    pub(super) mixed_mining: bool,
    /// Order of transactions in a block.
    #[arg(long, value_enum, default_value_t = Order::Fees)]
    pub(super) order: Order,
    /// Most transactions in a block.
    #[arg(long, value_name = "NUM", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_transactions: Option<u64>,
    /// Take transactions into the pool whose senders cannot pay for them yet.
    #[arg(long)]
    pub(super) disable_pool_balance_checks: bool,
}

/// Order of transactions in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// Higher tips first.
    Fees,
    /// First come, first served.
    Fifo,
}

/// What the node prints.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Print nothing but errors.
    #[arg(short = 'q', long, visible_alias = "quiet")]
    pub(super) silent: bool,
    /// Print blocks, transactions and calls as JSON, an object a line (log lines: `--log-format json`).
    #[arg(long)]
    pub(super) json: bool,
    /// Write accounts, keys and settings to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) config_out: Option<PathBuf>,
}

/// Limits of the EVM and dev behaviour.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "EVM")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct EvmArgs {
    /// Largest code of a contract, in bytes, instead of EIP-170's 24576.
    #[arg(long, value_name = "BYTES", conflicts_with = "disable_code_size_limit")]
    pub(super) code_size_limit: Option<usize>,
    /// Contracts of any size.
    #[arg(long)]
    pub(super) disable_code_size_limit: bool,
    /// Hold single transactions to EIP-7825's 16777216 gas.
    #[arg(long, visible_alias = "tx-gas-limit")]
    pub(super) enable_tx_gas_limit: bool,
    /// Accept unsigned transactions from every account.
    #[arg(long, visible_alias = "auto-unlock")]
    pub(super) auto_impersonate: bool,
    /// Genesis without the deterministic CREATE2 deployer.
    #[arg(long, visible_alias = "no-create2")]
    pub(super) disable_default_create2_deployer: bool,
}

/// Where the chain is kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Storage")]
pub(super) struct StorageArgs {
    /// Folder of the chain's database; without it the chain lives in memory and ends with the node.
    #[arg(long, value_name = "DIR")]
    pub(super) datadir: Option<PathBuf>,
    /// Answer only when the block is safe against a loss of power, not just of the process.
    #[arg(long, requires = "datadir")]
    pub(super) durable: bool,
}

/// Proof of computing power.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "POCI")]
pub(super) struct PociArgs {
    /// Plain Ethereum: no draw, no seals, no system contracts.
    #[arg(long, conflicts_with_all = ["chips", "sealer_key"])]
    pub(super) no_poci: bool,
    /// Folder of chips that this node seals with; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub(super) chips: Vec<PathBuf>,
    /// File with the genesis sealer's key (hex); without it the dev chain's own, which everybody knows.
    #[arg(long, value_name = "FILE")]
    pub(super) sealer_key: Option<PathBuf>,
    /// Blocks in an epoch of a new dev chain, for ever; 16 without it.
    #[arg(long, value_name = "BLOCKS", conflicts_with_all = ["no_poci", "init"], value_parser = clap::value_parser!(u64).range(4..=4095))]
    pub(super) epoch_blocks: Option<u64>,
    /// Schedule of rewards of a new dev chain, for ever.
    #[arg(long, value_name = "SCHEDULE", default_value = "tiered", conflicts_with = "no_poci")]
    pub(super) issue: IssueArg,
}

/// The schedules by the names that a person types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum IssueArg {
    /// 100, 75, 50 UNC a block, then falling from 30 to 10 (figure 6).
    Tiered,
    /// Halving every two years from 50 UNC a block (eq. 23).
    Halving,
    /// Cycles of 200 days, each 5 % below the last; operators burn fuel.
    Talos,
}

impl IssueArg {
    /// The schedule of this name.
    pub(super) const fn schedule(self) -> Issue {
        match self {
            Self::Tiered => Issue::Tiered,
            Self::Halving => Issue::Halving,
            Self::Talos => Issue::Talos,
        }
    }
}
