//! Finds the secp256k1 key that a command signs with: a 0600 file, or an account of the well-known dev mnemonic.
//!
//! Keys never come as arguments, and never go into messages.

use alloy_primitives::Address;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};
use anyhow::Result;
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// DEV: everybody knows these accounts; they hold coins on dev chains only.
pub(crate) const DEV_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Where a key is: `dev:N` (account N of the dev mnemonic) or the path of a key file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    Dev(u32),
    File(PathBuf),
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("dev:") {
            Some(index) => index
                .parse()
                .map(Self::Dev)
                .map_err(|_not_a_number| format!("dev:N needs a number, not {index:?}")),
            None if text.is_empty() => Err("expected dev:N or the path of a key file".to_owned()),
            None if looks_like_a_key(text) => {
                Err("a private key is not taken as an argument: put it into a 0600 file".to_owned())
            }
            None => Ok(Self::File(text.into())),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dev(index) => write!(f, "dev:{index}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

fn looks_like_a_key(text: &str) -> bool {
    let digits = text.trim_start_matches("0x");
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl KeySource {
    /// Reads the key.
    pub(crate) fn signer(&self) -> Result<PrivateKeySigner> {
        match self {
            Self::Dev(index) => dev_signer(*index),
            Self::File(path) => Ok(utnet_messages::load_account(path)?),
        }
    }
}

fn dev_signer(index: u32) -> Result<PrivateKeySigner> {
    Ok(MnemonicBuilder::from_phrase(DEV_MNEMONIC).index(index)?.build()?)
}

/// Writes a key file, 0600; refuses to overwrite.
pub(crate) fn write_key(path: &Path, signer: &PrivateKeySigner) -> Result<Address> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    utnet_messages::save_account(path, signer)?;
    Ok(signer.address())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[test]
    fn account_zero_of_the_dev_mnemonic_is_the_one_everybody_knows() {
        let address = KeySource::Dev(0).signer().unwrap().address();
        assert_eq!(address.to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    }

    #[test]
    fn a_key_as_an_argument_is_refused() {
        let refused = "0x".to_owned() + &"11".repeat(32);
        assert!(refused.parse::<KeySource>().unwrap_err().contains("0600 file"));
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write_key(&path, &KeySource::Dev(1).signer().unwrap()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = KeySource::File(path).signer().unwrap_err();
        assert!(format!("{error:#}").contains("600"), "{error:#}");
    }

    #[test]
    fn a_written_key_is_read_back_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let signer = KeySource::Dev(2).signer().unwrap();
        write_key(&path, &signer).unwrap();
        assert_eq!(KeySource::File(path.clone()).signer().unwrap().address(), signer.address());
        assert!(write_key(&path, &signer).is_err());
    }
}
