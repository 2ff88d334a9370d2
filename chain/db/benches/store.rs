//! Measures reads, roots and commits over a state of 100,000 slots and 20,000 accounts.

#![expect(missing_docs, reason = "criterion's macros write functions without documentation")]
#![expect(clippy::unwrap_used, reason = "a failure ends the measurement")]

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tempfile::TempDir;
use utnet_db::{Account, BlockWrite, GenesisState, OpenOptions, SealedHeader, StateChanges, Store};

const ACCOUNTS: u64 = 20_000;
const SLOTS: u64 = 100_000;

fn person(index: u64) -> Address {
    Address::from_word(keccak256(index.to_be_bytes()))
}

fn account(balance: u64) -> Account {
    Account { nonce: 1, balance: U256::from(balance), bytecode_hash: None }
}

fn slot(index: u64) -> B256 {
    B256::from(U256::from(index))
}

fn filled(store: Store) -> Store {
    let mut alloc = StateChanges::default();
    for index in 0..ACCOUNTS {
        alloc.set_account(person(index), account(index));
    }
    for index in 0..SLOTS {
        alloc.set_storage(person(index % 20), slot(index), U256::from(index + 1));
    }
    let genesis = GenesisState {
        header: SealedHeader::seal_slow(Header::default()),
        alloc,
        config: Bytes::from_static(b"{}"),
        accounts: Bytes::new(),
        check_root: false,
    };
    store.init_genesis(&genesis).unwrap();
    store
}

/// 200 accounts and 400 slots, other ones for each round.
fn changes(round: u64) -> StateChanges {
    let mut changes = StateChanges::default();
    for index in 0..200 {
        let who = (round * 7_919 + index * 97) % ACCOUNTS;
        changes.set_account(person(who), account(round + 1));
    }
    for index in 0..400 {
        let at = (round * 7_919 + index * 251) % SLOTS;
        changes.set_storage(person(at % 20), slot(at), U256::from(round + 1));
    }
    changes
}

fn next(store: &Store, state: StateChanges) -> BlockWrite {
    let view = store.view().unwrap();
    let parent = view.head_header().unwrap();
    let header = Header {
        number: parent.number + 1,
        parent_hash: parent.hash(),
        state_root: view.state_root(&state).unwrap(),
        ..Header::default()
    };
    BlockWrite { header: SealedHeader::seal_slow(header), state, ..BlockWrite::default() }
}

fn measure(c: &mut Criterion, name: &str, store: &Store) {
    let mut round = 0;
    let mut group = c.benchmark_group(name);
    let view = store.view().unwrap();
    group.bench_function("read an account", |b| {
        b.iter(|| {
            round += 1;
            black_box(view.account(person(round * 31 % ACCOUNTS)).unwrap())
        });
    });
    group.bench_function("read a slot", |b| {
        b.iter(|| {
            round += 1;
            let at = round * 31 % SLOTS;
            black_box(view.storage(person(at % 20), slot(at)).unwrap())
        });
    });
    let few = changes(3);
    group.bench_function("root after 600 changes", |b| {
        b.iter(|| black_box(view.state_root(&few).unwrap()));
    });
    group.bench_function("prove an account and a slot", |b| {
        b.iter(|| black_box(view.proof(person(3), &[slot(3)]).unwrap()));
    });
    drop(view);
    group.sample_size(20).bench_function("append a block of 600 changes", |b| {
        b.iter_batched(
            || {
                round += 1;
                next(store, changes(round))
            },
            |block| store.append_block(block).unwrap(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn stores(c: &mut Criterion) {
    measure(c, "memory", &filled(Store::in_memory()));
    for (name, durable) in [("process-safe", false), ("durable", true)] {
        let folder = TempDir::new().unwrap();
        let options = OpenOptions { durable, max_size: 4 << 30, ..OpenOptions::default() };
        let store = filled(Store::open(folder.path(), options).unwrap());
        store.sync().unwrap();
        measure(c, name, &store);
    }
}

criterion_group!(benches, stores);
criterion_main!(benches);
