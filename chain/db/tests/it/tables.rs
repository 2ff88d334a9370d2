//! All backends are the same ordered tables: one suite, and random operations side by side.

use crate::seeded::{self, rng};
use alloy_primitives::{Address, B256, Bytes, U256};
use proptest::prelude::*;
use reth_primitives_traits::StorageEntry;
use std::fmt::Debug;
use tempfile::TempDir;
use utnet_db::{
    DbError, OpenOptions,
    layered::LayeredDatabase,
    mdbx::MdbxDatabase,
    memory::MemoryDatabase,
    tables::{HashedStorages, PlainStorageState, Sidecars, TransactionHashNumbers},
    traits::{
        Database, DbCursorRO, DbCursorRW, DbDupCursorRO, DbDupCursorRW, DbTx, DbTxMut, Table,
    },
};

fn on_all(suite: impl Fn(Kind)) {
    suite(Kind::Memory);
    suite(Kind::File);
    suite(Kind::Layered);
}

#[derive(Clone, Copy)]
enum Kind {
    Memory,
    File,
    Layered,
}

fn options() -> OpenOptions {
    OpenOptions { max_size: 64 << 20, ..OpenOptions::default() }
}

/// Runs the body with `$db` being a fresh database of a kind.
macro_rules! with_db {
    ($kind:expr, $db:ident => $body:expr) => {
        match $kind {
            Kind::Memory => {
                let $db = MemoryDatabase::default();
                $body
            }
            Kind::File => {
                let folder = TempDir::new().unwrap();
                let $db = MdbxDatabase::open(folder.path(), options()).unwrap();
                $body
            }
            Kind::Layered => {
                let folder = TempDir::new().unwrap();
                let $db = LayeredDatabase::open(folder.path(), options()).unwrap();
                $body
            }
        }
    };
}

fn entry(key: u64, value: u64) -> StorageEntry {
    StorageEntry { key: B256::from(U256::from(key)), value: U256::from(value) }
}

fn who(index: u8) -> Address {
    Address::repeat_byte(index)
}

fn writes_show_only_after_commit<D: Database>(db: &D) {
    let before = db.tx().unwrap();
    let tx = db.tx_mut().unwrap();
    tx.put::<Sidecars>(1, Bytes::from_static(b"one")).unwrap();
    assert_eq!(tx.get::<Sidecars>(1).unwrap().unwrap(), Bytes::from_static(b"one"));
    tx.commit().unwrap();
    let after = db.tx().unwrap();
    assert_eq!(before.get::<Sidecars>(1).unwrap(), None, "an old view changed");
    assert_eq!(after.get::<Sidecars>(1).unwrap().unwrap(), Bytes::from_static(b"one"));
    let dropped = db.tx_mut().unwrap();
    dropped.put::<Sidecars>(2, Bytes::from_static(b"two")).unwrap();
    drop(dropped);
    assert_eq!(db.tx().unwrap().get::<Sidecars>(2).unwrap(), None);
}

fn plain_tables_replace_and_walk_in_order<D: Database>(db: &D) {
    let tx = db.tx_mut().unwrap();
    for number in [3_u64, 1, 2, 256] {
        tx.put::<Sidecars>(number, Bytes::from(vec![0; 3])).unwrap();
        tx.put::<Sidecars>(number, Bytes::from(vec![1; usize::try_from(number).unwrap()])).unwrap();
    }
    assert_eq!(tx.entries::<Sidecars>().unwrap(), 4);
    let mut cursor = tx.cursor_read::<Sidecars>().unwrap();
    let walked: Vec<_> = cursor
        .walk(Some(2))
        .unwrap()
        .map(|entry| entry.map(|(key, value)| (key, value.len())))
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(walked, [(2, 2), (3, 3), (256, 256)]);
    assert_eq!(cursor.last().unwrap().unwrap().0, 256);
    assert_eq!(cursor.prev().unwrap().unwrap().0, 3);
    assert_eq!(cursor.seek(4).unwrap().unwrap().0, 256);
    assert_eq!(cursor.seek_exact(4).unwrap(), None);
    assert_eq!(cursor.seek(257).unwrap(), None);
    drop(cursor);
    assert!(tx.delete::<Sidecars>(2, None).unwrap());
    assert!(!tx.delete::<Sidecars>(2, None).unwrap());
    tx.clear::<Sidecars>().unwrap();
    assert_eq!(tx.cursor_read::<Sidecars>().unwrap().first().unwrap(), None);
}

fn duplicate_tables_keep_values_in_order<D: Database>(db: &D) {
    let tx = db.tx_mut().unwrap();
    for (index, key) in [(2, 5), (1, 9), (1, 3), (2, 1), (1, 200)] {
        tx.put::<PlainStorageState>(who(index), entry(key, key + 1)).unwrap();
    }
    let mut cursor = tx.cursor_dup_write::<PlainStorageState>().unwrap();
    let found = cursor.seek_by_key_subkey(who(1), entry(4, 0).key).unwrap();
    assert_eq!(found, Some(entry(9, 10)));
    assert_eq!(cursor.next_dup().unwrap(), Some((who(1), entry(200, 201))));
    assert_eq!(cursor.next_dup().unwrap(), None, "went on to another key");
    assert_eq!(cursor.seek_by_key_subkey(who(1), entry(201, 0).key).unwrap(), None);
    assert_eq!(cursor.seek_by_key_subkey(who(3), B256::ZERO).unwrap(), None);
    assert_eq!(cursor.seek_exact(who(1)).unwrap(), Some((who(1), entry(3, 4))));
    assert_eq!(cursor.next_no_dup().unwrap(), Some((who(2), entry(1, 2))));
    assert_eq!(cursor.next_no_dup().unwrap(), None);
}

fn duplicate_values_are_removed_one_by_one_or_together<D: Database>(db: &D) {
    let tx = db.tx_mut().unwrap();
    for (index, key) in [(2, 1), (1, 9), (1, 3), (1, 200), (2, 5)] {
        tx.put::<PlainStorageState>(who(index), entry(key, key + 1)).unwrap();
    }
    let mut cursor = tx.cursor_dup_write::<PlainStorageState>().unwrap();
    cursor.seek_by_key_subkey(who(1), entry(9, 0).key).unwrap();
    cursor.delete_current().unwrap();
    assert_eq!(tx.entries::<PlainStorageState>().unwrap(), 4);
    assert_eq!(tx.get::<PlainStorageState>(who(1)).unwrap(), Some(entry(3, 4)));
    cursor.seek_exact(who(1)).unwrap();
    cursor.delete_current_duplicates().unwrap();
    assert_eq!(cursor.first().unwrap(), Some((who(2), entry(1, 2))));
    cursor.upsert(who(0), entry(7, 7)).unwrap();
    drop(cursor);
    assert!(tx.delete::<PlainStorageState>(who(2), Some(entry(1, 2))).unwrap());
    assert!(!tx.delete::<PlainStorageState>(who(2), Some(entry(1, 2))).unwrap());
    assert!(tx.delete::<PlainStorageState>(who(2), None).unwrap());
    assert_eq!(tx.entries::<PlainStorageState>().unwrap(), 1);
}

fn too_large_values_are_refused_and_large_ones_kept<D: Database>(db: &D) {
    let tx = db.tx_mut().unwrap();
    let long = "k".repeat(utnet_db::codec::MAX_KEY + 1);
    let refused = tx.put::<utnet_db::tables::Meta>(long, Bytes::new());
    assert!(matches!(
        refused,
        Err(DbError::KeyTooLarge { table: "Meta", size: 1_025, max: 1_024 })
    ));
    let large = Bytes::from(vec![7; 5 << 20]);
    tx.put::<Sidecars>(1, large.clone()).unwrap();
    tx.put::<Sidecars>(2, Bytes::new()).unwrap();
    tx.commit().unwrap();
    let tx = db.tx().unwrap();
    assert_eq!(tx.get::<Sidecars>(1).unwrap(), Some(large));
    assert_eq!(tx.get::<Sidecars>(2).unwrap(), Some(Bytes::new()));
}

#[test]
fn all_backends_pass_the_same_suite() {
    on_all(|kind| {
        with_db!(kind, db => writes_show_only_after_commit(&db));
        with_db!(kind, db => plain_tables_replace_and_walk_in_order(&db));
        with_db!(kind, db => duplicate_tables_keep_values_in_order(&db));
        with_db!(kind, db => duplicate_values_are_removed_one_by_one_or_together(&db));
        with_db!(kind, db => too_large_values_are_refused_and_large_ones_kept(&db));
    });
}

/// One operation on a table of few keys.
#[derive(Clone, Debug)]
enum Op {
    Put(u8, u8, u8),
    Delete(u8),
    DeleteValue(u8, u8, u8),
    Seek(u8),
    SeekSub(u8, u8),
    Next,
    Prev,
    NextDup,
    NextNoDup,
    First,
    Last,
    DeleteHere(u8, u8),
    DeleteDupsHere(u8),
}

fn op() -> impl Strategy<Value = Op> {
    let (key, sub, value) = (0..6_u8, 0..6_u8, 0..3_u8);
    prop_oneof![
        6 => (key.clone(), sub.clone(), value.clone()).prop_map(|(k, s, v)| Op::Put(k, s, v)),
        1 => key.clone().prop_map(Op::Delete),
        2 => (key.clone(), sub.clone(), value).prop_map(|(k, s, v)| Op::DeleteValue(k, s, v)),
        2 => key.clone().prop_map(Op::Seek),
        2 => (key.clone(), sub.clone()).prop_map(|(k, s)| Op::SeekSub(k, s)),
        2 => Just(Op::Next),
        2 => Just(Op::Prev),
        2 => Just(Op::NextDup),
        2 => Just(Op::NextNoDup),
        1 => Just(Op::First),
        1 => Just(Op::Last),
        1 => (key.clone(), sub).prop_map(|(k, s)| Op::DeleteHere(k, s)),
        1 => key.prop_map(Op::DeleteDupsHere),
    ]
}

fn hashed(index: u8) -> B256 {
    B256::repeat_byte(index)
}

fn value(sub: u8, value: u8) -> StorageEntry {
    StorageEntry { key: B256::repeat_byte(sub), value: U256::from(value) }
}

/// What one operation shows. Positions are only compared where they are defined: a cursor that
/// found nothing is sent to the first entry.
fn apply<X: DbTxMut, C>(tx: &X, cursor: &mut C, op: &Op) -> Vec<(B256, StorageEntry)>
where
    C: DbDupCursorRW<HashedStorages>,
{
    type T = HashedStorages;
    let found = match *op {
        Op::Put(k, s, v) => {
            tx.put::<T>(hashed(k), value(s, v)).unwrap();
            cursor.seek(hashed(k)).unwrap()
        }
        Op::Delete(k) => {
            tx.delete::<T>(hashed(k), None).unwrap();
            None
        }
        Op::DeleteValue(k, s, v) => {
            tx.delete::<T>(hashed(k), Some(value(s, v))).unwrap();
            None
        }
        Op::Seek(k) => cursor.seek(hashed(k)).unwrap(),
        Op::SeekSub(k, s) => {
            cursor.seek_by_key_subkey(hashed(k), hashed(s)).unwrap().map(|value| (hashed(k), value))
        }
        Op::Next => cursor.next().unwrap(),
        Op::Prev => cursor.prev().unwrap(),
        Op::NextDup => cursor.next_dup().unwrap(),
        Op::NextNoDup => cursor.next_no_dup().unwrap(),
        Op::First => cursor.first().unwrap(),
        Op::Last => cursor.last().unwrap(),
        Op::DeleteHere(k, s) => {
            if cursor.seek_by_key_subkey(hashed(k), hashed(s)).unwrap().is_some() {
                cursor.delete_current().unwrap();
            }
            None
        }
        Op::DeleteDupsHere(k) => {
            if cursor.seek(hashed(k)).unwrap().is_some() {
                cursor.delete_current_duplicates().unwrap();
            }
            None
        }
    };
    match found {
        Some(entry) => vec![entry],
        None => cursor.first().unwrap().into_iter().chain(all(tx)).collect(),
    }
}

fn all<X: DbTx>(tx: &X) -> Vec<(B256, StorageEntry)> {
    let mut cursor = tx.cursor_dup_read::<HashedStorages>().unwrap();
    cursor.walk(None).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Runs operations in several transactions; `between` says what happens after each.
fn run<D: Database>(
    db: &D,
    ops: &[Op],
    between: impl Fn(&D, usize),
) -> Vec<Vec<(B256, StorageEntry)>> {
    let mut shown = Vec::new();
    for (stage, ops) in ops.chunks(12).enumerate() {
        let tx = db.tx_mut().unwrap();
        let mut cursor = tx.cursor_dup_write::<HashedStorages>().unwrap();
        cursor.first().unwrap();
        shown.extend(ops.iter().map(|op| apply(&tx, &mut cursor, op)));
        drop(cursor);
        tx.commit().unwrap();
        between(db, stage);
        let tx = db.tx().unwrap();
        shown.push(all(&tx));
        assert_eq!(tx.entries::<HashedStorages>().unwrap(), all(&tx).len());
    }
    shown
}

/// Commits go into the file at different times, so that entries lie in all places.
fn carry_now_and_then(db: &LayeredDatabase, stage: usize) {
    match stage % 4 {
        0 => drop(db.carry().unwrap()),
        1 => drop(db.set_aside().unwrap()),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_show_the_same_on_all_backends(ops in proptest::collection::vec(op(), 1..90)) {
        let expected = run(&MemoryDatabase::default(), &ops, |_, _| ());
        let folder = TempDir::new().unwrap();
        let file = MdbxDatabase::open(folder.path(), options()).unwrap();
        prop_assert_eq!(&run(&file, &ops, |_, _| ()), &expected);
        drop(file);
        let folder = TempDir::new().unwrap();
        let layered = LayeredDatabase::open(folder.path(), options()).unwrap();
        prop_assert_eq!(&run(&layered, &ops, carry_now_and_then), &expected);
        let end = all(&layered.tx().unwrap());
        drop(layered);
        let again = LayeredDatabase::open(folder.path(), options()).unwrap();
        prop_assert_eq!(all(&again.tx().unwrap()), end);
    }
}

#[test]
fn every_table_of_many_values_begins_them_with_their_subkey() {
    const {
        assert!(PlainStorageState::DUPSORT && HashedStorages::DUPSORT);
        assert!(!TransactionHashNumbers::DUPSORT);
    }
    let mut rng = rng(9);
    let entry = StorageEntry { key: seeded::hash(&mut rng), value: seeded::word(&mut rng) };
    let bytes = utnet_db::traits::Compress::compress(entry);
    assert_eq!(bytes[..32], entry.key[..]);
}
