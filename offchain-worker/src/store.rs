//! Keeps files under the SHA-256 of their bytes.
//!
//! One flat folder; a file's name is its hash in lower-case hex. A file appears whole or not at all: it is written aside,
//! synced and renamed. What is read is hashed again, so a damaged disk is noticed before a result is signed.

mod draft;

pub use draft::Draft;

use alloy_primitives::B256;
use std::{
    collections::BTreeSet,
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};
use utnet_jobs::sha256;

/// What a damaged file's name ends in.
const DAMAGED: &str = "damaged";

/// A folder of files named by their content.
#[derive(Clone, Debug)]
pub struct BlobStore {
    folder: PathBuf,
}

/// Why a file could not be kept or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// Nobody has brought this file yet.
    #[error("blob {hash} is not here")]
    Missing {
        /// SHA-256 asked for.
        hash: B256,
    },
    /// The file on disk is not what its name says.
    #[error("blob {hash} is damaged: its bytes hash to {found}")]
    Damaged {
        /// SHA-256 asked for.
        hash: B256,
        /// SHA-256 of the bytes on disk.
        found: B256,
    },
    /// The bytes that were brought are not those that were announced.
    #[error("bytes hash to {found}, announced was {announced}")]
    Mismatch {
        /// SHA-256 in the request.
        announced: B256,
        /// SHA-256 of what came.
        found: B256,
    },
    /// The disk refused.
    #[error("cannot use {path}: {source}")]
    Disk {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl BlobStore {
    /// Opens a folder, making it where it is missing; only its owner may look into one that is made.
    ///
    /// # Errors
    /// [`BlobError::Disk`] when the folder cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let folder = folder.into();
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|source| disk(&folder, source))?;
        Ok(Self { folder })
    }

    /// Where a file is or would be.
    pub fn path_of(&self, hash: &B256) -> PathBuf {
        self.folder.join(hex::encode(hash))
    }

    /// Whether a file is here; its bytes are not looked at.
    pub fn has(&self, hash: &B256) -> bool {
        self.path_of(hash).is_file()
    }

    /// Length of a file, in bytes.
    ///
    /// # Errors
    /// [`BlobError::Missing`] or [`BlobError::Disk`].
    pub fn length(&self, hash: &B256) -> Result<u64, BlobError> {
        let path = self.path_of(hash);
        let found = fs::metadata(&path).map_err(|source| missing_or_disk(hash, &path, source))?;
        Ok(found.len())
    }

    /// Keeps bytes and says their name.
    ///
    /// # Errors
    /// [`BlobError::Disk`] when they cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<B256, BlobError> {
        let hash = sha256(bytes);
        self.put_as(hash, bytes)?;
        Ok(hash)
    }

    /// Keeps bytes that were announced under a name.
    ///
    /// # Errors
    /// [`BlobError::Mismatch`] when they are other bytes, [`BlobError::Disk`] when they cannot be written.
    pub fn put_as(&self, announced: B256, bytes: &[u8]) -> Result<(), BlobError> {
        let mut draft = self.draft()?;
        draft.write(bytes)?;
        draft.keep_as(announced)
    }

    /// Begins a file that comes in pieces.
    ///
    /// # Errors
    /// [`BlobError::Disk`] when there is no room for it.
    pub fn draft(&self) -> Result<Draft, BlobError> {
        Draft::begin(self.folder.clone())
    }

    /// Opens a file for a reader who checks it against its name.
    ///
    /// # Errors
    /// [`BlobError::Missing`] or [`BlobError::Disk`].
    pub fn open_file(&self, hash: &B256) -> Result<fs::File, BlobError> {
        let path = self.path_of(hash);
        fs::File::open(&path).map_err(|source| missing_or_disk(hash, &path, source))
    }

    /// Reads a file and checks it against its name. A damaged one is set aside, so that it may be brought again.
    ///
    /// # Errors
    /// [`BlobError::Missing`], [`BlobError::Damaged`] or [`BlobError::Disk`].
    pub fn read(&self, hash: &B256) -> Result<Vec<u8>, BlobError> {
        let path = self.path_of(hash);
        let bytes = fs::read(&path).map_err(|source| missing_or_disk(hash, &path, source))?;
        self.check(hash, sha256(&bytes)).map(|()| bytes)
    }

    /// Compares what was read with its name; a damaged file is set aside.
    ///
    /// # Errors
    /// [`BlobError::Damaged`], or [`BlobError::Disk`] when it cannot be set aside.
    pub fn check(&self, hash: &B256, found: B256) -> Result<(), BlobError> {
        if found == *hash {
            return Ok(());
        }
        let path = self.path_of(hash);
        fs::rename(&path, path.with_extension(DAMAGED)).map_err(|source| disk(&path, source))?;
        Err(BlobError::Damaged { hash: *hash, found })
    }

    /// Removes files that nobody wants and that were last brought before `before`; drafts of a process that died and
    /// damaged files are among them. Says how many.
    ///
    /// # Errors
    /// [`BlobError::Disk`] when the folder cannot be read or a file not be removed.
    pub fn sweep(&self, wanted: &BTreeSet<B256>, before: SystemTime) -> Result<usize, BlobError> {
        let mut swept = 0;
        for entry in fs::read_dir(&self.folder).map_err(|source| disk(&self.folder, source))? {
            let path = entry.map_err(|source| disk(&self.folder, source))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_wanted = name.parse().is_ok_and(|hash: B256| wanted.contains(&hash));
            // One that cannot be looked at was removed meanwhile.
            let modified = fs::metadata(&path).and_then(|found| found.modified());
            if !is_wanted && modified.is_ok_and(|at| at < before) {
                fs::remove_file(&path).map_err(|source| disk(&path, source))?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

/// Writes a file so that it is there whole or not at all, also after a power cut.
///
/// # Errors
/// What the system says.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    let aside = aside_name(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| fs::rename(&aside, path)) {
        drop(fs::remove_file(&aside));
        return Err(error);
    }
    fs::File::open(folder)?.sync_all()
}

/// Where a file stands, also one that is named alone.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// A name that no other writer of this machine uses.
fn aside_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{:016x}.new", rand::random::<u64>()));
    path.with_file_name(name)
}

fn missing_or_disk(hash: &B256, path: &Path, source: io::Error) -> BlobError {
    match source.kind() {
        io::ErrorKind::NotFound => BlobError::Missing { hash: *hash },
        _ => disk(path, source),
    }
}

fn disk(path: &Path, source: io::Error) -> BlobError {
    BlobError::Disk { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{os::unix::fs::PermissionsExt, time::Duration};

    fn store() -> (tempfile::TempDir, BlobStore) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = BlobStore::open(folder.path().join("blobs")).expect("opens");
        (folder, store)
    }

    #[test]
    fn a_file_that_is_named_alone_stands_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("in.st")), Path::new("."));
        assert_eq!(folder_of(Path::new("there/in.st")), Path::new("there"));
    }

    #[test]
    fn what_was_kept_is_found_under_its_hash() {
        let (_folder, store) = store();
        let hash = store.put(b"abc").expect("kept");
        assert_eq!(
            hex::encode(hash),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(store.read(&hash).expect("read"), b"abc");
    }

    #[test]
    fn bytes_under_a_wrong_name_are_refused() {
        let (_folder, store) = store();
        let wrong = B256::repeat_byte(1);
        assert!(matches!(store.put_as(wrong, b"abc"), Err(BlobError::Mismatch { .. })));
        assert!(!store.has(&wrong));
    }

    #[test]
    fn a_damaged_file_is_noticed_when_it_is_read() {
        let (_folder, store) = store();
        let hash = store.put(b"abc").expect("kept");
        fs::write(store.path_of(&hash), b"abd").expect("damaged");
        assert!(matches!(store.read(&hash), Err(BlobError::Damaged { .. })));
    }

    /// A damaged input used to stay for ever: bringing it again found it there and wrote nothing.
    #[test]
    fn a_damaged_file_may_be_brought_again() {
        let (_folder, store) = store();
        let hash = store.put(b"abc").expect("kept");
        fs::write(store.path_of(&hash), b"abd").expect("damaged");
        drop(store.read(&hash));
        assert!(!store.has(&hash));

        store.put(b"abc").expect("kept again");
        assert_eq!(store.read(&hash).expect("whole"), b"abc");
    }

    #[test]
    fn a_file_in_pieces_is_whole_or_gone() {
        let (_folder, store) = store();
        let bring = || {
            let mut draft = store.draft().expect("room");
            draft.write(b"ab").expect("room");
            draft.write(b"c").expect("room");
            draft
        };
        drop(bring());
        let refused = bring().keep_as(B256::repeat_byte(1));
        assert!(matches!(refused, Err(BlobError::Mismatch { .. })));
        assert_eq!(fs::read_dir(&store.folder).expect("lists").count(), 0);

        bring().keep_as(sha256(b"abc")).expect("kept");
        assert_eq!(store.read(&sha256(b"abc")).expect("whole"), b"abc");
    }

    #[test]
    fn only_old_files_that_nobody_wants_are_swept() {
        let (_folder, store) = store();
        let day = |day: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * day);
        let old = store.put(b"old").expect("kept");
        let wanted = store.put(b"wanted").expect("kept");
        let young = store.put(b"young").expect("kept");
        for (hash, at) in [(&old, day(1)), (&wanted, day(1)), (&young, day(9))] {
            let file = fs::File::options().append(true).open(store.path_of(hash)).expect("there");
            file.set_modified(at).expect("ours");
        }

        let swept = store.sweep(&BTreeSet::from([wanted]), day(5)).expect("readable");

        assert_eq!(swept, 1);
        assert_eq!([&old, &wanted, &young].map(|hash| store.has(hash)), [false, true, true]);
    }

    #[test]
    fn only_the_owner_can_look_into_the_store() {
        let (_folder, store) = store();
        let hash = store.put(b"abc").expect("kept");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&store.folder), mode(&store.path_of(&hash))), (0o700, 0o600));
    }

    #[test]
    fn a_file_that_nobody_brought_is_missing() {
        let (_folder, store) = store();
        assert!(matches!(store.read(&B256::ZERO), Err(BlobError::Missing { .. })));
    }

    #[test]
    fn nothing_is_left_beside_the_files() {
        let (_folder, store) = store();
        store.put(b"abc").expect("kept");
        store.put(b"abc").expect("kept again");
        assert_eq!(fs::read_dir(&store.folder).expect("lists").count(), 1);
    }
}
