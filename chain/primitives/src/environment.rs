//! Names the programs that environments are tried with, and computes what a round of the environment proof is made of
//! (PIEE, eq. 1 and 2; `docs/protocol.md`, section 10).

use crate::{
    Epoch, Tag,
    poci::{number, words},
    tag,
};
use alloy_primitives::{Address, B256, U256, b256, keccak256};

/// When two answers of a program agree; the numbers are those of `Tolerance` in the contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// They are the same hash of a result.
    Exact,
    /// They are numbers that differ by no more than this, in their own unit.
    Within(u64),
}

impl Agreement {
    /// `Tolerance` and `width` of the contracts.
    pub const fn to_terms(self) -> (u8, u64) {
        match self {
            Self::Exact => (0, 0),
            Self::Within(width) => (2, width),
        }
    }
}

/// An operator function (xi of eq. 1) of the dev chain's catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvironmentProgram {
    /// Name of its file in `offchain-worker/environment`.
    pub name: &'static str,
    /// SHA-256 of that file.
    pub hash: B256,
    /// When two answers agree.
    pub agreement: Agreement,
}

/// The dev chain's catalogue, in the order of `EnvironmentProof`: one program in WASM, two for PyTorch, whose answers are
/// millionths.
pub const ENVIRONMENT_PROGRAMS: [EnvironmentProgram; 3] = [
    EnvironmentProgram {
        name: "mixing.wasm",
        hash: b256!("f8b129da8a67d2c98071e1443c86f973aaedf3cbb4621f50d64bc007e0384f28"),
        agreement: Agreement::Exact,
    },
    EnvironmentProgram {
        name: "attention.pt",
        hash: b256!("ca40df54af75b0bb8fc1fb6c0f1f6a813603d4c02f56aad482d55397c10c0c23"),
        agreement: Agreement::Within(1_000),
    },
    EnvironmentProgram {
        name: "convolution.pt",
        hash: b256!("f156bbe48f4d2a98913c0596fca579ec321f110636cca312d57e3694907b3249"),
        agreement: Agreement::Within(1_000),
    },
];

/// A round of the environment proof, as `EnvironmentProof` on one chain knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvironmentRound {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The contract.
    pub contract: Address,
    /// The epoch in which operators commit.
    pub round: Epoch,
}

impl EnvironmentRound {
    /// What the round draws: program and input follow from it.
    pub fn seed(&self, beacon: B256) -> B256 {
        keccak256(words(&[
            tag(Tag::Environment),
            number(self.chain_id),
            self.contract.into_word(),
            number(self.round.0),
            beacon,
        ]))
    }

    /// The drawn program's place in a catalogue; `None` if that is empty.
    pub fn index(seed: B256, programs: usize) -> Option<usize> {
        let place = U256::from_be_bytes(seed.0).checked_rem(U256::from(programs))?;
        usize::try_from(place).ok()
    }

    /// What an operator binds itself to.
    pub fn commitment(&self, operator: Address, answer: B256, salt: B256) -> B256 {
        keccak256(words(&[
            tag(Tag::EnvironmentAnswer),
            number(self.chain_id),
            self.contract.into_word(),
            number(self.round.0),
            operator.into_word(),
            answer,
            salt,
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_catalogue_is_drawn() {
        let round = |n| EnvironmentRound { chain_id: 1, contract: Address::ZERO, round: Epoch(n) };
        let mut drawn = [0_u32; 3];
        for n in 0..60 {
            let seed = round(n).seed(B256::ZERO);
            drawn[EnvironmentRound::index(seed, 3).expect("not empty")] += 1;
        }
        assert!(drawn.iter().all(|times| *times > 8), "{drawn:?} of 60");
    }

    #[test]
    fn nothing_is_drawn_from_an_empty_catalogue() {
        assert_eq!(EnvironmentRound::index(B256::repeat_byte(7), 0), None);
    }
}
