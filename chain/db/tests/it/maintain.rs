//! A damaged store is found out, mended where the rest allows, and else left as it is.

use crate::chain::{Home, changes_of, dump, grown, next_block, on_disk, person, rich, small};
use alloy_primitives::B256;
use std::path::Path;
use tempfile::TempDir;
use utnet_db::{
    DbError, StateChanges, Store, View, maintain,
    mdbx::{MdbxDatabase, MdbxTxMut},
    tables::{
        AccountsHistory, HashedAccounts, Headers, LogSections, PlainAccountState, StorageRoots,
        StoragesTrie, TableId, TransactionHashNumbers, Transactions,
    },
    traits::{Database, DbCursorRO, DbDupCursorRW, DbTx, DbTxMut},
};

const HEAD: u64 = 20;

fn nothing_else(_: &View, _: u64) -> Result<(), DbError> {
    Ok(())
}

/// A closed store with some blocks.
fn closed() -> TempDir {
    let Home { store, folder } = grown(on_disk(), HEAD);
    drop(store);
    folder.unwrap()
}

/// Changes tables behind the store's back.
fn damage(folder: &Path, change: impl FnOnce(&MdbxTxMut)) {
    let db = MdbxDatabase::open(folder, small()).unwrap();
    let tx = db.tx_mut().unwrap();
    change(&tx);
    tx.commit().unwrap();
}

fn faults(folder: &Path) -> Vec<String> {
    let found = maintain::check(folder, &nothing_else).unwrap();
    found.faults.iter().map(|fault| fault.error.to_string()).collect()
}

/// Everything that the store in a folder holds.
fn held(folder: &Path) -> Vec<(TableId, Vec<u8>, Vec<u8>)> {
    let store = Store::open(folder, small()).unwrap();
    dump(&store.view().unwrap())
}

/// Repairs, and shows that the store is sound, goes on, and has this head.
fn mends_to(folder: &Path, head: u64) {
    let found = faults(folder);
    assert!(!found.is_empty(), "the damage is not found");
    let done = maintain::repair(folder, &nothing_else).unwrap();
    assert_eq!((done.head_before, done.head), (HEAD, head), "{found:?}");
    assert!(folder.join("mdbx.dat.damaged").exists());
    let store = Store::open(folder, small()).unwrap();
    store.view().unwrap().verify().unwrap();
    store.append_block(next_block(&store, changes_of(500), 2)).unwrap();
    store.view().unwrap().verify().unwrap();
}

#[test]
fn a_sound_store_has_no_faults_and_a_repair_leaves_it() {
    let folder = closed();
    let before = held(folder.path());

    assert!(faults(folder.path()).is_empty());
    let done = maintain::repair(folder.path(), &nothing_else).unwrap();

    assert!(done.faults.is_empty());
    assert_eq!((done.head_before, done.head), (HEAD, HEAD));
    assert!(!folder.path().join("mdbx.dat.damaged").exists(), "it was rewritten");
    assert_eq!(held(folder.path()), before);
}

#[test]
fn what_can_be_computed_is_computed_anew() {
    let wrong = B256::repeat_byte(7);
    let damages: [&dyn Fn(&MdbxTxMut); 7] = [
        &|tx| {
            let (key, _) = tx.cursor_read::<HashedAccounts>().unwrap().first().unwrap().unwrap();
            assert!(tx.delete::<HashedAccounts>(key, None).unwrap());
        },
        &|tx| tx.put::<HashedAccounts>(wrong, rich(1)).unwrap(),
        &|tx| {
            let mut cursor = tx.cursor_dup_write::<StoragesTrie>().unwrap();
            assert!(cursor.first().unwrap().is_some());
            cursor.delete_current_duplicates().unwrap();
        },
        &|tx| tx.put::<StorageRoots>(wrong, wrong).unwrap(),
        &|tx| tx.clear::<AccountsHistory>().unwrap(),
        &|tx| tx.clear::<TransactionHashNumbers>().unwrap(),
        &|tx| {
            let key = utnet_db::codec::SectionBit { section: 0, bit: 2_048 };
            tx.put::<LogSections>(key, Default::default()).unwrap();
        },
    ];
    for change in damages {
        let folder = closed();
        damage(folder.path(), change);
        mends_to(folder.path(), HEAD);
    }
}

#[test]
fn blocks_from_a_bad_one_on_are_taken_back() {
    let folder = closed();
    damage(folder.path(), |tx| {
        let mut header = tx.get::<Headers>(9).unwrap().unwrap();
        header.gas_used += 1;
        tx.put::<Headers>(9, header).unwrap();
    });
    mends_to(folder.path(), 8);

    let folder = closed();
    damage(folder.path(), |tx| {
        let (last, _) = tx.cursor_read::<Transactions>().unwrap().last().unwrap().unwrap();
        tx.delete::<Transactions>(last, None).unwrap();
    });
    mends_to(folder.path(), HEAD - 2);
}

#[test]
fn a_wrong_state_is_taken_back_as_far_as_it_was_noted() {
    let folder = closed();
    // Changed by the last block, so the block before it knows better.
    damage(folder.path(), |tx| {
        tx.put::<PlainAccountState>(person(HEAD % 7), rich(123_456)).unwrap();
    });
    mends_to(folder.path(), HEAD - 1);
}

#[test]
fn what_cannot_be_mended_stays_as_it_is() {
    let folder = closed();
    // Has never changed, so nobody else knows it.
    damage(folder.path(), |tx| {
        tx.put::<PlainAccountState>(person(9), rich(123_456)).unwrap();
    });
    let before = held(folder.path());

    let refused = maintain::repair(folder.path(), &nothing_else).unwrap_err();

    assert!(matches!(refused, DbError::StateRoot { .. }), "{refused}");
    assert_eq!(held(folder.path()), before);
    assert!(!folder.path().join("draft").exists());
}

#[test]
fn a_store_with_a_bad_head_is_refused_with_what_to_do() {
    let folder = closed();
    damage(folder.path(), |tx| assert!(tx.delete::<Headers>(HEAD, None).unwrap()));

    let refused = Store::open(folder.path(), small()).unwrap_err();

    assert!(refused.is_damage(), "{refused}");
    assert!(refused.to_string().contains("utnet db repair"), "{refused}");
    mends_to(folder.path(), HEAD - 1);
}

#[test]
fn a_compacted_store_holds_the_same_in_less() {
    let Home { store, folder } = grown(on_disk(), 300);
    store.unwind_to(100).unwrap();
    let before = dump(&store.view().unwrap());
    drop(store);
    let folder = folder.unwrap();

    let (was, is) = maintain::compact(folder.path()).unwrap();

    assert!(is.disk_bytes < was.disk_bytes, "{was:?} {is:?}");
    // The last commit frees a page of the list of free pages.
    assert!(is.free_bytes <= 4_096, "{is:?}");
    let store = Store::open(folder.path(), small()).unwrap();
    assert_eq!(dump(&store.view().unwrap()), before);
    store.append_block(next_block(&store, StateChanges::default(), 1)).unwrap();
    store.view().unwrap().verify().unwrap();
}

#[test]
fn a_store_in_use_is_neither_checked_nor_rewritten() {
    let Home { store: _store, folder } = grown(on_disk(), 1);
    let folder = folder.unwrap();

    assert!(matches!(maintain::compact(folder.path()), Err(DbError::InUse { .. })));
    assert!(matches!(maintain::stats(folder.path()), Err(DbError::InUse { .. })));
    assert!(matches!(maintain::check(folder.path(), &nothing_else), Err(DbError::InUse { .. })));
    assert!(matches!(maintain::repair(folder.path(), &nothing_else), Err(DbError::InUse { .. })));
}

#[test]
fn a_folder_without_a_store_is_not_given_one() {
    let folder = TempDir::new().unwrap();

    assert!(matches!(maintain::stats(folder.path()), Err(DbError::Folder { .. })));

    assert!(!folder.path().join("mdbx.dat").exists());
}

#[test]
fn stats_tell_entries_and_bytes() {
    let folder = closed();

    let stats = maintain::stats(folder.path()).unwrap().0;

    let headers = stats.tables.iter().find(|table| table.name == "CanonicalHeaders").unwrap();
    assert_eq!(headers.entries, usize::try_from(HEAD).unwrap() + 1);
    assert!(headers.bytes >= 4_096 && stats.used_bytes > headers.bytes);
    assert!(stats.disk_bytes >= stats.used_bytes);
}
