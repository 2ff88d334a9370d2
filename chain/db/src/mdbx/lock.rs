//! Lets one process at a time use a folder: a file lock that dies with its holder.

use crate::error::DbError;
use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
    thread,
    time::Duration,
};

/// Name of the lock file; holds the process id of the last holder in decimal.
const NAME: &str = "owner.lock";

/// How often a lock that is held is tried again, and after how long: a process that is just ending has it for a
/// moment more, and so has the copy of a process that is about to become another program.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// A held lock.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock of a folder; waits half a second at most.
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
        match try_lock(&file) {
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

fn try_lock(file: &File) -> Result<(), TryLockError> {
    for _ in 1..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            other => return other,
        }
    }
    file.try_lock()
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
