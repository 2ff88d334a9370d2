//! A cut of power leaves any mix of what was written since the last sync, torn within pages; the
//! chain opens at a moment that was committed, not before the last sync, and goes on from there.
//!
//! After every commit the file is compared with what it was, so that all versions of every page
//! since the last sync are known. An image of the disk takes any of them, sector by sector, and any
//! length between the two that the file had. What the disk has in a definite order is only this: a
//! sync first brings all pages, then the page that names the newest commit; a durable commit does
//! the same (`docs/durability.md` shows the system calls).

use crate::{
    chain::{Home, changes_of, genesis, next_block, person, rich},
    seeded::rng,
};
use alloy_primitives::B256;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use utnet_db::{OpenOptions, StateChanges, Store};

const PAGE: usize = 4_096;
/// What a disk writes whole.
const SECTOR: usize = 512;
/// Pages that name commits.
const METAS: usize = 3;
/// Where such a page says in which run of the system it was written, 16 bytes.
const BOOT_ID: usize = 212;
/// Where it says of which commit, 8 bytes, and whether that was synced, 8 bytes: above 1.
const COMMIT: usize = 28;
const SIGN: usize = 188;

fn options(durable: bool) -> OpenOptions {
    // Grows by 128 KiB at a time.
    OpenOptions { durable, sync_by_hand: true, max_size: 8 << 20 }
}

/// What the disk may have of a file.
struct Disk {
    file: PathBuf,
    /// What it has for certain.
    synced: Vec<u8>,
    /// Versions of pages written since, oldest first.
    later: BTreeMap<usize, Vec<Vec<u8>>>,
    now: Vec<u8>,
}

/// How much of what was written since the last sync is on the disk.
#[derive(Clone, Copy, Debug)]
enum Mood {
    /// Anything.
    Any,
    /// Almost nothing.
    Little,
    /// Almost all.
    Much,
    /// The pages that name commits, and of the others anything.
    Names,
    /// All pages but those that name commits, and of these anything.
    Pages,
}

const MOODS: [Mood; 5] = [Mood::Any, Mood::Little, Mood::Much, Mood::Names, Mood::Pages];

fn page(image: &[u8], index: usize) -> Vec<u8> {
    let bytes = image.get(index * PAGE..(index + 1) * PAGE);
    bytes.map_or_else(|| vec![0; PAGE], <[u8]>::to_vec)
}

fn number_at(page: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(page[offset..offset + 8].try_into().unwrap())
}

/// The newest commit that an image names as synced.
fn newest_synced(image: &[u8]) -> u64 {
    let metas = (0..METAS).map(|index| page(image, index));
    metas
        .filter(|meta| number_at(meta, SIGN) > 1)
        .map(|meta| number_at(&meta, COMMIT))
        .max()
        .unwrap()
}

impl Disk {
    fn of(folder: &Path) -> Self {
        let file = folder.join("mdbx.dat");
        let now = std::fs::read(&file).unwrap();
        Self { file, synced: now.clone(), later: BTreeMap::new(), now }
    }

    /// Notes what was written since the last look; says whether the engine synced by itself.
    fn look(&mut self) -> bool {
        let now = std::fs::read(&self.file).unwrap();
        for index in 0..now.len() / PAGE {
            let new = page(&now, index);
            if new != page(&self.now, index) {
                self.later.entry(index).or_default().push(new);
            }
        }
        self.now = now;
        newest_synced(&self.now) > newest_synced(&self.synced)
    }

    /// All that was written is on the disk.
    fn settle(&mut self) {
        self.synced.clone_from(&self.now);
        self.later.clear();
    }

    /// What may be found on the disk after a cut.
    fn cut(&self, mood: Mood, rng: &mut ChaCha8Rng) -> Vec<u8> {
        let grown = (self.now.len() - self.synced.len()) / PAGE;
        let length = match mood {
            Mood::Any | Mood::Little | Mood::Much => rng.random_range(0..=grown),
            Mood::Names | Mood::Pages => grown,
        };
        let mut image = self.synced.clone();
        image.resize(self.synced.len() + length * PAGE, 0);
        for (index, versions) in &self.later {
            let is_meta = *index < METAS;
            let share = match mood {
                Mood::Any => 0.5,
                Mood::Little => 0.05,
                Mood::Much => 0.95,
                Mood::Names => {
                    if is_meta {
                        1.0
                    } else {
                        0.7
                    }
                }
                Mood::Pages => {
                    if is_meta {
                        0.5
                    } else {
                        1.0
                    }
                }
            };
            let Some(kept) = image.get_mut(index * PAGE..(index + 1) * PAGE) else { continue };
            let whole = !rng.random_bool(0.2);
            let mut take = draw(versions, share, rng);
            for (number, sector) in kept.chunks_mut(SECTOR).enumerate() {
                if !whole {
                    take = draw(versions, share, rng);
                }
                if let Some(version) = take {
                    sector.copy_from_slice(&version[number * SECTOR..(number + 1) * SECTOR]);
                }
            }
        }
        image
    }
}

/// The newest version mostly; now and then an older one, or none.
fn draw<'a>(versions: &'a [Vec<u8>], share: f64, rng: &mut ChaCha8Rng) -> Option<&'a Vec<u8>> {
    if !rng.random_bool(share) {
        return None;
    }
    // With a share of one everything is there: the newest.
    if share == 1.0 || rng.random_bool(0.5) {
        versions.last()
    } else {
        versions.get(rng.random_range(0..versions.len()))
    }
}

/// Starts the system anew: the boot id is another one.
fn reboot(image: &mut [u8]) {
    for index in 0..METAS {
        image[index * PAGE + BOOT_ID..][..16].fill(0xee);
    }
}

/// A store over an image, after a restart of the system.
fn reopen(mut image: Vec<u8>, durable: bool) -> Home {
    reboot(&mut image);
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("mdbx.dat"), image).unwrap();
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
    store.sync().unwrap();
    Home { store, folder: Some(folder) }
}

fn folder(home: &Home) -> &Path {
    home.folder.as_ref().unwrap().path()
}

/// The chain that an image holds is whole, is one of `allowed`, and goes on.
fn check(image: Vec<u8>, durable: bool, allowed: &[(B256, B256)]) -> Home {
    let home = reopen(image, durable);
    home.store.view().unwrap().verify().unwrap();
    let found = moment(&home.store);
    assert!(allowed.contains(&found), "{found:?} is none of {allowed:?}");
    home.store.append_block(next_block(&home.store, changes_of(77), 3)).unwrap();
    home.store.view().unwrap().verify().unwrap();
    home
}

#[test]
fn a_cut_of_power_costs_at_most_what_came_after_the_last_sync() {
    for seed in 0..2 {
        let mut rng = rng(900 + seed);
        let mut home = begin(false);
        for _ in 0..3 {
            home = lose_power_often(home, &mut rng);
        }
    }
}

/// Writes, syncs now and then, cuts the power after each step; goes on with the last image.
fn lose_power_often(home: Home, rng: &mut ChaCha8Rng) -> Home {
    home.store.sync().unwrap();
    let mut disk = Disk::of(folder(&home));
    // From the last sync on.
    let mut moments = vec![moment(&home.store)];
    for _ in 0..rng.random_range(8..16) {
        if rng.random_bool(0.15) {
            home.store.sync().unwrap();
            disk.look();
            // All pages are there before the page that names the commit as synced.
            check(disk.cut(Mood::Pages, rng), false, &moments);
            disk.settle();
            moments.drain(..moments.len() - 1);
        } else {
            write(&home.store, rng);
            moments.push(moment(&home.store));
            if disk.look() {
                // The engine syncs before the file grows, so what was committed before is there.
                disk.settle();
                moments.drain(..moments.len().saturating_sub(2));
            }
        }
        for _ in 0..3 {
            let mood = MOODS[rng.random_range(0..MOODS.len())];
            check(disk.cut(mood, rng), false, &moments);
        }
    }
    check(disk.cut(Mood::Any, rng), false, &moments)
}

#[test]
fn a_durable_commit_outlives_a_cut_of_power_right_after_it() {
    let mut rng = rng(31);
    let home = begin(true);
    let mut disk = Disk::of(folder(&home));
    for _ in 0..30 {
        let before = moment(&home.store);
        write(&home.store, &mut rng);
        let after = moment(&home.store);
        disk.look();
        // On the way: pages first, the page that names the commit last.
        let pages = disk.later.split_off(&METAS);
        let names = std::mem::replace(&mut disk.later, pages);
        check(disk.cut(Mood::Any, &mut rng), true, &[before]);
        disk.later.extend(names);
        check(disk.cut(Mood::Pages, &mut rng), true, &[before, after]);
        disk.settle();
        check(disk.cut(Mood::Any, &mut rng), true, &[after]);
    }
}

#[test]
fn the_boot_id_tells_a_cut_of_power_from_a_killed_process() {
    let home = begin(false);
    let synced = moment(&home.store);
    home.store.append_block(next_block(&home.store, changes_of(1), 2)).unwrap();
    let committed = moment(&home.store);
    let image = std::fs::read(folder(&home).join("mdbx.dat")).unwrap();

    let killed = TempDir::new().unwrap();
    std::fs::write(killed.path().join("mdbx.dat"), &image).unwrap();
    let killed = Store::open(killed.path(), options(false)).unwrap();
    let cut = reopen(image, false);

    assert_eq!(moment(&killed), committed);
    assert_eq!(moment(&cut.store), synced);
}

#[test]
fn a_cut_while_the_file_is_made_leaves_none() {
    let folder = TempDir::new().unwrap();
    let draft = folder.path().join("draft");
    std::fs::create_dir(&draft).unwrap();
    std::fs::write(draft.join("mdbx.dat"), vec![0; 65_536]).unwrap();

    let store = Store::open(folder.path(), options(false)).unwrap();

    assert!(store.view().unwrap().head().is_err());
    assert!(!draft.exists());
}
