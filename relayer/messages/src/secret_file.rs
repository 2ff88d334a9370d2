//! Keeps a 32-byte secret in a file that only its owner can read: 64 hex digits and a newline.

use alloy_primitives::B256;
use alloy_signer_local::PrivateKeySigner;
use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::{Zeroize, Zeroizing};

/// A little more than 64 digits, `0x` and a line break: whatever is longer is no key file.
const MOST_BYTES: u64 = 128;

/// Why a secret was not read or written. Never says what stands in the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// The system refused.
    #[error("key file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Others on this machine can read it.
    #[error("key file {} has mode {mode:03o}: only its owner may read it (chmod 600)", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not 64 hex digits.
    #[error("key file {} does not hold 64 hex digits", path.display())]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// 64 hex digits, but no key of the curve.
    #[error("key file {} holds no key: zero, or not below the group order", path.display())]
    OutOfRange {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the account's key from a file.
///
/// # Errors
/// [`SecretFileError`] when the file is not there, is readable by others, or holds no key.
pub fn load_account(path: &Path) -> Result<PrivateKeySigner, SecretFileError> {
    let secret = read_secret(path)?;
    PrivateKeySigner::from_slice(secret.as_slice())
        .map_err(|_no_key| SecretFileError::OutOfRange { path: path.to_owned() })
}

/// Makes a new account and keeps its key in a new file; an existing file is left alone.
///
/// # Errors
/// [`SecretFileError::Io`] when the file exists or cannot be written.
pub fn create_account(path: &Path) -> Result<PrivateKeySigner, SecretFileError> {
    let signer = PrivateKeySigner::random();
    save_account(path, &signer)?;
    Ok(signer)
}

/// Keeps an account's key in a new file; an existing file is left alone.
///
/// # Errors
/// [`SecretFileError::Io`] when the file exists or cannot be written.
pub fn save_account(path: &Path, signer: &PrivateKeySigner) -> Result<(), SecretFileError> {
    let mut bytes: B256 = signer.to_bytes();
    let written = write_secret(path, &bytes.0);
    bytes.0.zeroize();
    written
}

pub(crate) fn write_secret(path: &Path, secret: &[u8; 32]) -> Result<(), SecretFileError> {
    let io = |source| SecretFileError::Io { path: path.to_owned(), source };
    let mut line = Zeroizing::new(hex::encode(secret));
    line.push('\n');
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
    // Half a key on a full disk is none, and would stand in the way of the next try.
    written.map_err(|full| {
        drop(std::fs::remove_file(path));
        io(full)
    })
}

pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<[u8; 32]>, SecretFileError> {
    let io = |source| SecretFileError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretFileError::Exposed { path: path.to_owned(), mode });
    }
    let form = || SecretFileError::Form { path: path.to_owned() };
    // Room from the start: a vector that grows would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(256));
    file.take(MOST_BYTES).read_to_end(&mut text).map_err(io)?;
    let digits = text.trim_ascii();
    let digits = digits.strip_prefix(b"0x").unwrap_or(digits);
    let mut secret = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, secret.as_mut_slice()).map_err(|_no_hex| form())?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_account_survives_its_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("account");
        let made = create_account(&path).expect("a new file");
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(load_account(&path).expect("a key").address(), made.address());
    }

    #[test]
    fn an_existing_key_file_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("account");
        let made = create_account(&path).expect("a new file");
        assert!(matches!(create_account(&path), Err(SecretFileError::Io { .. })));
        assert_eq!(load_account(&path).expect("a key").address(), made.address());
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("account");
        create_account(&path).expect("a new file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
        let refused = load_account(&path);
        assert!(matches!(refused, Err(SecretFileError::Exposed { mode: 0o644, .. })));
    }

    #[test]
    fn an_error_never_shows_what_the_file_holds() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("account");
        create_account(&path).expect("a new file");
        fs::write(&path, "c0ffee secret").expect("ours");
        let error = load_account(&path).expect_err("no key");
        assert!(!format!("{error} {error:?}").contains("c0ffee"));
    }
}
