//! Decides what a rental needs from its operator, so that the operator is never the silent party.

use crate::records::RentalRecord;
use utnet_bindings::states::RentalState;
use utnet_primitives::Seconds;

/// What was seen of a rental.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its state as stored.
    pub stored: RentalState,
    /// Its state as the next `poke` would make it.
    pub effective: RentalState,
    /// Chain time.
    pub now: Seconds,
    /// When use ended; zero before.
    pub ended_at: Seconds,
    /// Last second, inclusive, of what the stored state waits for.
    pub deadline: Seconds,
    /// How far this operator's rating is.
    pub rating: RatingStage,
}

/// How far this operator's rating of the renter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatingStage {
    /// The chain has no commitment.
    Missing,
    /// The chain has a commitment that this worker can open.
    Committed,
    /// The chain has the score, or a commitment from elsewhere.
    Settled,
}

/// What a rental needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// A sealed access.
    HandOver,
    /// `commitRating`, because nobody brought `m_final`.
    CommitRating,
    /// `reveal`.
    Reveal,
    /// `poke`.
    Poke,
    /// Nothing, ever.
    Close,
}

/// The next step of one rental.
pub fn next_step(record: &RentalRecord, seen: &Seen) -> Step {
    if record.closed_at.is_some() {
        return Step::Wait;
    }
    match seen.stored {
        RentalState::Settled | RentalState::Cancelled => Step::Close,
        RentalState::None => Step::Wait,
        _ if seen.effective != seen.stored => Step::Poke,
        RentalState::Open if record.secret.is_none() => Step::HandOver,
        RentalState::Ended if seen.rating == RatingStage::Missing && is_half_over(seen) => {
            Step::CommitRating
        }
        RentalState::Revealing if seen.rating == RatingStage::Committed => Step::Reveal,
        _ => Step::Wait,
    }
}

/// The renter has the first half of the time to bring both halves through a relayer.
const fn is_half_over(seen: &Seen) -> bool {
    seen.now.0.saturating_mul(2) >= seen.ended_at.0.saturating_add(seen.deadline.0)
}

/// Whether a bearer secret opens the job port in this state.
pub const fn is_open_to_renter(effective: RentalState) -> bool {
    matches!(effective, RentalState::Active)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, B256, Bytes};
    use utnet_primitives::RentalId;

    fn rental() -> RentalRecord {
        RentalRecord {
            id: RentalId::default(),
            renter: Address::ZERO,
            renter_key: Bytes::new(),
            secret: None,
            closed_at: None,
        }
    }

    fn seen(state: RentalState) -> Seen {
        Seen {
            stored: state,
            effective: state,
            now: Seconds(20),
            ended_at: Seconds(15),
            deadline: Seconds(30),
            rating: RatingStage::Missing,
        }
    }

    #[test]
    fn access_is_handed_over_once() {
        let handed = RentalRecord { secret: Some(B256::ZERO), ..rental() };
        assert_eq!(next_step(&rental(), &seen(RentalState::Open)), Step::HandOver);
        assert_eq!(next_step(&handed, &seen(RentalState::Open)), Step::Wait);
    }

    #[test]
    fn the_operator_commits_alone_when_half_the_time_is_over() {
        let ended = seen(RentalState::Ended);
        assert_eq!(next_step(&rental(), &ended), Step::Wait);
        let later = Seen { now: Seconds(23), ..ended };
        assert_eq!(next_step(&rental(), &later), Step::CommitRating);
        assert_eq!(
            next_step(&rental(), &Seen { rating: RatingStage::Committed, ..later }),
            Step::Wait
        );
    }

    #[test]
    fn a_committed_score_is_revealed() {
        let revealing = Seen { rating: RatingStage::Committed, ..seen(RentalState::Revealing) };
        assert_eq!(next_step(&rental(), &revealing), Step::Reveal);
        let done = Seen { rating: RatingStage::Settled, ..revealing };
        assert_eq!(next_step(&rental(), &done), Step::Wait);
    }

    #[test]
    fn what_only_time_has_changed_is_poked() {
        let over = Seen { effective: RentalState::Ended, ..seen(RentalState::Active) };
        assert_eq!(next_step(&rental(), &over), Step::Poke);
    }

    #[test]
    fn only_an_active_rental_opens_the_door() {
        assert!(is_open_to_renter(RentalState::Active));
        assert!(!is_open_to_renter(RentalState::Ended));
        assert!(!is_open_to_renter(RentalState::HandedOver));
    }
}
