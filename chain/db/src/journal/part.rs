//! Holds some commits in one file, named by its ordinal.

use super::record::{self, PART_HEAD};
use crate::mdbx::sync_folders;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file to which commits are written.
#[derive(Debug)]
pub(crate) struct Part {
    file: Arc<File>,
    length: u64,
}

/// Why a commit was not written.
pub(super) enum Failed {
    /// The file is as it was.
    Undone(io::Error),
    /// The file may hold a piece of it.
    Torn(io::Error),
}

impl Part {
    /// Makes an empty part after the commit of a number; the disk has it then.
    pub(super) fn create(folder: &Path, ordinal: u64, after: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{ordinal:016x}"));
        // A draft that was never written may be there.
        let mut file = File::options().write(true).create(true).truncate(true).open(&path)?;
        file.write_all(&record::part_head(after))?;
        file.sync_all()?;
        sync_folders(folder)?;
        let length = u64::try_from(PART_HEAD).unwrap_or_default();
        Ok(Self { file: Arc::new(file), length })
    }

    /// The file, to sync it.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Writes a commit at the end.
    pub(super) fn append(&mut self, head: &[u8], changes: &[u8]) -> Result<(), Failed> {
        let mut file = &*self.file;
        match file.write_all(head).and_then(|()| file.write_all(changes)) {
            Ok(()) => {
                let written = head.len().saturating_add(changes.len());
                self.length =
                    self.length.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
                Ok(())
            }
            Err(source) => Err(self.undo(source)),
        }
    }

    /// Takes back a piece that was written.
    fn undo(&self, source: io::Error) -> Failed {
        use std::io::Seek;
        let mut file = &*self.file;
        let undone = file
            .set_len(self.length)
            .and_then(|()| file.seek(io::SeekFrom::Start(self.length)).map(drop));
        match undone {
            Ok(()) => Failed::Undone(source),
            Err(_) => Failed::Torn(source),
        }
    }
}

/// The parts in a folder by ordinal; none when there is no folder.
pub(super) fn list(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut parts = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| name.len() == 16);
        if let Some(ordinal) = name.and_then(|name| u64::from_str_radix(name, 16).ok()) {
            parts.push((ordinal, path));
        }
    }
    parts.sort_unstable();
    Ok(parts)
}
