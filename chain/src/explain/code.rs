//! Knows compiled code again when the EVM runs it, and finds the source of each instruction.

use super::source::Source;
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// First and last of the PUSH instructions that carry bytes.
const PUSHES: std::ops::RangeInclusive<u8> = 0x60..=0x7f;
/// A library's code begins with its own address, put in when it is deployed: PUSH20.
const PUSH20: u8 = 0x73;

/// The files that a compilation read, by the number that its source maps use.
pub(super) type Sources = BTreeMap<i64, Arc<Source>>;

/// Code as the compiler wrote it.
#[derive(Debug)]
pub(super) struct Code {
    bytes: Vec<u8>,
    /// What is filled in later: immutables, addresses of libraries.
    holes: Vec<Range<usize>>,
    map: String,
    sources: Arc<Sources>,
    /// One place per byte of code, read from the map when first asked for.
    places: OnceLock<Vec<Place>>,
}

/// Where an instruction comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// First byte in the file.
    pub(super) offset: usize,
    /// Bytes in the file.
    pub(super) length: usize,
    /// Number of the file; none for what the compiler made up.
    file: Option<i64>,
    /// What a jump does.
    pub(super) jump: Jump,
}

/// What a jump does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Jump {
    /// It goes into a function.
    Into,
    /// It goes back.
    Out,
    /// It loops or branches.
    #[default]
    Other,
}

impl Code {
    /// Code with its holes, source map and files.
    pub(super) fn new(
        bytes: Vec<u8>,
        mut holes: Vec<Range<usize>>,
        map: String,
        sources: Arc<Sources>,
    ) -> Self {
        if bytes.first() == Some(&PUSH20) && bytes.get(1..21) == Some(&[0; 20]) {
            holes.push(1..21);
        }
        holes.sort_unstable_by_key(|hole| hole.start);
        Self { bytes, holes, map, sources, places: OnceLock::new() }
    }

    /// Whether a deployed contract has this code.
    pub(super) fn is(&self, code: &[u8]) -> bool {
        code.len() == self.bytes.len() && self.begins(code)
    }

    /// Whether code begins with this: creation code is followed by the constructor's arguments.
    pub(super) fn begins(&self, code: &[u8]) -> bool {
        if self.bytes.is_empty() || code.len() < self.bytes.len() {
            return false;
        }
        let mut at = 0;
        for hole in &self.holes {
            if hole.start > at && self.bytes.get(at..hole.start) != code.get(at..hole.start) {
                return false;
            }
            at = at.max(hole.end);
        }
        at >= self.bytes.len() || self.bytes.get(at..) == code.get(at..self.bytes.len())
    }

    /// Where the instruction at a place of the code comes from.
    pub(super) fn place(&self, pc: usize) -> Option<Place> {
        let places = self.places.get_or_init(|| places(&self.bytes, &self.map));
        places.get(pc).copied()
    }

    /// The file of a place.
    pub(super) fn source(&self, place: Place) -> Option<&Arc<Source>> {
        self.sources.get(&place.file?)
    }
}

/// Spreads a source map, which has an entry per instruction, over the bytes of the code.
fn places(code: &[u8], map: &str) -> Vec<Place> {
    let mut places = vec![Place::default(); code.len()];
    let mut pc = 0;
    for place in entries(map) {
        let Some(opcode) = code.get(pc) else { break };
        let pushed = if PUSHES.contains(opcode) { usize::from(opcode - 0x5f) } else { 0 };
        let end = (pc + 1 + pushed).min(code.len());
        if let Some(bytes) = places.get_mut(pc..end) {
            bytes.fill(place);
        }
        pc = end;
    }
    places
}

/// The entries of a source map `start:length:file:jump:depth;..`; what is left out is as before.
fn entries(map: &str) -> impl Iterator<Item = Place> + '_ {
    let mut now = Place::default();
    let fields = map.split(';').filter(|_| !map.is_empty());
    fields.map(move |entry| {
        for (index, field) in entry.split(':').enumerate().filter(|(_, field)| !field.is_empty()) {
            match index {
                0 => now.offset = field.parse().unwrap_or_default(),
                1 => now.length = field.parse().unwrap_or_default(),
                2 => now.file = field.parse().ok().filter(|file| *file >= 0),
                3 => now.jump = jump(field),
                _ => {}
            }
        }
        now
    })
}

fn jump(field: &str) -> Jump {
    match field {
        "i" => Jump::Into,
        "o" => Jump::Out,
        _ => Jump::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8], holes: Vec<Range<usize>>) -> Code {
        Code::new(bytes.to_vec(), holes, String::new(), Arc::default())
    }

    #[test]
    fn code_is_known_again_whatever_fills_its_holes() {
        let known = code(&[1, 2, 0, 0, 5], std::iter::once(2..4).collect());
        assert!(known.is(&[1, 2, 9, 8, 5]));
        assert!(!known.is(&[1, 2, 9, 8, 6]));
        assert!(!known.is(&[1, 3, 0, 0, 5]));
        assert!(!known.is(&[1, 2, 0, 0, 5, 0]));
        assert!(known.begins(&[1, 2, 0, 0, 5, 7, 7]));
        assert!(!known.begins(&[1, 2]));
    }

    #[test]
    fn a_hole_at_the_end_and_no_code_at_all() {
        assert!(code(&[1, 0], std::iter::once(1..2).collect()).is(&[1, 7]));
        assert!(!code(&[], Vec::new()).is(&[]));
    }

    #[test]
    fn the_own_address_of_a_library_is_a_hole() {
        let mut bytes = vec![0; 25];
        bytes[0] = PUSH20;
        let mut deployed = bytes.clone();
        deployed[1..21].fill(0xaa);
        assert!(code(&bytes, Vec::new()).is(&deployed));
    }

    #[test]
    fn a_map_has_an_entry_per_instruction() {
        let bytes = [0x60, 0x01, 0x56, 0x00];
        let places = places(&bytes, "5:3:0:-;9::1:i;;");
        assert_eq!(places[0], places[1]);
        assert_eq!((places[0].offset, places[0].length, places[0].file), (5, 3, Some(0)));
        assert_eq!((places[2].offset, places[2].length, places[2].file), (9, 3, Some(1)));
        assert_eq!((places[2].jump, places[3].jump), (Jump::Into, Jump::Into));
    }

    #[test]
    fn what_the_compiler_made_up_has_no_file() {
        assert_eq!(entries("0:0:-1:-").next().unwrap().file, None);
        assert_eq!(entries("").count(), 0);
    }
}
