//! Measures what a growing chain costs the writer and the carrier, tenth by tenth: blocks of transfers to
//! new accounts. `cargo bench --bench growth -- [BLOCKS] [CARRY EVERY] [BLOCKS A SECOND]`: it carries every so
//! many blocks by hand, or with 0 as the store does; with 0 blocks a second as fast as it can.

#![expect(clippy::unwrap_used, reason = "a failure ends the measurement")]
#![expect(clippy::print_stdout, reason = "it prints a table")]
#![expect(clippy::disallowed_methods, reason = "it measures, at a pace")]

use alloy_consensus::{
    EthereumReceipt, EthereumTxEnvelope, Header, SignableTransaction, TxEip1559, TxType,
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use utnet_db::{Account, BlockWrite, GenesisState, OpenOptions, SealedHeader, StateChanges, Store};

/// Transfers in a block.
const TRANSFERS: u64 = 50;

fn word(of: &str, n: u64) -> B256 {
    keccak256([of.as_bytes(), &n.to_be_bytes()].concat())
}

fn account(nonce: u64, balance: u64) -> Account {
    Account { nonce, balance: U256::from(balance), bytecode_hash: None }
}

fn begin(store: &Store) {
    let genesis = GenesisState {
        header: SealedHeader::seal_slow(Header::default()),
        config: Bytes::from_static(b"{}"),
        check_root: false,
        ..GenesisState::default()
    };
    store.init_genesis(&genesis).unwrap();
}

/// A block of transfers from ten accounts to new ones.
fn next(store: &Store) -> BlockWrite {
    let view = store.view().unwrap();
    let parent = view.head_header().unwrap();
    let number = parent.number + 1;
    let mut state = StateChanges::default();
    for sender in 0..10 {
        let nonce = number * TRANSFERS / 10;
        state.set_account(Address::from_word(word("sender", sender)), account(nonce, nonce << 30));
    }
    let numbers = (number * TRANSFERS..).take(usize::try_from(TRANSFERS).unwrap());
    let mut transactions = Vec::new();
    for n in numbers {
        let to = Address::from_word(word("new", n));
        state.set_account(to, account(0, 1));
        let transfer = TxEip1559 {
            chain_id: 31_337,
            nonce: n / 10,
            gas_limit: 21_000,
            max_fee_per_gas: 1 << 36,
            max_priority_fee_per_gas: 1 << 30,
            to: TxKind::Call(to),
            value: U256::from(1),
            ..TxEip1559::default()
        };
        let (r, s) = (U256::from_be_bytes(word("r", n).0), U256::from_be_bytes(word("s", n).0));
        let signed = transfer.into_signed(Signature::new(r, s, n % 2 == 0));
        transactions.push(EthereumTxEnvelope::Eip1559(signed));
    }
    let header = Header {
        number,
        parent_hash: parent.hash(),
        state_root: view.state_root(&state).unwrap(),
        ..Header::default()
    };
    let receipt = |n| EthereumReceipt {
        tx_type: TxType::Eip1559,
        success: true,
        cumulative_gas_used: 21_000 * n,
        logs: Vec::new(),
    };
    BlockWrite {
        header: SealedHeader::seal_slow(header),
        senders: (0..TRANSFERS).map(|n| Address::from_word(word("sender", n % 10))).collect(),
        receipts: (1..=TRANSFERS).map(receipt).collect(),
        transactions,
        state,
        ..BlockWrite::default()
    }
}

/// What the threads of a name had of the cores so far.
fn cores(name: &str) -> Duration {
    let mut spent = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        if fs::read_to_string(task.join("comm")).unwrap().trim() == name {
            let text = fs::read_to_string(task.join("schedstat")).unwrap();
            spent += Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap());
        }
    }
    spent
}

/// A number after a word in a file of `/proc/self`.
fn told(file: &str, word: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(word)).unwrap();
    line.trim_matches([':', ' ', '\t', 'k', 'B']).parse().unwrap()
}

fn faults() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    text.rsplit(") ").next().unwrap().split(' ').nth(7).unwrap().parse().unwrap()
}

fn per(of: Duration, blocks: u64) -> f64 {
    of.as_secs_f64() * 1e3 / blocks as f64
}

/// What was spent so far.
#[derive(Clone, Copy, Default)]
struct Spent {
    writer: Duration,
    carrier: Duration,
    syncer: Duration,
    faults: u64,
    written: u64,
}

/// What to do.
struct Plan {
    blocks: u64,
    /// Blocks between two carries by hand; the store carries if it is zero.
    every: u64,
    /// Blocks a second; zero is as fast as it can.
    pace: u64,
}

impl Plan {
    fn asked() -> Self {
        let mut numbers = std::env::args().filter_map(|word| word.parse().ok());
        let mut next = |default| numbers.next().unwrap_or(default);
        Self { blocks: next(2_000), every: next(600), pace: next(0) }
    }
}

fn grow(store: &Store, folder: &Path, plan: &Plan) {
    let me = fs::read_to_string("/proc/thread-self/comm").unwrap().trim().to_owned();
    let (mut by_hand, mut last, span) = (Duration::ZERO, Spent::default(), plan.blocks / 10);
    let begun = Instant::now();
    for number in 1..=plan.blocks {
        store.append_block(next(store)).unwrap();
        if plan.every > 0 && number.is_multiple_of(plan.every) {
            let before = cores(&me);
            store.carry().unwrap();
            by_hand += cores(&me) - before;
        }
        if let Some(micros) = (number * 1_000_000).checked_div(plan.pace) {
            let due = Duration::from_micros(micros);
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        if number.is_multiple_of(span) {
            let now = Spent {
                writer: cores(&me) - by_hand,
                carrier: by_hand + cores("carrier"),
                syncer: cores("syncer"),
                faults: faults(),
                written: told("io", "write_bytes"),
            };
            print(number, (last, now), span, folder);
            last = now;
        }
    }
}

fn print(number: u64, (from, to): (Spent, Spent), span: u64, folder: &Path) {
    println!(
        "{number:>6} {:>8.3} {:>8.3} {:>8.3} {:>13.1} {:>12.1} {:>14} {:>9}",
        per(to.writer - from.writer, span),
        per(to.carrier - from.carrier, span),
        per(to.syncer - from.syncer, span),
        (to.faults - from.faults) as f64 / span as f64,
        (to.written - from.written) as f64 / f64::from(1 << 20),
        told("status", "RssAnon") / 1_024,
        utnet_db::layered::disk_bytes(folder).unwrap() >> 20,
    );
}

/// Every hundredth block's first new account is there from that block on.
fn check(store: &Store, blocks: u64) {
    let view = store.view().unwrap();
    for number in (1..=blocks).step_by(100) {
        let to = Address::from_word(word("new", number * TRANSFERS));
        assert!(view.at(number - 1).unwrap().account(to).unwrap().is_none());
        assert!(view.at(number).unwrap().account(to).unwrap().is_some());
    }
}

fn main() {
    let plan = Plan::asked();
    let folder = TempDir::new().unwrap();
    let options = OpenOptions { by_hand: plan.every > 0, ..OpenOptions::default() };
    let store = Store::open(folder.path(), options).unwrap();
    begin(&store);
    println!("milliseconds of a core a block: writer, carrier, syncer; page faults a block;");
    println!("MiB written; MiB of anonymous memory; MiB of the disk");
    grow(&store, folder.path(), &plan);
    check(&store, plan.blocks);
    drop(store);
    let begun = Instant::now();
    let store = Store::open(folder.path(), options).unwrap();
    println!("opened again in {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    check(&store, plan.blocks);
}
