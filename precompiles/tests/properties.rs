//! Tries what no list of cases covers: any bytes, and the same question put to another library.

use blst::min_pk::{AggregateSignature, SecretKey};
use p256::{
    FieldBytes, ProjectivePoint, Scalar,
    ecdsa::{
        Signature, SigningKey, VerifyingKey,
        signature::hazmat::{PrehashSigner, PrehashVerifier},
    },
    elliptic_curve::{ops::Reduce, scalar::IsHigh, sec1::ToSec1Point},
};
use proptest::{collection::vec, prelude::*};
use sha2::Digest;
use utnet_precompiles::{
    Gas, Halt, PRECOMPILES, Precompile,
    bls::{self, Possession},
    dleq, find,
    registry::{DLEQ_VERIFY, POCI_VERIFY, SE_VERIFY, VRF_VERIFY},
    se::{self, SeItem},
    vrf,
};
use vrf_rfc9381::{
    Proof, Prover, Verifier,
    ec::p256::{
        EcVrfProof,
        tai::{EcVrfP256TaiPublicKey, EcVrfP256TaiSecretKey},
    },
};

/// Runs a call and checks what holds for every one of them.
fn call(precompile: &Precompile, input: &[u8], budget: u64) {
    let outcome = (precompile.run)(input, Gas::new(budget));
    match &outcome {
        Ok(output) => {
            assert!(output.gas_used.get() <= budget);
            let expected = match (precompile.name, input.first()) {
                ("VRF_VERIFY", _) => 64,
                ("POCI_VERIFY", Some(2)) => 80,
                _ => 32,
            };
            assert_eq!(output.bytes.len(), expected);
        }
        Err(Halt::Revert { reason, gas_used }) => {
            assert!(!reason.is_empty() && gas_used.get() <= budget);
        }
        Err(Halt::OutOfGas) => {}
    }
    assert_eq!(
        outcome,
        (precompile.run)(input, Gas::new(budget)),
        "the same bytes, another answer"
    );
}

/// One chip's signature by a seeded key, with what proptest wants changed.
fn se_item(seed: u8, digest: [u8; 32]) -> SeItem {
    let key = SigningKey::from_slice(&[seed; 32]).expect("a small number repeated is a key");
    let signature: Signature = key.sign_prehash(&digest).expect("32 bytes");
    let point = key.verifying_key().to_sec1_point(false);
    let (r, s) = signature.split_bytes();
    let coordinate =
        |range: std::ops::Range<usize>| point.as_bytes()[range].try_into().expect("32 bytes");
    SeItem { digest, r: r.into(), s: s.into(), x: coordinate(1..33), y: coordinate(33..65) }
}

/// The same answer by `p256`.
fn se_twin(item: &SeItem) -> bool {
    let point = [&[4][..], &item.x, &item.y].concat();
    let Ok(key) = VerifyingKey::from_sec1_bytes(&point) else { return false };
    let Ok(signature) = Signature::from_scalars(item.r, item.s) else { return false };
    let is_high: bool = signature.s().is_high().into();
    !is_high && key.verify_prehash(&item.digest, &signature).is_ok()
}

/// The same answer by `vrf-rfc9381`, whose decoder takes the compact form too: that is left out.
fn vrf_twin(key: &[u8; 33], pi: &[u8; 81], alpha: &[u8]) -> Option<[u8; 32]> {
    if key[0] == 5 || pi[0] == 5 {
        return None;
    }
    let key = EcVrfP256TaiPublicKey::from_slice(key).ok()?;
    key.verify(alpha, EcVrfProof::decode_pi(pi).ok()?).ok().map(Into::into)
}

/// A number of the group, never zero in practice.
fn scalar(word: [u8; 32]) -> Scalar {
    <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(word))
}

/// An honest proof by the definition, with plain multiplications.
fn dleq_input(context: [u8; 32], [secret, nonce, other]: [[u8; 32]; 3]) -> [u8; 228] {
    let [secret, nonce] = [secret, nonce].map(scalar);
    let (a, c) = (ProjectivePoint::GENERATOR, ProjectivePoint::GENERATOR * scalar(other));
    let encode = |points: &[ProjectivePoint]| -> Vec<u8> {
        points.iter().flat_map(|p| p.to_affine().to_sec1_point(true).as_bytes().to_vec()).collect()
    };
    let statement = [&context[..], &encode(&[a, a * secret, c, c * secret])].concat();
    let transcript = [&dleq::TAG[..], &statement, &encode(&[a * nonce, c * nonce])].concat();
    let challenge = scalar(sha2::Sha256::digest(transcript).into());
    let response = nonce + challenge * secret;
    let proof = [challenge.to_bytes(), response.to_bytes()].concat();
    [statement, proof].concat().try_into().expect("228 bytes")
}

/// Whether `DLEQ_VERIFY` says yes.
fn is_equal(input: &[u8]) -> bool {
    let output = (DLEQ_VERIFY.run)(input, Gas::new(1_000_000)).expect("228 bytes");
    output.bytes[31] == 1
}

fn bls_key(i: u8) -> SecretKey {
    SecretKey::key_gen(&[i; 32], &[]).expect("32 bytes")
}

fn possession(i: u8, context: [u8; 32]) -> Possession {
    let key = bls_key(i).sk_to_pk().compress();
    let proof = bls_key(i).sign(&context, bls::POSSESSION_DST, &key).compress();
    Possession { context, key, proof }
}

fn flip(bytes: &mut [u8], at: Option<(prop::sample::Index, u8)>) {
    if let Some((at, bit)) = at {
        bytes[at.index(bytes.len())] ^= 1 << bit;
    }
}

/// A bit to flip somewhere, or none.
fn some_flip() -> impl Strategy<Value = Option<(prop::sample::Index, u8)>> {
    proptest::option::of((any::<prop::sample::Index>(), 0..8_u8))
}

#[test]
fn precompiles_are_found_by_their_address() {
    for precompile in PRECOMPILES {
        assert_eq!(find(&precompile.address).map(|found| found.name), Some(precompile.name));
    }
    assert!(find(&alloy_primitives::Address::ZERO).is_none());
}

#[test]
fn no_possessions_are_all_proven() {
    assert!(bls::verify_possessions(&[]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_get_an_answer_or_a_reason(bytes in vec(any::<u8>(), 0..600), budget in 0..200_000_u64) {
        for precompile in &PRECOMPILES {
            call(precompile, &bytes, budget);
        }
    }

    #[test]
    fn any_items_of_the_right_length_get_an_answer(item: [u8; 32], n in 1..40_usize) {
        call(&SE_VERIFY, &item.repeat(5).repeat(n), 1_000_000);
    }

    #[test]
    fn any_keys_after_a_mode_get_an_answer(mode in 0..4_u8, body in vec(any::<u8>(), 0..10), n in 0..20_usize) {
        let key = bls_key(1).sk_to_pk().compress();
        let keys = key.repeat(n);
        call(&POCI_VERIFY, &[&[mode], &keys[..]].concat(), 1_000_000);
        call(&POCI_VERIFY, &[&[mode], &body[..], &keys].concat(), 1_000_000);
        call(&POCI_VERIFY, &[&[2, 0, 1], &keys[..], &body].concat(), 1_000_000);
    }

    #[test]
    fn se_verify_agrees_with_p256(seed in 1..9_u8, digest: [u8; 32], at in some_flip()) {
        let SeItem { digest, r, s, x, y } = se_item(seed, digest);
        let mut bytes: [u8; 160] = [digest, r, s, x, y].concat().try_into().expect("160 bytes");
        flip(&mut bytes, at);
        let item = SeItem::decode(&bytes);
        prop_assert_eq!(se::verify(&item), se_twin(&item));
    }

    #[test]
    fn se_verify_agrees_with_p256_on_any_item(digest: [u8; 32], r: [u8; 32], s: [u8; 32]) {
        let item = SeItem { digest, r, s, ..se_item(3, digest) };
        prop_assert_eq!(se::verify(&item), se_twin(&item));
    }

    #[test]
    fn vrf_verify_agrees_with_its_twin(
        secret in 1..200_u8, alpha in vec(any::<u8>(), 0..80), at in some_flip(),
    ) {
        let prover = EcVrfP256TaiSecretKey::from_slice(&[secret; 32]).expect("a key");
        let public = SigningKey::from_slice(&[secret; 32]).expect("a key");
        let public = public.verifying_key().to_sec1_point(true);
        let pi = prover.prove(&alpha).expect("a proof").encode_to_pi();
        let mut input = [public.as_bytes(), &pi, &alpha].concat();
        flip(&mut input, at);
        let (key, rest) = input.split_first_chunk::<33>().expect("long enough");
        let (pi, alpha) = rest.split_first_chunk::<81>().expect("long enough");
        prop_assert_eq!(vrf::verify(key, pi, alpha), vrf_twin(key, pi, alpha));
        prop_assert_eq!(vrf::verify(key, pi, alpha).is_some(), at.is_none());
        call(&VRF_VERIFY, &input, 1_000_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn dleq_verify_accepts_every_honest_proof(context: [u8; 32], numbers: [[u8; 32]; 3]) {
        prop_assert!(is_equal(&dleq_input(context, numbers)));
    }

    #[test]
    fn dleq_verify_refuses_a_proof_with_any_byte_changed(
        context: [u8; 32], numbers: [[u8; 32]; 3], at in 0..228_usize, change in 1..=u8::MAX,
    ) {
        let mut input = dleq_input(context, numbers);
        input[at] ^= change;
        prop_assert!(!is_equal(&input));
    }

    #[test]
    fn dleq_verify_answers_any_numbers_over_real_points(
        context: [u8; 32], numbers: [[u8; 32]; 3], proof in vec(any::<u8>(), 64),
    ) {
        let mut input = dleq_input(context, numbers);
        input[164..].copy_from_slice(&proof);
        call(&DLEQ_VERIFY, &input, 1_000_000);
        prop_assert!(!is_equal(&input));
    }
}

#[test]
fn dleq_verify_refuses_a_proof_with_any_bit_flipped() {
    let honest = dleq_input([7; 32], [[1; 32], [2; 32], [3; 32]]);
    assert!(is_equal(&honest));
    for bit in 0..honest.len() * 8 {
        let mut input = honest;
        input[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_equal(&input), "bit {bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_batch_is_true_when_every_proof_is(
        chips in vec((1..20_u8, any::<[u8; 32]>(), some_flip()), 1..5),
    ) {
        let items: Vec<Possession> = chips
            .iter()
            .map(|(i, context, at)| {
                let mut item = possession(*i, *context);
                // Half of the flips are left out, so that true batches are not rare.
                flip(&mut item.proof, at.filter(|(_, bit)| bit % 2 == 0));
                item
            })
            .collect();
        let one_by_one = items.iter().all(bls::verify_possession);
        prop_assert_eq!(bls::verify_possessions(&items), one_by_one);
    }

    #[test]
    fn who_signs_and_who_is_absent_make_up_the_sum(present in 1..5_u8, absent in 0..5_u8, msg: [u8; 32]) {
        let keys: Vec<SecretKey> = (1..=present + absent).map(bls_key).collect();
        let publics: Vec<[u8; 48]> = keys.iter().map(|key| key.sk_to_pk().compress()).collect();
        let (signing, missing) = keys.split_at(usize::from(present));
        let signed: Vec<_> = signing.iter().map(|key| key.sign(&msg, bls::SIGNATURE_DST, &[])).collect();
        let sig = AggregateSignature::aggregate(&signed.iter().collect::<Vec<_>>(), false);
        let sig = sig.expect("at least one").to_signature().compress();
        let apk = bls::sum(&publics, &[]).expect("keys decode");
        let absentees = &publics[usize::from(present)..];

        prop_assert!(bls::verify_aggregate(&msg, &sig, &apk, absentees));
        prop_assert_eq!(bls::verify_aggregate(&msg, &sig, &apk, &[]), missing.is_empty());
        let rest = bls::sum(std::slice::from_ref(&apk), absentees);
        prop_assert_eq!(rest, bls::sum(&publics[..usize::from(present)], &[]));
    }

    #[test]
    fn a_sum_does_not_depend_on_order(order in Just((1..8_u8).collect::<Vec<_>>()).prop_shuffle()) {
        let keys = |order: &[u8]| -> Vec<[u8; 48]> {
            order.iter().map(|i| bls_key(*i).sk_to_pk().compress()).collect()
        };
        let sorted = keys(&(1..8).collect::<Vec<_>>());
        prop_assert_eq!(bls::sum(&keys(&order), &[]), bls::sum(&sorted, &[]));
        prop_assert_eq!(bls::sum(&sorted, &keys(&order)), Some(bls::INFINITY));
    }
}
