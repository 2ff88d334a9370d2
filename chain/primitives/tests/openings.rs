//! Holds leaves, questions and samples against `test/vectors/openings.json`, which scripts/opening-vectors.py computes.

use alloy_primitives::{Address, B256};
use serde::Deserialize;
use utnet_primitives::{
    ChallengeInput, ChipId, Epoch, PlaceStanding, Registry, Sample, SampleInput, availability_leaf,
    draw_sample,
};

#[derive(Deserialize)]
struct Vectors {
    leaves: Vec<LeafCase>,
    questions: Vec<QuestionCase>,
    samples: Vec<SampleCase>,
}

#[derive(Deserialize)]
struct LeafCase {
    place: u64,
    chip: ChipId,
    r: B256,
    s: B256,
    leaf: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuestionCase {
    chain_id: u64,
    challenges: Address,
    chip: ChipId,
    number: u32,
    beacon: B256,
    question: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SampleCase {
    chain_id: u64,
    registry: Address,
    operator: Address,
    epoch: Epoch,
    beacon: B256,
    seed: B256,
    width: u32,
    absent: Vec<u32>,
    empty: Vec<u32>,
    opened: Vec<u32>,
    uncounted: Vec<u32>,
}

impl SampleCase {
    fn places(&self) -> Vec<PlaceStanding> {
        let standing = |place| {
            if self.absent.contains(&place) {
                PlaceStanding::Absent
            } else if self.empty.contains(&place) {
                PlaceStanding::Uncounted
            } else {
                PlaceStanding::Present
            }
        };
        (0..self.width).map(standing).collect()
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../test/vectors/openings.json")).expect("vectors")
}

#[test]
fn leaves_are_those_of_the_vectors() {
    for case in vectors().leaves {
        assert_eq!(availability_leaf(case.place, case.chip, &case.r, &case.s), case.leaf);
    }
}

#[test]
fn questions_are_those_of_the_vectors() {
    for case in vectors().questions {
        let input = ChallengeInput {
            chain_id: case.chain_id,
            challenges: case.challenges,
            chip: case.chip,
            number: case.number,
            beacon: case.beacon,
        };
        assert_eq!(input.question(), case.question);
    }
}

#[test]
fn samples_are_those_of_the_vectors() {
    for case in vectors().samples {
        let input = SampleInput {
            registry: Registry { chain_id: case.chain_id, address: case.registry },
            operator: case.operator,
            epoch: case.epoch,
            beacon: case.beacon,
        };
        assert_eq!(input.seed(), case.seed);
        let drawn = draw_sample(&case.seed, &case.places(), 16);
        assert_eq!(drawn, Sample { opened: case.opened, uncounted: case.uncounted });
    }
}
