//! Draws whose signatures an operator must show after it proved an epoch: `docs/protocol.md`, section 2.

use crate::{
    ChipId, Epoch, Registry, Tag,
    poci::{number, words},
    tag,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use std::collections::BTreeSet;

/// What a sample is drawn from: a beacon that nobody knew when the epoch was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleInput {
    /// Chain and registry.
    pub registry: Registry,
    /// The operator whose chips are sampled.
    pub operator: Address,
    /// The epoch that was proven.
    pub epoch: Epoch,
    /// PREVRANDAO of the block that many blocks into the next epoch.
    pub beacon: B256,
}

impl SampleInput {
    /// `keccak256(abi.encode(tag, chainId, registry, operator, epoch, beacon))`.
    pub fn seed(&self) -> B256 {
        keccak256(words(&[
            tag(Tag::Sample),
            number(self.registry.chain_id),
            self.registry.address.into_word(),
            self.operator.into_word(),
            number(self.epoch.0),
            self.beacon,
        ]))
    }
}

/// How a place of an operator's list stands in the proof of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceStanding {
    /// Its chip counts and signed.
    Present,
    /// Its chip counts and was named absent.
    Absent,
    /// It holds no chip, or one that does not count in the epoch's snapshot.
    Uncounted,
}

/// The places that were drawn, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Those whose chips open their leaves.
    pub opened: Vec<u32>,
    /// Those that were drawn too, and passed over because nothing on them counts.
    pub uncounted: Vec<u32>,
}

/// All present places if they are at most `size`; else as many of them, drawn without replacement.
///
/// Step i names place `uint(keccak256(abi.encode(seed, i))) mod width`: for any width below 2^32 no place is more likely
/// than another by more than 2^-224.
pub fn draw_sample(seed: &B256, places: &[PlaceStanding], size: usize) -> Sample {
    let present: Vec<u32> = (0_u32..)
        .zip(places)
        .filter_map(|(place, it)| (*it == PlaceStanding::Present).then_some(place))
        .collect();
    if present.len() <= size {
        return Sample { opened: present, uncounted: Vec::new() };
    }
    let (mut opened, mut uncounted) = (BTreeSet::new(), BTreeSet::new());
    let mut step = 0;
    while opened.len() < size {
        let place = drawn(seed, step, places.len());
        let standing = usize::try_from(place).ok().and_then(|place| places.get(place));
        match standing {
            Some(PlaceStanding::Present) => opened.insert(place),
            Some(PlaceStanding::Uncounted) => uncounted.insert(place),
            Some(PlaceStanding::Absent) | None => false,
        };
        step += 1;
    }
    Sample { opened: opened.into_iter().collect(), uncounted: uncounted.into_iter().collect() }
}

/// The place that one step names.
fn drawn(seed: &B256, step: u64, width: usize) -> u32 {
    let hash = keccak256(words(&[*seed, number(step)]));
    let place = U256::from_be_bytes(hash.0).checked_rem(U256::from(width)).unwrap_or_default();
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// What a challenged chip signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeInput {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The `ChipChallenges` contract.
    pub challenges: Address,
    /// The chip that is asked.
    pub chip: ChipId,
    /// Which question to this chip, from 1.
    pub number: u32,
    /// PREVRANDAO of the block after the challenge.
    pub beacon: B256,
}

impl ChallengeInput {
    /// `keccak256(abi.encode(tag, chainId, challenges, chip, number, beacon))`.
    pub fn question(&self) -> B256 {
        keccak256(words(&[
            tag(Tag::Challenge),
            number(self.chain_id),
            self.challenges.into_word(),
            self.chip.0,
            number(u64::from(self.number)),
            self.beacon,
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn standing(kind: u8) -> PlaceStanding {
        match kind {
            0 => PlaceStanding::Absent,
            1 => PlaceStanding::Uncounted,
            _ => PlaceStanding::Present,
        }
    }

    #[test]
    fn who_has_no_chip_present_opens_nothing() {
        let places = [PlaceStanding::Absent, PlaceStanding::Uncounted];
        assert_eq!(draw_sample(&B256::ZERO, &places, 16), Sample::default());
        assert_eq!(draw_sample(&B256::ZERO, &[], 16), Sample::default());
    }

    #[test]
    fn few_chips_all_open_in_the_order_of_their_places() {
        let mut places = [PlaceStanding::Present; 18];
        (places[3], places[9]) = (PlaceStanding::Absent, PlaceStanding::Uncounted);
        let sample = draw_sample(&B256::repeat_byte(7), &places, 16);
        let all = (0..18).filter(|place| *place != 3 && *place != 9).collect();
        assert_eq!(sample, Sample { opened: all, uncounted: vec![] });
    }

    proptest! {
        #[test]
        fn a_sample_holds_present_places_once_and_as_many_as_wanted(
            seed in any::<[u8; 32]>(),
            kinds in proptest::collection::vec(0_u8..5, 1..80),
            size in 0_usize..20,
        ) {
            let places: Vec<_> = kinds.into_iter().map(standing).collect();
            let of = |kind| {
                (0_u32..).zip(&places).filter(move |(_, it)| **it == kind).map(|(place, _)| place)
            };
            let present: Vec<_> = of(PlaceStanding::Present).collect();
            let uncounted: Vec<_> = of(PlaceStanding::Uncounted).collect();

            let sample = draw_sample(&B256::from(seed), &places, size);

            prop_assert_eq!(sample.opened.len(), size.min(present.len()));
            prop_assert!(sample.opened.is_sorted_by(|a, b| a < b));
            prop_assert!(sample.uncounted.is_sorted_by(|a, b| a < b));
            prop_assert!(sample.opened.iter().all(|place| present.contains(place)));
            prop_assert!(sample.uncounted.iter().all(|place| uncounted.contains(place)));
        }
    }
}
