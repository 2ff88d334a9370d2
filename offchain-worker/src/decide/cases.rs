//! Decides who draws a committee that nobody draws: whoever may choose the moment may choose who sits.

use alloy_primitives::{Address, B256, keccak256};
use utnet_bindings::states::CaseState;
use utnet_primitives::Height;

/// Blocks after the beacon that are left to those whom a case concerns.
const PATIENCE: u64 = 8;

/// Blocks over which everybody else's workers are spread, so that not all of them pay for one draw.
const SPREAD: u8 = 8;

/// Draws for others that one tick pays for.
pub const MOST: usize = 4;

/// What was seen of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its state.
    pub state: CaseState,
    /// Block whose beacon draws.
    pub draw_height: Height,
    /// The chain's head.
    pub height: Height,
}

/// What a case needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// `draw`.
    Draw,
    /// Nothing, ever.
    Close,
}

/// The next step of one case, for a worker whom it does not concern.
pub fn next_step(subject: &B256, operator: &Address, seen: &Seen) -> Step {
    match seen.state {
        CaseState::Decided | CaseState::Undecided => Step::Close,
        CaseState::Waiting if seen.height >= turn(subject, operator, seen.draw_height) => {
            Step::Draw
        }
        _ => Step::Wait,
    }
}

/// The block from which this worker draws.
fn turn(subject: &B256, operator: &Address, draw_height: Height) -> Height {
    let [place, ..] = keccak256([subject.as_slice(), operator.as_slice()].concat()).0;
    draw_height.saturating_add(Height(PATIENCE + u64::from(place % SPREAD)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: B256 = B256::repeat_byte(1);
    const ONE: Address = Address::repeat_byte(2);

    fn seen(height: u64) -> Seen {
        Seen { state: CaseState::Waiting, draw_height: Height(10), height: Height(height) }
    }

    #[test]
    fn a_case_that_those_concerned_do_not_draw_is_drawn_by_anybody() {
        assert_eq!(next_step(&SUBJECT, &ONE, &seen(17)), Step::Wait);
        assert_eq!(next_step(&SUBJECT, &ONE, &seen(25)), Step::Draw);
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
    fn what_is_drawn_waits_and_what_is_decided_is_closed() {
        let drawn = Seen { state: CaseState::Committing, ..seen(99) };
        assert_eq!(next_step(&SUBJECT, &ONE, &drawn), Step::Wait);
        for state in [CaseState::Decided, CaseState::Undecided] {
            assert_eq!(next_step(&SUBJECT, &ONE, &Seen { state, ..seen(99) }), Step::Close);
        }
    }
}
