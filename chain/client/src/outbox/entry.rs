//! Names what the outbox stores of an intent, and where an intent can stand.

use alloy_primitives::{Address, B256, Bytes, TxHash, TxKind, U256, keccak256};
use alloy_sol_types::SolCall;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utnet_primitives::{Gas, Height, Seconds};

/// Names an intent for its caller: what is enqueued twice under one key is sent once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentKey(pub B256);

impl IntentKey {
    /// A key from a purpose and what it is about; length-prefixed, so that parts cannot run together.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let framed = parts.iter().flat_map(|part| {
            let length = U256::from(part.len()).to_be_bytes::<32>();
            length.into_iter().chain(part.iter().copied())
        });
        Self(keccak256(framed.collect::<Vec<u8>>()))
    }
}

impl fmt::Display for IntentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for IntentKey {
    type Err = <B256 as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A transaction that somebody wants, before nonce, fees and signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Who is called, or a creation.
    pub to: TxKind,
    /// Wei sent along.
    pub value: U256,
    /// Calldata, or creation code.
    pub input: Bytes,
    /// Gas limit; estimated, with a margin, if absent.
    pub gas: Option<Gas>,
}

impl Intent {
    /// A call of a contract, without value, gas estimated.
    #[must_use]
    pub fn call<T: SolCall>(to: Address, call: &T) -> Self {
        Self { to: to.into(), value: U256::ZERO, input: call.abi_encode().into(), gas: None }
    }

    /// The same with value, in wei.
    #[must_use]
    pub fn with_value(self, value: U256) -> Self {
        Self { value, ..self }
    }

    /// The same with a gas limit, so that nothing is estimated.
    #[must_use]
    pub fn with_gas(self, gas: Gas) -> Self {
        Self { gas: Some(gas), ..self }
    }
}

/// An intent and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Order of arrival.
    pub sequence: u64,
    /// What is wanted.
    pub intent: Intent,
    /// Where it stands.
    pub stage: Stage,
}

/// Where an intent stands, with all that a restart needs to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Has no nonce.
    Queued,
    /// Has a nonce and signed bytes.
    InFlight(Flight),
    /// A receipt was seen, which a reorganisation may still take away.
    Mined {
        /// Nonce and signed bytes, kept until the receipt is final.
        flight: Flight,
        /// The receipt.
        receipt: MinedIn,
    },
    /// The receipt is final.
    Done(MinedIn),
    /// Given up before anything was signed.
    Refused(Failure),
}

/// A nonce and everything that was signed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// Nonce of all attempts.
    pub nonce: u64,
    /// Gas limit of the intent.
    pub gas: Gas,
    /// Signed transactions, the latest last; at least one.
    pub attempts: Vec<Attempt>,
    /// Head at which the nonce was first found used up by none of ours.
    pub lost_at: Option<Height>,
    /// The node will never take these bytes: give the nonce to an empty transaction.
    pub is_hopeless: bool,
    /// Since when the node has refused these bytes because the account cannot pay; `None` if it does not.
    #[serde(default)]
    pub unpayable_since: Option<Seconds>,
}

impl Flight {
    /// A nonce with its first signed transaction, which was not offered yet.
    pub(super) fn new(nonce: u64, gas: Gas, attempt: Attempt) -> Self {
        Self {
            nonce,
            gas,
            attempts: vec![attempt],
            lost_at: None,
            is_hopeless: false,
            unpayable_since: None,
        }
    }

    /// The latest signed transaction.
    ///
    /// # Panics
    /// Never: a flight begins with one attempt, and none is ever removed.
    #[must_use]
    pub fn latest(&self) -> &Attempt {
        self.attempts.last().expect("a flight begins with one attempt, and none is ever removed")
    }
}

/// What a signed transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// What the intent says.
    Intent,
    /// Nothing but use up the nonce.
    Cancel,
}

/// One signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its hash.
    pub hash: TxHash,
    /// EIP-2718 bytes.
    pub raw: Bytes,
    /// Most wei per gas.
    #[serde(with = "alloy_serde::quantity")]
    pub max_fee: u128,
    /// Tip, in wei per gas.
    #[serde(with = "alloy_serde::quantity")]
    pub tip: u128,
    /// What it does.
    pub purpose: Purpose,
    /// When the node first took it, or asked for a higher fee; `None` if neither was noted. Fees rise from here.
    pub sent_at: Option<Seconds>,
    /// When it was last offered to the node.
    pub offered_at: Option<Seconds>,
}

/// The receipt of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinedIn {
    /// The attempt.
    pub hash: TxHash,
    /// The block.
    pub block: B256,
    /// That block's height.
    pub height: Height,
    /// Whether it ran to its end.
    pub is_success: bool,
    /// Gas used.
    pub gas_used: Gas,
    /// What it did.
    pub purpose: Purpose,
}

/// Why an intent was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It would revert; nothing was sent.
    #[error("it would revert: {message}")]
    WouldRevert {
        /// The node's words.
        message: String,
        /// What the call returned.
        data: Option<Bytes>,
    },
    /// It was mined and reverted.
    #[error("it was mined in {hash} and reverted")]
    Reverted {
        /// The transaction.
        hash: TxHash,
    },
    /// No node would take it, so its nonce was given to an empty transaction.
    #[error("it was replaced by the empty transaction {hash}")]
    Cancelled {
        /// The empty transaction.
        hash: TxHash,
    },
    /// It was to use up a nonce that a foreign transaction has used up meanwhile.
    #[error("its nonce was used up by a foreign transaction")]
    NotNeeded,
    /// Its nonce is used up, and the node does not keep the block that would tell by which transaction. It is not sent
    /// again: it may have been carried out.
    #[error("its nonce is used up, and the node keeps no block that tells whether by {hash}")]
    OutcomeUnknown {
        /// The latest transaction that was signed for it.
        hash: TxHash,
    },
}

/// Where an intent stands, as its caller needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waits for a nonce.
    Queued,
    /// Signed, perhaps sent.
    Sent {
        /// The latest signed transaction.
        hash: TxHash,
    },
    /// Carried out.
    Mined {
        /// The transaction.
        hash: TxHash,
        /// Its block's height.
        height: Height,
        /// Whether it is too deep to be taken back.
        is_final: bool,
    },
    /// Not carried out.
    Failed {
        /// Why.
        failure: Failure,
        /// Whether nothing can change that any more.
        is_final: bool,
    },
}

impl Status {
    /// Whether there is a receipt or a refusal, final or not.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Mined { .. } | Self::Failed { .. })
    }
}

impl Entry {
    /// Where it stands, as its caller needs it.
    #[must_use]
    pub fn status(&self) -> Status {
        match &self.stage {
            Stage::Queued => Status::Queued,
            Stage::InFlight(flight) => Status::Sent { hash: flight.latest().hash },
            Stage::Mined { receipt, .. } => outcome(receipt, false),
            Stage::Done(receipt) => outcome(receipt, true),
            Stage::Refused(failure) => Status::Failed { failure: failure.clone(), is_final: true },
        }
    }

    /// The nonce that it holds.
    #[must_use]
    pub const fn nonce(&self) -> Option<u64> {
        match &self.stage {
            Stage::InFlight(flight) | Stage::Mined { flight, .. } => Some(flight.nonce),
            Stage::Queued | Stage::Done(_) | Stage::Refused(_) => None,
        }
    }

    /// Whether its outcome may still change.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        !matches!(self.stage, Stage::Done(_) | Stage::Refused(_))
    }
}

const fn outcome(receipt: &MinedIn, is_final: bool) -> Status {
    let hash = receipt.hash;
    let failure = match (receipt.purpose, receipt.is_success) {
        (Purpose::Intent, true) => {
            return Status::Mined { hash, height: receipt.height, is_final };
        }
        (Purpose::Intent, false) => Failure::Reverted { hash },
        (Purpose::Cancel, _) => Failure::Cancelled { hash },
    };
    Status::Failed { failure, is_final }
}
