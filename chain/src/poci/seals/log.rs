//! Keeps the seals of one chip: the newest one by one, older ones as a height below which it seals no more.

use super::Sealed;
use alloy_primitives::B256;
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use utnet_primitives::Height;

/// Seals that are kept one by one.
const KEPT: usize = 1_024;
/// A file with more is written anew.
const MOST: usize = 2 * KEPT;
/// Bytes of a seal: height, big endian, and hash.
const RECORD: usize = 40;

/// The seals of one chip.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    /// It may have sealed any block up to this height.
    floor: Height,
    sealed: BTreeSet<Sealed>,
}

impl Log {
    pub(super) fn holds(&self, sealed: Sealed) -> bool {
        sealed.0 <= self.floor || self.sealed.contains(&sealed)
    }

    /// Up to which height it seals no more.
    pub(super) const fn floor(&self) -> Height {
        self.floor
    }

    pub(super) fn add(&mut self, sealed: Sealed) {
        self.sealed.insert(sealed);
        while self.sealed.len() > KEPT
            && let Some((height, _)) = self.sealed.pop_first()
        {
            self.floor = self.floor.max(height);
        }
    }

    pub(super) fn remove(&mut self, sealed: Sealed) -> bool {
        self.sealed.remove(&sealed)
    }

    /// Forgets what is above a height; says whether there was something.
    pub(super) fn unwind(&mut self, height: Height) -> bool {
        let (floor, count) = (self.floor, self.sealed.len());
        self.floor = floor.min(height);
        self.sealed.retain(|(sealed, _)| *sealed <= height);
        self.floor != floor || self.sealed.len() != count
    }

    /// The seals in a file; none if it is not there.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self::decode(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes a seal behind the others in a file, and waits until the disk has it.
    pub(super) fn append(path: &Path, sealed: Sealed) -> io::Result<()> {
        if !path.exists() {
            File::create_new(path).and_then(|file| restrict(&file))?;
            sync_folder(path)?;
        }
        let file = OpenOptions::new().write(true).open(path)?;
        // What a death left of the last one was nobody's seal.
        let whole = file.metadata()?.len() / width(RECORD);
        if whole >= width(MOST) {
            let mut log = Self::read(path)?;
            log.add(sealed);
            return log.replace(path);
        }
        let at = whole.saturating_mul(width(RECORD));
        file.write_all_at(&record(sealed), at)?;
        file.sync_data()
    }

    /// Takes back a seal. The one that was written last is cut off: that needs no room on the disk.
    pub(super) fn take_back(path: &Path, sealed: Sealed) -> io::Result<()> {
        if !path.exists() {
            return Ok(());
        }
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let records = file.metadata()?.len() / width(RECORD);
        let Some(before) = records.checked_sub(1) else { return Ok(()) };
        let at = before.saturating_mul(width(RECORD));
        let mut last = [0; RECORD];
        file.read_exact_at(&mut last, at)?;
        if last != record(sealed) {
            return Self::change(path, |log| log.remove(sealed));
        }
        file.set_len(at)?;
        file.sync_data()
    }

    /// Changes the file, if there is one and the change says that it changes something.
    pub(super) fn change(path: &Path, change: impl FnOnce(&mut Self) -> bool) -> io::Result<()> {
        let mut log = Self::read(path)?;
        if change(&mut log) { log.replace(path) } else { Ok(()) }
    }

    /// Writes the file anew, whole or not at all.
    fn replace(&self, path: &Path) -> io::Result<()> {
        let draft = draft_of(path);
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&self.encode())?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        sync_folder(path)
    }

    fn encode(&self) -> Vec<u8> {
        let floor = (self.floor != Height(0)).then_some((self.floor, B256::ZERO));
        floor.into_iter().chain(self.sealed.iter().copied()).flat_map(record).collect()
    }

    fn decode(bytes: &[u8]) -> Self {
        let mut log = Self::default();
        for record in bytes.as_chunks::<RECORD>().0 {
            let (height, parent) = record.split_at(8);
            let height = height.iter().fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
            let (height, parent) = (Height(height), B256::from_slice(parent));
            if parent.is_zero() {
                log.floor = log.floor.max(height);
            } else {
                log.add((height, parent));
            }
        }
        log
    }
}

/// Where a file is written before it takes its place: each chain's notes have their own.
fn draft_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.extend(path.file_name());
    name.push(".tmp");
    path.with_file_name(name)
}

fn record((height, parent): Sealed) -> [u8; RECORD] {
    let mut bytes = [0; RECORD];
    bytes[..8].copy_from_slice(&height.0.to_be_bytes());
    bytes[8..].copy_from_slice(parent.as_slice());
    bytes
}

fn width(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn restrict(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(height: u64) -> Sealed {
        (Height(height), B256::left_padding_from(&height.to_be_bytes()))
    }

    #[test]
    fn what_is_not_kept_one_by_one_is_below_a_height_that_is_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seals");
        let count = width(MOST) + 3;

        for height in 1..=count {
            Log::append(&path, seal(height)).unwrap();
        }

        let log = Log::read(&path).unwrap();
        assert!((1..=count).all(|height| log.holds(seal(height))));
        assert!(log.holds((Height(1), B256::repeat_byte(7))), "it may have sealed it");
        assert!(!log.holds((Height(count), B256::repeat_byte(7))));
        assert!(fs::metadata(&path).unwrap().len() < width(MOST * RECORD));
    }

    #[test]
    fn half_a_record_is_passed_over_and_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seals");
        Log::append(&path, seal(1)).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend([9; 17]);
        fs::write(&path, bytes).unwrap();

        assert!(Log::read(&path).unwrap().holds(seal(1)));
        Log::append(&path, seal(2)).unwrap();

        let log = Log::read(&path).unwrap();
        assert_eq!(log.sealed, BTreeSet::from([seal(1), seal(2)]));
    }

    /// Both were noted, the disk is full, and no block came of them: the file cannot be written anew.
    #[test]
    fn the_newest_seals_are_taken_back_where_there_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seals");
        for height in 1..=3 {
            Log::append(&path, seal(height)).unwrap();
        }
        fs::create_dir(draft_of(&path)).unwrap();

        for height in [3, 2] {
            Log::take_back(&path, seal(height)).unwrap();
        }

        let log = Log::read(&path).unwrap();
        assert_eq!([1, 2, 3].map(|height| log.holds(seal(height))), [true, false, false]);
    }

    #[test]
    fn only_the_seal_that_is_taken_back_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seals");
        Log::take_back(&path, seal(1)).unwrap();
        for height in 1..=3 {
            Log::append(&path, seal(height)).unwrap();
        }

        Log::take_back(&path, seal(2)).unwrap();
        Log::take_back(&path, seal(7)).unwrap();

        let log = Log::read(&path).unwrap();
        assert_eq!([1, 2, 3].map(|height| log.holds(seal(height))), [true, false, true]);
    }

    #[test]
    fn chains_of_one_chip_do_not_share_a_draft() {
        let draft = |name: &str| draft_of(&Path::new("chip").join(name));

        assert_eq!(draft("seals-1"), Path::new("chip/.seals-1.tmp"));
        assert_ne!(draft("seals-1"), draft("seals-2"));
    }

    #[test]
    fn unwinding_forgets_what_is_above() {
        let mut log = Log::default();
        for height in 1..=5_000 {
            log.add(seal(height));
        }

        assert!(log.unwind(Height(2_000)));

        assert!(log.holds(seal(2_000)) && !log.holds(seal(2_001)));
    }
}
