//! Says why a node may not make a block, or why a block's producer was not entitled to it.

use crate::execution::ReadError;
use alloy_primitives::{Address, B256};
use std::{io, path::PathBuf};
use utnet_primitives::{ChipId, Height, Malformed, Power, Round, Seconds};
use utnet_se::Fault;

/// Why a producer is not entitled to a block, or does not prove it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PociFault {
    /// The state could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The registry did not answer.
    #[error("PociRegistry.{function} does not answer")]
    Registry {
        /// The function that was called.
        function: &'static str,
    },
    /// The block came without the proof of its producer.
    #[error("the block has no sidecar")]
    NoSidecar,
    /// The proof is not of any known form.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The header commits to another sidecar.
    #[error("extraData does not commit to the sidecar: must be {expected}")]
    Commitment {
        /// keccak256 of the sidecar.
        expected: B256,
    },
    /// Nobody can be drawn while there is no power.
    #[error("round {round} was drawn, but there is no power in the snapshot")]
    NoPower {
        /// The round of the sidecar.
        round: Round,
    },
    /// After the last round only the genesis sealer may seal.
    #[error("round {round} is not below the limit of {max_rounds}")]
    RoundTooHigh {
        /// The round of the sidecar.
        round: Round,
        /// How many rounds there are.
        max_rounds: u32,
    },
    /// Each round has to wait its time, so that earlier ones come first.
    #[error("timestamp {timestamp} is too early: {earliest} at least")]
    TooEarly {
        /// Timestamp of the block.
        timestamp: Seconds,
        /// First second at which it may be made.
        earliest: Seconds,
    },
    /// The round draws another chip.
    #[error("chip {sealed} sealed, but {drawn} was drawn")]
    WrongChip {
        /// The chip of the sidecar.
        sealed: ChipId,
        /// The chip that the round draws.
        drawn: ChipId,
    },
    /// The drawn chip does not count any more in the parent state.
    #[error("chip {chip} is not active in the parent state")]
    ChipNotActive {
        /// The drawn chip.
        chip: ChipId,
    },
    /// The operator had no VRF key in the snapshot.
    #[error("operator {operator} has no VRF key in the snapshot")]
    NoVrfKey {
        /// The operator of the drawn chip.
        operator: Address,
    },
    /// The VRF proof does not hold.
    #[error("the proof of the draw does not hold for operator {operator}")]
    DrawProof {
        /// The operator of the drawn chip.
        operator: Address,
    },
    /// mixHash is not the beacon that the proof gives.
    #[error("mixHash is {found}, the beacon is {expected}")]
    Beacon {
        /// mixHash of the header.
        found: B256,
        /// The beacon.
        expected: B256,
    },
    /// The beneficiary is not the operator (or the sealer).
    #[error("miner is {found}, must be {expected}")]
    Beneficiary {
        /// Beneficiary of the header.
        found: Address,
        /// The operator of the drawn chip, or the genesis sealer.
        expected: Address,
    },
    /// The chip's signature under the block does not hold.
    #[error("the seal of chip {chip} does not hold")]
    Seal {
        /// The drawn chip.
        chip: ChipId,
    },
    /// The genesis sealer's signature under the block does not hold.
    #[error("the seal is not of the genesis sealer {sealer}")]
    SealerSeal {
        /// The genesis sealer.
        sealer: Address,
    },
    /// The genesis sealer must leave the rounds to those who have power.
    #[error("the genesis sealer may not seal while power is {power}: {earliest} at least")]
    SealerTooEarly {
        /// Power in the snapshot.
        power: Power,
        /// First second at which the sealer may seal.
        earliest: Seconds,
    },
    /// No round that may seal now is ours; the node should try again.
    #[error("no chip of this node is drawn before {retry_at}")]
    NotOurTurn {
        /// When the next round begins.
        retry_at: Seconds,
    },
    /// More than a block a second were made for so long that the next would have a time which others refuse yet.
    #[error("blocks have run ahead of the clock: others would refuse the next before {retry_at}")]
    TooFast {
        /// When it will do.
        retry_at: Seconds,
    },
    /// This node holds no key that may seal this block.
    #[error("this node holds neither a drawn chip nor the genesis sealer's key")]
    NoKey,
    /// All that this node may seal the block with has sealed another one in its place.
    #[error(
        "the chips of this node that are drawn have sealed another block of height {height} after the same parent: a \
         second seal would have them slashed; import that block (utnet import), or leave this one to others; if it never \
         left this node, which was killed over it: docs/operation.md, \"Chips that seal\""
    )]
    SealedBefore {
        /// Height of the block.
        height: Height,
    },
    /// What a chip sealed cannot be read or noted.
    #[error("{}: what the chip seals cannot be noted: {source}", path.display())]
    SealNotes {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A chip did not sign.
    #[error(transparent)]
    Chip(#[from] Fault),
}

impl PociFault {
    /// When the node should try again, if it is only to wait.
    pub const fn retry_at(&self) -> Option<Seconds> {
        match self {
            Self::NotOurTurn { retry_at } | Self::TooFast { retry_at } => Some(*retry_at),
            _ => None,
        }
    }
}
