//! Decides what is done about a question that somebody asked one of the operator's chips.

use crate::records::ChallengeRecord;
use utnet_primitives::Height;

/// What was seen of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Questions to this chip so far.
    pub latest: u32,
    /// Whether the latest waits for its answer.
    pub is_open: bool,
    /// The newest block.
    pub head: Height,
    /// Whether the chip's folder is here, so that it can sign.
    pub is_at_hand: bool,
}

/// What a challenge needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// `answer`.
    Answer,
    /// A person: the chip is not here, and the deadline runs.
    CallForHelp,
    /// Nothing, ever.
    Close(&'static str),
}

/// The next step of one challenge.
pub const fn next_step(record: &ChallengeRecord, seen: &Seen) -> Step {
    if record.outcome.is_some() || seen.latest < record.number {
        Step::Wait
    } else if seen.latest > record.number || !seen.is_open {
        Step::Close("over")
    } else if seen.head.0 >= record.deadline.0 {
        Step::Close("too late")
    } else if seen.head.0 <= record.asked_at.0 {
        // The question is made of the next block's beacon.
        Step::Wait
    } else if seen.is_at_hand {
        Step::Answer
    } else if record.is_told {
        Step::Wait
    } else {
        Step::CallForHelp
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use utnet_primitives::{ChipId, Seconds};

    const ASKED: ChallengeRecord = ChallengeRecord {
        chip: ChipId(B256::ZERO),
        number: 2,
        asked_at: Height(10),
        deadline: Height(26),
        is_told: false,
        outcome: None,
        noted_at: Seconds(0),
    };
    const OPEN: Seen = Seen { latest: 2, is_open: true, head: Height(11), is_at_hand: true };

    #[test]
    fn a_chip_at_hand_answers_as_soon_as_the_question_is_known_and_while_it_may() {
        assert_eq!(next_step(&ASKED, &Seen { head: Height(10), ..OPEN }), Step::Wait);
        assert_eq!(next_step(&ASKED, &OPEN), Step::Answer);
        assert_eq!(next_step(&ASKED, &Seen { head: Height(25), ..OPEN }), Step::Answer);
        let late = Seen { head: Height(26), ..OPEN };
        assert_eq!(next_step(&ASKED, &late), Step::Close("too late"));
    }

    #[test]
    fn help_is_called_for_once_and_a_chip_that_comes_back_answers() {
        let away = Seen { is_at_hand: false, ..OPEN };
        assert_eq!(next_step(&ASKED, &away), Step::CallForHelp);
        let told = ChallengeRecord { is_told: true, ..ASKED };
        assert_eq!(next_step(&told, &away), Step::Wait);
        assert_eq!(next_step(&told, &OPEN), Step::Answer);
    }

    #[test]
    fn what_is_answered_is_over_and_what_the_chain_does_not_know_yet_waits() {
        let closed = Seen { is_open: false, ..OPEN };
        assert_eq!(next_step(&ASKED, &closed), Step::Close("over"));
        assert_eq!(next_step(&ASKED, &Seen { latest: 3, ..OPEN }), Step::Close("over"));
        assert_eq!(next_step(&ASKED, &Seen { latest: 1, ..closed }), Step::Wait);
    }
}
