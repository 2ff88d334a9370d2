//! Writes a file that appears whole or not at all: a draft beside it, synced, renamed.

use super::TransferError;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A file in the making; dropped unfinished, it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Draft {
    target: PathBuf,
    path: PathBuf,
    out: BufWriter<File>,
}

impl Draft {
    /// Begins a draft beside its target.
    pub(super) fn create(target: &Path) -> Result<Self, TransferError> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".draft");
        let path = target.with_file_name(name);
        let file = File::create(&path).map_err(|source| unusable(target, source))?;
        Ok(Self { target: target.to_owned(), path, out: BufWriter::new(file) })
    }

    /// Writes on.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        self.out.write_all(bytes).map_err(|source| unusable(&self.target, source))
    }

    /// Puts the draft, now safe on the disk, in its target's place.
    pub(super) fn finish(mut self) -> Result<(), TransferError> {
        self.place().map_err(|source| unusable(&self.target, source))
    }

    fn place(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        fs::rename(&self.path, &self.target)?;
        let folder = self.target.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is nothing left to remove.
        fs::remove_file(&self.path).ok();
    }
}

fn unusable(path: &Path, source: io::Error) -> TransferError {
    TransferError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_that_is_not_finished_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        fs::write(&target, "old").unwrap();
        let mut draft = Draft::create(&target).unwrap();

        draft.write(b"new").unwrap();
        drop(draft);

        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_finished_draft_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let mut draft = Draft::create(&target).unwrap();

        draft.write(b"new").unwrap();
        draft.finish().unwrap();

        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
