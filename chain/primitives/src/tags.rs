//! Separates the domains of everything that is signed or drawn outside EIP-712.

use alloy_primitives::{B256, keccak256};

/// What a signed or hashed message is for; its tag is `keccak256("UNC/v1/<purpose>")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A BLS proof of possession.
    Possession,
    /// An availability proof of one operator and epoch.
    Availability,
    /// The input of a block's VRF.
    Draw,
    /// The choice of a chip within one round.
    Round,
    /// The seal of a drawn chip, or of the genesis sealer, under a block.
    Seal,
    /// The beacon of a block that the genesis sealer made.
    SealerBeacon,
    /// The sample of chips to open in an availability round.
    Sample,
    /// A question to a single chip.
    Challenge,
    /// A hand-over of access, sealed to the renter.
    Handover,
    /// A confidential message to the escrow's relayer.
    Inbox,
    /// A proof that two points have the same logarithm.
    Dleq,
    /// A renter's public opening of a hand-over.
    Complaint,
    /// A commitment to a rating.
    Rating,
    /// A commitment to a job's result.
    ResultCommit,
    /// Fingerprints that a seller binds itself to, and the key of a dataset, sealed to its buyer.
    Dataset,
    /// The draw of a committee's members.
    Seat,
    /// A member's commitment to its verdict.
    Verdict,
    /// The draw of a program and its input, for a round of the environment proof.
    Environment,
    /// An operator's commitment to its answer in such a round.
    EnvironmentAnswer,
}

/// The 32-byte domain separator of a purpose.
pub fn tag(purpose: Tag) -> B256 {
    keccak256(match purpose {
        Tag::Possession => "UNC/v1/possession",
        Tag::Availability => "UNC/v1/availability",
        Tag::Draw => "UNC/v1/draw",
        Tag::Round => "UNC/v1/round",
        Tag::Seal => "UNC/v1/seal",
        Tag::SealerBeacon => "UNC/v1/sealer-beacon",
        Tag::Sample => "UNC/v1/sample",
        Tag::Challenge => "UNC/v1/challenge",
        Tag::Handover => "UNC/v1/handover",
        Tag::Inbox => "UNC/v1/inbox",
        Tag::Dleq => "UNC/v1/dleq",
        Tag::Complaint => "UNC/v1/complaint",
        Tag::Rating => "UNC/v1/rating",
        Tag::ResultCommit => "UNC/v1/result-commit",
        Tag::Dataset => "UNC/v1/dataset",
        Tag::Seat => "UNC/v1/seat",
        Tag::Verdict => "UNC/v1/verdict",
        Tag::Environment => "UNC/v1/environment",
        Tag::EnvironmentAnswer => "UNC/v1/environment-answer",
    })
}
