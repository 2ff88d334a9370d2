//! Tries that do not fit into memory: what is dropped of them is read again, and no root changes by it.

use crate::chain::{Home, genesis, homes, next_block, person, rich, slot};
use alloy_primitives::U256;
use utnet_db::StateChanges;

/// A trie of so many leaves has about 21,000 branches; two of them are more than are kept.
const LEAVES: u64 = 64_000;

/// Few enough that a block's changes are applied to what is in memory.
const A_BLOCK: usize = 8_000;

fn begun() -> Home {
    let [home, _] = homes();
    home.store.init_genesis(&genesis(&home.store)).unwrap();
    home
}

/// Appends a block and compares its root with one of all leaves.
fn append(home: &Home, changes: StateChanges) {
    home.store.append_block(next_block(&home.store, changes, 0)).unwrap();
    let view = home.store.view().unwrap();
    let head = view.head_header().unwrap();
    assert_eq!(head.state_root, view.state_root_from_scratch().unwrap(), "block {}", head.number);
}

/// Fifty leaves of each trie, spread over all of it: some change, some go, some are new.
fn scattered(round: u64) -> StateChanges {
    let mut changes = StateChanges::default();
    for index in 0..50 {
        let at = (round * 7_919 + index * 1_291) % (LEAVES + LEAVES / 8);
        if (round + index).is_multiple_of(3) {
            changes.delete_account(person(at + 2));
            changes.set_storage(person(1), slot(at), U256::ZERO);
        } else {
            changes.set_account(person(at + 2), rich(round + 1));
            changes.set_storage(person(1), slot(at), U256::from(round + 1));
        }
    }
    changes
}

#[test]
fn an_account_trie_and_a_storage_trie_outgrow_memory_together() {
    let home = begun();
    let all: Vec<u64> = (0..LEAVES).collect();
    for part in all.chunks(A_BLOCK) {
        let mut changes = StateChanges::default();
        for index in part {
            changes.set_account(person(index + 2), rich(index + 1));
            changes.set_storage(person(1), slot(*index), U256::from(index + 1));
        }
        append(&home, changes);
    }
    for round in 0..12 {
        append(&home, scattered(round));
    }
    // Every node of the tries.
    home.store.view().unwrap().verify().unwrap();
}

#[test]
fn a_storage_trie_outgrows_memory_shrinks_and_is_wiped() {
    let home = begun();
    let all: Vec<u64> = (0..2 * LEAVES).collect();
    let fill = |part: &[u64], value: u64| {
        let mut changes = StateChanges::default();
        for index in part {
            changes.set_storage(person(1), slot(*index), U256::from(index * value));
        }
        changes
    };
    for part in all.chunks(A_BLOCK) {
        append(&home, fill(part, 1));
    }
    for part in all.chunks(A_BLOCK).skip(1).step_by(4) {
        append(&home, fill(part, 0));
        append(&home, fill(&part[..3], 2));
    }
    let mut wiped = StateChanges::default();
    wiped.wipe_storage(person(1)).set_storage(person(1), slot(1), U256::from(9));
    append(&home, wiped);
    append(&home, fill(&[1, 5, 70_000], 3));
    home.store.view().unwrap().verify().unwrap();
}

#[test]
fn more_storages_than_fit_into_memory_are_dropped_and_found_again() {
    let home = begun();
    let all: Vec<u64> = (0..20_000).collect();
    let touch = |part: &[u64], value: u64| {
        let mut changes = StateChanges::default();
        for index in part {
            changes.set_storage(person(*index), slot(index % 5), U256::from(value));
            changes.set_storage(person(*index), slot(7), U256::from(index + value));
        }
        changes
    };
    for part in all.chunks(A_BLOCK / 2) {
        append(&home, touch(part, 1));
    }
    for (round, part) in (0..).zip(all.chunks(1_500).step_by(2)) {
        append(&home, touch(&part[..40], round % 3));
    }
    home.store.view().unwrap().verify().unwrap();
}
