//! Says what a relayer may carry to the escrow, checks it as the escrow will, and seals it to the relayer's key.
//!
//! Plaintext: JSON `{"version":1,"message":{…}}` with exactly one message. HPKE base mode, DHKEM(P-256, HKDF-SHA256),
//! HKDF-SHA256, AES-128-GCM, no associated data.

use crate::{
    BadSignature, Escrow, OpenError, PublicKey, SealError, Sealed, SecretKey, SignError, keys::Kem,
    sign, verify,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolCall, SolStruct, SolValue};
use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable, aead::AesGcm128, kdf::HkdfSha256,
    single_shot_open, single_shot_seal,
};
use serde::{Deserialize, Serialize};
use utnet_bindings::{
    RpoiEscrow,
    signed::{Acknowledge, EndRental, OperatorHalf, RenterHalf},
};
use utnet_primitives::{Gas, RentalId, Tag, tag};
use zeroize::Zeroizing;

/// Version of the JSON envelope.
const VERSION: u32 = 1;

/// The largest score.
const MOST_SCORE: u8 = 100;

/// Both parties of a rental, from the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties {
    /// R.
    pub renter: Address,
    /// The lessor, beta.
    pub operator: Address,
}

/// What a relayer may carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InboxMessage {
    /// `m_final`: both halves of a rental's ratings (eq. 18, 19).
    Ratings(Ratings),
    /// The renter starts the time.
    Acknowledge(RenterWord),
    /// The renter ends the rental early.
    End(RenterWord),
    /// Opens one commitment.
    Reveal(Reveal),
}

/// Both halves, signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ratings {
    /// The rental.
    pub rental: RentalId,
    /// The renter's commitment, see [`rating_commitment`].
    pub renter_commitment: B256,
    /// The renter's signature over its half.
    pub renter_signature: Bytes,
    /// The operator's commitment.
    pub operator_commitment: B256,
    /// The operator's signature over its half, which names the renter's.
    pub operator_signature: Bytes,
}

/// What goes into [`Ratings`] before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatingsParts {
    /// The rental.
    pub rental: RentalId,
    /// The renter's commitment.
    pub renter_commitment: B256,
    /// The operator's commitment.
    pub operator_commitment: B256,
}

/// A word of the renter over a rental: `Acknowledge` or `EndRental`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenterWord {
    /// The rental.
    pub rental: RentalId,
    /// The renter's signature.
    pub signature: Bytes,
}

/// What opens a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The rental.
    pub rental: RentalId,
    /// Whose commitment.
    pub rater: Address,
    /// 1 to 100.
    pub score: u8,
    /// The commitment's salt.
    pub salt: B256,
}

/// Why the escrow would not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// A signature is not the party's.
    #[error("field {field}")]
    Signature {
        /// JSON name of the field.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        source: BadSignature,
    },
    /// Neither renter nor operator.
    #[error("field rater: {rater} is no party of this rental")]
    NotParty {
        /// Who should have rated.
        rater: Address,
    },
    /// Not between 1 and 100.
    #[error("field score: {score} is not between 1 and 100")]
    Score {
        /// The score.
        score: u8,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Letter {
    version: u32,
    message: InboxMessage,
}

/// What a rating's opening may use: the second of the two settles the rental, and which one that is no estimate knows.
pub const REVEAL_GAS: Gas = Gas(600_000);

/// `keccak256(abi.encode(tag "rating", rental, rater, score, salt))`.
#[must_use]
pub fn rating_commitment(rental: RentalId, rater: Address, score: u8, salt: B256) -> B256 {
    keccak256((tag(Tag::Rating), rental.0, rater, U256::from(score), salt).abi_encode_params())
}

impl RatingsParts {
    /// The renter's half.
    #[must_use]
    pub fn renter_half(&self) -> RenterHalf {
        RenterHalf { rental: self.rental.0, commitment: self.renter_commitment }
    }

    /// The operator's half, nested over the renter's.
    #[must_use]
    pub fn operator_half(&self) -> OperatorHalf {
        OperatorHalf {
            rental: self.rental.0,
            commitment: self.operator_commitment,
            renterHalf: self.renter_half().eip712_hash_struct(),
        }
    }
}

impl Ratings {
    /// What was signed.
    #[must_use]
    pub const fn parts(&self) -> RatingsParts {
        RatingsParts {
            rental: self.rental,
            renter_commitment: self.renter_commitment,
            operator_commitment: self.operator_commitment,
        }
    }

    fn check(&self, escrow: &Escrow, parties: &Parties) -> Result<(), Invalid> {
        let (domain, parts) = (escrow.domain(), self.parts());
        let renter = (&self.renter_signature, parties.renter);
        verify(&parts.renter_half(), &domain, renter.0, renter.1)
            .map_err(|source| Invalid::Signature { field: "renterSignature", source })?;
        let operator = (&self.operator_signature, parties.operator);
        verify(&parts.operator_half(), &domain, operator.0, operator.1)
            .map_err(|source| Invalid::Signature { field: "operatorSignature", source })
    }
}

impl RenterWord {
    /// The renter's word that starts the time.
    ///
    /// # Errors
    /// [`SignError`] when the signer fails.
    pub fn acknowledge(
        escrow: &Escrow,
        rental: RentalId,
        renter: &impl SignerSync,
    ) -> Result<Self, SignError> {
        let signature = sign(&Acknowledge { rental: rental.0 }, &escrow.domain(), renter)?;
        Ok(Self { rental, signature })
    }

    /// The renter's word that ends the rental early.
    ///
    /// # Errors
    /// [`SignError`] when the signer fails.
    pub fn end(
        escrow: &Escrow,
        rental: RentalId,
        renter: &impl SignerSync,
    ) -> Result<Self, SignError> {
        let signature = sign(&EndRental { rental: rental.0 }, &escrow.domain(), renter)?;
        Ok(Self { rental, signature })
    }

    fn check(
        &self,
        message: &impl SolStruct,
        escrow: &Escrow,
        renter: Address,
    ) -> Result<(), Invalid> {
        verify(message, &escrow.domain(), &self.signature, renter)
            .map_err(|source| Invalid::Signature { field: "signature", source })
    }
}

impl InboxMessage {
    /// The rental that it is about.
    #[must_use]
    pub const fn rental(&self) -> RentalId {
        match self {
            Self::Ratings(ratings) => ratings.rental,
            Self::Acknowledge(word) | Self::End(word) => word.rental,
            Self::Reveal(reveal) => reveal.rental,
        }
    }

    /// Checks signatures and ranges as the escrow will, given the rental's real parties.
    ///
    /// # Errors
    /// [`Invalid`] with the field that is wrong.
    pub fn check(&self, escrow: &Escrow, parties: &Parties) -> Result<(), Invalid> {
        match self {
            Self::Ratings(ratings) => ratings.check(escrow, parties),
            Self::Acknowledge(word) => {
                word.check(&Acknowledge { rental: word.rental.0 }, escrow, parties.renter)
            }
            Self::End(word) => {
                word.check(&EndRental { rental: word.rental.0 }, escrow, parties.renter)
            }
            Self::Reveal(Reveal { score, .. }) if !(1..=MOST_SCORE).contains(score) => {
                Err(Invalid::Score { score: *score })
            }
            Self::Reveal(Reveal { rater, .. }) => {
                let is_party = [parties.renter, parties.operator].contains(rater);
                if is_party { Ok(()) } else { Err(Invalid::NotParty { rater: *rater }) }
            }
        }
    }

    /// The call of the escrow that carries it.
    #[must_use]
    pub fn to_calldata(&self) -> Bytes {
        match self {
            Self::Ratings(ratings) => RpoiEscrow::commitRatingsCall {
                rental: ratings.rental.0,
                renterHalf: ratings.parts().renter_half(),
                renterSignature: ratings.renter_signature.clone(),
                operatorHalf: ratings.parts().operator_half(),
                operatorSignature: ratings.operator_signature.clone(),
            }
            .abi_encode(),
            Self::Acknowledge(word) => RpoiEscrow::acknowledgeCall {
                rental: word.rental.0,
                signature: word.signature.clone(),
            }
            .abi_encode(),
            Self::End(word) => {
                let signature = word.signature.clone();
                RpoiEscrow::endCall { rental: word.rental.0, signature }.abi_encode()
            }
            Self::Reveal(Reveal { rental, rater, score, salt }) => RpoiEscrow::revealCall {
                rental: rental.0,
                rater: *rater,
                score: *score,
                salt: *salt,
            }
            .abi_encode(),
        }
        .into()
    }
}

/// Seals a message to a relayer's published key.
///
/// # Errors
/// [`SealError::Hpke`] when the library fails.
///
/// # Panics
/// Never: hex strings and numbers always have a JSON form.
pub fn seal_inbox(
    message: &InboxMessage,
    escrow: &Escrow,
    relayer: &PublicKey,
) -> Result<Sealed, SealError> {
    let letter = Letter { version: VERSION, message: message.clone() };
    let text = serde_json::to_vec(&letter).expect("hex strings and numbers have a JSON form");
    let (enc, ciphertext) = single_shot_seal::<AesGcm128, HkdfSha256, Kem>(
        &OpModeS::Base,
        relayer.as_hpke(),
        &escrow.inbox_info(),
        &text,
        &[],
    )
    .map_err(SealError::Hpke)?;
    Ok(Sealed { enc: Bytes::copy_from_slice(&enc.to_bytes()), ciphertext: ciphertext.into() })
}

/// Opens a message as the relayer. Signatures are not checked yet: see [`InboxMessage::check`].
///
/// # Errors
/// [`OpenError`] when it is for somebody or something else, was changed, or is not the JSON that we know.
pub fn open_inbox(
    sealed: &Sealed,
    escrow: &Escrow,
    relayer: &SecretKey,
) -> Result<InboxMessage, OpenError> {
    PublicKey::from_bytes(&sealed.enc)?;
    let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed.enc)
        .map_err(|_no_point| OpenError::NotForUs)?;
    let text = single_shot_open::<AesGcm128, HkdfSha256, Kem>(
        &OpModeR::Base,
        relayer.as_hpke(),
        &enc,
        &escrow.inbox_info(),
        &sealed.ciphertext,
        &[],
    )
    .map_err(|_refused| OpenError::NotForUs)?;
    let text = Zeroizing::new(text);
    let malformed = |field, problem: String| OpenError::Malformed { field, problem };
    let letter: Letter =
        serde_json::from_slice(&text).map_err(|error| malformed("message", error.to_string()))?;
    if letter.version != VERSION {
        return Err(malformed("version", format!("{} is not {VERSION}", letter.version)));
    }
    Ok(letter.message)
}

#[cfg(test)]
mod tests;
