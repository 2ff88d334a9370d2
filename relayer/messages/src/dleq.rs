//! Proves that a Diffie-Hellman point is the key's: the proving twin of `DLEQ_VERIFY` (`docs/precompiles.md`).
//!
//! Deterministic: the nonce is that of RFC 6979 over key and statement. Nothing secret is left in memory.

use crate::{PublicKey, SecretKey};
use alloy_primitives::B256;
use hpke::Serializable;
use p256::{
    FieldBytes, ProjectivePoint, Scalar,
    elliptic_curve::{PrimeField, ops::Reduce, sec1::ToSec1Point},
};
use rfc6979::{KGenerator, bigint::U256};
use sha2::{Digest, Sha256};
use utnet_primitives::{Tag, tag};
use zeroize::Zeroizing;

/// The order of P-256's group.
const ORDER: U256 =
    U256::from_be_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

/// A compressed point: `02` or `03` by the parity of y, then x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressedPoint {
    /// `02` or `03`.
    pub parity: u8,
    /// x coordinate.
    pub x: B256,
}

/// A point that a key shares with another, and the proof of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedPoint {
    /// The other point times the secret key.
    pub point: CompressedPoint,
    /// The proof's challenge, below the order.
    pub challenge: B256,
    /// The proof's response, below the order.
    pub response: B256,
}

/// Computes the Diffie-Hellman point of a key and another point, and proves for a context that it is to the point as
/// the public key is to the generator.
#[must_use]
pub fn prove_shared_point(key: &SecretKey, other: &PublicKey, context: B256) -> SharedPoint {
    let mut bytes = Zeroizing::new([0; 32]);
    key.as_hpke().write_exact(bytes.as_mut_slice());
    let secret = Zeroizing::new(scalar(&bytes));
    let (generator, other) = (ProjectivePoint::GENERATOR, point(other));
    let shared = compressed(other * *secret);
    let statement = [
        context.as_slice(),
        &compressed(generator),
        &compressed(generator * *secret),
        &compressed(other),
        &shared,
    ]
    .concat();

    let nonce = nonce(&bytes, &statement);
    let challenge =
        hash(&[statement.as_slice(), &compressed(generator * *nonce), &compressed(other * *nonce)]);
    let response = *nonce + challenge * *secret;

    let [parity, x @ ..] = shared;
    SharedPoint {
        point: CompressedPoint { parity, x: x.into() },
        challenge: word(&challenge),
        response: word(&response),
    }
}

/// SHA-256(tag ‖ parts) as a number of the group.
fn hash(parts: &[&[u8]]) -> Scalar {
    let mut hash = Sha256::new_with_prefix(tag(Tag::Dleq));
    parts.iter().for_each(|part| hash.update(part));
    let digest: [u8; 32] = hash.finalize().into();
    <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(digest))
}

/// A number that is the same for the same key and statement, and otherwise independent of all others: also of those
/// of signatures, since the tag is part of what it is drawn from.
fn nonce(key: &[u8; 32], statement: &[u8]) -> Zeroizing<Scalar> {
    let digest: [u8; 32] = Sha256::digest(statement).into();
    let mut bytes = Zeroizing::new([0; 32]);
    KGenerator::<Sha256, U256>::new(key, &digest, tag(Tag::Dleq).as_slice(), &ORDER)
        .fill_next_k(bytes.as_mut_slice());
    Zeroizing::new(scalar(&bytes))
}

/// A number that is in the group already.
fn scalar(bytes: &[u8; 32]) -> Scalar {
    Scalar::from_repr(FieldBytes::from(*bytes))
        .into_option()
        .expect("keys and nonces are below the order")
}

fn point(key: &PublicKey) -> ProjectivePoint {
    p256::PublicKey::from_sec1_bytes(&key.to_bytes())
        .expect("a public key is a point other than infinity")
        .to_projective()
}

fn compressed(point: ProjectivePoint) -> [u8; 33] {
    let point = point.to_affine().to_sec1_point(true);
    point
        .as_bytes()
        .try_into()
        .expect("multiples by numbers below the prime order are not infinity")
}

fn word(scalar: &Scalar) -> B256 {
    B256::from(<[u8; 32]>::from(scalar.to_bytes()))
}
