//! Frames sealed messages: what they are bound to, how they travel, and how opening them fails.

use crate::{BadKey, BadSignature, SignError};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use hpke::HpkeError;
use serde::{Deserialize, Serialize};
use utnet_primitives::{RentalId, Tag, tag};

/// The escrow that a sealed or signed message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escrow {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The `RpoiEscrow` contract.
    pub address: Address,
}

impl Escrow {
    /// Its EIP-712 domain.
    #[must_use]
    pub fn domain(&self) -> alloy_sol_types::Eip712Domain {
        utnet_bindings::signed::rpoi_escrow_domain(self.chain_id, self.address)
    }

    /// HPKE `info` of a message to the relayer: 96 bytes.
    pub(crate) fn inbox_info(&self) -> Vec<u8> {
        self.info(Tag::Inbox).to_vec()
    }

    /// HPKE `info` of a hand-over: 128 bytes.
    pub(crate) fn handover_info(&self, rental: RentalId) -> Vec<u8> {
        [self.info(Tag::Handover).as_slice(), rental.0.as_slice()].concat()
    }

    /// What a complaint is bound to, before it is hashed: 128 bytes.
    pub(crate) fn complaint_words(&self, rental: RentalId) -> Vec<u8> {
        [self.info(Tag::Complaint).as_slice(), rental.0.as_slice()].concat()
    }

    fn info(&self, purpose: Tag) -> [u8; 96] {
        let mut info = [0; 96];
        let chain: B256 = U256::from(self.chain_id).into();
        let words = [tag(purpose), chain, self.address.into_word()];
        for (slot, word) in info.chunks_exact_mut(32).zip(words) {
            slot.copy_from_slice(word.as_slice());
        }
        info
    }
}

/// A sealed message as it travels: hex in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The sender's ephemeral P-256 point, 65 bytes uncompressed.
    pub enc: Bytes,
    /// The sealed bytes.
    pub ciphertext: Bytes,
}

impl Sealed {
    /// `keccak256(enc ‖ ciphertext)`: the same message sent twice has one id.
    #[must_use]
    pub fn id(&self) -> B256 {
        keccak256([self.enc.as_ref(), self.ciphertext.as_ref()].concat())
    }
}

/// Why a message was not sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The contract takes 1,024 bytes at most.
    #[error("the hand-over has {bytes} bytes, at most {most} are allowed: shorten the url")]
    TooLong {
        /// Length of the ciphertext.
        bytes: usize,
        /// Longest ciphertext.
        most: usize,
    },
    /// A url has visible ASCII only, and at least one of it.
    #[error("the url {url:?} is empty or has other than visible ASCII")]
    BadUrl {
        /// The url.
        url: String,
    },
    /// The signer failed.
    #[error(transparent)]
    Signer(#[from] SignError),
    /// HPKE failed.
    #[error("sealing failed")]
    Hpke(#[source] HpkeError),
}

/// Why a message was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// `enc` is no point.
    #[error("enc")]
    BadPoint(#[from] BadKey),
    /// Sealed to another key, for another chain, escrow or rental, or changed on the way.
    #[error("sealed to another key, for another chain, escrow or rental, or changed on the way")]
    NotForUs,
    /// It opened, but holds nothing that we know.
    #[error("field {field}: {problem}")]
    Malformed {
        /// The field, or `message` for the whole.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The operator did not sign this access for this rental.
    #[error("the operator's signature")]
    BadSignature(#[from] BadSignature),
}
