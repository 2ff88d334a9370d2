//! Decides what a member of a committee does.

use crate::records::DutyRecord;
use utnet_bindings::states::{CaseState, SeatState};
use utnet_primitives::Seconds;

/// Time before the last second for commitments in which a member without a finding says why it has none: silence costs
/// its bond.
pub const LAST_CALL: Seconds = Seconds(8);

/// What was seen of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its state.
    pub state: CaseState,
    /// Number of the committee that sits.
    pub round: u8,
    /// What this operator's seat in that committee has done; `None` if it has none.
    pub seat: Option<SeatState>,
    /// Last second, inclusive, of what the state waits for.
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
    /// A reason instead of a finding.
    Abstain,
    /// `commit`.
    Commit,
    /// `reveal`.
    Reveal,
    /// Nothing, ever.
    Close(&'static str),
}

/// The next step of one duty.
pub fn next_step(record: &DutyRecord, seen: &Seen) -> Step {
    if record.outcome.is_some() {
        return Step::Wait;
    }
    let is_late = seen.now > seen.deadline;
    match (seen.state, seen.seat) {
        (CaseState::None, _) => Step::Wait,
        (CaseState::Decided | CaseState::Undecided, _) => Step::Close("decided"),
        _ if seen.round != record.round => Step::Close("another committee sits"),
        (CaseState::Ruled, _) => Step::Close("ruled"),
        (CaseState::Committing, Some(SeatState::Drawn)) if !is_late => prepare(record, seen),
        (CaseState::Revealing, Some(SeatState::Committed)) if !is_late => Step::Reveal,
        _ => Step::Wait,
    }
}

fn prepare(record: &DutyRecord, seen: &Seen) -> Step {
    if record.found.is_some() {
        Step::Commit
    } else if seen.now.saturating_add(LAST_CALL) >= seen.deadline {
        Step::Abstain
    } else if seen.is_running {
        Step::Wait
    } else {
        Step::Execute
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;

    fn duty(found: Option<B256>) -> DutyRecord {
        DutyRecord {
            subject: B256::ZERO,
            round: 0,
            salt: B256::ZERO,
            found,
            is_unserved: false,
            outcome: None,
            noted_at: Seconds(0),
        }
    }

    const DRAWN: Seen = Seen {
        state: CaseState::Committing,
        round: 0,
        seat: Some(SeatState::Drawn),
        deadline: Seconds(30),
        now: Seconds(10),
        is_running: false,
    };

    const FOUND: Option<B256> = Some(B256::ZERO);

    #[test]
    fn a_member_executes_commits_and_reveals() {
        assert_eq!(next_step(&duty(None), &DRAWN), Step::Execute);
        assert_eq!(next_step(&duty(None), &Seen { is_running: true, ..DRAWN }), Step::Wait);
        assert_eq!(next_step(&duty(FOUND), &DRAWN), Step::Commit);
        let committed = Seen { seat: Some(SeatState::Committed), ..DRAWN };
        assert_eq!(next_step(&duty(FOUND), &committed), Step::Wait);
        let opening = Seen { state: CaseState::Revealing, ..committed };
        assert_eq!(next_step(&duty(FOUND), &opening), Step::Reveal);
    }

    #[test]
    fn who_has_found_nothing_says_so_before_it_is_late() {
        let last = Seen { now: Seconds(22), ..DRAWN };
        assert_eq!(next_step(&duty(None), &last), Step::Abstain);
        assert_eq!(next_step(&duty(None), &Seen { is_running: true, ..last }), Step::Abstain);
        assert_eq!(next_step(&duty(FOUND), &last), Step::Commit);
    }

    #[test]
    fn nobody_sends_what_comes_too_late_or_into_another_committee() {
        let late = Seen { now: Seconds(31), ..DRAWN };
        assert_eq!(next_step(&duty(FOUND), &late), Step::Wait);
        let another = Seen { round: 1, ..DRAWN };
        assert!(matches!(next_step(&duty(FOUND), &another), Step::Close(_)));
    }
}
