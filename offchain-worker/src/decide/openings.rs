//! Decides when an epoch's leaves are opened and when they are forgotten, and which of them an opening shows.

use crate::records::LeavesRecord;
use alloy_primitives::{Address, B256};
use utnet_bindings::Availability::{AvailabilityOpening, BookedLeaves, ChipSignature};
use utnet_jobs::merkle;
use utnet_primitives::{Epoch, Height, draw_sample};

/// When samples are drawn, and how large they are; the same for all epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRules {
    /// Blocks in an epoch.
    pub epoch_blocks: u64,
    /// Blocks from the beginning of the next epoch to the one whose beacon draws.
    pub delay_blocks: u64,
    /// Leaves that are opened at most.
    pub size: u32,
}

impl SampleRules {
    /// The block whose beacon draws the sample of an epoch.
    pub const fn beacon_of(&self, epoch: Epoch) -> Height {
        Height(self.first_of(epoch, 1).saturating_add(self.delay_blocks))
    }

    const fn first_of(&self, epoch: Epoch, after: u64) -> u64 {
        epoch.0.saturating_add(after).saturating_mul(self.epoch_blocks)
    }
}

/// What is done about the leaves of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The sample is not drawn yet, or the last block that could take an opening is on its way.
    Wait,
    /// `open`.
    Open,
    /// Nobody may open them any more.
    Forget,
}

/// The next step for the leaves of an epoch, as of this head.
pub const fn next_step(epoch: Epoch, rules: &SampleRules, head: Height) -> Step {
    if head.0 >= rules.first_of(epoch, 2) {
        Step::Forget
    } else if head.0 < rules.beacon_of(epoch).0
        || head.0.saturating_add(1) >= rules.first_of(epoch, 2)
    {
        Step::Wait
    } else {
        Step::Open
    }
}

/// What `open` takes; `None` if no chip signed.
pub fn opening(
    record: &LeavesRecord,
    operator: Address,
    seed: &B256,
    size: u32,
) -> Option<AvailabilityOpening> {
    let leaves = record.leaves();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let sample = draw_sample(seed, &record.standings(), size);
    let places: Vec<usize> =
        sample.opened.iter().filter_map(|place| usize::try_from(*place).ok()).collect();
    let shown = sample.opened.iter().filter_map(|place| record.signed_on(*place));
    Some(AvailabilityOpening {
        booked: BookedLeaves {
            operator,
            epoch: record.epoch.0,
            leafRoot: merkle::root(&leaves)?,
            width: record.width,
            present: u32::try_from(record.signed.len()).unwrap_or(u32::MAX),
            absent: record.absent.clone(),
        },
        uncounted: sample.uncounted,
        leaves: shown.map(|one| ChipSignature { x: one.x, y: one.y, r: one.r, s: one.s }).collect(),
        nodes: merkle::multiproof(&leaves, &places)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::SignedPlace;
    use utnet_primitives::{ChipId, availability_leaf};

    const DEV: SampleRules = SampleRules { epoch_blocks: 16, delay_blocks: 8, size: 16 };

    #[test]
    fn leaves_open_from_the_beacon_of_their_sample_to_the_last_block_of_the_next_epoch() {
        let step = |head| next_step(Epoch(2), &DEV, Height(head));
        assert_eq!(step(47), Step::Wait);
        assert_eq!(step(55), Step::Wait);
        // Block 56 has the beacon, block 57 is the first that takes an opening, block 63 the last.
        assert_eq!(step(56), Step::Open);
        assert_eq!(step(62), Step::Open);
        assert_eq!(step(63), Step::Wait);
        assert_eq!(step(64), Step::Forget);
    }

    fn record(width: u32, absent: &[u32], empty: &[u32]) -> LeavesRecord {
        let is_signed = |place: &u32| !absent.contains(place) && !empty.contains(place);
        let signed = (0..width).filter(is_signed).map(|place| {
            let word = B256::from(alloy_primitives::U256::from(place + 1));
            SignedPlace { place, chip: ChipId(word), x: word, y: word, r: word, s: word }
        });
        let signed = signed.collect();
        LeavesRecord { epoch: Epoch(2), width, absent: absent.to_vec(), signed }
    }

    #[test]
    fn an_opening_climbs_to_the_root_of_the_proof() {
        let record = record(40, &[3, 39], &[0, 7, 8]);

        let seed = B256::repeat_byte(5);
        let opening = opening(&record, Address::ZERO, &seed, 16).expect("chips signed");

        assert_eq!((opening.leaves.len(), opening.booked.present), (16, 35));
        let shown: Vec<_> = opening
            .leaves
            .iter()
            .map(|leaf| {
                let of = record.signed.iter().find(|one| one.x == leaf.x).expect("it signed");
                let place = usize::try_from(of.place).expect("small");
                (place, availability_leaf(u64::from(of.place), of.chip, &leaf.r, &leaf.s))
            })
            .collect();
        let climbed = merkle::climb_together(40, &shown, &opening.nodes);
        assert_eq!(climbed, Some(opening.booked.leafRoot));
        assert!(opening.uncounted.iter().all(|place| [0, 7, 8].contains(place)));
    }

    #[test]
    fn nothing_is_opened_where_no_chip_signed() {
        assert_eq!(opening(&record(2, &[0, 1], &[]), Address::ZERO, &B256::ZERO, 16), None);
    }
}
