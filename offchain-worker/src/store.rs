//! Keeps files under the SHA-256 of their bytes.
//!
//! One flat folder; a file's name is its hash in lower-case hex. A file appears whole or not at all: it is written aside,
//! synced and renamed. What is read is hashed again, so a damaged disk is noticed before a result is signed.

use alloy_primitives::B256;
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

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

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(bytes))
}

impl BlobStore {
    /// Opens a folder, making it where it is missing.
    ///
    /// # Errors
    /// [`BlobError::Disk`] when the folder cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(|source| disk(&folder, source))?;
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

    /// Keeps bytes and says their name.
    ///
    /// # Errors
    /// [`BlobError::Disk`] when they cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<B256, BlobError> {
        let hash = sha256(bytes);
        self.write(&hash, bytes)?;
        Ok(hash)
    }

    /// Keeps bytes that were announced under a name.
    ///
    /// # Errors
    /// [`BlobError::Mismatch`] when they are other bytes, [`BlobError::Disk`] when they cannot be written.
    pub fn put_as(&self, announced: B256, bytes: &[u8]) -> Result<(), BlobError> {
        let found = sha256(bytes);
        if found != announced {
            return Err(BlobError::Mismatch { announced, found });
        }
        self.write(&announced, bytes)
    }

    /// Reads a file and checks it against its name.
    ///
    /// # Errors
    /// [`BlobError::Missing`], [`BlobError::Damaged`] or [`BlobError::Disk`].
    pub fn read(&self, hash: &B256) -> Result<Vec<u8>, BlobError> {
        let path = self.path_of(hash);
        let bytes = fs::read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => BlobError::Missing { hash: *hash },
            _ => disk(&path, source),
        })?;
        let found = sha256(&bytes);
        if found == *hash { Ok(bytes) } else { Err(BlobError::Damaged { hash: *hash, found }) }
    }

    fn write(&self, hash: &B256, bytes: &[u8]) -> Result<(), BlobError> {
        let path = self.path_of(hash);
        if path.is_file() {
            return Ok(());
        }
        write_whole(&path, bytes).map_err(|source| disk(&path, source))
    }
}

/// Writes a file so that it is there whole or not at all, also after a power cut.
///
/// # Errors
/// What the system says.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let aside = aside_name(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&aside)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| fs::rename(&aside, path)) {
        drop(fs::remove_file(&aside));
        return Err(error);
    }
    fs::File::open(folder)?.sync_all()
}

/// A name that no other writer of this machine uses.
fn aside_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{:016x}.new", rand::random::<u64>()));
    path.with_file_name(name)
}

fn disk(path: &Path, source: io::Error) -> BlobError {
    BlobError::Disk { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, BlobStore) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = BlobStore::open(folder.path().join("blobs")).expect("opens");
        (folder, store)
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
