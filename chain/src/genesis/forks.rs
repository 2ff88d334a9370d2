//! Reads the activation of each fork from the genesis file.

use super::ChainSpec;
use alloy_eips::eip2124::ForkHash;
use alloy_hardforks::{EthereumHardfork as Fork, EthereumHardforks, ForkCondition};
use utnet_primitives::Seconds;

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

impl ChainSpec {
    /// The timestamps after genesis at which rules change, ascending.
    pub fn fork_times(&self) -> Vec<u64> {
        let config = &self.genesis.config;
        let times = [
            config.shanghai_time,
            config.cancun_time,
            config.prague_time,
            config.osaka_time,
            config.bpo1_time,
            config.bpo2_time,
            config.bpo3_time,
            config.bpo4_time,
            config.bpo5_time,
        ];
        ascending(times.into_iter().flatten().filter(|time| *time > self.genesis.timestamp))
    }

    /// EIP-6122's hash of genesis and all forks up to a moment after the last one by block.
    pub fn fork_id(&self, time: Seconds) -> [u8; 4] {
        let mut id = ForkHash::from(self.header.hash());
        for fork in self.fork_blocks() {
            id += fork;
        }
        for fork in self.fork_times().into_iter().filter(|fork| *fork <= time.0) {
            id += fork;
        }
        id.0
    }

    /// The blocks after genesis at which rules change, ascending.
    fn fork_blocks(&self) -> Vec<u64> {
        let config = &self.genesis.config;
        let blocks = [
            config.homestead_block,
            config.dao_fork_block,
            config.eip150_block,
            config.eip155_block,
            config.eip158_block,
            config.byzantium_block,
            config.constantinople_block,
            config.petersburg_block,
            config.istanbul_block,
            config.muir_glacier_block,
            config.berlin_block,
            config.london_block,
            config.arrow_glacier_block,
            config.gray_glacier_block,
            config.merge_netsplit_block,
        ];
        ascending(blocks.into_iter().flatten().filter(|block| *block > 0))
    }
}

/// Each number once, ascending.
fn ascending(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    numbers.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

fn at_block(block: Option<u64>) -> ForkCondition {
    block.map_or(ForkCondition::Never, ForkCondition::Block)
}

fn at_time(time: Option<u64>) -> ForkCondition {
    time.map_or(ForkCondition::Never, ForkCondition::Timestamp)
}
