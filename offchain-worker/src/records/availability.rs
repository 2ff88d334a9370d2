//! Names what the worker remembers of its chips: what they signed in an epoch, and who asks for one of them.

use crate::notebook::Record;
use alloy_primitives::{B256, Bytes};
use serde::{Deserialize, Serialize};
use utnet_primitives::{ChipId, Epoch, Height, PlaceStanding, Seconds, availability_leaf};

/// The BLS key that a chip of this operator was registered with: the registry itself keeps no keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The chip.
    pub chip: ChipId,
    /// 48 bytes.
    pub key: Bytes,
}

/// What the chips of this operator signed in one epoch. Written together with the intent of its proof, opened once the
/// sample is drawn, forgotten when nobody may open it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavesRecord {
    /// The epoch that is proven.
    pub epoch: Epoch,
    /// Places of the operator's list.
    pub width: u32,
    /// Places whose chips count and are absent, ascending.
    pub absent: Vec<u32>,
    /// Places whose chips count and signed, ascending.
    pub signed: Vec<SignedPlace>,
}

/// A chip's signature under the message of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPlace {
    /// The chip's place.
    pub place: u32,
    /// The chip.
    pub chip: ChipId,
    /// Its identity, first half.
    pub x: B256,
    /// Its identity, second half.
    pub y: B256,
    /// Its signature, first half.
    pub r: B256,
    /// Its signature, second half, low.
    pub s: B256,
}

impl SignedPlace {
    fn leaf(&self) -> B256 {
        availability_leaf(u64::from(self.place), self.chip, &self.r, &self.s)
    }
}

impl LeavesRecord {
    /// The leaves of all places, in their order; zero where no chip signed.
    pub fn leaves(&self) -> Vec<B256> {
        let mut signed = self.signed.iter().peekable();
        let leaf = |place| signed.next_if(|one| one.place == place).map(SignedPlace::leaf);
        (0..self.width).map(leaf).map(Option::unwrap_or_default).collect()
    }

    /// How every place stands in the proof.
    pub fn standings(&self) -> Vec<PlaceStanding> {
        let standing = |place| {
            if self.signed_on(place).is_some() {
                PlaceStanding::Present
            } else if self.absent.binary_search(&place).is_ok() {
                PlaceStanding::Absent
            } else {
                PlaceStanding::Uncounted
            }
        };
        (0..self.width).map(standing).collect()
    }

    /// What the chip on a place signed.
    pub fn signed_on(&self, place: u32) -> Option<&SignedPlace> {
        let found = self.signed.binary_search_by_key(&place, |one| one.place).ok()?;
        self.signed.get(found)
    }
}

/// A question that somebody asked one of this operator's chips, with a bond.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeRecord {
    /// The chip.
    pub chip: ChipId,
    /// Which question to this chip, from 1.
    pub number: u32,
    /// The block of the challenge; the beacon of the next one is in the question.
    pub asked_at: Height,
    /// Last block, inclusive, that may answer.
    pub deadline: Height,
    /// Whether somebody was told that the chip is not here.
    pub is_told: bool,
    /// How it ended.
    pub outcome: Option<String>,
    /// When it was made, in chain time.
    pub noted_at: Seconds,
}

impl Record for KeyRecord {
    const KIND: &'static str = "chip-key";
    fn key(&self) -> Vec<u8> {
        self.chip.0.to_vec()
    }
}

impl Record for LeavesRecord {
    const KIND: &'static str = "leaves";
    fn key(&self) -> Vec<u8> {
        self.epoch.0.to_be_bytes().to_vec()
    }
}

impl Record for ChallengeRecord {
    const KIND: &'static str = "challenge";
    fn key(&self) -> Vec<u8> {
        [self.chip.0.as_slice(), &self.number.to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(place: u32) -> SignedPlace {
        let word = B256::with_last_byte(1);
        SignedPlace { place, chip: ChipId(word), x: word, y: word, r: word, s: word }
    }

    #[test]
    fn each_place_has_a_leaf_and_only_those_that_signed_have_one_that_is_not_zero() {
        let record = LeavesRecord {
            epoch: Epoch(3),
            width: 5,
            absent: vec![2],
            signed: vec![signed(1), signed(4)],
        };
        let leaves = record.leaves();
        assert_eq!(leaves.len(), 5);
        assert_eq!((leaves[1], leaves[4]), (signed(1).leaf(), signed(4).leaf()));
        assert!([0, 2, 3].iter().all(|place: &usize| leaves[*place].is_zero()));
        let (present, absent, nothing) =
            (PlaceStanding::Present, PlaceStanding::Absent, PlaceStanding::Uncounted);
        assert_eq!(record.standings(), [nothing, present, absent, nothing, present]);
    }
}
