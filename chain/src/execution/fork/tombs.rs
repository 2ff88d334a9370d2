//! Marks what the chain of our own took away, so that the other chain does not bring it back.
//!
//! The store says "no entry" both for what it never had and for what it removed. Below a fork the
//! first means "as on the other chain". So each removal leaves a slot in the account's own storage,
//! at a place that no contract uses; history, snapshots and reorganisations treat it like any slot.

use alloy_primitives::{B256, U256, keccak256};
use utnet_db::{AccountChange, AccountUpdate};

/// The first 12 bytes of every such slot; the rest names what is gone.
const PREFIX: [u8; 12] = *b"UTNET/tomb/1";

/// The account itself is gone.
pub(in crate::execution) const GONE: B256 = mark(1);
/// All slots of the other chain are gone.
pub(in crate::execution) const WIPED: B256 = mark(2);

const fn mark(kind: u8) -> B256 {
    let mut slot = [0; 32];
    let mut index = 0;
    while index < PREFIX.len() {
        slot[index] = PREFIX[index];
        index += 1;
    }
    slot[31] = kind;
    B256::new(slot)
}

/// The mark of a slot that was set to zero.
pub(in crate::execution) fn of(slot: B256) -> B256 {
    let mut mark = keccak256(slot);
    mark[..PREFIX.len()].copy_from_slice(&PREFIX);
    mark
}

/// Whether a slot is such a mark: it exists only here.
pub(in crate::execution) fn is_mark(slot: B256) -> bool {
    slot.starts_with(&PREFIX)
}

/// Adds to a change the marks of what it takes away.
pub(in crate::execution) fn bury(change: &mut AccountChange) {
    let emptied: Vec<_> = change
        .storage
        .iter()
        .filter(|(slot, value)| value.is_zero() && !is_mark(**slot))
        .map(|(slot, _)| of(*slot))
        .collect();
    let is_gone = change.account == AccountUpdate::Deleted;
    let wiped = (change.storage_wiped || is_gone).then_some(WIPED);
    let gone = is_gone.then_some(GONE);
    let marks = emptied.into_iter().chain(wiped).chain(gone);
    change.storage.extend(marks.map(|mark| (mark, U256::from(1))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_differ_from_each_other_and_from_slots() {
        let slot = B256::with_last_byte(1);
        let marks = [GONE, WIPED, of(slot), of(B256::ZERO)];
        assert!(marks.iter().all(|mark| is_mark(*mark)));
        assert!((0..4).all(|one| (0..one).all(|other| marks[one] != marks[other])));
        assert!(!is_mark(slot));
    }

    #[test]
    fn what_is_set_leaves_no_mark() {
        let mut change = AccountChange::default();
        change.storage.insert(B256::ZERO, U256::from(7));

        bury(&mut change);

        assert_eq!(change.storage.len(), 1);
    }
}
