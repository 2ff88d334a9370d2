//! Verifies BLS signatures of chips and adds their keys: BLS12-381, keys in G1.
//!
//! Keys are 48 bytes (compressed G1), signatures 96 (compressed G2), as in IETF
//! draft-irtf-cfrg-bls-signature, minimal-pubkey-size. Infinity is `c0 00…`. A point with x = 0 is
//! on the curve but never in the group; it does not decode here, whatever the function.

use blst::{
    BLST_ERROR::BLST_SUCCESS,
    Pairing, blst_p1_affine, blst_p2_affine,
    min_pk::{AggregatePublicKey, PublicKey, Signature},
};
use sha2::{Digest, Sha256};

/// Domain of signatures over messages.
pub const SIGNATURE_DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Domain of proofs of possession.
pub const POSSESSION_DST: &[u8] = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// The point at infinity as a key: the sum of no keys.
pub const INFINITY: [u8; 48] = {
    let mut bytes = [0; 48];
    let [first, ..] = &mut bytes;
    *first = 0xc0;
    bytes
};

/// Separates the weights of [`verify_possessions`] from every other hash.
const WEIGHT_TAG: &[u8] = b"utnet/poci-verify/possession-weight/v1";

/// Bits of a weight, the lowest always set: the chance that a false batch passes is at most 2^-127 per try.
const WEIGHT_BITS: usize = 128;

/// A key, what it is registered for, and the proof that its owner knows the private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Possession {
    /// keccak(tag, chainId, registry, operator, chipId): 32 bytes, opaque here.
    pub context: [u8; 32],
    /// The BLS key, compressed G1.
    pub key: [u8; 48],
    /// Signature over key ‖ context in [`POSSESSION_DST`], compressed G2.
    pub proof: [u8; 96],
}

impl Possession {
    /// Length of the encoding context ‖ key ‖ proof, in bytes.
    pub const BYTES: usize = 176;
}

/// Whether `sig` is the aggregate over `msg` of all keys in `apk` but the absent ones.
///
/// Checks under K = apk - sum(absent). K must be in the group and not infinity; the parts need
/// only be on the curve (each was checked when it was registered).
pub fn verify_aggregate(
    msg: &[u8; 32],
    sig: &[u8; 96],
    apk: &[u8; 48],
    absent: &[[u8; 48]],
) -> bool {
    let Some(key) = add_up(std::slice::from_ref(apk), absent) else { return false };
    let Ok(sig) = Signature::uncompress(sig) else { return false };
    sig.verify(true, msg, SIGNATURE_DST, &[], &key.to_public_key(), true) == BLST_SUCCESS
}

/// Whether the owner of one key proves to know its private key, for this context.
pub fn verify_possession(possession: &Possession) -> bool {
    let Ok(key) = PublicKey::uncompress(&possession.key) else { return false };
    let Ok(proof) = Signature::uncompress(&possession.proof) else { return false };
    let Possession { context, key: augmentation, .. } = possession;
    proof.verify(true, context, POSSESSION_DST, augmentation, &key, true) == BLST_SUCCESS
}

/// Whether every proof holds: the same answer as [`verify_possession`] on each, at less cost.
///
/// Checks one product of pairings in which proof i is raised to an odd 128-bit weight, the hash of
/// all items and i. Whoever picks false proofs must pick them before the weights are known, so a
/// false batch passes with chance 2^-127 per try. No items: true.
pub fn verify_possessions(possessions: &[Possession]) -> bool {
    if let [only] = possessions {
        return verify_possession(only);
    }
    let seed = seed_of(possessions);
    let mut pairing = Pairing::new(true, POSSESSION_DST);
    for (i, possession) in (0_u64..).zip(possessions) {
        if !weigh_in(&mut pairing, possession, &weight_of(&seed, i)) {
            return false;
        }
    }
    pairing.commit();
    possessions.is_empty() || pairing.finalverify(None)
}

/// Adds the first keys and subtracts the second; infinity is a legal operand and a legal sum.
///
/// None if one does not decode. Keys need only be on the curve: a sum that goes on to
/// [`verify_aggregate`] is checked there.
pub fn sum(plus: &[[u8; 48]], minus: &[[u8; 48]]) -> Option<[u8; 48]> {
    add_up(plus, minus).map(|sum| sum.to_public_key().compress())
}

/// Whether the bytes are a key one could register: in the group and not infinity.
pub fn is_key(key: &[u8; 48]) -> bool {
    PublicKey::uncompress(key).is_ok_and(|key| key.validate().is_ok())
}

fn add_up(plus: &[[u8; 48]], minus: &[[u8; 48]]) -> Option<AggregatePublicKey> {
    let mut sum = total(plus)?;
    if !minus.is_empty() {
        sum.sub_aggregate(&total(minus)?);
    }
    Some(sum)
}

fn total(keys: &[[u8; 48]]) -> Option<AggregatePublicKey> {
    let infinity = PublicKey::uncompress(&INFINITY).ok()?;
    let mut total = AggregatePublicKey::from_public_key(&infinity);
    for key in keys {
        total.add_public_key(&PublicKey::uncompress(key).ok()?, false).ok()?;
    }
    Some(total)
}

/// Adds one weighted item to the product; false if the key or the proof is not in its group.
fn weigh_in(pairing: &mut Pairing<'_>, item: &Possession, weight: &[u8; 16]) -> bool {
    let Ok(key) = PublicKey::uncompress(&item.key) else { return false };
    let Ok(proof) = Signature::uncompress(&item.proof) else { return false };
    let (key, proof): (blst_p1_affine, blst_p2_affine) = (key.into(), proof.into());
    let outcome = pairing.mul_n_aggregate(
        &key,
        true,
        &proof,
        true,
        weight,
        WEIGHT_BITS,
        &item.context,
        &item.key,
    );
    outcome == BLST_SUCCESS
}

fn seed_of(possessions: &[Possession]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(WEIGHT_TAG);
    for Possession { context, key, proof } in possessions {
        hash.update(context);
        hash.update(key);
        hash.update(proof);
    }
    hash.finalize().into()
}

fn weight_of(seed: &[u8; 32], i: u64) -> [u8; 16] {
    let hash: [u8; 32] =
        Sha256::new_with_prefix(seed).chain_update(i.to_be_bytes()).finalize().into();
    let mut weight = *hash.first_chunk::<16>().expect("a SHA-256 digest has 32 bytes");
    // A weight of zero would skip its item: odd weights are never zero, at the cost of one bit of chance.
    weight.first_mut().into_iter().for_each(|low| *low |= 1);
    weight
}
