//! Bytes that changed on the disk are an error of the call that meets them, never the end of the
//! process and never a wrong answer taken for a right one without a trace.

use crate::{
    chain::{Home, grown, on_disk, small},
    seeded::rng,
};
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
    for number in 0..=view.head_number()? {
        view.block(number)?;
        view.receipts(number)?;
        view.sidecar(number)?;
    }
    view.state_root_from_scratch()?;
    Ok(())
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
    let Home { store, folder } = grown(on_disk(), 12);
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
    assert!(noticed >= 10, "only {noticed} of 25 damaged pages were noticed");
}
