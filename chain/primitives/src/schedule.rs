//! Fixes how heights make epochs and from which state an epoch is drawn.

use crate::{Epoch, Height, Seconds};
use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

/// The consensus parameters of POCI, from the section `config.utnet` of the genesis file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PociSchedule {
    /// Blocks in an epoch (E), at least 1.
    pub epoch_blocks: u64,
    /// Epochs between the snapshot and the epoch that reads it (L), at least 1.
    pub lookback_epochs: u64,
    /// Time after which the next round may seal (delta).
    pub round_seconds: Seconds,
    /// Rounds after which the genesis sealer takes over (`R_max`).
    pub max_rounds: u32,
    /// One node holds all chips: the first round that it can seal is valid at once.
    pub sole_sealer: bool,
    /// Seals while no power is active, without reward.
    pub sealer: Address,
}

impl PociSchedule {
    /// The epoch of a block: `floor(h / E)`.
    #[must_use]
    pub const fn epoch_of(&self, height: Height) -> Epoch {
        Epoch(height.0 / self.epoch_blocks)
    }

    /// The block whose post-state an epoch reads: the last one of epoch `e - L`, or genesis.
    #[must_use]
    pub const fn snapshot_of(&self, epoch: Epoch) -> Height {
        match epoch.0.checked_sub(self.lookback_epochs) {
            Some(source) => Height((source + 1) * self.epoch_blocks - 1),
            None => Height(0),
        }
    }

    /// The block whose beacon is the epoch's: `eE - 1`, or genesis for epoch 0.
    #[must_use]
    pub const fn beacon_of(&self, epoch: Epoch) -> Height {
        Height((epoch.0 * self.epoch_blocks).saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dev() -> PociSchedule {
        PociSchedule {
            epoch_blocks: 16,
            lookback_epochs: 1,
            round_seconds: Seconds(1),
            max_rounds: 8,
            sole_sealer: true,
            sealer: Address::ZERO,
        }
    }

    #[test]
    fn an_epoch_reads_the_state_that_the_one_before_left() {
        assert_eq!(dev().snapshot_of(Epoch(0)), Height(0));
        assert_eq!(dev().snapshot_of(Epoch(1)), Height(15));
        assert_eq!(dev().snapshot_of(Epoch(2)), Height(31));
    }

    #[test]
    fn an_epochs_beacon_is_known_when_it_begins() {
        assert_eq!(dev().beacon_of(Epoch(0)), Height(0));
        assert_eq!(dev().beacon_of(Epoch(3)), Height(47));
    }
}
