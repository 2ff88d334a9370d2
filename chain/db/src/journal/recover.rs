//! Finds the commits that the tables' file does not have, and where the journal ends.

use super::{
    FOLDER, part,
    record::{self, Beginning, Found, PART_HEAD},
};
use crate::{error::DbError, layer::Layer, mdbx::sync_folders};
use bytes::Bytes;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// What was found.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// What the commits change.
    pub(crate) layer: Layer,
    /// Where they end.
    pub(crate) ends: Ends,
    /// Whether commits are missing that the disk once had.
    pub(crate) lost: Option<DbError>,
}

/// Where a journal ends.
#[derive(Debug)]
pub(crate) struct Ends {
    /// Number of the last commit.
    pub(super) last: u64,
    /// Ordinal of the next part.
    pub(super) next: u64,
    pub(super) tail: Tail,
}

/// What was being written when process or machine died.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Parts, and how long they are without it.
    torn: Vec<(PathBuf, u64)>,
    /// Parts that were being made, or that follow what was lost.
    drafts: Vec<PathBuf>,
}

impl Tail {
    /// Removes it, so that nothing of it can be taken for what is written next, and waits until the
    /// disk has what is left.
    pub(super) fn mend(&self, folder: &Path) -> io::Result<()> {
        for (path, length) in &self.torn {
            File::options().write(true).open(path)?.set_len(*length)?;
        }
        for path in self.drafts.iter().filter(|path| path.exists()) {
            fs::remove_file(path)?;
        }
        for (_, path) in part::list(folder)? {
            File::open(path)?.sync_all()?;
        }
        if folder.exists() { sync_folders(folder) } else { Ok(()) }
    }
}

/// Reads the commits after number `carried`. Changes nothing.
///
/// # Errors
///
/// [`DbError::Journal`] when another version wrote it, [`DbError::Undecodable`] when that cannot be
/// told, [`DbError::Folder`] when the folder cannot be read.
pub(crate) fn recover(folder: &Path, carried: u64) -> Result<Recovered, DbError> {
    let folder = folder.join(FOLDER);
    let fail = |source| DbError::Folder { path: folder.clone(), source };
    let parts = part::list(&folder).map_err(fail)?;
    let next = parts.last().map_or(0, |(ordinal, _)| ordinal.saturating_add(1));
    let mut reader = Reader::after(carried);
    for (_, path) in parts {
        let bytes = fs::read(&path).map_err(fail)?;
        reader.part(path, &Bytes::from(bytes))?;
    }
    let Reader { mut layer, last, tail, synced, .. } = reader;
    drop(layer.close());
    let lost = (synced > last).then_some(DbError::Lost { path: folder, last, synced });
    Ok(Recovered { layer, ends: Ends { last, next, tail }, lost })
}

struct Reader {
    layer: Layer,
    /// Whether no whole part was met.
    is_first: bool,
    /// Number of the last commit that follows without a gap.
    last: u64,
    tail: Tail,
    /// The last commit that the disk had, as far as others tell.
    synced: u64,
}

impl Reader {
    fn after(carried: u64) -> Self {
        let (layer, tail) = (Layer::default(), Tail::default());
        Self { layer, is_first: true, last: carried, tail, synced: 0 }
    }

    fn part(&mut self, path: PathBuf, bytes: &Bytes) -> Result<(), DbError> {
        let after = match record::begin(bytes) {
            Beginning::After(number) => number,
            Beginning::Unfinished => {
                self.tail.drafts.push(path);
                return Ok(());
            }
            Beginning::Other => return Err(DbError::Journal { path }),
        };
        if std::mem::take(&mut self.is_first) {
            // Older parts went when the file had what they held.
            self.synced = after;
        }
        if after > self.last {
            // Nothing of it can follow.
            self.look_on(bytes, PART_HEAD);
            self.tail.drafts.push(path);
            return Ok(());
        }
        let mut at = PART_HEAD;
        while let Some(Found::Whole(head, changes, next)) = record::read(bytes, at) {
            self.synced = self.synced.max(head.synced);
            if head.number > self.last {
                // The commits between them were lost.
                if self.last.checked_add(1) != Some(head.number) {
                    break;
                }
                record::changes(&changes, |table, key, value| self.layer.set(table, key, value))
                    .ok_or(DbError::Undecodable { table: "journal" })?;
                self.last = head.number;
            }
            at = next;
        }
        if at < bytes.len() {
            self.look_on(bytes, at);
            self.tail.torn.push((path, u64::try_from(at).unwrap_or(u64::MAX)));
        }
        Ok(())
    }

    /// Looks behind the last good commit for what the disk once had.
    fn look_on(&mut self, bytes: &Bytes, mut at: usize) {
        while let Some(found) = record::read(bytes, at) {
            at = match found {
                Found::Whole(head, _, next) => {
                    self.synced = self.synced.max(head.synced);
                    next
                }
                Found::Broken(Some(next)) => next,
                Found::Broken(None) => return,
            };
        }
    }
}
