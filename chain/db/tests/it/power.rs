//! A cut of power leaves any mix of what was written since the last sync; the chain opens at a moment
//! that was committed, not before the last sync, and goes on from there.
//!
//! What the disk has in a definite order is only this (`docs/durability.md` shows the system calls): a
//! part of the journal and its name are there before the first commit is written to it; the pages of
//! the file before the page that names them; that page before a part of the journal is removed.
//! Everything else is mixed here sector by sector, with any length between the two that a part had.

use crate::{
    chain::{Home, changes_of, genesis, next_block, person, rich},
    seeded::rng,
};
use alloy_primitives::B256;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use utnet_db::{DbError, OpenOptions, StateChanges, Store, View, maintain};

const PAGE: usize = 4_096;
/// What a disk writes whole.
const SECTOR: usize = 512;
/// Pages of the file that name commits.
const METAS: usize = 3;

fn options(durable: bool) -> OpenOptions {
    OpenOptions { durable, by_hand: true, max_size: 8 << 20 }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("mdbx.dat")
}

/// A part of the journal: what was written, and how much of it the disk has for certain.
#[derive(Clone, Debug, Default)]
struct Part {
    bytes: Vec<u8>,
    synced: usize,
    is_removed: bool,
}

/// What the disk may have of a folder.
struct Disk {
    folder: PathBuf,
    parts: BTreeMap<OsString, Part>,
    file: Vec<u8>,
}

/// What may be found after a cut.
#[derive(Clone, Debug)]
struct Image {
    parts: BTreeMap<OsString, Vec<u8>>,
    file: Vec<u8>,
}

/// How much of what was written since the last sync is on the disk.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Any,
    Little,
    Much,
    All,
    Nothing,
}

const MOODS: [Mood; 5] = [Mood::Any, Mood::Little, Mood::Much, Mood::All, Mood::Nothing];

impl Mood {
    const fn share(self) -> f64 {
        match self {
            Self::Any => 0.5,
            Self::Little => 0.05,
            Self::Much => 0.95,
            Self::All => 1.0,
            Self::Nothing => 0.0,
        }
    }
}

impl Disk {
    fn of(folder: &Path) -> Self {
        let mut disk = Self { folder: folder.to_owned(), parts: BTreeMap::new(), file: Vec::new() };
        disk.look();
        disk.settle();
        disk
    }

    /// Notes what was written since the last look. A new part has its head on the disk.
    fn look(&mut self) {
        self.file = fs::read(file(&self.folder)).unwrap();
        let entries = fs::read_dir(self.folder.join("journal"));
        let found: BTreeMap<_, _> = entries
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
            .collect();
        for (name, part) in &mut self.parts {
            part.is_removed = !found.contains_key(name);
        }
        for (name, bytes) in found {
            let part =
                self.parts.entry(name).or_insert_with(|| Part { synced: 32, ..Part::default() });
            part.bytes = bytes;
        }
    }

    /// All that was written is on the disk.
    fn settle(&mut self) {
        self.parts.retain(|_, part| !part.is_removed);
        for part in self.parts.values_mut() {
            part.synced = part.bytes.len();
        }
    }

    /// What may be found on the disk after a cut.
    fn cut(&self, mood: Mood, rng: &mut ChaCha8Rng) -> Image {
        let mut parts = BTreeMap::new();
        for (name, part) in &self.parts {
            // A removal may not have reached the disk.
            if !part.is_removed || !rng.random_bool(mood.share()) {
                parts.insert(name.clone(), part.cut(mood, rng));
            }
        }
        Image { parts, file: self.file.clone() }
    }
}

impl Part {
    fn cut(&self, mood: Mood, rng: &mut ChaCha8Rng) -> Vec<u8> {
        let (kept, later) = self.bytes.split_at(self.synced.min(self.bytes.len()));
        let length = match mood {
            Mood::All => later.len(),
            Mood::Nothing => 0,
            _ => rng.random_range(0..=later.len()),
        };
        let mut image = kept.to_vec();
        image.extend_from_slice(&later[..length]);
        // What is not there reads as zeros.
        for (number, sector) in image.chunks_mut(SECTOR).enumerate() {
            let begin = self.synced.saturating_sub(number * SECTOR).min(sector.len());
            if !rng.random_bool(mood.share()) {
                sector[begin..].fill(0);
            }
        }
        image
    }
}

/// The file on its way from one commit to the next: pages first, in any mix, and once all are there,
/// the pages that name commits.
fn between(before: &[u8], after: &[u8], has_pages: bool, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut image = before.to_vec();
    image.resize(after.len(), 0);
    for (number, (old, new)) in image.chunks_mut(SECTOR).zip(after.chunks(SECTOR)).enumerate() {
        let is_meta = number * SECTOR / PAGE < METAS;
        let is_there = match (is_meta, has_pages) {
            (true, true) | (false, false) => rng.random_bool(0.5),
            (true, false) => false,
            (false, true) => true,
        };
        if is_there {
            old.copy_from_slice(new);
        }
    }
    image
}

/// Writes an image to a folder.
fn lay_down(image: &Image) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(file(folder.path()), &image.file).unwrap();
    let journal = folder.path().join("journal");
    fs::create_dir(&journal).unwrap();
    for (name, bytes) in &image.parts {
        fs::write(journal.join(name), bytes).unwrap();
    }
    folder
}

/// A store over an image, after a restart of the system.
fn reopen(image: &Image, durable: bool) -> Home {
    let folder = lay_down(image);
    let store = Store::open(folder.path(), options(durable)).unwrap();
    Home { store, folder: Some(folder) }
}

/// Head and state.
fn moment(store: &Store) -> (B256, B256) {
    let view = store.view().unwrap();
    let (_, hash) = view.head().unwrap();
    (hash, view.state_root(&StateChanges::default()).unwrap())
}

/// A block, a cheat or a step back.
fn write(store: &Store, rng: &mut ChaCha8Rng) {
    let head = store.view().unwrap().head_number().unwrap();
    match rng.random_range(0..10) {
        0 => {
            let mut cheat = StateChanges::default();
            cheat.set_account(person(500), rich(rng.random_range(0..1_000)));
            store.apply_outside_block(&cheat).unwrap();
        }
        1 => store.unwind_to(head.saturating_sub(rng.random_range(0..3))).unwrap(),
        _ => {
            let transactions = rng.random_range(0..12);
            let changes = changes_of(rng.random_range(0..1_000));
            store.append_block(next_block(store, changes, transactions)).unwrap();
        }
    }
}

fn begin(durable: bool) -> Home {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), options(durable)).unwrap();
    store.init_genesis(&genesis(&store)).unwrap();
    Home { store, folder: Some(folder) }
}

fn folder(home: &Home) -> &Path {
    home.folder.as_ref().unwrap().path()
}

/// The chain that an image holds is whole, is one of `allowed`, and goes on; also after another
/// restart.
fn check(image: &Image, durable: bool, allowed: &[(B256, B256)]) -> Home {
    let home = reopen(image, durable);
    home.store.view().unwrap().verify().unwrap();
    let found = moment(&home.store);
    assert!(allowed.contains(&found), "{found:?} is none of {allowed:?}");
    home.store.append_block(next_block(&home.store, changes_of(77), 3)).unwrap();
    home.store.view().unwrap().verify().unwrap();
    let now = moment(&home.store);
    let Home { store, folder } = home;
    drop(store);
    let store = Store::open(folder.as_ref().unwrap().path(), options(durable)).unwrap();
    assert_eq!(moment(&store), now, "something of before came back");
    Home { store, folder }
}

#[test]
fn a_cut_of_power_costs_at_most_what_came_after_the_last_sync() {
    for seed in 0..3 {
        let mut rng = rng(900 + seed);
        let mut home = begin(false);
        for _ in 0..3 {
            home = lose_power_often(home, &mut rng);
        }
    }
}

/// Writes, syncs and carries now and then, cuts the power after each step; goes on with the last
/// image.
fn lose_power_often(home: Home, rng: &mut ChaCha8Rng) -> Home {
    home.store.sync().unwrap();
    let mut disk = Disk::of(folder(&home));
    // From the last sync on.
    let mut moments = vec![moment(&home.store)];
    for _ in 0..rng.random_range(8..16) {
        match rng.random_range(0..10) {
            0 | 1 => {
                home.store.sync().unwrap();
                disk.look();
                disk.settle();
                moments.drain(..moments.len() - 1);
            }
            2 => {
                carry_and_cut(&home.store, &mut disk, rng, &moments);
                // The file has all.
                moments.drain(..moments.len() - 1);
            }
            _ => {
                write(&home.store, rng);
                moments.push(moment(&home.store));
                disk.look();
            }
        }
        for _ in 0..3 {
            let mood = MOODS[rng.random_range(0..MOODS.len())];
            check(&disk.cut(mood, rng), false, &moments);
        }
    }
    check(&disk.cut(Mood::Any, rng), false, &moments)
}

/// Cuts the power while commits are carried into the file.
fn carry_and_cut(store: &Store, disk: &mut Disk, rng: &mut ChaCha8Rng, moments: &[(B256, B256)]) {
    let before = disk.file.clone();
    store.carry().unwrap();
    let kept = disk.parts.clone();
    disk.look();
    let after = disk.file.clone();
    // The parts go when the file is whole.
    let parts = std::mem::replace(&mut disk.parts, kept);
    for has_pages in [false, true] {
        disk.file = between(&before, &after, has_pages, rng);
        check(&disk.cut(Mood::Any, rng), false, moments);
    }
    disk.parts = parts;
    disk.file = after;
}

#[test]
fn a_durable_commit_outlives_a_cut_of_power_right_after_it() {
    let mut rng = rng(31);
    let home = begin(true);
    let mut disk = Disk::of(folder(&home));
    for step in 0..30 {
        let before = moment(&home.store);
        write(&home.store, &mut rng);
        let after = moment(&home.store);
        disk.look();
        // While it is written.
        check(&disk.cut(Mood::Any, &mut rng), true, &[before, after]);
        check(&disk.cut(Mood::Nothing, &mut rng), true, &[before, after]);
        disk.settle();
        check(&disk.cut(Mood::Any, &mut rng), true, &[after]);
        if step % 7 == 6 {
            carry_and_cut(&home.store, &mut disk, &mut rng, &[after]);
        }
    }
}

#[test]
fn a_killed_process_loses_nothing_though_nothing_was_synced() {
    let home = begin(false);
    for number in 1..20 {
        home.store.append_block(next_block(&home.store, changes_of(number), 2)).unwrap();
    }
    let committed = moment(&home.store);
    let mut disk = Disk::of(folder(&home));
    disk.look();

    let killed = reopen(&disk.cut(Mood::All, &mut rng(1)), false);

    assert_eq!(moment(&killed.store), committed);
}

/// A closed store with some blocks, all of which the disk had, with a changed byte at a share (of a
/// hundred) of its journal.
fn with_a_changed_byte(share: usize) -> TempDir {
    let home = begin(true);
    for number in 1..6 {
        home.store.append_block(next_block(&home.store, changes_of(number), 2)).unwrap();
    }
    let disk = Disk::of(folder(&home));
    let mut image = disk.cut(Mood::All, &mut rng(1));
    let part = image.parts.values_mut().last().unwrap();
    let at = (part.len() - 1) * share / 100;
    part[at] ^= 1;
    lay_down(&image)
}

#[test]
fn a_commit_that_was_lost_after_the_disk_had_it_is_damage() {
    let folder = with_a_changed_byte(30);
    let refused = Store::open(folder.path(), options(true)).unwrap_err();
    assert!(refused.is_damage(), "{refused}");
    assert!(refused.to_string().contains("utnet db repair"), "{refused}");

    let nothing_else = |_: &View, _: u64| Ok(());
    let found = maintain::check(folder.path(), &nothing_else).unwrap();
    assert!(found.faults.iter().any(|fault| matches!(fault.error, DbError::Lost { .. })));
    let done = maintain::repair(folder.path(), &nothing_else).unwrap();
    assert_eq!((done.head_before, done.head), (1, 1));
    assert!(folder.path().join("journal.damaged").exists());

    let store = Store::open(folder.path(), options(true)).unwrap();
    store.append_block(next_block(&store, changes_of(77), 3)).unwrap();
    store.view().unwrap().verify().unwrap();
}

#[test]
fn the_last_commit_may_have_been_on_its_way() {
    let folder = with_a_changed_byte(100);
    let store = Store::open(folder.path(), options(true)).unwrap();
    assert_eq!(store.view().unwrap().head_number().unwrap(), 4);
}

#[test]
fn a_journal_of_another_version_is_refused() {
    let folder = with_a_changed_byte(0);
    let refused = Store::open(folder.path(), options(true)).unwrap_err();
    assert!(matches!(refused, DbError::Journal { .. }), "{refused}");
}

#[test]
fn a_cut_while_the_file_is_made_leaves_none() {
    let folder = TempDir::new().unwrap();
    let draft = folder.path().join("draft");
    fs::create_dir(&draft).unwrap();
    fs::write(draft.join("mdbx.dat"), vec![0; 65_536]).unwrap();

    let store = Store::open(folder.path(), options(false)).unwrap();

    assert!(store.view().unwrap().head().is_err());
    assert!(!draft.exists());
}
