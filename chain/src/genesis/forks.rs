//! Reads the activation of each fork from the genesis file.

use super::ChainSpec;
use alloy_hardforks::{EthereumHardfork as Fork, EthereumHardforks, ForkCondition};

impl EthereumHardforks for ChainSpec {
    fn ethereum_fork_activation(&self, fork: Fork) -> ForkCondition {
        let config = &self.genesis.config;
        match fork {
            Fork::Frontier => ForkCondition::ZERO_BLOCK,
            Fork::Homestead => at_block(config.homestead_block),
            Fork::Tangerine => at_block(config.eip150_block),
            Fork::SpuriousDragon => at_block(config.eip158_block.or(config.eip155_block)),
            Fork::Byzantium => at_block(config.byzantium_block),
            Fork::Constantinople => at_block(config.constantinople_block),
            Fork::Petersburg => at_block(config.petersburg_block),
            Fork::Istanbul => at_block(config.istanbul_block),
            Fork::MuirGlacier => at_block(config.muir_glacier_block),
            Fork::Berlin => at_block(config.berlin_block),
            Fork::London => at_block(config.london_block),
            Fork::ArrowGlacier => at_block(config.arrow_glacier_block),
            Fork::GrayGlacier => at_block(config.gray_glacier_block),
            Fork::Paris => self.merge(),
            Fork::Shanghai => at_time(config.shanghai_time),
            Fork::Cancun => at_time(config.cancun_time),
            Fork::Prague => at_time(config.prague_time),
            Fork::Osaka => at_time(config.osaka_time),
            Fork::Bpo1 => at_time(config.bpo1_time),
            Fork::Bpo2 => at_time(config.bpo2_time),
            Fork::Bpo3 => at_time(config.bpo3_time),
            Fork::Bpo4 => at_time(config.bpo4_time),
            Fork::Bpo5 => at_time(config.bpo5_time),
            // The DAO's irregular change concerns mainnet's accounts only; later forks are not run.
            _ => ForkCondition::Never,
        }
    }
}

impl ChainSpec {
    /// The merge: at the named block, else at genesis if the total difficulty is reached there.
    fn merge(&self) -> ForkCondition {
        let config = &self.genesis.config;
        let total_difficulty = config.terminal_total_difficulty.unwrap_or_default();
        let is_merged_at_genesis = config.terminal_total_difficulty_passed
            || config.terminal_total_difficulty.is_some_and(|ttd| ttd.is_zero())
            || config.shanghai_time.is_some();
        match config.merge_netsplit_block.or_else(|| is_merged_at_genesis.then_some(0)) {
            Some(activation_block_number) => ForkCondition::TTD {
                activation_block_number,
                fork_block: Some(activation_block_number),
                total_difficulty,
            },
            None => ForkCondition::Never,
        }
    }
}

fn at_block(block: Option<u64>) -> ForkCondition {
    block.map_or(ForkCondition::Never, ForkCondition::Block)
}

fn at_time(time: Option<u64>) -> ForkCondition {
    time.map_or(ForkCondition::Never, ForkCondition::Timestamp)
}
