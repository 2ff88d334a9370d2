//! Decides what a referee does.

use crate::records::DutyRecord;
use alloy_primitives::Address;
use utnet_bindings::states::ChallengeState;
use utnet_primitives::Seconds;

/// What was seen of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its state.
    pub state: ChallengeState,
    /// Who was drawn last.
    pub referee: Address,
    /// This operator.
    pub operator: Address,
    /// Last second, inclusive, for the answer.
    pub deadline: Seconds,
    /// Chain time.
    pub now: Seconds,
    /// Whether the re-execution runs now.
    pub is_running: bool,
}

/// What a duty needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// Fetch the files and run the job again.
    Execute,
    /// `answer`.
    Answer,
    /// Nothing, ever.
    Close(&'static str),
}

/// The next step of one duty.
pub fn next_step(record: &DutyRecord, seen: &Seen) -> Step {
    if record.outcome.is_some() {
        return Step::Wait;
    }
    match seen.state {
        ChallengeState::None | ChallengeState::Waiting => Step::Wait,
        ChallengeState::Upheld | ChallengeState::Overturned => Step::Close("answered"),
        ChallengeState::Expired => Step::Close("expired"),
        ChallengeState::Drawn if seen.referee != seen.operator => Step::Close("another was drawn"),
        ChallengeState::Drawn if seen.now > seen.deadline => Step::Wait,
        ChallengeState::Drawn if record.found.is_some() => Step::Answer,
        ChallengeState::Drawn if seen.is_running => Step::Wait,
        ChallengeState::Drawn => Step::Execute,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use utnet_primitives::BatchId;

    const US: Address = Address::repeat_byte(1);

    fn duty(found: Option<B256>) -> DutyRecord {
        let (batch, noted_at) = (BatchId::default(), Seconds(0));
        DutyRecord { batch, index: 0, found, outcome: None, noted_at }
    }

    fn drawn() -> Seen {
        Seen {
            state: ChallengeState::Drawn,
            referee: US,
            operator: US,
            deadline: Seconds(30),
            now: Seconds(10),
            is_running: false,
        }
    }

    #[test]
    fn a_drawn_referee_executes_and_then_answers() {
        assert_eq!(next_step(&duty(None), &drawn()), Step::Execute);
        assert_eq!(next_step(&duty(None), &Seen { is_running: true, ..drawn() }), Step::Wait);
        assert_eq!(next_step(&duty(Some(B256::ZERO)), &drawn()), Step::Answer);
    }

    #[test]
    fn nobody_answers_late_or_for_another() {
        let late = Seen { now: Seconds(31), ..drawn() };
        assert_eq!(next_step(&duty(Some(B256::ZERO)), &late), Step::Wait);
        let other = Seen { referee: Address::ZERO, ..drawn() };
        assert!(matches!(next_step(&duty(None), &other), Step::Close(_)));
    }
}
