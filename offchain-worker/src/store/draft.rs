//! Takes in a file piece by piece, so that no file is ever held in memory whole because somebody brings it.

use super::{BlobError, aside_name, disk};
use alloy_primitives::B256;
use sha2::{Digest, Sha256};
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf};

/// A file that is being brought; it is gone unless it is kept.
#[derive(Debug)]
pub struct Draft {
    folder: PathBuf,
    path: PathBuf,
    file: fs::File,
    hash: Sha256,
}

impl Draft {
    pub(super) fn begin(folder: PathBuf) -> Result<Self, BlobError> {
        let path = aside_name(&folder.join("blob"));
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|source| disk(&path, source))?;
        Ok(Self { folder, path, file, hash: Sha256::new() })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`BlobError::Disk`] when it cannot be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        self.hash.update(piece);
        self.file.write_all(piece).map_err(|source| disk(&self.path, source))
    }

    /// SHA-256 of what has come.
    pub fn hash(&self) -> B256 {
        B256::from_slice(&self.hash.clone().finalize())
    }

    /// Keeps the file under the name that was announced; what was damaged under that name is replaced.
    ///
    /// # Errors
    /// [`BlobError::Mismatch`] when the bytes are others, [`BlobError::Disk`] when they cannot be kept.
    pub fn keep_as(self, announced: B256) -> Result<(), BlobError> {
        let found = self.hash();
        if found != announced {
            return Err(BlobError::Mismatch { announced, found });
        }
        self.keep(&announced)
    }

    fn keep(&self, hash: &B256) -> Result<(), BlobError> {
        let kept = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&self.path, self.folder.join(hex::encode(hash))))
            .and_then(|()| fs::File::open(&self.folder)?.sync_all());
        kept.map_err(|source| disk(&self.path, source))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Nothing is there any more when it was kept.
        drop(fs::remove_file(&self.path));
    }
}
