//! Views do not change, do not wait, can be shared by threads, and let pages go when dropped.

use crate::chain::{changes_of, grown, homes, next_block, on_disk, person, slot};
use alloy_primitives::U256;
use std::sync::atomic::{AtomicBool, Ordering};
use utnet_db::StateChanges;

#[test]
fn a_view_stays_as_it_was_while_blocks_come_and_go() {
    for home in homes() {
        let home = grown(home, 5);
        let view = home.store.view().unwrap();
        let root = view.head_header().unwrap().state_root;
        for number in 6..10 {
            home.store.append_block(next_block(&home.store, changes_of(number), 1)).unwrap();
        }
        home.store.unwind_to(3).unwrap();
        assert_eq!(view.head_number().unwrap(), 5);
        assert_eq!(view.state_root_from_scratch().unwrap(), root);
        assert_eq!(view.block(5).unwrap().unwrap().header.state_root, root);
    }
}

#[test]
fn many_threads_read_consistent_states_while_one_writes() {
    for home in homes() {
        let home = grown(home, 3);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let view = home.store.view().unwrap();
                        let header = view.head_header().unwrap();
                        let root = view.state_root_from_scratch().unwrap();
                        assert_eq!(root, header.state_root, "block {}", header.number);
                        let then = view.at(1).unwrap();
                        assert_eq!(then.storage(person(0), slot(1)).unwrap(), U256::from(1));
                    }
                });
            }
            for number in 4..60 {
                home.store.append_block(next_block(&home.store, changes_of(number), 2)).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}

#[test]
fn a_root_that_is_asked_for_while_a_block_is_committed_is_that_of_the_view() {
    let twin = grown(on_disk(), 3);
    let blocks: Vec<_> = (4..800)
        .map(|number| {
            let block = next_block(&twin.store, changes_of(number), 0);
            twin.store.append_block(block.clone()).unwrap();
            block
        })
        .collect();
    for home in homes() {
        let home = grown(home, 3);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let view = home.store.view().unwrap();
                    let header = view.head_header().unwrap();
                    let mut same = StateChanges::default();
                    same.set_account(person(0), view.account(person(0)).unwrap().unwrap());
                    let root = view.state_root(&same).unwrap();
                    assert_eq!(root, header.state_root, "block {}", header.number);
                }
            });
            // Without a look at the store between them, which would be taken for the reader's.
            for block in &blocks {
                home.store.append_block(block.clone()).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}

#[test]
fn more_views_than_reader_slots_can_be_held_of_one_state() {
    let home = grown(on_disk(), 2);
    let views: Vec<_> = (0..5_000).map(|_| home.store.view().unwrap()).collect();
    assert!(views.iter().all(|view| view.head_number().unwrap() == 2));
}

#[test]
fn a_store_that_is_read_between_blocks_does_not_grow_without_bound() {
    let home = grown(on_disk(), 0);
    let folder = home.folder.as_ref().unwrap().path();
    let size = || std::fs::metadata(folder.join("mdbx.dat")).unwrap().len();
    let churn = |from: u64, to: u64| {
        for number in from..to {
            home.store.append_block(next_block(&home.store, changes_of(number), 1)).unwrap();
            let view = home.store.view().unwrap();
            assert_eq!(
                view.account(person(number % 7)).unwrap().unwrap().balance,
                U256::from(number)
            );
            home.store.sync().unwrap();
            home.store.unwind_to(0).unwrap();
            home.store.append_block(next_block(&home.store, changes_of(1), 1)).unwrap();
            home.store.unwind_to(0).unwrap();
        }
    };
    churn(1, 40);
    let early = size();
    churn(40, 200);
    assert_eq!(size(), early, "pages of dropped views are not reused");
}

#[test]
fn the_block_marked_as_final_is_remembered_until_it_is_taken_back() {
    for home in homes() {
        let home = grown(home, 3);
        assert_eq!(home.store.view().unwrap().final_number().unwrap(), None);

        home.store.mark_head_final().unwrap();
        home.store.append_block(next_block(&home.store, changes_of(4), 1)).unwrap();

        assert_eq!(home.store.view().unwrap().final_number().unwrap(), Some(3));
        home.store.unwind_to(2).unwrap();
        assert_eq!(home.store.view().unwrap().final_number().unwrap(), None);
    }
}
