//! Keeps a chip's files: owner only, written whole or not at all, never replaced.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::fault::Fault;

/// Longest file of a chip that is read, in bytes.
const MAX_FILE_BYTES: u64 = 65_536;

/// Makes a folder with all its files at once; refuses if the folder holds anything already.
///
/// The files are written and synced in a hidden sibling, which then takes the folder's name: after
/// a crash the chip is there entirely or not at all.
pub(crate) fn create(dir: &Path, files: &[(&str, &[u8])]) -> Result<(), Fault> {
    let draft = sibling(dir);
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(storage("create", parent))?;
    }
    discard(&draft)?;
    DirBuilder::new().mode(0o700).create(&draft).map_err(storage("create", &draft))?;
    let outcome = fill(&draft, files).and_then(|()| publish(&draft, dir));
    if outcome.is_err() {
        // The first fault is the one to tell.
        drop(discard(&draft));
    }
    outcome
}

fn fill(draft: &Path, files: &[(&str, &[u8])]) -> Result<(), Fault> {
    for (name, bytes) in files {
        write_new(&draft.join(name), bytes)?;
    }
    sync_folder(draft)
}

fn publish(draft: &Path, dir: &Path) -> Result<(), Fault> {
    match fs::rename(draft, dir) {
        Ok(()) => sync_folder(dir.parent().unwrap_or(dir)),
        Err(error) if is_taken(&error) => Err(Fault::AlreadyBurned { path: dir.to_path_buf() }),
        Err(error) => Err(storage("create", dir)(error)),
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists)
}

/// Adds a file to a folder; false if it is there already.
pub(crate) fn add(dir: &Path, name: &str, bytes: &[u8]) -> Result<bool, Fault> {
    let (path, draft) = (dir.join(name), sibling(&dir.join(name)));
    discard(&draft)?;
    write_new(&draft, bytes)?;
    // A link, not a rename: it never replaces.
    let linked = match fs::hard_link(&draft, &path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(storage("write", &path)(error)),
    };
    discard(&draft)?;
    sync_folder(dir)?;
    linked
}

/// The bytes of a file; none if it is not there.
pub(crate) fn find(path: &Path) -> Result<Option<Vec<u8>>, Fault> {
    let Some(file) = open(path)? else { return Ok(None) };
    Ok(Some(std::mem::take(&mut *read(path, file)?)))
}

/// The bytes of a secret file, wiped when dropped; refuses if group or others may touch it.
pub(crate) fn find_secret(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mode = file.metadata().map_err(storage("inspect", path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Fault::Exposed { path: path.to_path_buf(), mode });
    }
    read(path, file).map(Some)
}

fn open(path: &Path) -> Result<Option<File>, Fault> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(storage("open", path)(error)),
    }
}

fn read(path: &Path, file: File) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(1_024));
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(storage("read", path))?;
    Ok(bytes)
}

/// The folders inside a folder by name, hidden ones left out.
pub(crate) fn subfolders(dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(storage("list", dir))? {
        let entry = entry.map_err(storage("list", dir))?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && entry.path().is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Turns what the system said into a fault that names what was tried.
pub(crate) fn storage<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> Fault + 'a {
    move |source| Fault::Storage { action, path: path.to_path_buf(), source }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(storage("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(storage("write", path))
}

fn sync_folder(dir: &Path) -> Result<(), Fault> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(storage("sync", dir))
}

/// A hidden name beside `path`, this process's own.
fn sibling(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// Removes what an earlier crash left under a temporary name.
fn discard(draft: &Path) -> Result<(), Fault> {
    let removed = match fs::symlink_metadata(draft) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(draft),
        Ok(_) => fs::remove_file(draft),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    removed.map_err(storage("remove", draft))
}
