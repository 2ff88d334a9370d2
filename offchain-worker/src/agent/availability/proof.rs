//! Makes a proof: the aggregate of the chips that are at hand, and their own signatures as leaves.

use crate::{
    agent::Fault,
    records::{LeavesRecord, SignedPlace},
};
use alloy_primitives::B256;
use std::{collections::BTreeMap, path::Path};
use utnet_jobs::merkle;
use utnet_primitives::{ChipId, Epoch};
use utnet_se::{Fault as ChipFault, SecurityEngine, SoftwareChip, aggregate};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// A chip or the aggregation failed.
    #[error(transparent)]
    Chip(#[from] ChipFault),
    /// The registry would check another message: other parameters, or a node that wants something else signed.
    #[error("epoch {epoch}: the registry's message is {theirs}, ours {ours}")]
    OtherMessage {
        /// The epoch.
        epoch: Epoch,
        /// What the node says.
        theirs: B256,
        /// What our own parameters give.
        ours: B256,
    },
    /// A chip was asked another question: other parameters, or a node that wants something else signed.
    #[error("challenge {number} of chip {chip}: the contract's question is {theirs}, ours {ours}")]
    OtherQuestion {
        /// The chip.
        chip: ChipId,
        /// Which question to it.
        number: u32,
        /// What the node says.
        theirs: B256,
        /// What our own parameters give.
        ours: B256,
    },
    /// The node contradicts itself, or the chain went on between two questions.
    #[error("epoch {epoch}: {count} chips count, and {named} are named")]
    OtherCount {
        /// The epoch.
        epoch: Epoch,
        /// How many count.
        count: u32,
        /// How many stand on places.
        named: usize,
    },
    /// The key that a chip was registered with was not seen.
    #[error("the registration of chip {chip} was not seen")]
    NoKey {
        /// The chip.
        chip: ChipId,
    },
    /// The folder of chips cannot be listed.
    #[error("cannot list the folder of chips")]
    Folder(#[from] std::io::Error),
}

/// What is signed in an epoch, and for which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The epoch.
    pub epoch: Epoch,
    /// What each chip signs.
    pub message: B256,
    /// Places of the operator's list.
    pub width: u32,
}

/// A proof, and what its root is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Aggregate of the present chips, 96 bytes; `None` when all are absent: then nothing can be proven.
    pub signature: Option<[u8; 96]>,
    /// What each of them signed, and who is absent.
    pub leaves: LeavesRecord,
}

impl Proof {
    /// Root over all places.
    pub fn leaf_root(&self) -> B256 {
        merkle::root(&self.leaves.leaves()).unwrap_or_default()
    }
}

/// Signs with every chip that counts, ascending by place, and is at hand.
///
/// # Errors
/// [`ChipFault`] when a chip does not sign.
pub fn prove<S: SecurityEngine>(
    round: &Round,
    counting: &[(u32, ChipId)],
    at_hand: &BTreeMap<ChipId, S>,
    fault: Option<Fault>,
) -> Result<Proof, ChipFault> {
    let (mut absent, mut parts, mut signed) = (Vec::new(), Vec::new(), Vec::new());
    for (place, id) in counting {
        let Some(chip) = at_hand.get(id) else {
            absent.push(*place);
            continue;
        };
        parts.push(chip.bls_sign(round.message.as_slice())?);
        let (key, own) = (chip.identity(), chip.sign_digest(&round.message.0)?);
        signed.push(SignedPlace {
            place: *place,
            chip: *id,
            x: key.x,
            y: key.y,
            r: own.r,
            s: own.s,
        });
    }
    if fault == Some(Fault::FalseLeaf) {
        forge(&mut signed);
    }
    let signature = if parts.is_empty() { None } else { Some(aggregate(&parts)?) };
    let leaves = LeavesRecord { epoch: round.epoch, width: round.width, absent, signed };
    Ok(Proof { signature, leaves })
}

/// As if the last chip's BLS key had been copied, and its identity stayed in a chip that is somewhere else.
fn forge(signed: &mut [SignedPlace]) {
    if let Some(last) = signed.last_mut() {
        last.r.0[31] ^= 1;
    }
}

/// The chips of a folder, by id. A folder that does not open is an absent chip.
pub(in crate::agent) fn chips_at_hand(
    folder: &Path,
) -> Result<BTreeMap<ChipId, SoftwareChip>, ProofError> {
    let mut chips = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        match SoftwareChip::open_read_only(&path) {
            Ok(chip) => {
                chips.insert(chip.chip_id(), chip);
            }
            Err(error) => tracing::warn!(%error, folder = %path.display(), "chip does not open"),
        }
    }
    Ok(chips)
}

#[cfg(test)]
mod tests {
    use super::*;
    use utnet_se::SeededEntropy;

    const ROUND: Round = Round { epoch: Epoch(5), message: B256::repeat_byte(9), width: 6 };

    /// So many chips, on the even places.
    fn chips(folder: &Path, count: u32) -> (Vec<(u32, ChipId)>, BTreeMap<ChipId, SoftwareChip>) {
        let mut entropy = SeededEntropy::new([3; 32]);
        let made = (0..count).map(|n| {
            let dir = folder.join(n.to_string());
            SoftwareChip::create(&dir, &n.to_string(), 1, &mut entropy).expect("made")
        });
        let made: Vec<_> = made.collect();
        let places = (0..).step_by(2).zip(&made).map(|(place, chip)| (place, chip.chip_id()));
        (places.collect(), made.into_iter().map(|chip| (chip.chip_id(), chip)).collect())
    }

    /// Signatures are deterministic.
    fn is_signed(one: &SignedPlace, at_hand: &BTreeMap<ChipId, SoftwareChip>) -> bool {
        let again = at_hand[&one.chip].sign_digest(&ROUND.message.0).expect("it signs");
        (one.r, one.s) == (again.r, again.s)
    }

    #[test]
    fn chips_at_hand_sign_on_their_places_and_the_others_are_absent() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (counting, mut at_hand) = chips(folder.path(), 3);
        at_hand.remove(&counting[1].1);

        let proof = prove(&ROUND, &counting, &at_hand, None).expect("they sign");

        let LeavesRecord { epoch, width, absent, signed } = &proof.leaves;
        assert_eq!((*epoch, *width, absent.as_slice()), (Epoch(5), 6, [2].as_slice()));
        let places: Vec<_> = signed.iter().map(|one| (one.place, one.chip)).collect();
        assert_eq!(places, [counting[0], counting[2]]);
        assert!(signed.iter().all(|one| is_signed(one, &at_hand)));
        assert_eq!(Some(proof.leaf_root()), merkle::root(&proof.leaves.leaves()));
        assert!(proof.signature.is_some());
    }

    #[test]
    fn without_a_chip_there_is_nothing_to_prove() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (counting, _) = chips(folder.path(), 1);
        let nobody = BTreeMap::<ChipId, SoftwareChip>::new();
        let proof = prove(&ROUND, &counting, &nobody, None).expect("nobody fails");
        assert_eq!((proof.signature, proof.leaves.absent), (None, vec![0]));
    }

    #[test]
    fn a_false_leaf_is_that_of_the_last_chip_and_the_aggregate_stays() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (counting, at_hand) = chips(folder.path(), 2);
        let truth = prove(&ROUND, &counting, &at_hand, None).expect("they sign");

        let lie = prove(&ROUND, &counting, &at_hand, Some(Fault::FalseLeaf)).expect("they sign");

        assert_eq!(lie.signature, truth.signature);
        let signed: Vec<_> = lie.leaves.signed.iter().map(|one| is_signed(one, &at_hand)).collect();
        assert_eq!(signed, [true, false]);
        assert_ne!(lie.leaf_root(), truth.leaf_root());
    }
}
