//! Bytes that changed on the disk are an error of the call that meets them, never the end of the
//! process, and checking the whole store finds them.

use crate::{
    chain::{Home, changes_of, genesis, next_block, on_disk, person, rich, slot, small},
    seeded::rng,
};
use alloy_primitives::U256;
use rand::{Rng, seq::SliceRandom};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use utnet_db::{DbError, Store, tables::TableId};

/// Names the folder to the child.
const FOLDER: &str = "UTNET_DB_DAMAGED_FOLDER";

fn read_all(folder: &Path) -> Result<(), DbError> {
    let store = Store::open(folder, small())?;
    let view = store.view()?;
    for table in TableId::ALL {
        view.dump(*table, |_, _| Ok::<_, DbError>(()))?;
    }
    view.verify()
}

/// Reads everything; does nothing when run by itself.
#[test]
fn child_that_reads_a_damaged_database() {
    let read = std::env::var_os(FOLDER).map(|folder| read_all(Path::new(&folder)));
    if let Some(Err(error)) = read {
        writeln!(std::io::stdout(), "\nrefused: {error}").unwrap();
    }
}

#[test]
fn no_damaged_page_ends_the_process() {
    // One large commit, so that few pages of the file are free.
    let Home { store, folder } = on_disk();
    let mut genesis = genesis(&store);
    genesis.check_root = false;
    for index in 0..600 {
        genesis.alloc.set_account(person(index), rich(index));
        genesis.alloc.set_storage(person(index % 3), slot(index), U256::from(index + 1));
    }
    store.init_genesis(&genesis).unwrap();
    store.append_block(next_block(&store, changes_of(1), 200)).unwrap();
    store.sync().unwrap();
    drop(store);
    let folder = folder.unwrap();
    let path = folder.path().join("mdbx.dat");
    let whole = std::fs::read(&path).unwrap();
    let pages = whole.chunks(4_096).take_while(|page| page.iter().any(|byte| *byte != 0)).count();
    let mut rng = rng(11);
    let mut noticed = 0;
    let mut order: Vec<usize> = (3..pages).collect();
    order.shuffle(&mut rng);
    for page in order.into_iter().take(25) {
        let mut damaged = whole.clone();
        for _ in 0..40 {
            damaged[page * 4_096 + rng.random_range(0..4_096)] = rng.random();
        }
        std::fs::write(&path, damaged).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "damage::child_that_reads_a_damaged_database", "--nocapture"])
            .env(FOLDER, folder.path())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "page {page}: {}", output.status);
        noticed += usize::from(String::from_utf8_lossy(&output.stdout).contains("refused: "));
    }
    assert!(noticed >= 15, "only {noticed} of 25 damaged pages were noticed");
}
