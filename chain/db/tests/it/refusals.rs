//! A file that cannot be used is refused with a message that says what to do.

use crate::chain::{Home, grown, next_block, on_disk, small};
use alloy_primitives::Bytes;
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;
use utnet_db::{
    DbError, OpenOptions, StateChanges, Store,
    mdbx::MdbxDatabase,
    tables::Meta,
    traits::{Database, DbTx, DbTxMut},
};

/// Names the folder to the child.
const FOLDER: &str = "UTNET_DB_HOLD_FOLDER";

/// Holds a database open until its input ends; does nothing when run by itself.
#[test]
fn child_that_holds_a_database() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let _store = Store::open(Path::new(&folder), small()).unwrap();
        writeln!(std::io::stdout(), "\nholding").unwrap();
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    }
}

#[test]
fn a_second_process_is_refused_by_name_of_the_first() {
    let folder = TempDir::new().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "refusals::child_that_holds_a_database", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holding"));
    let refused = Store::open(folder.path(), small()).unwrap_err();
    assert!(matches!(refused, DbError::InUse { holder, .. } if holder == child.id()));
    assert!(refused.to_string().contains("is in use by process"), "{refused}");
    drop(child.stdin.take());
    child.wait().unwrap();
    Store::open(folder.path(), small()).unwrap();
}

#[test]
fn a_second_store_in_the_same_process_is_refused() {
    let home = on_disk();
    let folder = home.folder.unwrap();
    assert!(matches!(Store::open(folder.path(), small()), Err(DbError::InUse { .. })));
}

#[test]
fn the_lock_goes_with_the_last_view() {
    let Home { store, folder } = grown(on_disk(), 1);
    let folder = folder.unwrap();
    let view = store.view().unwrap();
    drop(store);
    assert!(matches!(Store::open(folder.path(), small()), Err(DbError::InUse { .. })));
    drop(view);
    Store::open(folder.path(), small()).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let text = b"not a database at all, but long enough for the first pages".repeat(300);
    for content in [&text[..], &text[..9_000], &[0; 5]] {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("mdbx.dat"), content).unwrap();
        let refused = Store::open(folder.path(), small()).unwrap_err();
        assert!(refused.is_damage(), "{refused}");
        assert!(refused.to_string().contains("restore a copy"), "{refused}");
    }
}

#[test]
fn a_database_whose_head_was_overwritten_is_refused() {
    let Home { store, folder } = grown(on_disk(), 3);
    let folder = folder.unwrap();
    drop(store);
    let path = folder.path().join("mdbx.dat");
    let mut bytes = std::fs::read(&path).unwrap();
    for byte in bytes.iter_mut().take(3 * 4_096) {
        *byte ^= 0x5a;
    }
    std::fs::write(&path, bytes).unwrap();
    assert!(Store::open(folder.path(), small()).unwrap_err().is_damage());
}

#[test]
fn a_truncated_database_is_refused_or_whole() {
    let Home { store, folder } = grown(on_disk(), 3);
    let folder = folder.unwrap();
    store.sync().unwrap();
    drop(store);
    let path = folder.path().join("mdbx.dat");
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(5 * 4_096).unwrap();
    drop(file);
    let refused = Store::open(folder.path(), small()).unwrap_err();
    assert!(refused.is_damage(), "{refused}");
}

#[test]
fn a_database_of_another_schema_is_refused() {
    let folder = TempDir::new().unwrap();
    let db = MdbxDatabase::open(folder.path(), small()).unwrap();
    let tx = db.tx_mut().unwrap();
    tx.put::<Meta>("schema".into(), Bytes::from_static(&[0, 0, 0, 99])).unwrap();
    tx.commit().unwrap();
    drop(db);
    let refused = Store::open(folder.path(), small()).unwrap_err();
    assert!(matches!(refused, DbError::Schema { found: 99, known: 2 }), "{refused}");
}

/// A build of before the journal would not see its commits: it must refuse the store.
#[test]
fn a_database_of_an_older_schema_is_raised_and_goes_on() {
    let Home { store, folder } = grown(on_disk(), 3);
    let folder = folder.unwrap();
    drop(store);
    let db = MdbxDatabase::open(folder.path(), small()).unwrap();
    let tx = db.tx_mut().unwrap();
    tx.put::<Meta>("schema".into(), Bytes::from_static(&[0, 0, 0, 1])).unwrap();
    tx.commit().unwrap();
    drop(db);

    let store = Store::open(folder.path(), small()).unwrap();
    assert_eq!(store.view().unwrap().head_number().unwrap(), 3);
    drop(store);

    let db = MdbxDatabase::open(folder.path(), small()).unwrap();
    let schema = db.tx().unwrap().get::<Meta>("schema".into()).unwrap();
    assert_eq!(schema, Some(Bytes::from_static(&[0, 0, 0, 2])));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let refused = Store::open(&file.join("below"), small()).unwrap_err();
    assert!(matches!(refused, DbError::Folder { .. }), "{refused}");
}

#[test]
fn a_full_database_says_so_keeps_what_it_has_and_goes_on_when_enlarged() {
    let folder = TempDir::new().unwrap();
    let tight = OpenOptions { max_size: 2 << 20, ..OpenOptions::default() };
    let store = Store::open(folder.path(), tight).unwrap();
    let home = grown(Home { store, folder: None }, 1);
    let refused = loop {
        let mut block = next_block(&home.store, StateChanges::default(), 1);
        block.sidecar = Some(vec![7; 100_000].into());
        if let Err(error) = home.store.append_block(block) {
            break error;
        }
    };
    assert!(matches!(refused, DbError::Full { max_size: 2_097_152 }), "{refused}");
    assert!(refused.to_string().contains("larger maximum size"), "{refused}");
    let head = home.store.view().unwrap().head_number().unwrap();
    assert!(head > 2);
    drop(home);
    let store = Store::open(folder.path(), small()).unwrap();
    assert_eq!(store.view().unwrap().head_number().unwrap(), head);
    let mut block = next_block(&store, StateChanges::default(), 1);
    block.sidecar = Some(vec![7; 1_000_000].into());
    store.append_block(block).unwrap();
}
