//! Remembers upon which blocks a chip has sealed: two seals upon one are what it is slashed for.
//!
//! The notes of a chain on disk lie beside the chip's keys, not with the chain, and the disk has a note before the
//! seal is anybody's: they outlive a chain that lost its last blocks, or was put back from a copy. Those of a chain in
//! memory end with it. Form: `docs/formats.md`, "A chip's folder".

mod log;

use super::PociFault;
use alloy_primitives::B256;
use log::Log;
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};
use tracing::warn;
use utnet_primitives::{ChipId, Height};
use utnet_se::{SecurityEngine, SoftwareChip};

/// What the chips of this node have sealed, on one chain.
#[derive(Debug, Default)]
pub(super) struct Seals {
    /// Where chains in memory have their notes, by chip and first block; `None` where they are on disk.
    memory: Option<BTreeMap<(ChipId, B256), Log>>,
    /// Seals of blocks that are not written yet.
    unwritten: Vec<(Place, Sealed)>,
}

/// A seal: its height, and the block that it follows.
type Sealed = (Height, B256);

/// Where the notes of a chip on a chain are.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The chip, and the chain's first block.
    of: (ChipId, B256),
    path: PathBuf,
}

impl Place {
    /// The place of a chip's notes about a chain, named by its first block.
    pub(super) fn new(chip: &SoftwareChip, genesis: B256) -> Self {
        Self { of: (chip.chip_id(), genesis), path: path_of(chip.dir(), genesis) }
    }
}

fn path_of(chip: &Path, genesis: B256) -> PathBuf {
    chip.join(format!("seals-{}", hex::encode(&genesis[..8])))
}

impl Seals {
    /// Notes of a chain in memory, which end with it.
    pub(super) fn in_memory() -> Self {
        Self { memory: Some(BTreeMap::new()), unwritten: Vec::new() }
    }

    /// Whether a chip may have sealed upon this block.
    pub(super) fn holds(&self, place: &Place, sealed: Sealed) -> Result<bool, PociFault> {
        let held = match &self.memory {
            Some(logs) => logs.get(&place.of).is_some_and(|log| log.holds(sealed)),
            None => Log::read(&place.path).map_err(fault(place))?.holds(sealed),
        };
        Ok(held)
    }

    /// Notes a seal, before anybody can have it.
    pub(super) fn note(&mut self, place: Place, sealed: Sealed) -> Result<(), PociFault> {
        // First of all: what a failure leaves of it is taken back, too.
        self.unwritten.push((place.clone(), sealed));
        match &mut self.memory {
            Some(logs) => logs.entry(place.of).or_default().add(sealed),
            None => Log::append(&place.path, sealed).map_err(fault(&place))?,
        }
        Ok(())
    }

    /// How many seals of blocks that are not written yet are noted.
    pub(super) fn unwritten(&self) -> usize {
        self.unwritten.len()
    }

    /// What was noted is in blocks that are written: it stays noted.
    pub(super) fn written(&mut self) {
        self.unwritten.clear();
    }

    /// What was noted since, but for the first `kept` of it, has come into no block: nobody has these seals.
    pub(super) fn take_back(&mut self, kept: usize) {
        let kept = kept.min(self.unwritten.len());
        // The newest first: it is the last in its file.
        for (place, sealed) in self.unwritten.split_off(kept).into_iter().rev() {
            self.change(&place, |log| log.remove(sealed), |path| Log::take_back(path, sealed));
        }
    }

    /// Forgets what some chips sealed above a height.
    pub(super) fn unwind(&mut self, places: impl Iterator<Item = Place>, height: Height) {
        for place in places {
            let unwind = |log: &mut Log| log.unwind(height);
            self.change(&place, unwind, |path| Log::change(path, unwind));
        }
    }

    /// Those of some chips that seal nothing up to a height above this one, with their files: so many seals are noted
    /// that the older ones are not told apart.
    pub(super) fn asleep(
        &self,
        places: impl Iterator<Item = Place>,
        height: Height,
    ) -> Vec<(PathBuf, Height)> {
        let floor = |place: &Place| match &self.memory {
            Some(logs) => logs.get(&place.of).map(Log::floor),
            // A file that cannot be read is told when its chip is to seal.
            None => Log::read(&place.path).ok().map(|log| log.floor()),
        };
        let floors = places.filter_map(|place| Some((floor(&place)?, place.path)));
        floors.filter(|(floor, _)| *floor > height).map(|(floor, path)| (path, floor)).collect()
    }

    fn change(
        &mut self,
        place: &Place,
        in_memory: impl FnOnce(&mut Log) -> bool,
        in_file: impl FnOnce(&Path) -> io::Result<()>,
    ) {
        let changed = match &mut self.memory {
            Some(logs) => {
                logs.get_mut(&place.of).map(in_memory);
                Ok(())
            }
            None => in_file(&place.path),
        };
        if let Err(fault) = changed {
            // What is noted too much keeps a chip from a block, never more.
            warn!(path = %place.path.display(), %fault, "a note of a seal stays");
        }
    }
}

fn fault(place: &Place) -> impl FnOnce(io::Error) -> PociFault {
    let path = place.path.clone();
    |source| PociFault::SealNotes { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(genesis: u8) -> Place {
        Place { of: (ChipId(B256::ZERO), B256::repeat_byte(genesis)), path: PathBuf::new() }
    }

    #[test]
    fn chains_in_memory_with_other_first_blocks_have_notes_of_their_own() {
        let mut seals = Seals::in_memory();
        let sealed = (Height(7), B256::repeat_byte(1));

        seals.note(place(1), sealed).unwrap();

        assert!(seals.holds(&place(1), sealed).unwrap());
        assert!(!seals.holds(&place(2), sealed).unwrap());
    }

    #[test]
    fn what_was_noted_first_can_stay_where_the_rest_is_taken_back() {
        let mut seals = Seals::in_memory();
        let sealed = [1, 2, 3].map(|height| (Height(height), B256::repeat_byte(1)));
        for sealed in sealed {
            seals.note(place(1), sealed).unwrap();
        }

        seals.take_back(1);

        let held = sealed.map(|sealed| seals.holds(&place(1), sealed).unwrap());
        assert_eq!((held, seals.unwritten()), ([true, false, false], 1));
    }
}
