//! Holds what a renter gets: where the worker is, how to recognise it, and the secret that opens its door.

use alloy_primitives::{B256, keccak256};
use alloy_sol_types::SolValue;
use std::fmt;
use zeroize::Zeroize;

/// Access to a worker's job port (sigma in the papers). The secret is wiped when dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// The worker's url, https.
    pub url: String,
    /// SHA-256 of the worker's certificate (DER).
    pub cert_fingerprint: B256,
    /// Bearer secret.
    pub secret: B256,
}

impl Access {
    /// Whether the url is visible ASCII, 0x21 to 0x7e, and not empty: what a hand-over may hold.
    #[must_use]
    pub fn has_url(&self) -> bool {
        !self.url.is_empty() && self.url.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// What the operator signs: `keccak256(abi.encode(url, certFingerprint, secret))`.
    #[must_use]
    pub fn hash(&self) -> B256 {
        let mut encoded =
            (self.url.as_str(), self.cert_fingerprint, self.secret).abi_encode_params();
        let hash = keccak256(&encoded);
        encoded.zeroize();
        hash
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("url", &self.url)
            .field("cert_fingerprint", &self.cert_fingerprint)
            .field("secret", &"..")
            .finish()
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        self.secret.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_not_shown() {
        let access = Access {
            url: "https://worker:7443".to_owned(),
            cert_fingerprint: B256::repeat_byte(1),
            secret: B256::repeat_byte(0xab),
        };
        assert!(!format!("{access:?}").contains("abab"));
    }
}
