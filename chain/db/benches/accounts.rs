//! Measures a store of ten accounts beside one of a million: first state, opening, blocks of 50
//! transfers to fresh accounts, taking blocks back.
//!
//! `cargo bench -p utnet-db --bench accounts -- --bench`

#![expect(clippy::unwrap_used, reason = "a failure ends the measurement")]
#![expect(clippy::disallowed_methods, reason = "time is what is measured")]

use alloy_consensus::Header;
use alloy_primitives::{Address, Bytes, U256, keccak256};
use std::{
    io::Write,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use utnet_db::{Account, BlockWrite, GenesisState, OpenOptions, SealedHeader, StateChanges, Store};

/// Blocks measured.
const BLOCKS: u64 = 200;
/// Transfers in each.
const TRANSFERS: u64 = 50;

fn person(index: u64) -> Address {
    Address::from_word(keccak256(index.to_be_bytes()))
}

fn account(balance: u64) -> Account {
    Account { nonce: 1, balance: U256::from(balance), bytecode_hash: None }
}

fn timed<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let begun = Instant::now();
    let result = work();
    (result, begun.elapsed())
}

fn genesis(accounts: u64) -> GenesisState {
    let mut alloc = StateChanges::default();
    for index in 0..accounts {
        alloc.set_account(person(index), account(index + 1));
    }
    let header = SealedHeader::seal_slow(Header::default());
    let config = Bytes::from_static(b"{}");
    GenesisState { header, alloc, config, ..GenesisState::default() }
}

/// Transfers from known accounts to fresh ones.
fn transfers(accounts: u64, round: u64) -> StateChanges {
    let mut changes = StateChanges::default();
    for index in 0..TRANSFERS {
        let from = (round * 7_919 + index * 104_729) % accounts;
        changes.set_account(person(from), account(round + 2));
        changes.set_account(person(1 << 40 | round << 16 | index), account(7));
    }
    changes
}

fn append(store: &Store, state: StateChanges) {
    let view = store.view().unwrap();
    let parent = view.head_header().unwrap();
    let header = Header {
        number: parent.number + 1,
        parent_hash: parent.hash(),
        state_root: view.state_root(&state).unwrap(),
        ..Header::default()
    };
    let header = SealedHeader::seal_slow(header);
    store.append_block(BlockWrite { header, state, ..BlockWrite::default() }).unwrap();
}

fn measure(out: &mut impl Write, accounts: u64) -> std::io::Result<()> {
    let folder = TempDir::new()?;
    let open = || Store::open(folder.path(), OpenOptions::default()).unwrap();
    let genesis = genesis(accounts);
    let store = open();
    let ((), load) = timed(|| store.init_genesis(&genesis).unwrap());
    let ((), sync) = timed(|| store.sync().unwrap());
    drop(store);
    let (store, opening) = timed(open);
    let ((), blocks) = timed(|| {
        for round in 0..BLOCKS {
            append(&store, transfers(accounts, round));
        }
    });
    let (_, snapshot) = timed(|| store.view().unwrap().outside_changes().unwrap());
    append(&store, transfers(accounts, BLOCKS));
    let ((), back) = timed(|| store.unwind_to(BLOCKS).unwrap());
    let ((), far_back) = timed(|| store.unwind_to(0).unwrap());
    let block = blocks / u32::try_from(BLOCKS).unwrap();
    writeln!(
        out,
        "{accounts:>9} accounts: first state {load:.0?} + sync {sync:.0?}, opening {opening:.1?}, block {block:.2?}, \
         snapshot {snapshot:.1?}, one block back {back:.2?}, {BLOCKS} blocks back {far_back:.1?}"
    )
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    // `cargo test` runs benches, too, and wants them to be quick.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let sizes: &[u64] = if is_bench { &[10, 100_000, 1_000_000] } else { &[10] };
    sizes.iter().try_for_each(|accounts| measure(&mut out, *accounts))
}
