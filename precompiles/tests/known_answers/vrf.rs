//! Builds the cases of `VRF_VERIFY`.

use p256::{ProjectivePoint, Scalar};
use sha2::{Digest, Sha256};
use utnet_precompiles::{
    Gas,
    registry::VRF_VERIFY,
    vrf_verify::{BASE_COST, TRY_COST},
};
use vrf_rfc9381::{
    Proof, Prover,
    ec::p256::{sswu::EcVrfP256SswuSecretKey, tai::EcVrfP256TaiSecretKey},
};

use crate::{
    case::{Case, OUT_OF_GAS, yes_or_no},
    facts,
    p256_math::{ORDER, PRIME, bytes, compressed, off_curve, scalar, times_g, word},
};

const MADE: &str = "made from the RFC's equations";
const CHANGED: &str = "RFC 9381 appendix B.1, example 10, changed";

pub(crate) fn cases() -> Vec<Case> {
    [computed_elsewhere(), changed(), made(), searches(), malformed()]
        .into_iter()
        .flatten()
        .collect()
}

fn no(name: &str, input: Vec<u8>, source: &str) -> Case {
    Case::answer(name, input, vec![0; 64], source)
}

fn yes(name: &str, input: Vec<u8>, beta: &[u8], source: &str) -> Case {
    Case::answer(name, input, [&yes_or_no(true), beta].concat(), source)
}

fn computed_elsewhere() -> Vec<Case> {
    let mut cases = Vec::new();
    for (i, fact) in facts::vrf().into_iter().enumerate() {
        let alpha = facts::bytes(&fact.alpha);
        assert_eq!(facts::bytes(&fact.sk).len(), 32);
        let input = [facts::bytes(&fact.pk), facts::bytes(&fact.pi), alpha.clone()].concat();
        let name = format!("proof {i}, alpha of {} bytes", alpha.len());
        cases.push(yes(&name, input, &facts::bytes(&fact.beta), &fact.source));
    }
    cases
}

/// key 33 ‖ pi 81 ‖ "sample": example 10.
fn example() -> Vec<u8> {
    let fact = facts::vrf().swap_remove(0);
    [facts::bytes(&fact.pk), facts::bytes(&fact.pi), facts::bytes(&fact.alpha)].concat()
}

/// The example with some bytes replaced.
fn with(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut input = example();
    input[at..at + bytes.len()].copy_from_slice(bytes);
    input
}

fn changed() -> Vec<Case> {
    let input = example();
    let flip = |at: usize| with(at, &[input[at] ^ 1]);
    let [key, gamma, c, s, alpha] = [0, 33, 66, 82, 114];
    let other_gamma = compressed(times_g(Scalar::from(5_u64)));
    let mut short = input.clone();
    short.truncate(alpha);
    let mut long = input.clone();
    long.push(0);
    vec![
        no("alpha changed", flip(alpha), CHANGED),
        no("alpha empty", short, CHANGED),
        no("alpha a zero longer", long, CHANGED),
        no("key mirrored", flip(key), CHANGED),
        no("another key", with(key, &other_gamma), CHANGED),
        no("Gamma mirrored", flip(gamma), CHANGED),
        no("another Gamma", with(gamma, &other_gamma), CHANGED),
        no("c changed", flip(c), CHANGED),
        no("c is zero", with(c, &[0; 16]), CHANGED),
        no("s changed", flip(s + 31), CHANGED),
        no("s is zero", with(s, &[0; 32]), CHANGED),
        no("s is N", with(s, &word(ORDER)), CHANGED),
        no("s is all ones", with(s, &[0xff; 32]), CHANGED),
        no("key in compact form, tag 05", with(key, &[5]), CHANGED),
        no("key with tag 04", with(key, &[4]), CHANGED),
        no("key all zero", with(key, &[0; 33]), CHANGED),
        no("key with x = p", with(key + 1, &word(PRIME)), CHANGED),
        no("key off the curve", with(key + 1, &off_curve()), CHANGED),
        no("Gamma in compact form, tag 05", with(gamma, &[5]), CHANGED),
        no("Gamma all zero", with(gamma, &[0; 33]), CHANGED),
        no("Gamma with x = p", with(gamma + 1, &word(PRIME)), CHANGED),
        no("Gamma off the curve", with(gamma + 1, &off_curve()), CHANGED),
    ]
}

fn made() -> Vec<Case> {
    let secret = [7; 32];
    let key = compressed(times_g(scalar(secret)));
    let sswu = EcVrfP256SswuSecretKey::from_slice(&secret).expect("a key");
    let sswu = sswu.prove(b"suite 2").expect("a proof").encode_to_pi();
    vec![
        no("proof of suite 2", [&key[..], &sswu, b"suite 2"].concat(), MADE),
        no("nonce zero: U and V are infinity", nonce_zero(), MADE),
        large_s(),
    ]
}

/// A proof with k = 0, hashed with infinity as SEC1 writes it, one zero byte: never accepted.
fn nonce_zero() -> Vec<u8> {
    let (secret, alpha) = (scalar([7; 32]), b"nonce zero");
    let key = compressed(times_g(secret));
    let h = hash_to_curve(&key, alpha);
    let gamma = compressed(h * secret);
    let parts = [&[1, 2][..], &key, &compressed(h), &gamma, &[0], &[0], &[0]];
    let c: [u8; 32] = Sha256::digest(parts.concat()).into();
    let c: [u8; 16] = *c.first_chunk().expect("32 bytes");
    let s = Scalar::from(u128::from_be_bytes(c)) * secret;
    [&key[..], &gamma, &c, &bytes(s), alpha].concat()
}

/// RFC 9381, 5.4.1.1.
fn hash_to_curve(key: &[u8], alpha: &[u8]) -> ProjectivePoint {
    let candidate = |ctr: u8| {
        let hash = Sha256::digest([&[1, 1][..], key, alpha, &[ctr, 0]].concat());
        p256::PublicKey::from_sec1_bytes(&[&[2][..], hash.as_slice()].concat()).ok()
    };
    (0..=u8::MAX).find_map(candidate).expect("half of all x have a point").to_projective()
}

/// A proof that holds, with s + N in place of s. The key is 1 and the nonce 2, so that s = 2 + c
/// is small and the sum fits into 32 bytes.
fn large_s() -> Case {
    let alpha = b"small s";
    let key = compressed(times_g(Scalar::ONE));
    let h = hash_to_curve(&key, alpha);
    let k = Scalar::from(2_u64);
    let (u, v, gamma) = (compressed(times_g(k)), compressed(h * k), compressed(h));
    let parts = [&[1, 2][..], &key, &compressed(h), &gamma, &u, &v, &[0]];
    let c: [u8; 32] = Sha256::digest(parts.concat()).into();
    let c: [u8; 16] = *c.first_chunk().expect("32 bytes");
    let s = bytes(k + Scalar::from(u128::from_be_bytes(c)));
    let sum = alloy_primitives::U256::from_be_bytes(s)
        + alloy_primitives::U256::from_be_bytes(word(ORDER));
    let input = [&key[..], &gamma, &c, &sum.to_be_bytes::<32>(), alpha].concat();
    let honest = [&key[..], &gamma, &c, &s, alpha].concat();
    let answer = (VRF_VERIFY.run)(&honest, Gas::new(crate::AMPLE)).expect("right form");
    assert_eq!(answer.bytes[31], 1, "the proof holds with s itself");
    no("s + N in place of s", input, MADE)
}

/// Inputs whose search for H is long, and what they cost.
fn searches() -> Vec<Case> {
    let secret = [9; 32];
    let key = compressed(times_g(scalar(secret)));
    let prover = EcVrfP256TaiSecretKey::from_slice(&secret).expect("a key");
    let tries = |alpha: &[u8]| {
        (0..=u8::MAX).find(|ctr| {
            let hash = Sha256::digest([&[1, 1][..], &key, alpha, &[*ctr, 0]].concat());
            p256::PublicKey::from_sec1_bytes(&[&[2][..], hash.as_slice()].concat()).is_ok()
        })
    };
    let long = (0..20_000_u32).map(u32::to_be_bytes).find(|alpha| tries(alpha) >= Some(11));
    let alpha = long.expect("one in 2,048 needs twelve candidates");
    let proof = prover.prove(&alpha).expect("a proof");
    let beta = proof.proof_to_hash(vrf_rfc9381::Ciphersuite::ECVRF_P256_SHA256_TAI).expect("beta");
    let input = [&key[..], &proof.encode_to_pi(), &alpha].concat();
    let (base, more) = (BASE_COST.get(), BASE_COST.get() + 5 * TRY_COST.get());
    vec![
        yes("twelve candidates for H", input.clone(), &beta, MADE),
        Case::halt("gas for five candidates, twelve are needed", input.clone(), OUT_OF_GAS)
            .with_budget(more),
        Case::halt("gas for no candidate", input.clone(), OUT_OF_GAS).with_budget(base),
        Case::halt("less gas than the base", input, OUT_OF_GAS).with_budget(base - 1),
    ]
}

fn malformed() -> Vec<Case> {
    let reason = "length is not 114 to 1138";
    let input = example();
    vec![
        Case::halt("nothing", Vec::new(), reason),
        Case::halt("a byte short of a proof", input[..113].to_vec(), reason),
        Case::halt("alpha of 1025 bytes", [&input[..114], &[0; 1_025]].concat(), reason),
    ]
}
