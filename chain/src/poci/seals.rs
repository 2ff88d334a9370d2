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
    path::{Path, PathBuf},
};
use tracing::warn;
use utnet_primitives::{ChipId, Height};
use utnet_se::{SecurityEngine, SoftwareChip};

/// What the chips of this node have sealed, on one chain.
#[derive(Debug, Default)]
pub(super) struct Seals {
    /// Where chains in memory have their notes; `None` where they are on disk.
    memory: Option<BTreeMap<ChipId, Log>>,
    /// Seals of blocks that are not written yet.
    unwritten: Vec<(Place, Sealed)>,
}

/// A seal: its height, and the block that it follows.
type Sealed = (Height, B256);

/// Where the notes of a chip on a chain are.
#[derive(Clone, Debug)]
pub(super) struct Place {
    chip: ChipId,
    path: PathBuf,
}

impl Place {
    /// The place of a chip's notes about a chain, named by its first block.
    pub(super) fn new(chip: &SoftwareChip, genesis: B256) -> Self {
        Self { chip: chip.chip_id(), path: path_of(chip.dir(), genesis) }
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
            Some(logs) => logs.get(&place.chip).is_some_and(|log| log.holds(sealed)),
            None => Log::read(&place.path).map_err(fault(place))?.holds(sealed),
        };
        Ok(held)
    }

    /// Notes a seal, before anybody can have it.
    pub(super) fn note(&mut self, place: Place, sealed: Sealed) -> Result<(), PociFault> {
        match &mut self.memory {
            Some(logs) => logs.entry(place.chip).or_default().add(sealed),
            None => Log::append(&place.path, sealed).map_err(fault(&place))?,
        }
        self.unwritten.push((place, sealed));
        Ok(())
    }

    /// What was noted is in blocks that are written: it stays noted.
    pub(super) fn written(&mut self) {
        self.unwritten.clear();
    }

    /// What was noted since has come into no block: nobody has these seals.
    pub(super) fn take_back(&mut self) {
        for (place, sealed) in std::mem::take(&mut self.unwritten) {
            self.change(&place, |log| log.remove(sealed));
        }
    }

    /// Forgets what some chips sealed above a height.
    pub(super) fn unwind(&mut self, places: impl Iterator<Item = Place>, height: Height) {
        for place in places {
            self.change(&place, |log| log.unwind(height));
        }
    }

    fn change(&mut self, place: &Place, change: impl FnOnce(&mut Log) -> bool) {
        let changed = match &mut self.memory {
            Some(logs) => {
                logs.get_mut(&place.chip).map(change);
                Ok(())
            }
            None => Log::change(&place.path, change),
        };
        if let Err(fault) = changed {
            // What is noted too much keeps a chip from a block, never more.
            warn!(path = %place.path.display(), %fault, "a note of a seal stays");
        }
    }
}

fn fault(place: &Place) -> impl FnOnce(std::io::Error) -> PociFault {
    let path = place.path.clone();
    |source| PociFault::SealNotes { path, source }
}
