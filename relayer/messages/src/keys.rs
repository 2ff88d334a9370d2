//! Holds P-256 keys for HPKE; a secret one is wiped when dropped and never shown.

use crate::secret_file::{SecretFileError, read_secret, write_secret};
use alloy_primitives::{B256, Bytes, keccak256};
use hpke::{Deserializable, Kem as _, Serializable, kem::DhP256HkdfSha256};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path};
use zeroize::Zeroizing;

pub(crate) type Kem = DhP256HkdfSha256;
type HpkePublic = <Kem as hpke::Kem>::PublicKey;
type HpkeSecret = <Kem as hpke::Kem>::PrivateKey;

/// Bytes are no P-256 point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are no uncompressed P-256 point (65 bytes, 0x04 first, on the curve)")]
pub struct BadKey {
    /// How many bytes came.
    pub bytes: usize,
}

/// A P-256 point that messages can be sealed to; as text: 65 bytes in hex, uncompressed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Bytes", into = "Bytes")]
pub struct PublicKey(HpkePublic);

impl PublicKey {
    /// Decodes an uncompressed point and checks that it is on the curve.
    ///
    /// # Errors
    /// [`BadKey`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadKey> {
        let bad = |_refused| BadKey { bytes: bytes.len() };
        HpkePublic::from_bytes(bytes).map(Self).map_err(bad)
    }

    /// The uncompressed point, 65 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        Bytes::copy_from_slice(&self.0.to_bytes())
    }

    /// keccak256 of the uncompressed point: `renterKeyHash` of a rental's request.
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(self.to_bytes())
    }

    pub(crate) const fn as_hpke(&self) -> &HpkePublic {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_bytes())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_bytes())
    }
}

impl TryFrom<Bytes> for PublicKey {
    type Error = BadKey;

    fn try_from(bytes: Bytes) -> Result<Self, BadKey> {
        Self::from_bytes(&bytes)
    }
}

impl From<PublicKey> for Bytes {
    fn from(key: PublicKey) -> Self {
        key.to_bytes()
    }
}

/// A P-256 key that opens sealed messages.
#[derive(Clone)]
pub struct SecretKey(HpkeSecret);

impl SecretKey {
    /// A new key from the system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(Kem::gen_keypair().0)
    }

    /// A new key in a new file that only its owner can read; an existing file is left alone.
    ///
    /// # Errors
    /// [`SecretFileError::Io`] when the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<Self, SecretFileError> {
        let key = Self::generate();
        let mut bytes = Zeroizing::new([0; 32]);
        key.0.write_exact(bytes.as_mut_slice());
        write_secret(path, &bytes)?;
        Ok(key)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`SecretFileError`] when the file is not there, is readable by others, or holds no key.
    pub fn load(path: &Path) -> Result<Self, SecretFileError> {
        let secret = read_secret(path)?;
        HpkeSecret::from_bytes(secret.as_slice())
            .map(Self)
            .map_err(|_no_key| SecretFileError::OutOfRange { path: path.to_owned() })
    }

    /// The key that others seal to.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(Kem::sk_to_pk(&self.0))
    }

    pub(crate) const fn as_hpke(&self) -> &HpkeSecret {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_key_survives_its_file_and_is_not_shown() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("inbox-key");
        let made = SecretKey::create(&path).expect("a new file");
        let loaded = SecretKey::load(&path).expect("a key");
        assert_eq!(made.public(), loaded.public());
        assert_eq!(format!("{loaded:?}"), "SecretKey(..)");
    }

    #[test]
    fn a_public_key_is_65_bytes_of_hex_in_json() {
        let key = SecretKey::generate().public();
        let text = serde_json::to_string(&key).expect("bytes");
        assert_eq!(text.len(), 2 + 2 + 130);
        assert_eq!(serde_json::from_str::<PublicKey>(&text).expect("a point"), key);
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let mut bytes = SecretKey::generate().public().to_bytes().to_vec();
        bytes[64] ^= 1;
        assert_eq!(PublicKey::from_bytes(&bytes), Err(BadKey { bytes: 65 }));
        assert_eq!(PublicKey::from_bytes(&[]), Err(BadKey { bytes: 0 }));
    }
}
