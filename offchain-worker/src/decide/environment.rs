//! Decides what an operator does in a round of the environment proof.

use crate::records::TrialRecord;
use utnet_bindings::states::AnswerState;
use utnet_primitives::Epoch;

/// What was seen of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The chain's epoch.
    pub epoch: Epoch,
    /// How far this operator is in the round.
    pub answer: AnswerState,
    /// Whether the program runs now.
    pub is_running: bool,
}

/// What a round needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// Run the drawn program.
    Compute,
    /// `commit`.
    Commit,
    /// `reveal`.
    Reveal,
    /// Nothing, ever: the next rounds are played elsewhere.
    Forget,
}

/// Rounds after which nothing of a round can be wanted any more.
const KEPT: u64 = 4;

/// The next step of one round: commitments are taken in its own epoch, openings in the one after.
pub const fn next_step(record: &TrialRecord, seen: &Seen) -> Step {
    match seen.epoch.0.checked_sub(record.round.0) {
        Some(0) => match seen.answer {
            AnswerState::None if record.answer.is_some() => Step::Commit,
            AnswerState::None if record.trouble.is_none() && !seen.is_running => Step::Compute,
            _ => Step::Wait,
        },
        Some(1) if matches!(seen.answer, AnswerState::Committed) => Step::Reveal,
        Some(past) if past >= KEPT => Step::Forget,
        // A round that is yet to come: the chain went back.
        _ => Step::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;

    fn record(answer: Option<B256>) -> TrialRecord {
        TrialRecord {
            round: Epoch(5),
            program: B256::ZERO,
            seed: B256::ZERO,
            salt: B256::ZERO,
            answer,
            trouble: None,
        }
    }

    const FOUND: Option<B256> = Some(B256::ZERO);
    const NOW: Seen = Seen { epoch: Epoch(5), answer: AnswerState::None, is_running: false };

    #[test]
    fn an_operator_computes_commits_and_reveals() {
        assert_eq!(next_step(&record(None), &NOW), Step::Compute);
        assert_eq!(next_step(&record(None), &Seen { is_running: true, ..NOW }), Step::Wait);
        assert_eq!(next_step(&record(FOUND), &NOW), Step::Commit);
        let committed = Seen { answer: AnswerState::Committed, ..NOW };
        assert_eq!(next_step(&record(FOUND), &committed), Step::Wait);
        let opening = Seen { epoch: Epoch(6), ..committed };
        assert_eq!(next_step(&record(FOUND), &opening), Step::Reveal);
        let opened = Seen { answer: AnswerState::Revealed, ..opening };
        assert_eq!(next_step(&record(FOUND), &opened), Step::Wait);
    }

    #[test]
    fn what_cannot_be_computed_here_is_not_tried_again() {
        let refused = TrialRecord { trouble: Some("no PyTorch".into()), ..record(None) };
        assert_eq!(next_step(&refused, &NOW), Step::Wait);
    }

    #[test]
    fn nothing_is_sent_outside_its_window() {
        let late = Seen { epoch: Epoch(6), ..NOW };
        assert_eq!(next_step(&record(FOUND), &late), Step::Wait);
        let later = Seen { epoch: Epoch(7), answer: AnswerState::Committed, ..NOW };
        assert_eq!(next_step(&record(FOUND), &later), Step::Wait);
        let before = Seen { epoch: Epoch(4), ..NOW };
        assert_eq!(next_step(&record(FOUND), &before), Step::Wait);
    }

    #[test]
    fn a_round_is_forgotten_when_its_place_is_taken() {
        let old = Seen { epoch: Epoch(9), answer: AnswerState::Revealed, ..NOW };
        assert_eq!(next_step(&record(FOUND), &old), Step::Forget);
        assert_eq!(next_step(&record(FOUND), &Seen { epoch: Epoch(8), ..old }), Step::Wait);
    }
}
