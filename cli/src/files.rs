//! Reads and writes the files of commands: JSON documents, and secrets that only their owner may read.

use anyhow::{Context as _, Result};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Reads a JSON document; the error names the file, the place in it and what was expected: `what`, and who writes it.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no {what}", path.display()))
}

/// Writes a JSON document through a temporary file, so that no half of it is ever seen.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    replace(path, text.as_bytes(), 0o644)
}

/// Writes a JSON document that only its owner may read.
pub(crate) fn write_secret_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = zeroize::Zeroizing::new(serde_json::to_string_pretty(value)? + "\n");
    replace(path, text.as_bytes(), 0o600)
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let written = || -> std::io::Result<()> {
        make_parent(path)?;
        let draft = draft_beside(path);
        // One that is there may be readable by others, or lead elsewhere: a secret never goes into it.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&draft, path)).inspect_err(|_full| {
            drop(fs::remove_file(&draft));
        })
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

fn draft_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".draft");
    path.with_file_name(name)
}

fn make_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs::create_dir_all(parent),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_document_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/access.json");
        write_secret_json(&path, &[1, 2, 3]).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_json::<Vec<u8>>(&path, "list").unwrap(), [1, 2, 3]);
    }

    /// A draft that somebody had left, readable by all, used to receive the secret.
    #[test]
    fn a_secret_never_goes_into_a_draft_that_is_there_already() {
        let dir = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (dir.path().join("access.json"), dir.path().join("elsewhere"));
        fs::write(&elsewhere, "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, draft_beside(&path)).unwrap();

        write_secret_json(&path, &[1, 2, 3]).unwrap();

        assert_eq!(fs::read(&elsewhere).unwrap(), b"");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_document_of_another_form_is_refused_with_its_name_and_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("order.json");
        fs::write(&path, "{\"a\": }").unwrap();
        let error = format!("{:#}", read_json::<Vec<u8>>(&path, "list").unwrap_err());
        assert!(error.contains("order.json is no list") && error.contains("line 1"), "{error}");
    }
}
