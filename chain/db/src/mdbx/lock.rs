//! Lets one process at a time use a folder: a file lock that dies with its holder.

use crate::error::DbError;
use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

/// Name of the lock file; holds the process id of the last holder in decimal.
const NAME: &str = "owner.lock";

/// A held lock.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock of a folder without waiting.
    pub(super) fn take(folder: &Path) -> Result<Self, DbError> {
        let path = folder.join(NAME);
        let fail = |source| DbError::Folder { path: path.clone(), source };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DbError::InUse { path: folder.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
        write_holder(&mut file).map_err(fail)?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> u32 {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) => text.trim().parse().unwrap_or(0),
        Err(_) => 0,
    }
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}
