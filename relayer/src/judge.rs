//! Decides whether a message is worth a transaction. Pure: reads nothing but its arguments.

use alloy_primitives::{Address, Bytes};
use utnet_bindings::{RpoiEscrow::Rental, states::RentalState};
use utnet_messages::{Escrow, InboxMessage, Invalid, Parties, Reveal, rating_commitment};

/// What to do with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send this calldata to the escrow.
    Submit(Bytes),
    /// Tell the sender why not.
    Reject(Rejection),
}

/// Why a message is not submitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The escrow knows no such rental.
    #[error("field rental: the escrow knows no such rental")]
    NoRental,
    /// The rental is over.
    #[error("field rental: it is settled or cancelled")]
    Over,
    /// The escrow would not take it.
    #[error("{}", with_causes(.0))]
    Invalid(Invalid),
    /// Score and salt are not what the rater committed to, or nothing is committed yet.
    #[error("field salt: score and salt do not open the commitment of {rater}")]
    WrongOpening {
        /// Whose commitment.
        rater: Address,
    },
    /// It was tried too often.
    #[error("it was submitted {attempts} times and reverted each time")]
    Exhausted {
        /// Transactions so far.
        attempts: u32,
    },
}

/// Checks a message against its rental as it stands on chain.
#[must_use]
pub fn judge(message: &InboxMessage, escrow: &Escrow, rental: &Rental) -> Verdict {
    let parties = Parties { renter: rental.renter, operator: rental.operator };
    match RentalState::try_from(rental.state) {
        Ok(RentalState::None) | Err(_) => Verdict::Reject(Rejection::NoRental),
        Ok(RentalState::Settled | RentalState::Cancelled) => Verdict::Reject(Rejection::Over),
        // The order of states is the chain's to judge: it may have moved on since.
        Ok(_) => match (message.check(escrow, &parties), message) {
            (Err(invalid), _) => Verdict::Reject(Rejection::Invalid(invalid)),
            (Ok(()), InboxMessage::Reveal(reveal)) if !opens(reveal, rental) => {
                Verdict::Reject(Rejection::WrongOpening { rater: reveal.rater })
            }
            (Ok(()), _) => Verdict::Submit(message.to_calldata()),
        },
    }
}

/// A reveal carries no signature: without this check anybody could make the relayer try nonsense.
fn opens(reveal: &Reveal, rental: &Rental) -> bool {
    let stored = if reveal.rater == rental.renter {
        rental.renterCommitment
    } else {
        rental.operatorCommitment
    };
    rating_commitment(reveal.rental, reveal.rater, reveal.score, reveal.salt) == stored
}

/// An error and what caused it, in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
