//! Names the rules of Ethereum, and holds a genesis to those of one fork.

use alloy_genesis::Genesis;
use alloy_primitives::U256;
use clap::ValueEnum;

/// The difficulty with which a chain before the merge begins: the least that its rules allow.
const LEAST_DIFFICULTY: u64 = 131_072;

/// Rules of Ethereum by name, oldest first; anvil's spellings are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(in crate::config) enum Hardfork {
    /// July 2015.
    Frontier,
    /// March 2016.
    Homestead,
    /// October 2016 (EIP-150).
    #[value(alias = "tangerinewhistle", alias = "eip150")]
    Tangerine,
    /// November 2016 (EIP-158).
    #[value(alias = "spuriousdragon", alias = "eip158")]
    SpuriousDragon,
    /// October 2017.
    Byzantium,
    /// February 2019.
    Constantinople,
    /// February 2019.
    Petersburg,
    /// December 2019.
    Istanbul,
    /// January 2020.
    #[value(alias = "muirglacier")]
    MuirGlacier,
    /// April 2021.
    Berlin,
    /// August 2021.
    London,
    /// December 2021.
    #[value(alias = "arrowglacier")]
    ArrowGlacier,
    /// June 2022.
    #[value(alias = "grayglacier")]
    GrayGlacier,
    /// September 2022, the merge.
    #[value(alias = "merge")]
    Paris,
    /// April 2023.
    Shanghai,
    /// March 2024.
    Cancun,
    /// May 2025.
    Prague,
    /// December 2025, the default.
    #[value(alias = "latest")]
    Osaka,
    /// December 2025: more blobs.
    Bpo1,
    /// January 2026: more blobs still.
    Bpo2,
}

impl Hardfork {
    /// Lets this fork and all before it begin with a genesis, and takes the later ones out.
    pub(in crate::config) fn hold(self, genesis: &mut Genesis) {
        let config = &mut genesis.config;
        let keep = |fork: Self, at: &mut Option<u64>| *at = (fork <= self).then_some(0);
        keep(Self::Homestead, &mut config.homestead_block);
        keep(Self::Tangerine, &mut config.eip150_block);
        keep(Self::SpuriousDragon, &mut config.eip155_block);
        keep(Self::SpuriousDragon, &mut config.eip158_block);
        keep(Self::Byzantium, &mut config.byzantium_block);
        keep(Self::Constantinople, &mut config.constantinople_block);
        keep(Self::Petersburg, &mut config.petersburg_block);
        keep(Self::Istanbul, &mut config.istanbul_block);
        keep(Self::Berlin, &mut config.berlin_block);
        keep(Self::London, &mut config.london_block);
        keep(Self::Shanghai, &mut config.shanghai_time);
        keep(Self::Cancun, &mut config.cancun_time);
        keep(Self::Prague, &mut config.prague_time);
        keep(Self::Osaka, &mut config.osaka_time);
        keep(Self::Bpo1, &mut config.bpo1_time);
        keep(Self::Bpo2, &mut config.bpo2_time);
        config.terminal_total_difficulty = (self >= Self::Paris).then_some(U256::ZERO);
        config.terminal_total_difficulty_passed = self >= Self::Paris;
        if self < Self::Paris {
            genesis.difficulty = U256::from(LEAST_DIFFICULTY);
        }
        if self < Self::London {
            genesis.base_fee_per_gas = None;
        }
    }

    /// Whether POCI can run under these rules.
    pub(in crate::config) fn has_poci(self) -> bool {
        self >= Self::Osaka
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesis::{ChainSpec, DevGenesis, Limits};
    use alloy_evm::revm::primitives::hardfork::SpecId;
    use utnet_primitives::{Height, Seconds};

    #[test]
    fn each_name_gives_its_own_rules() {
        for (fork, rules) in [
            (Hardfork::Frontier, SpecId::FRONTIER),
            (Hardfork::SpuriousDragon, SpecId::SPURIOUS_DRAGON),
            (Hardfork::Istanbul, SpecId::ISTANBUL),
            (Hardfork::London, SpecId::LONDON),
            (Hardfork::Paris, SpecId::MERGE),
            (Hardfork::Cancun, SpecId::CANCUN),
            (Hardfork::Prague, SpecId::PRAGUE),
            (Hardfork::Osaka, SpecId::OSAKA),
        ] {
            let dev = DevGenesis { poci: None, ..DevGenesis::default() };
            let mut genesis = dev.build().unwrap();

            fork.hold(&mut genesis);

            let spec = ChainSpec::new(genesis, Limits::DEV).unwrap();
            assert_eq!(spec.evm_spec(Height(1), Seconds(1)), rules, "{fork:?}");
        }
    }
}
