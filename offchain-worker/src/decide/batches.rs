//! Decides when results are posted and when a bond is fetched back.

use utnet_primitives::Seconds;

/// Results that fit into one batch.
pub const LARGEST: usize = 256;

/// How long a committed result waits for others that are on their way.
pub const PATIENCE: Seconds = Seconds(5);

/// What was seen of the results that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Results that are committed to.
    pub ready: usize,
    /// Results that are computed and not yet committed to.
    pub coming: usize,
    /// Since when the oldest ready one waits, in chain time.
    pub oldest: Seconds,
    /// Chain time.
    pub now: Seconds,
}

/// Whether a batch is made of what is ready.
pub fn is_due(queue: &Queue) -> bool {
    let is_impatient = queue.now >= queue.oldest.saturating_add(PATIENCE);
    queue.ready > 0 && (queue.coming == 0 || queue.ready >= LARGEST || is_impatient)
}

/// What was seen of a posted batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether its window is over and no challenge waits.
    pub is_final: bool,
    /// Whether the bond went back.
    pub is_bond_returned: bool,
}

/// What a posted batch needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// `finalise`.
    Finalise,
    /// Nothing, ever.
    Close,
}

/// The next step of one batch.
pub const fn next_step(seen: &Seen) -> Step {
    match (seen.is_bond_returned, seen.is_final) {
        (true, _) => Step::Close,
        (false, true) => Step::Finalise,
        (false, false) => Step::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: Queue = Queue { ready: 2, coming: 1, oldest: Seconds(10), now: Seconds(12) };

    #[test]
    fn results_wait_for_those_on_their_way_but_not_for_ever() {
        assert!(!is_due(&QUEUE));
        assert!(is_due(&Queue { coming: 0, ..QUEUE }));
        assert!(is_due(&Queue { now: Seconds(15), ..QUEUE }));
        assert!(is_due(&Queue { ready: LARGEST, ..QUEUE }));
    }

    #[test]
    fn no_empty_batch_is_posted() {
        assert!(!is_due(&Queue { ready: 0, coming: 0, now: Seconds(99), ..QUEUE }));
    }

    #[test]
    fn the_bond_is_fetched_once() {
        assert_eq!(next_step(&Seen { is_final: false, is_bond_returned: false }), Step::Wait);
        assert_eq!(next_step(&Seen { is_final: true, is_bond_returned: false }), Step::Finalise);
        assert_eq!(next_step(&Seen { is_final: true, is_bond_returned: true }), Step::Close);
    }
}
