//! Decides who moves a disputed leaf on, so that none waits for ever.

use super::cases::BEACONS_KEPT;
use utnet_bindings::states::{CaseState, ChallengeState};
use utnet_primitives::{Height, Seconds};

/// Blocks after the beacon in which the challenger may draw by itself.
const PATIENCE: Height = Height(2);

/// What was seen of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where the leaf stands.
    pub leaf: ChallengeState,
    /// Where the committee's case stands.
    pub case: CaseState,
    /// Whether this operator posted the batch, or judges it.
    pub is_concerned: bool,
    /// Block whose beacon draws.
    pub draw_height: Height,
    /// The chain's head.
    pub height: Height,
    /// Last second, inclusive, of what the case waits for.
    pub deadline: Seconds,
    /// Chain time.
    pub now: Seconds,
}

/// What a dispute needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// `draw`.
    Draw,
    /// `poke`.
    Poke,
    /// `resolve`.
    Resolve,
    /// Nothing, ever.
    Close(&'static str),
}

/// The next step of one dispute.
pub const fn next_step(seen: &Seen) -> Step {
    match seen.leaf {
        ChallengeState::None => return Step::Wait,
        ChallengeState::Upheld => return Step::Close("upheld"),
        ChallengeState::Overturned => return Step::Close("overturned"),
        ChallengeState::Void => return Step::Close("void"),
        ChallengeState::Open => {}
    }
    if !seen.is_concerned {
        return Step::Wait;
    }
    match seen.case {
        CaseState::None => Step::Wait,
        CaseState::Waiting
            if seen.height.0 >= seen.draw_height.0.saturating_add(BEACONS_KEPT.0) =>
        {
            Step::Poke
        }
        CaseState::Waiting if seen.height.0 >= seen.draw_height.0.saturating_add(PATIENCE.0) => {
            Step::Draw
        }
        CaseState::Committing | CaseState::Revealing | CaseState::Ruled
            if seen.now.0 > seen.deadline.0 =>
        {
            Step::Poke
        }
        CaseState::Waiting | CaseState::Committing | CaseState::Revealing | CaseState::Ruled => {
            Step::Wait
        }
        CaseState::Decided | CaseState::Undecided => Step::Resolve,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Seen = Seen {
        leaf: ChallengeState::Open,
        case: CaseState::Waiting,
        is_concerned: true,
        draw_height: Height(10),
        height: Height(12),
        deadline: Seconds(30),
        now: Seconds(31),
    };

    #[test]
    fn a_draw_that_the_challenger_forgot_is_made_up_for() {
        assert_eq!(next_step(&SEEN), Step::Draw);
        assert_eq!(next_step(&Seen { height: Height(11), ..SEEN }), Step::Wait);
    }

    #[test]
    fn a_draw_whose_beacon_is_forgotten_is_given_another_one() {
        let kept = |height| Seen { height: Height(height), ..SEEN };
        assert_eq!(next_step(&kept(10 + BEACONS_KEPT.0 - 1)), Step::Draw);
        assert_eq!(next_step(&kept(10 + BEACONS_KEPT.0)), Step::Poke);
    }

    #[test]
    fn what_is_overdue_is_poked_and_what_is_decided_is_resolved() {
        for case in [CaseState::Committing, CaseState::Revealing, CaseState::Ruled] {
            assert_eq!(next_step(&Seen { case, ..SEEN }), Step::Poke);
            assert_eq!(next_step(&Seen { case, now: Seconds(30), ..SEEN }), Step::Wait);
        }
        for case in [CaseState::Decided, CaseState::Undecided] {
            assert_eq!(next_step(&Seen { case, ..SEEN }), Step::Resolve);
        }
    }

    #[test]
    fn what_is_over_is_closed_and_what_concerns_others_is_left_to_them() {
        let upheld = Seen { leaf: ChallengeState::Upheld, ..SEEN };
        assert_eq!(next_step(&upheld), Step::Close("upheld"));
        assert_eq!(next_step(&Seen { is_concerned: false, ..SEEN }), Step::Wait);
    }
}
