//! Decides who draws a committee that nobody draws: whoever may choose the moment may choose who sits. And who ends
//! the wait after a draw that found too many busy: it has no members who would.

use alloy_primitives::{Address, B256, keccak256};
use utnet_bindings::states::CaseState;
use utnet_primitives::{Height, Seconds};

/// Blocks after the beacon, and seconds after a wait, that are left to those whom a case concerns.
const PATIENCE: u64 = 8;

/// Blocks, or seconds, over which everybody else's workers are spread, so that not all of them pay for one draw.
const SPREAD: u8 = 8;

/// Draws for others that one tick begins to pay for.
pub const MOST: usize = 4;

/// Blocks for which the chain keeps a beacon: a case that nobody drew by then waits for another one.
pub const BEACONS_KEPT: Height = Height(8_192);

/// What was seen of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its state.
    pub state: CaseState,
    /// Block whose beacon draws.
    pub draw_height: Height,
    /// The chain's head.
    pub height: Height,
    /// Members that owe something: none while the state is `Committing` says that too many were busy.
    pub owing: u8,
    /// Last second, inclusive, of what the case waits for.
    pub deadline: Seconds,
    /// Chain time.
    pub now: Seconds,
}

/// What a case needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// `draw`.
    Draw,
    /// `poke`, for another beacon or the end of a wait.
    Poke,
    /// Nothing, ever.
    Close,
}

/// The next step of one case, for a worker whom it does not concern.
pub fn next_step(subject: &B256, operator: &Address, seen: &Seen) -> Step {
    match seen.state {
        CaseState::Decided | CaseState::Undecided => Step::Close,
        CaseState::Waiting => waiting(Height(turn(subject, operator)), seen),
        CaseState::Committing if seen.owing == 0 => {
            let from = seen.deadline.0.saturating_add(turn(subject, operator));
            if seen.now.0 > from { Step::Poke } else { Step::Wait }
        }
        _ => Step::Wait,
    }
}

fn waiting(turn: Height, seen: &Seen) -> Step {
    let forgotten = seen.draw_height.saturating_add(BEACONS_KEPT);
    let (from, step) = if seen.height >= forgotten {
        (forgotten, Step::Poke)
    } else {
        (seen.draw_height, Step::Draw)
    };
    if seen.height >= from.saturating_add(turn) { step } else { Step::Wait }
}

/// Blocks, or seconds, that this worker leaves to others.
fn turn(subject: &B256, operator: &Address) -> u64 {
    let [place, ..] = keccak256([subject.as_slice(), operator.as_slice()].concat()).0;
    PATIENCE + u64::from(place % SPREAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: B256 = B256::repeat_byte(1);
    const ONE: Address = Address::repeat_byte(2);

    fn seen(height: u64) -> Seen {
        Seen {
            state: CaseState::Waiting,
            draw_height: Height(10),
            height: Height(height),
            owing: 0,
            deadline: Seconds(50),
            now: Seconds(99),
        }
    }

    #[test]
    fn a_case_that_those_concerned_do_not_draw_is_drawn_by_anybody() {
        assert_eq!(next_step(&SUBJECT, &ONE, &seen(17)), Step::Wait);
        assert_eq!(next_step(&SUBJECT, &ONE, &seen(25)), Step::Draw);
    }

    /// Nobody used to ask for another beacon: the case waited for ever.
    #[test]
    fn a_case_whose_beacon_is_forgotten_is_given_another_one() {
        let kept = 10 + BEACONS_KEPT.0;
        assert_eq!(next_step(&SUBJECT, &ONE, &seen(kept - 1)), Step::Draw);
        assert_eq!(next_step(&SUBJECT, &ONE, &seen(kept)), Step::Wait);
        assert_eq!(next_step(&SUBJECT, &ONE, &seen(kept + 15)), Step::Poke);
    }

    #[test]
    fn not_all_workers_draw_at_the_same_time() {
        let first = |byte| {
            let operator = Address::repeat_byte(byte);
            (18..26).find(|height| next_step(&SUBJECT, &operator, &seen(*height)) == Step::Draw)
        };
        let firsts: std::collections::BTreeSet<_> = (0..20).map(first).collect();
        assert!(firsts.len() > 4 && !firsts.contains(&None), "{firsts:?}");
    }

    #[test]
    fn a_wait_for_the_bonds_of_the_busy_is_ended_by_anybody() {
        let waiting = Seen { state: CaseState::Committing, ..seen(10) };
        assert_eq!(next_step(&SUBJECT, &ONE, &Seen { now: Seconds(58), ..waiting }), Step::Wait);
        assert_eq!(next_step(&SUBJECT, &ONE, &Seen { now: Seconds(66), ..waiting }), Step::Poke);
    }

    #[test]
    fn what_is_drawn_waits_and_what_is_decided_is_closed() {
        let drawn = Seen { state: CaseState::Committing, owing: 1, ..seen(99) };
        assert_eq!(next_step(&SUBJECT, &ONE, &drawn), Step::Wait);
        for state in [CaseState::Decided, CaseState::Undecided] {
            assert_eq!(next_step(&SUBJECT, &ONE, &Seen { state, ..seen(99) }), Step::Close);
        }
    }
}
