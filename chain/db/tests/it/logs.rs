//! The index of logs names the blocks that reading every header would name, also after unwinding.

use crate::{
    chain::{Home, genesis, homes},
    seeded::rng,
};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bloom, BloomInput, keccak256};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::ops::RangeInclusive;
use utnet_db::{BlockWrite, SealedHeader, StateChanges, Store, View};

/// Addresses and topics that occur.
const ITEMS: u64 = 300;

fn item(index: u64) -> Bloom {
    Bloom::from(BloomInput::Raw(keccak256(index.to_be_bytes()).as_slice()))
}

/// Most blocks have no log; some have few, a few have many.
fn bloom(rng: &mut ChaCha8Rng) -> Bloom {
    let logs = match rng.random_range(0..20) {
        0..3 => rng.random_range(1..4),
        3 => rng.random_range(20..200),
        _ => 0,
    };
    let mut bloom = Bloom::ZERO;
    for _ in 0..logs {
        // All have one item in common.
        bloom.accrue_bloom(&item(0));
        bloom.accrue_bloom(&item(rng.random_range(1..ITEMS)));
    }
    bloom
}

fn append(store: &Store, state_root: B256, blocks: u64, rng: &mut ChaCha8Rng) {
    for _ in 0..blocks {
        let parent = store.view().unwrap().head_header().unwrap();
        let header = Header {
            parent_hash: parent.hash(),
            number: parent.number + 1,
            state_root,
            logs_bloom: bloom(rng),
            ..Header::default()
        };
        let header = SealedHeader::seal_slow(header);
        store.append_block(BlockWrite { header, ..BlockWrite::default() }).unwrap();
    }
}

/// Items that occur or not, alternatives of them, and wildcards.
fn wanted(rng: &mut ChaCha8Rng) -> Vec<Vec<Bloom>> {
    let group = |rng: &mut ChaCha8Rng| match rng.random_range(0..4) {
        0 => Vec::new(),
        1 => vec![item(0)],
        2 => vec![item(rng.random_range(0..ITEMS + 20))],
        _ => (0..rng.random_range(2..5)).map(|_| item(rng.random_range(0..ITEMS))).collect(),
    };
    (0..rng.random_range(0..4)).map(|_| group(rng)).collect()
}

fn scanned(view: &View, range: RangeInclusive<u64>, wanted: &[Vec<Bloom>]) -> Vec<u64> {
    let has = |number: &u64| {
        let bloom = view.header(*number).unwrap().unwrap().logs_bloom;
        let group =
            |group: &Vec<Bloom>| group.is_empty() || group.iter().any(|item| bloom.contains(item));
        !bloom.is_zero() && wanted.iter().all(group)
    };
    range.filter(has).collect()
}

fn compare(store: &Store, rng: &mut ChaCha8Rng) {
    let view = store.view().unwrap();
    let head = view.head_number().unwrap();
    for _ in 0..40 {
        let start = rng.random_range(0..=head);
        let range = start..=rng.random_range(start..=head);
        let wanted = wanted(rng);
        let found = view.blocks_with_logs(range.clone(), &wanted).unwrap();
        assert_eq!(found, scanned(&view, range, &wanted));
    }
}

#[test]
fn the_index_finds_what_the_headers_say() {
    for Home { store, folder: _folder } in homes() {
        let mut rng = rng(41);
        store.init_genesis(&genesis(&store)).unwrap();
        let root = store.view().unwrap().state_root(&StateChanges::default()).unwrap();
        append(&store, root, 9_000, &mut rng);
        compare(&store, &mut rng);
        // Across the end of a section and into it again, with other blooms.
        for back in [900, 30, 5_000] {
            let head = store.view().unwrap().head_number().unwrap();
            store.unwind_to(head - back).unwrap();
            compare(&store, &mut rng);
            append(&store, root, back / 2 + 700, &mut rng);
            compare(&store, &mut rng);
        }
    }
}

#[test]
fn a_range_above_the_head_ends_at_it_and_an_empty_one_finds_nothing() {
    let [Home { store, .. }, _] = homes();
    let mut rng = rng(5);
    store.init_genesis(&genesis(&store)).unwrap();
    let root = store.view().unwrap().state_root(&StateChanges::default()).unwrap();
    append(&store, root, 60, &mut rng);
    let view = store.view().unwrap();

    let all = view.blocks_with_logs(0..=u64::MAX, &[]).unwrap();

    assert_eq!(all, scanned(&view, 0..=60, &[]));
    assert!(view.blocks_with_logs(61..=u64::MAX, &[]).unwrap().is_empty());
}
