//! Makes a new file whole or not at all, and durable before anybody relies on it.

use super::{FILE, OpenOptions, open_file};
use crate::error::DbError;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Folder in which a new file is made; what a crash left in it is dropped.
const DRAFT: &str = "draft";

/// An empty folder in which to make a new file.
pub(super) fn draft(folder: &Path) -> Result<PathBuf, DbError> {
    let draft = folder.join(DRAFT);
    let fail = |source| DbError::Folder { path: draft.clone(), source };
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(fail)?;
    }
    fs::create_dir(&draft).map_err(fail)?;
    Ok(draft)
}

/// Makes the file in a folder unless there is one.
///
/// The engine writes a new file in several steps. A cut of power between them would leave a file
/// that looks damaged, so the file gets its name only when the disk has all of it.
pub(super) fn unless_there(folder: &Path, options: OpenOptions) -> Result<(), DbError> {
    let path = folder.join(FILE);
    let draft = draft(folder)?;
    let fail = |source| DbError::Folder { path: draft.clone(), source };
    if fs::metadata(&path).is_ok_and(|data| data.len() > 0) {
        return fs::remove_dir(&draft).map_err(fail);
    }
    let (env, ..) = open_file(&draft, options)?;
    env.sync(true)?;
    drop(env);
    fs::rename(draft.join(FILE), &path).map_err(fail)?;
    fs::remove_dir_all(&draft).map_err(fail)?;
    sync_folders(folder).map_err(fail)
}

/// Brings the names in a folder, and its own name, to the disk.
pub(crate) fn sync_folders(folder: &Path) -> io::Result<()> {
    let folder = folder.canonicalize()?;
    File::open(&folder)?.sync_all()?;
    folder.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
