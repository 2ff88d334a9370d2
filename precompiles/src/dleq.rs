//! Verifies that `log_A B = log_C D` in P-256: Chaum and Pedersen's proof, made non-interactive.
//!
//! The prover knows x with B = xA and D = xC. With a nonce k it sends the challenge c, a hash of everything and of
//! R1 = kA, R2 = kC, and s = k + cx; the verifier finds R1 = sA - cB, R2 = sC - cD and hashes again.

use p256::{FieldBytes, Scalar, elliptic_curve::ops::Reduce};
use sha2::{Digest, Sha256};

use crate::curve::{Compressed, decode_point, decode_scalar, difference, encode_points};

/// First in every transcript: `keccak256("UNC/v1/dleq")`.
pub const TAG: [u8; 32] = [
    0xbf, 0x21, 0x2e, 0xa1, 0xaa, 0x82, 0xeb, 0x74, 0x80, 0x0b, 0x62, 0xff, 0x6d, 0x1e, 0x0c, 0xd9,
    0xd5, 0x8b, 0xaf, 0xe7, 0x02, 0xb2, 0x69, 0x02, 0xec, 0x05, 0xfb, 0x6a, 0x90, 0xc0, 0xe1, 0xa0,
];

/// What a proof is about. Points are compressed: `02` or `03` and x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What the proof is for and binds, beside the points.
    pub context: [u8; 32],
    /// First base.
    pub a: [u8; 33],
    /// The first base, so many times.
    pub b: [u8; 33],
    /// Second base.
    pub c: [u8; 33],
    /// The second base, as many times.
    pub d: [u8; 33],
}

/// A proof; both numbers are big-endian and below the order N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The challenge c.
    pub challenge: [u8; 32],
    /// The response s = k + cx.
    pub response: [u8; 32],
}

/// Whether a proof holds: its points and numbers decode, and `log_A B = log_C D`.
///
/// A proof with the nonce zero, whose R1 and R2 are infinity, is refused: it tells x.
pub fn verify(statement: &Statement, proof: &Proof) -> bool {
    recomputed_challenge(statement, proof).is_some_and(|challenge| challenge == proof.challenge)
}

/// The challenge that this proof should have; none if something does not decode.
fn recomputed_challenge(statement: &Statement, proof: &Proof) -> Option<[u8; 32]> {
    let Statement { context, a, b, c, d } = statement;
    let challenge = decode_scalar(&proof.challenge)?;
    let response = decode_scalar(&proof.response)?;
    let r1 = difference(&response, &decode_point(a)?, &challenge, &decode_point(b)?);
    let r2 = difference(&response, &decode_point(c)?, &challenge, &decode_point(d)?);
    let [r1, r2] = encode_points(&[r1, r2])?;
    Some(hash(context, [a, b, c, d, &r1, &r2]))
}

/// SHA-256(tag ‖ context ‖ A ‖ B ‖ C ‖ D ‖ R1 ‖ R2) mod N.
fn hash(context: &[u8; 32], points: [&Compressed; 6]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(TAG).chain_update(context);
    points.into_iter().for_each(|point| hash.update(point));
    let digest: [u8; 32] = hash.finalize().into();
    <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(digest)).to_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::TAG;

    #[test]
    fn the_tag_is_the_hash_of_its_purpose() {
        assert_eq!(TAG, alloy_primitives::keccak256("UNC/v1/dleq").0);
    }
}
