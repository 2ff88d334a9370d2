//! Opens a bad hand-over in public, for the court to judge (`docs/protocol.md`, section 5).
//!
//! The opening shows one Diffie-Hellman point, proven for one rental, and nothing else of the key. But the operator
//! chose what it is the multiple of, so a key is for one rental: what others sealed to it could be read, too.

use crate::{BadKey, Escrow, OpenError, PublicKey, Sealed, SecretKey, prove_shared_point};
use alloy_primitives::{B256, FixedBytes, keccak256};
use utnet_bindings::{HandoverCourt, states::HandoverFault};
use utnet_primitives::RentalId;

impl OpenError {
    /// What the court finds in a hand-over that did not open for this reason; none if no escrow takes it at all.
    #[must_use]
    pub const fn fault(&self) -> Option<HandoverFault> {
        match self {
            Self::NotForUs => Some(HandoverFault::Malformed),
            Self::BadSignature(_) => Some(HandoverFault::NotSigned),
            Self::BadPoint(_) | Self::Malformed { .. } => None,
        }
    }
}

/// Opens a hand-over for the court. It becomes public, whatever the court finds.
///
/// # Errors
/// [`BadKey`] if its point is none: then the escrow has not taken it.
pub fn complain(
    sealed: &Sealed,
    escrow: &Escrow,
    rental: RentalId,
    renter: &SecretKey,
) -> Result<HandoverCourt::Complaint, BadKey> {
    let enc = PublicKey::from_bytes(&sealed.enc)?;
    let shared = prove_shared_point(renter, &enc, context_of(escrow, rental));
    Ok(HandoverCourt::Complaint {
        rental: rental.0,
        renterKey: renter.public().to_bytes(),
        enc: sealed.enc.clone(),
        ciphertext: sealed.ciphertext.clone(),
        shared: HandoverCourt::CompressedPoint {
            parity: FixedBytes([shared.point.parity]),
            x: shared.point.x,
        },
        proof: HandoverCourt::EqualLogsProof {
            challenge: shared.challenge,
            response: shared.response,
        },
    })
}

/// What the proof of a complaint is bound to.
fn context_of(escrow: &Escrow, rental: RentalId) -> B256 {
    keccak256(escrow.complaint_words(rental))
}
