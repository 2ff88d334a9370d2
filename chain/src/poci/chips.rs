//! Keeps the chips whose folders are there: a folder that is taken away is an absent chip.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};
use tracing::warn;
use utnet_primitives::ChipId;
use utnet_se::{SecurityEngine, SoftwareChip};

/// The file that every chip's folder has (`docs/formats.md`).
const CHIP_FILE: &str = "chip.json";

/// The chips in some folders of chip folders, opened read-only.
#[derive(Debug, Default)]
pub struct Chips {
    folders: Vec<PathBuf>,
    open: BTreeMap<PathBuf, Held>,
    /// Chips that are not found though they are here.
    hidden: BTreeSet<ChipId>,
}

/// A chip, and when its folder last changed: a VRF key may come later.
#[derive(Debug)]
struct Held {
    changed: Option<SystemTime>,
    /// `None` if it does not open; tried again when its folder changes.
    chip: Option<SoftwareChip>,
}

impl Chips {
    /// The chips in these folders; each holds chip folders, or is one.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        let mut chips = Self { folders, open: BTreeMap::new(), hidden: BTreeSet::new() };
        chips.refresh();
        chips
    }

    /// Looks again: opens chips that came or changed, forgets those that went.
    pub fn refresh(&mut self) {
        let mut before = std::mem::take(&mut self.open);
        for path in self.folders.iter().flat_map(|folder| chip_folders(folder)) {
            let changed = fs::metadata(&path).and_then(|meta| meta.modified()).ok();
            let held = match before.remove(&path) {
                Some(held) if held.changed == changed => held,
                _ => Held { changed, chip: open(&path) },
            };
            self.open.insert(path, held);
        }
    }

    /// Does not find these any more, though they are here.
    pub(super) fn hide(&mut self, chips: BTreeSet<ChipId>) {
        self.hidden = chips;
    }

    pub(super) fn chips(&self) -> impl Iterator<Item = &SoftwareChip> {
        let open = self.open.values().filter_map(|held| held.chip.as_ref());
        open.filter(|chip| !self.hidden.contains(&chip.chip_id()))
    }

    /// How many chips are here.
    pub fn len(&self) -> usize {
        self.chips().count()
    }

    /// Whether no chip is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A chip that is here.
    pub fn find(&self, chip: ChipId) -> Option<&SoftwareChip> {
        self.chips().find(|held| held.chip_id() == chip)
    }

    /// A chip that carries this VRF key.
    pub fn find_vrf(&self, key: &[u8; 33]) -> Option<&SoftwareChip> {
        self.chips().find(|held| held.vrf_key().as_ref() == Some(key))
    }
}

fn open(path: &Path) -> Option<SoftwareChip> {
    SoftwareChip::open_read_only(path)
        .inspect_err(|fault| warn!(path = %path.display(), %fault, "chip does not open"))
        .ok()
}

/// The folder itself if it is a chip's, else those in it that are; in the order of their names.
fn chip_folders(folder: &Path) -> Vec<PathBuf> {
    if is_chip(folder) {
        return vec![folder.to_path_buf()];
    }
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths.filter(|path| is_chip(path)).collect();
    found.sort_unstable();
    found
}

fn is_chip(path: &Path) -> bool {
    path.join(CHIP_FILE).is_file()
}
