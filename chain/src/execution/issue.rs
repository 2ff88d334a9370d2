//! Chooses the schedule that issues UNC, with the white paper's figures (`docs/protocol.md`, section 1).

use alloy_primitives::{Address, U256};
use utnet_bindings::Emission;
use utnet_primitives::{Seconds, SystemContract, system_address};

/// One UNC in wei.
const UNC: u128 = 1_000_000_000_000_000_000;

/// One UNC in gwei.
const UNC_GWEI: u64 = 1_000_000_000;

const DAY: u64 = 86_400;

/// The schedules of a chain, one of which its genesis holds for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Issue {
    /// By height: 100, 75, 50 UNC, then falling from 30 to 10 (figure 6).
    #[default]
    Tiered,
    /// q0 x 0.5^(t / 2 years) (eq. 23).
    Halving,
    /// Cycles of 200 days, each 5 % below the last, for operators that burn fuel (section 4.6.1).
    Talos,
}

impl Issue {
    /// What `Emission` is constructed with.
    pub(super) fn plan(self, block: Seconds, foundation: Address) -> Emission::IssuePlan {
        let block_seconds = block.0.max(1);
        let none = Emission::IssuePlan::default();
        match self {
            Self::Tiered => Emission::IssuePlan { kind: 0, tiered: tiered(), ..none },
            Self::Halving => {
                let halving = halving(block_seconds);
                Emission::IssuePlan { kind: 1, halving, ..none }
            }
            Self::Talos => {
                let talos = talos(block_seconds, foundation);
                Emission::IssuePlan { kind: 2, talos, ..none }
            }
        }
    }
}

fn tiered() -> Emission::TieredSchedule {
    Emission::TieredSchedule {
        n1: 1_000,
        n2: 2_000,
        n3: 3_000,
        betaWad: U256::from(UNC / 2_000),
        capGwei: 10_000_000_000 * u128::from(UNC_GWEI),
    }
}

fn halving(block_seconds: u64) -> Emission::HalvingSchedule {
    Emission::HalvingSchedule {
        firstGwei: 50 * UNC_GWEI,
        halvingSeconds: 730 * DAY,
        blockSeconds: block_seconds,
        capGwei: 10_000_000_000 * u128::from(UNC_GWEI),
    }
}

fn talos(block_seconds: u64, foundation: Address) -> Emission::TalosSchedule {
    Emission::TalosSchedule {
        firstGwei: 500_000_000 * UNC_GWEI,
        cycleSeconds: 200 * DAY,
        blockSeconds: block_seconds,
        capGwei: 9_700_000_000 * u128::from(UNC_GWEI),
        fuel: Emission::FuelTerms {
            leastWei: 10 * UNC,
            foundation,
            vault: system_address(SystemContract::Vault),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::Issue;
    use crate::{
        execution::{Founders, install},
        genesis::DevGenesis,
    };
    use alloy_primitives::Address;
    use utnet_primitives::{SystemContract, system_address};

    /// The code and storage of `Emission` in a genesis with a schedule.
    fn emission_with(issue: Issue) -> alloy_genesis::GenesisAccount {
        let mut genesis = DevGenesis::default().build().unwrap();
        let founders = Founders { governor: Address::repeat_byte(7), vendors: Vec::new(), issue };
        install(&mut genesis, &founders).unwrap();
        genesis.alloc[&system_address(SystemContract::Emission)].clone()
    }

    #[test]
    fn emission_takes_every_schedule_and_keeps_it() {
        let all = [Issue::Tiered, Issue::Halving, Issue::Talos].map(emission_with);
        assert!(all.iter().all(|account| account.storage.is_some()));
        assert_ne!(all[0].storage, all[1].storage);
        assert_ne!(all[1].storage, all[2].storage);
    }
}
