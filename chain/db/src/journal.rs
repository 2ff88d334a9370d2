//! Writes each commit behind the one before it, in files of a folder, until the tables' file has it.
//!
//! What was written to a file outlives the process at once, and the machine when the disk has it.
//! A part (one file) begins when the tables' file takes what the parts before hold, and they go when
//! it has it. Every byte is drawn in `docs/formats.md`.

mod part;
mod record;
mod recover;

pub(crate) use record::Changes;
pub(crate) use recover::{Recovered, recover};

use crate::error::DbError;
use part::Part;
use record::Head;
use signet_libmdbx::MdbxError;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Name of the folder.
const FOLDER: &str = "journal";

/// Name under which a repair keeps it.
const KEPT: &str = "journal.damaged";

/// The commits that the tables' file may not have.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    /// What to mend before the first write.
    tail: Option<recover::Tail>,
    /// The part that is written; none before the first commit.
    part: Option<Part>,
    /// Ordinal of the next part.
    next: u64,
    /// Number of the last commit.
    last: u64,
    /// Number of the last commit that the disk has.
    synced: u64,
    /// Files with commits that the disk may not have, each with the number of its last one.
    unsynced: Vec<(Arc<File>, u64)>,
    /// Why nothing can be written any more.
    broken: Option<MdbxError>,
}

/// What the disk is to have.
#[derive(Debug)]
pub(crate) struct Unsynced {
    files: Vec<Arc<File>>,
    last: u64,
}

impl Journal {
    /// Goes on after what was found.
    pub(crate) fn after(folder: &Path, found: recover::Ends) -> Self {
        let recover::Ends { last, next, tail } = found;
        Self {
            folder: folder.join(FOLDER),
            tail: Some(tail),
            part: None,
            next,
            last,
            synced: last,
            unsynced: Vec::new(),
            broken: None,
        }
    }

    /// Number of the last commit.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Whether commits have a part to be written to.
    pub(crate) const fn has_part(&self) -> bool {
        self.part.is_some()
    }

    /// Counts commits up to a number that the tables' file got without the journal.
    pub(crate) fn skip_to(&mut self, number: u64) {
        (self.last, self.synced) = (number, number);
        self.part = None;
        self.unsynced.clear();
    }

    /// Writes a commit; with `durable`, waits until the disk has it. Nothing is written on error.
    ///
    /// # Errors
    ///
    /// [`DbError::Engine`] for a full disk, [`DbError::Disk`] when what was written cannot be told
    /// or taken back; then nothing can be written any more.
    pub(crate) fn append(&mut self, changes: &Changes, durable: bool) -> Result<(), DbError> {
        self.check()?;
        if self.part.is_none() {
            let part = self.begin()?.make()?;
            self.turn_to(part);
        }
        let number = self.last.saturating_add(1);
        let head = Head::of(number, self.synced, changes.bytes());
        let Some(part) = &mut self.part else { return Err(DbError::Engine(MdbxError::Panic)) };
        part.append(&head.encode(), changes.bytes()).map_err(|failed| match failed {
            part::Failed::Undone(source) => DbError::Engine(system(&source)),
            part::Failed::Torn(source) => {
                self.broken = Some(system(&source));
                DbError::Disk(system(&source))
            }
        })?;
        self.last = number;
        let file = part.file();
        self.unsynced.retain(|(other, _)| !Arc::ptr_eq(other, &file));
        self.unsynced.push((file, number));
        if durable { self.sync() } else { Ok(()) }
    }

    /// Whether anything can still be written.
    ///
    /// # Errors
    ///
    /// [`DbError::Disk`] with why not.
    pub(crate) fn check(&self) -> Result<(), DbError> {
        self.broken.map_or(Ok(()), |broken| Err(DbError::Disk(broken)))
    }

    /// Waits until the disk has all commits.
    fn sync(&mut self) -> Result<(), DbError> {
        let unsynced = self.unsynced();
        let result = unsynced.sync();
        self.note_sync(&unsynced, result)
    }

    /// What to sync; others may write meanwhile.
    pub(crate) fn unsynced(&self) -> Unsynced {
        let files = self.unsynced.iter().map(|(file, _)| Arc::clone(file)).collect();
        Unsynced { files, last: self.last }
    }

    /// Notes how a sync went.
    ///
    /// # Errors
    ///
    /// [`DbError::Disk`] if it failed: what the disk has cannot be told, so nothing can be written.
    pub(crate) fn note_sync(
        &mut self,
        done: &Unsynced,
        went: io::Result<()>,
    ) -> Result<(), DbError> {
        if let Err(source) = went {
            self.broken = Some(system(&source));
        }
        self.check()?;
        self.synced = self.synced.max(done.last);
        self.unsynced.retain(|(_, last)| *last > done.last);
        Ok(())
    }

    /// Reserves the next part.
    ///
    /// # Errors
    ///
    /// [`DbError::Folder`] when what a dead process left cannot be removed or synced.
    pub(crate) fn begin(&mut self) -> Result<Draft, DbError> {
        if let Some(tail) = &self.tail {
            tail.mend(&self.folder)
                .map_err(|source| DbError::Folder { path: self.folder.clone(), source })?;
            self.tail = None;
        }
        let ordinal = self.next;
        self.next = ordinal.saturating_add(1);
        Ok(Draft { folder: self.folder.clone(), ordinal, after: self.last })
    }

    /// Goes on in a new part.
    pub(crate) fn turn_to(&mut self, part: Part) {
        self.part = Some(part);
    }
}

/// A part that is to be.
#[derive(Debug)]
pub(crate) struct Draft {
    folder: PathBuf,
    ordinal: u64,
    /// Number of the last commit.
    after: u64,
}

impl Draft {
    /// Its place among the parts.
    pub(crate) const fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// Makes it; the disk has it then.
    ///
    /// # Errors
    ///
    /// [`DbError::Folder`].
    pub(crate) fn make(self) -> Result<Part, DbError> {
        let Self { folder, ordinal, after } = self;
        Part::create(&folder, ordinal, after)
            .map_err(|source| DbError::Folder { path: folder, source })
    }

    /// Removes the parts before it: the disk has in the tables' file what they hold.
    ///
    /// # Errors
    ///
    /// [`DbError::Folder`]; what is left of them is passed over at the next opening.
    pub(crate) fn forget_older(folder: &Path, ordinal: u64) -> Result<(), DbError> {
        let folder = folder.join(FOLDER);
        let fail = |source| DbError::Folder { path: folder.clone(), source };
        for (found, path) in part::list(&folder).map_err(fail)? {
            if found < ordinal {
                fs::remove_file(path).map_err(fail)?;
            }
        }
        Ok(())
    }
}

/// Begins the journal of a folder anew after the commit of a number, up to which the tables' file has
/// all of it that is whole; the old one is removed, or kept under another name.
///
/// # Errors
///
/// [`DbError::Folder`]; what is left of it is passed over at the next opening.
pub(crate) fn renew(folder: &Path, after: u64, keep: bool) -> Result<(), DbError> {
    let (journal, kept) = (folder.join(FOLDER), folder.join(KEPT));
    let begin_anew = || {
        if keep && journal.exists() {
            if kept.exists() {
                fs::remove_dir_all(&kept)?;
            }
            fs::rename(&journal, &kept)?;
        }
        let next = part::list(&journal)?.last().map_or(0, |(ordinal, _)| ordinal.saturating_add(1));
        Part::create(&journal, next, after).map(|_| next)
    };
    let next = begin_anew().map_err(|source| DbError::Folder { path: journal.clone(), source })?;
    Draft::forget_older(folder, next)
}

/// Bytes of all parts of the journal in a folder.
pub(crate) fn bytes(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for (_, part) in part::list(&folder.join(FOLDER))? {
        match fs::metadata(part) {
            Ok(part) => bytes = bytes.saturating_add(part.len()),
            // The tables' file has it since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

impl Unsynced {
    /// Waits until the disk has it.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.files.iter().try_for_each(|file| file.sync_data())
    }
}

/// What the system said, as the storage engine hands it on.
pub(crate) fn system(error: &io::Error) -> MdbxError {
    MdbxError::Other(error.raw_os_error().unwrap_or_default())
}
