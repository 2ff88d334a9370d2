//! Makes keys and signs with them; a private key comes in as 32 bytes and is wiped after the call.

use alloy_primitives::B256;
use blst::min_pk::SecretKey as BlsKey;
use p256::{
    FieldBytes, SecretKey as P256Key,
    ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner},
    elliptic_curve::sec1::ToSec1Point,
};
use vrf_rfc9381::{Ciphersuite, Proof, Prover, ec::p256::tai::EcVrfP256TaiSecretKey};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    engine::{P256Public, P256Signature, VrfProof},
    entropy::Entropy,
    fault::{Fault, Slot},
    wrap::Secret,
};

/// Domain of BLS signatures over messages.
pub const SIGNATURE_DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Domain of proofs that one holds a BLS key.
pub const POSSESSION_DST: &[u8] = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// A new P-256 private key: an identity, or a VRF key.
pub(crate) fn draw_p256(entropy: &mut dyn Entropy) -> Result<Secret, Fault> {
    loop {
        let mut secret = Secret::default();
        entropy.fill(&mut *secret)?;
        // A draw of zero or of the order and above has chance 2^-32.
        if decode_p256(&secret).is_some() {
            return Ok(secret);
        }
    }
}

/// A new BLS12-381 private key, by the suite's `KeyGen`.
pub(crate) fn draw_bls(entropy: &mut dyn Entropy) -> Result<Secret, Fault> {
    let mut material = Secret::default();
    entropy.fill(&mut *material)?;
    let key = BlsKey::key_gen(&*material, &[]).expect("KeyGen takes 32 bytes or more");
    Ok(Zeroizing::new(key.to_bytes()))
}

/// The public key of an identity.
pub(crate) fn identity_of(secret: &Secret) -> Result<P256Public, Fault> {
    let point = p256(secret, Slot::Identity)?.public_key().to_sec1_point(false);
    match (point.x(), point.y()) {
        (Some(x), Some(y)) => Ok(P256Public { x: B256::from_slice(x), y: B256::from_slice(y) }),
        _ => Err(Fault::KeyMismatch { slot: Slot::Identity }),
    }
}

/// The public key of a VRF key, compressed.
pub(crate) fn vrf_key_of(secret: &Secret) -> Result<[u8; 33], Fault> {
    let point = p256(secret, Slot::Vrf)?.public_key().to_sec1_point(true);
    let bytes: Option<[u8; 33]> = point.as_bytes().try_into().ok();
    bytes.ok_or(Fault::KeyMismatch { slot: Slot::Vrf })
}

/// The public key of a BLS key, compressed G1.
pub(crate) fn bls_key_of(secret: &Secret) -> Result<[u8; 48], Fault> {
    Ok(bls(secret)?.sk_to_pk().compress())
}

/// A deterministic (RFC 6979) signature over 32 bytes, with low s.
pub(crate) fn sign_digest(secret: &Secret, digest: &[u8; 32]) -> Result<P256Signature, Fault> {
    let key = SigningKey::from(p256(secret, Slot::Identity)?);
    let signature: Signature =
        key.sign_prehash(digest).expect("a 32-byte digest is long enough for P-256");
    let (r, s) = signature.normalize_s().split_bytes();
    Ok(P256Signature { r: B256::from_slice(&r), s: B256::from_slice(&s) })
}

/// A BLS signature over a message.
pub(crate) fn bls_sign(secret: &Secret, msg: &[u8]) -> Result<[u8; 96], Fault> {
    Ok(bls(secret)?.sign(msg, SIGNATURE_DST, &[]).compress())
}

/// A BLS signature over key ‖ context in the domain of possession proofs.
pub(crate) fn bls_prove_possession(secret: &Secret, context: &[u8; 32]) -> Result<[u8; 96], Fault> {
    let key = bls(secret)?;
    Ok(key.sign(context, POSSESSION_DST, &key.sk_to_pk().compress()).compress())
}

/// An ECVRF-P256-SHA256-TAI proof.
pub(crate) fn vrf_prove(secret: &Secret, alpha: &[u8]) -> Result<VrfProof, Fault> {
    let unprovable = || Fault::Unprovable { alpha_bytes: alpha.len() };
    let Ok(key) = EcVrfP256TaiSecretKey::from_slice(&**secret) else {
        return Err(Fault::KeyMismatch { slot: Slot::Vrf });
    };
    let Ok(proof) = key.prove(alpha) else { return Err(unprovable()) };
    let Ok(beta) = proof.proof_to_hash(Ciphersuite::ECVRF_P256_SHA256_TAI) else {
        return Err(unprovable());
    };
    let pi: Option<[u8; 81]> = proof.encode_to_pi().try_into().ok();
    Ok(VrfProof { pi: pi.ok_or_else(unprovable)?, beta: beta.into() })
}

fn p256(secret: &Secret, slot: Slot) -> Result<P256Key, Fault> {
    decode_p256(secret).ok_or(Fault::KeyMismatch { slot })
}

fn decode_p256(secret: &Secret) -> Option<P256Key> {
    let mut bytes = FieldBytes::from(**secret);
    let key = P256Key::from_bytes(&bytes).ok();
    bytes.as_mut_slice().zeroize();
    key
}

fn bls(secret: &Secret) -> Result<BlsKey, Fault> {
    match BlsKey::from_bytes(&**secret) {
        Ok(key) => Ok(key),
        Err(_) => Err(Fault::KeyMismatch { slot: Slot::Bls }),
    }
}
