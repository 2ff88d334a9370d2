//! Verifies one P-256 signature of a chip's security engine over a digest.
//!
//! Stricter than ECDSA: s must be in the lower half, so that a signature has one form only.

use aws_lc_rs::{
    digest::{Digest, SHA256},
    signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey},
};

/// Half of the order N of P-256, rounded down, big-endian: the largest s that counts as low.
pub const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// A digest, a signature and the key that should have made it. All numbers are big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeItem {
    /// What was signed: any 32 bytes, used as they are (not hashed again).
    pub digest: [u8; 32],
    /// First half of the signature, in 1..N.
    pub r: [u8; 32],
    /// Second half of the signature, in 1..=N/2.
    pub s: [u8; 32],
    /// x coordinate of the public key, below the field's prime.
    pub x: [u8; 32],
    /// y coordinate of the public key, below the field's prime.
    pub y: [u8; 32],
}

impl SeItem {
    /// Length of the encoding digest ‖ r ‖ s ‖ x ‖ y, in bytes.
    pub const BYTES: usize = 160;

    /// Reads digest ‖ r ‖ s ‖ x ‖ y; every 160 bytes are an item, true or false.
    pub const fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        let (parts, _) = bytes.as_chunks::<32>();
        let [digest, r, s, x, y] = parts else { return Self::NOTHING };
        Self { digest: *digest, r: *r, s: *s, x: *x, y: *y }
    }

    /// All zeros: r is out of range, so it never verifies.
    const NOTHING: Self = Self { digest: [0; 32], r: [0; 32], s: [0; 32], x: [0; 32], y: [0; 32] };
}

/// Whether s is at most N/2. Zero is low too; [`verify`] refuses it for its range.
pub fn is_low_s(s: &[u8; 32]) -> bool {
    *s <= HALF_ORDER
}

/// Whether the key signed the digest, with a low s. False for any undecodable part.
pub fn verify(item: &SeItem) -> bool {
    is_low_s(&item.s) && is_signed(item)
}

/// Whether plain ECDSA holds, high s included.
fn is_signed(item: &SeItem) -> bool {
    // Uncompressed SEC1 form: 0x04 ‖ x ‖ y.
    let mut point = [4; 65];
    point.iter_mut().skip(1).zip(item.x.iter().chain(&item.y)).for_each(|(to, from)| *to = *from);
    let Ok(key) = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point) else { return false };
    let Ok(digest) = Digest::import_less_safe(&item.digest, &SHA256) else { return false };
    key.verify_digest_sig(&digest, &[item.r, item.s].concat()).is_ok()
}
