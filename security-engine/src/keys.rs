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

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(hex: &str) -> Secret {
        let bytes: [u8; 32] = hex::decode(hex).expect("hex").try_into().expect("32 bytes");
        Zeroizing::new(bytes)
    }

    /// The key of RFC 6979, A.2.5, and of RFC 9381, B.1.
    fn rfc_key() -> Secret {
        secret("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
    }

    #[test]
    fn a_signature_is_the_one_of_rfc_6979_with_low_s() {
        use sha2::{Digest, Sha256};

        let digest: [u8; 32] = Sha256::digest(b"sample").into();

        let signature = sign_digest(&rfc_key(), &digest).expect("a key");

        let r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
        // N less the RFC's s, which is high.
        let s = "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9";
        assert_eq!((hex::encode(signature.r), hex::encode(signature.s)), (r.into(), s.into()));
    }

    #[test]
    fn a_draw_is_the_one_of_rfc_9381() {
        // Appendix B.1, example 10.
        let drawn = vrf_prove(&rfc_key(), b"sample").expect("a key");

        let pi = "035b5c726e8c0e2c488a107c600578ee75cb702343c153cb1eb8dec77f4b5071b4a53f0a46f018bc\
                  2c56e58d383f2305e0975972c26feea0eb122fe7893c15af376b33edf7de17c6ea056d4d82de6bc0\
                  2f";
        assert_eq!(hex::encode(drawn.pi), pi);
        let beta = "a3ad7b0ef73d8fc6655053ea22f9bede8c743f08bbed3d38821f0e16474b505e";
        assert_eq!(hex::encode(drawn.beta), beta);
    }

    #[test]
    fn a_bls_signature_is_the_one_of_another_implementation() {
        let secret = secret("01d143bf20f7b962dd2a6707866460f5445694fa06ddbf3fe7ccc182103a159f");
        let msg = hex::decode("e4c08bf20ca1c52f1eee9ec54071150ab67863109593220a18ba94ced505f318");

        let signature = bls_sign(&secret, &msg.expect("hex")).expect("a key");

        assert_eq!(
            hex::encode(bls_key_of(&secret).expect("a key")),
            "b56aaf89e1c46d74a12a4ee873b8ded2060504873d49ea9294e1458a010d63fef3268dfa6b1b4725ed08272a449737e0"
        );
        assert_eq!(
            hex::encode(signature),
            "93a0c215a78c516196765c2020a0fbbfe33dae4326ef2ffb5631e68a42194f39923cd5e0cfa6071b8e044bc1a113c941\
             0b8791c836b9fac938ab4065bb3e8d25b31de52c62c2ec0af82d0f672b5f827b2fa1b5c3e9d2f21dd076bfec552c24f6"
        );
    }

    #[test]
    fn zero_and_the_order_are_no_keys() {
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        for bad in [Secret::default(), secret(order)] {
            assert!(matches!(identity_of(&bad), Err(Fault::KeyMismatch { slot: Slot::Identity })));
            assert!(matches!(vrf_prove(&bad, b""), Err(Fault::KeyMismatch { slot: Slot::Vrf })));
        }
        assert!(matches!(
            bls_sign(&Secret::default(), b""),
            Err(Fault::KeyMismatch { slot: Slot::Bls })
        ));
    }

    #[test]
    fn a_draw_of_random_bytes_above_the_order_is_drawn_again() {
        struct OnesFirst(bool);
        impl Entropy for OnesFirst {
            fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
                bytes.fill(if self.0 { 7 } else { 0xff });
                self.0 = true;
                Ok(())
            }
        }

        let drawn = draw_p256(&mut OnesFirst(false)).expect("the second draw is a key");

        assert_eq!(*drawn, [7; 32]);
    }
}
