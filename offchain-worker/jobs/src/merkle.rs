//! Builds the trees over the results of one batch and over an operator's signatures of an epoch: `docs/protocol.md`,
//! section 2.
//!
//! Leaf of a result: keccak256(0x00 ‖ job ‖ resultRoot ‖ steps(32)); node: keccak256(0x01 ‖ left ‖ right); a level of odd
//! length promotes its last node, which then has no sibling in its path.

mod multiproof;

pub use multiproof::{climb_together, multiproof, path_within};

use alloy_primitives::{B256, U256, keccak256};
use serde::{Deserialize, Serialize};
use utnet_primitives::JobId;

/// One result in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// The job that was done.
    pub job: JobId,
    /// SHA-256 of the result's manifest.
    #[serde(rename = "resultRoot")]
    pub result_root: B256,
    /// Fuel or optimiser steps.
    pub steps: u64,
}

impl Leaf {
    /// The leaf's hash.
    pub fn hash(&self) -> B256 {
        let steps = B256::from(U256::from(self.steps));
        keccak256(
            [&[0x00], self.job.0.as_slice(), self.result_root.as_slice(), steps.as_slice()]
                .concat(),
        )
    }
}

fn node(left: &B256, right: &B256) -> B256 {
    keccak256([&[0x01], left.as_slice(), right.as_slice()].concat())
}

fn level_above(level: &[B256]) -> Vec<B256> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node(left, right),
            [last, ..] => *last,
            [] => B256::ZERO,
        })
        .collect()
}

/// The root over leaf hashes; `None` without leaves.
pub fn root(leaves: &[B256]) -> Option<B256> {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level_above(&level);
    }
    level.first().copied()
}

/// The siblings from a leaf to the root, lowest first; `None` when there is no such leaf.
pub fn path(leaves: &[B256], index: usize) -> Option<Vec<B256>> {
    leaves.get(index)?;
    let (mut level, mut index, mut path) = (leaves.to_vec(), index, Vec::new());
    while level.len() > 1 {
        path.extend(level.get(index ^ 1));
        level = level_above(&level);
        index /= 2;
    }
    Some(path)
}

/// The root that a path leads to, or `None` when the path does not fit the number of leaves.
pub fn climb(leaf: B256, index: usize, leaves: usize, path: &[B256]) -> Option<B256> {
    let (mut hash, mut index, mut width, mut rest) = (leaf, index, leaves, path.iter());
    if index >= width {
        return None;
    }
    while width > 1 {
        if index % 2 == 1 {
            hash = node(rest.next()?, &hash);
        } else if index + 1 < width {
            hash = node(&hash, rest.next()?);
        }
        index /= 2;
        width = width.div_ceil(2);
    }
    rest.next().is_none().then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(n: u8) -> Vec<B256> {
        (0..n)
            .map(|i| {
                let job = JobId(B256::repeat_byte(i));
                Leaf { job, result_root: B256::ZERO, steps: u64::from(i) }.hash()
            })
            .collect()
    }

    #[test]
    fn one_leaf_is_its_own_root() {
        let one = leaves(1);
        assert_eq!(root(&one), Some(one[0]));
        assert_eq!(path(&one, 0), Some(vec![]));
    }

    #[test]
    fn the_last_node_of_an_odd_level_is_promoted() {
        let three = leaves(3);
        let pair = node(&three[0], &three[1]);
        assert_eq!(root(&three), Some(node(&pair, &three[2])));
        assert_eq!(path(&three, 2), Some(vec![pair]));
    }

    #[test]
    fn no_leaves_have_no_root() {
        assert_eq!(root(&[]), None);
        assert_eq!(path(&[], 0), None);
    }

    proptest! {
        #[test]
        fn every_path_climbs_to_the_root(n in 1_u8..40, pick in any::<u8>()) {
            let all = leaves(n);
            let index = usize::from(pick % n);
            let way = path(&all, index).expect("there is such a leaf");
            prop_assert_eq!(climb(all[index], index, all.len(), &way), root(&all));
        }

        #[test]
        fn a_path_of_wrong_length_leads_nowhere(n in 2_u8..40, pick in any::<u8>()) {
            let all = leaves(n);
            let index = usize::from(pick % n);
            let mut way = path(&all, index).expect("there is such a leaf");
            way.push(B256::ZERO);
            prop_assert_eq!(climb(all[index], index, all.len(), &way), None);
        }
    }
}
