//! Makes BLS keys, signatures and points that are not what they seem.

use blst::min_pk::{AggregateSignature, PublicKey, SecretKey, Signature};
use utnet_precompiles::bls::{INFINITY, POSSESSION_DST, SIGNATURE_DST};

use crate::facts;

/// The key of a small number; the private key is a hash of it.
pub(crate) fn key(i: u8) -> SecretKey {
    SecretKey::key_gen(&[i; 32], &[]).expect("32 bytes")
}

pub(crate) fn public(key: &SecretKey) -> Vec<u8> {
    key.sk_to_pk().compress().to_vec()
}

pub(crate) fn sign(key: &SecretKey, msg: &[u8]) -> Vec<u8> {
    key.sign(msg, SIGNATURE_DST, &[]).compress().to_vec()
}

/// The aggregate of these keys over a message.
pub(crate) fn aggregate(keys: &[SecretKey], msg: &[u8]) -> Vec<u8> {
    let signed: Vec<Signature> = keys.iter().map(|key| key.sign(msg, SIGNATURE_DST, &[])).collect();
    add_signatures(&signed)
}

pub(crate) fn add_signatures(signatures: &[Signature]) -> Vec<u8> {
    let parts: Vec<&Signature> = signatures.iter().collect();
    let sum = AggregateSignature::aggregate(&parts, false).expect("not empty");
    sum.to_signature().compress().to_vec()
}

/// The sum of public keys, by blst's own aggregation.
pub(crate) fn add_keys(keys: &[Vec<u8>]) -> Vec<u8> {
    let parts: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    let sum = blst::min_pk::AggregatePublicKey::aggregate_serialized(&parts, false);
    sum.expect("keys decode").to_public_key().compress().to_vec()
}

/// The same point mirrored: its sign bit the other way.
pub(crate) fn negate(point: &[u8]) -> Vec<u8> {
    let mut mirrored = point.to_vec();
    mirrored[0] ^= 0x20;
    mirrored
}

pub(crate) fn infinity() -> Vec<u8> {
    INFINITY.to_vec()
}

pub(crate) fn infinity_signature() -> Vec<u8> {
    first(0xc0, 96)
}

/// The point (0, 2): on the curve, of order 3, and not accepted as an encoding.
pub(crate) fn zero_x() -> Vec<u8> {
    first(0x80, 48)
}

/// A first byte and zeros.
pub(crate) fn first(byte: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    bytes[0] = byte;
    bytes
}

/// A point on the curve of keys but not in the group: the smallest x that has one.
pub(crate) fn outside_g1() -> Vec<u8> {
    let found = (1..=u8::MAX)
        .map(|x| last(48, x))
        .find(|bytes| PublicKey::uncompress(bytes).is_ok_and(|point| point.validate().is_err()));
    found.expect("half of all x are on the curve")
}

/// A point on the curve of signatures but not in the group.
pub(crate) fn outside_g2() -> Vec<u8> {
    let found = (1..=u8::MAX)
        .map(|x| last(96, x))
        .find(|bytes| Signature::uncompress(bytes).is_ok_and(|point| !point.subgroup_check()));
    found.expect("half of all x are on the curve")
}

/// An x that no point of the curve of keys has.
pub(crate) fn off_curve() -> Vec<u8> {
    let found = (1..=u8::MAX).map(|x| last(48, x)).find(|x| PublicKey::uncompress(x).is_err());
    found.expect("half of all x are off the curve")
}

/// The prime of the field as x: out of range.
pub(crate) fn x_is_prime() -> Vec<u8> {
    let mut bytes = facts::bytes(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    );
    bytes[0] |= 0x80;
    bytes
}

fn last(length: usize, x: u8) -> Vec<u8> {
    let mut bytes = first(0x80, length);
    bytes[length - 1] = x;
    bytes
}

/// context ‖ key ‖ proof.
pub(crate) fn possession(key: &SecretKey, context: [u8; 32]) -> Vec<u8> {
    possession_of(context, &public(key), &prove(key, context).compress())
}

pub(crate) fn prove(key: &SecretKey, context: [u8; 32]) -> Signature {
    key.sign(&context, POSSESSION_DST, &public(key))
}

pub(crate) fn possession_of(context: [u8; 32], key: &[u8], proof: &[u8]) -> Vec<u8> {
    [&context, key, proof].concat()
}
