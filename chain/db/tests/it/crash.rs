//! A process killed at any moment loses nothing that it had reported.

use crate::chain::{Home, changes_of, genesis, grown, next_block, on_disk, person, rich, small};
use rand::Rng;
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;
use utnet_db::{StateChanges, Store};

/// Names the folder to the child.
const FOLDER: &str = "UTNET_DB_CRASH_FOLDER";

/// Appends blocks until killed, reporting each one after its commit.
fn append_forever(folder: &Path) {
    let store = Store::open(folder, small()).unwrap();
    if store.view().unwrap().head().is_err() {
        store.init_genesis(&genesis(&store)).unwrap();
    }
    let mut out = std::io::stdout();
    loop {
        let number = store.view().unwrap().head_number().unwrap() + 1;
        if number.is_multiple_of(3) {
            let mut cheat = StateChanges::default();
            cheat.set_account(person(500), rich(number));
            store.apply_outside_block(&cheat).unwrap();
            writeln!(out, "\ncheat {number}").unwrap();
        }
        if number.is_multiple_of(16) {
            store.sync().unwrap();
        }
        store.append_block(next_block(&store, changes_of(number), 3)).unwrap();
        let hash = store.view().unwrap().hash(number).unwrap().unwrap();
        writeln!(out, "\nblock {number} {hash}").unwrap();
    }
}

/// The child's part; does nothing when run by itself.
#[test]
fn child_of_the_crash_test() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        append_forever(Path::new(&folder));
    }
}

fn child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_of_the_crash_test", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a child after some reports and returns all it got out before it died.
fn reports_until_killed(folder: &Path, enough: usize) -> Vec<String> {
    let mut child = child(folder);
    let mut reports = Vec::new();
    let mut killed = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.starts_with("block") || line.starts_with("cheat") {
            reports.push(line);
        }
        if reports.len() >= enough && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    reports
}

#[test]
fn what_a_killed_process_had_reported_is_there_after_reopening() {
    let folder = TempDir::new().unwrap();
    let mut rng = crate::seeded::rng(7);
    for round in 0..12 {
        let reports = reports_until_killed(folder.path(), rng.random_range(1..40));
        let store = Store::open(folder.path(), small()).unwrap();
        let view = store.view().unwrap();
        for report in &reports {
            let words: Vec<&str> = report.split(' ').collect();
            let number: u64 = words[1].parse().unwrap();
            match words.get(2) {
                Some(hash) => {
                    let found = view.hash(number).unwrap().unwrap();
                    assert_eq!(found, hash.parse::<alloy_primitives::B256>().unwrap());
                    assert_eq!(view.block(number).unwrap().unwrap().transactions.len(), 3);
                }
                None => assert!(
                    view.account(person(500)).unwrap().unwrap().balance
                        >= alloy_primitives::U256::from(number)
                ),
            }
        }
        assert!(!reports.is_empty(), "round {round}: the child reported nothing");
        let root = view.state_root(&StateChanges::default()).unwrap();
        assert_eq!(view.state_root_from_scratch().unwrap(), root);
    }
}

/// The engine took a transaction that another thread was writing for the one that synced, and ended
/// the process by an assertion of its own, or could have synced half of it.
#[test]
fn a_sync_never_meets_a_transaction_that_is_being_written() {
    let Home { store, folder: _folder } = grown(on_disk(), 1);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                store.sync().unwrap();
            }
        });
        for number in 2..300 {
            store.append_block(next_block(&store, changes_of(number), 2)).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    store.view().unwrap().verify().unwrap();
}
