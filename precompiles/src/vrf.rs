//! Verifies draws: ECVRF-P256-SHA256-TAI, RFC 9381 cipher suite 1.
//!
//! Own verification over the arithmetic of `p256`, with shared doublings; `vrf-rfc9381` is its
//! differential twin in the tests. Two choices where the RFC leaves room: points are `02`/`03` ‖ x
//! and nothing else, and a proof whose U or V is infinity is invalid.

use std::ops::Neg;

use p256::{AffinePoint, ProjectivePoint, Scalar, elliptic_curve::ops::MulByGeneratorVartime};
use sha2::{Digest, Sha256};

use crate::curve::{Compressed, decode_point, decode_scalar, difference, encode_points};

/// First octet of every hash: the cipher suite.
const SUITE: u8 = 1;

/// Most candidates for H: the counter is one octet.
pub(crate) const MAX_TRIES: u64 = 256;

/// A key as compressed point, 33 bytes.
pub type Key = Compressed;

/// A proof: Gamma 33 ‖ c 16 ‖ s 32.
pub type Proof = [u8; 81];

/// The random output that the proof is for, if it is valid for this key and `alpha`.
///
/// `alpha` may have any length here; the precompile takes at most 1,024 bytes.
pub fn verify(key: &Key, pi: &Proof, alpha: &[u8]) -> Option<[u8; 32]> {
    Claim::decode(key, pi, alpha)?.find_h(MAX_TRIES).0?.verify()
}

/// A well-formed claim: key and Gamma on the curve, s in range.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    key: &'a Key,
    alpha: &'a [u8],
    y: AffinePoint,
    gamma_bytes: Key,
    gamma: AffinePoint,
    c_bytes: [u8; 16],
    s: Scalar,
}

/// A claim with the point H that its key and alpha hash to.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    claim: Claim<'a>,
    h_bytes: Key,
    h: AffinePoint,
}

impl<'a> Claim<'a> {
    /// Decodes key and proof. None if a point does not decode or s is not below the order.
    pub(crate) fn decode(key: &'a Key, pi: &Proof, alpha: &'a [u8]) -> Option<Self> {
        let (gamma_bytes, rest) = pi.split_first_chunk::<33>()?;
        let (c_bytes, s_bytes) = rest.split_first_chunk::<16>()?;
        Some(Self {
            key,
            alpha,
            y: decode_point(key)?,
            gamma_bytes: *gamma_bytes,
            gamma: decode_point(gamma_bytes)?,
            c_bytes: *c_bytes,
            s: decode_scalar(s_bytes.first_chunk()?)?,
        })
    }

    /// Tries at most `limit` candidates for H; returns also how many were tried.
    pub(crate) fn find_h(self, limit: u64) -> (Option<Statement<'a>>, u64) {
        let mut tries = 0_u64;
        for ctr in (0..=u8::MAX).take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            tries = tries.saturating_add(1);
            let h_bytes = candidate(self.key, self.alpha, ctr);
            if let Some(h) = decode_point(&h_bytes) {
                return (Some(Statement { claim: self, h_bytes, h }), tries);
            }
        }
        (None, tries)
    }
}

impl Statement<'_> {
    /// Checks the proof; the output of the draw if it holds.
    pub(crate) fn verify(&self) -> Option<[u8; 32]> {
        let Claim { key, y, gamma_bytes, gamma, c_bytes, s, .. } = &self.claim;
        let c = Scalar::from(u128::from_be_bytes(*c_bytes));
        // U = sB - cY over the table of B.
        let u = ProjectivePoint::mul_by_generator_vartime(s)
            .add(&ProjectivePoint::from(y.neg()).mul_vartime(&c));
        let v = difference(s, &self.h, &c, gamma);
        let [u, v] = encode_points(&[u, v])?;
        let points = [*key, &self.h_bytes, gamma_bytes, &u, &v];
        (challenge(points) == *c_bytes).then(|| output(gamma_bytes))
    }
}

/// RFC 9381, 5.4.1.1: the candidate for H of this counter.
fn candidate(key: &Key, alpha: &[u8], ctr: u8) -> Key {
    let hash = Sha256::new_with_prefix([SUITE, 1])
        .chain_update(key)
        .chain_update(alpha)
        .chain_update([ctr, 0])
        .finalize();
    let mut bytes = [2; 33];
    bytes.iter_mut().skip(1).zip(hash).for_each(|(byte, of_hash)| *byte = of_hash);
    bytes
}

/// RFC 9381, 5.4.3: the first 16 bytes of the hash of Y, H, Gamma, U, V.
fn challenge(points: [&Key; 5]) -> [u8; 16] {
    let mut hash = Sha256::new_with_prefix([SUITE, 2]);
    points.into_iter().for_each(|point| hash.update(point));
    let hash: [u8; 32] = hash.chain_update([0]).finalize().into();
    *hash.first_chunk().expect("a SHA-256 digest has 32 bytes")
}

/// RFC 9381, 5.2: the hash of Gamma (the cofactor is one).
fn output(gamma_bytes: &Key) -> [u8; 32] {
    Sha256::new_with_prefix([SUITE, 3])
        .chain_update(gamma_bytes)
        .chain_update([0])
        .finalize()
        .into()
}
