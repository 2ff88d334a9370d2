//! Measures every precompile beside ecrecover: the ratios that the gas constants are made of.
//!
//! `cargo bench -p utnet-precompiles --bench gas`; how the result is read: `docs/precompiles.md`.
#![expect(missing_docs, reason = "criterion_group makes an undocumented function")]

use std::time::Duration;

use alloy_primitives::keccak256;
use blst::min_pk::{AggregateSignature, SecretKey as BlsKey};
use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use secp256k1::{
    Message, SECP256K1, SecretKey as SecpKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use utnet_precompiles::{
    Gas, Precompile,
    bls::{POSSESSION_DST, SIGNATURE_DST},
    registry::{POCI_VERIFY, SE_VERIFY, VRF_VERIFY},
};
use vrf_rfc9381::{Proof, Prover, Verifier, ec::p256::tai};

/// A case: its name, and the input of the call.
type Case = (String, Vec<u8>);

fn ecrecover(c: &mut Criterion) {
    let key = SecpKey::from_byte_array([7; 32]).expect("seven is a key");
    let digest = keccak256("ecrecover").0;
    let signed = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest), &key);
    let (recovery, bytes) = signed.serialize_compact();
    let recovery = i32::from(recovery);
    c.bench_function("ecrecover", |b| {
        b.iter(|| {
            let id = RecoveryId::try_from(recovery).expect("0 to 3");
            let signature = RecoverableSignature::from_compact(&bytes, id).expect("64 bytes");
            let key = SECP256K1
                .recover_ecdsa(Message::from_digest(digest), &signature)
                .expect("signed above");
            let [_, point @ ..] = key.serialize_uncompressed();
            keccak256(point)
        });
    });
}

fn se_verify(c: &mut Criterion) {
    let key = SigningKey::from_slice(&[7; 32]).expect("seven is a key");
    let point = key.verifying_key().to_sec1_point(false);
    let item = |i: u8| {
        let digest = keccak256([i]);
        let signature: Signature = key.sign_prehash(digest.as_slice()).expect("32 bytes");
        let signature = signature.normalize_s().to_bytes();
        [digest.as_slice(), &signature, &point.as_bytes()[1..]].concat()
    };
    let cases =
        [1_u8, 32].map(|n| (format!("{n} signatures"), (0..n).flat_map(item).collect::<Vec<_>>()));
    calls(c, &SE_VERIFY, &cases);
}

fn poci_verify(c: &mut Criterion) {
    let mut cases: Vec<Case> = Vec::new();
    for absent in [0, 64, 1_024] {
        cases.push((format!("mode 0, {absent} absent"), aggregate(absent)));
    }
    for n in [1, 2, 8, 32, 64] {
        let items = (0..n).flat_map(possession).collect::<Vec<_>>();
        cases.push((format!("mode 1, {n} proofs"), [vec![1], items].concat()));
    }
    for keys in [0_u16, 1, 64, 1_024] {
        let head = [&[2], &keys.to_be_bytes()[..]].concat();
        let operands = (0..u64::from(keys)).flat_map(|i| bls_key(i).sk_to_pk().compress());
        cases.push((format!("mode 2, {keys} keys"), head.into_iter().chain(operands).collect()));
    }
    calls(c, &POCI_VERIFY, &cases);
}

/// Mode 0 with four signers and so many absent.
fn aggregate(absent: u64) -> Vec<u8> {
    let msg = [9; 32];
    let signed: Vec<_> = (0..4).map(|i| bls_key(i).sign(&msg, SIGNATURE_DST, &[])).collect();
    let sig = AggregateSignature::aggregate(&signed.iter().collect::<Vec<_>>(), false)
        .expect("four signatures");
    let keys: Vec<_> = (0..absent + 4).map(|i| bls_key(i).sk_to_pk().compress()).collect();
    let apk = utnet_precompiles::bls::sum(&keys, &[]).expect("keys decode");
    let absent = keys.iter().skip(4).flatten().copied();
    [&[0], &msg[..], &sig.to_signature().compress(), &apk]
        .concat()
        .into_iter()
        .chain(absent)
        .collect()
}

fn possession(i: u64) -> Vec<u8> {
    let (key, context) = (bls_key(i), [5; 32]);
    let public = key.sk_to_pk().compress();
    let proof = key.sign(&context, POSSESSION_DST, &public).compress();
    [&context[..], &public, &proof].concat()
}

fn bls_key(i: u64) -> BlsKey {
    BlsKey::key_gen(keccak256(i.to_be_bytes()).as_slice(), &[]).expect("32 bytes")
}

fn vrf_verify(c: &mut Criterion) {
    let mut cases: Vec<Case> = Vec::new();
    let mut seen = Vec::new();
    // One alpha for each length of the search, so that the price of a candidate shows.
    for i in 0..1_000_u64 {
        let input = draw(&i.to_be_bytes());
        let gas = (VRF_VERIFY.run)(&input, Gas::new(u64::MAX)).expect("right form").gas_used;
        if !seen.contains(&gas) {
            seen.push(gas);
            cases.push((format!("{} gas", gas.get()), input));
        }
    }
    cases.push(("1024 bytes".to_owned(), draw(&[3; 1_024])));
    cases.sort();
    calls(c, &VRF_VERIFY, &cases);
}

fn draw(alpha: &[u8]) -> Vec<u8> {
    let key = tai::EcVrfP256TaiSecretKey::from_slice(&[7; 32]).expect("seven is a key");
    let pi = key.prove(alpha).expect("a proof exists").encode_to_pi();
    [vrf_public(), pi, alpha.to_vec()].concat()
}

fn vrf_public() -> Vec<u8> {
    let key = SigningKey::from_slice(&[7; 32]).expect("seven is a key");
    key.verifying_key().to_sec1_point(true).as_bytes().to_vec()
}

fn vrf_twin(c: &mut Criterion) {
    let input = draw(b"sample");
    let (key, rest) = input.split_at(33);
    let (pi, alpha) = rest.split_at(81);
    c.bench_function("vrf-rfc9381", |b| {
        b.iter(|| {
            let key = tai::EcVrfP256TaiPublicKey::from_slice(key).expect("a key");
            let proof = <tai::EcVrfP256TaiPublicKey as Verifier<_>>::Proof::decode_pi(pi);
            key.verify(alpha, proof.expect("a proof")).expect("holds")
        });
    });
}

fn calls(c: &mut Criterion, precompile: &Precompile, cases: &[Case]) {
    let mut group: BenchmarkGroup<'_, WallTime> = c.benchmark_group(precompile.name);
    for (name, input) in cases {
        group.bench_function(name, |b| {
            b.iter(|| (precompile.run)(input, Gas::new(u64::MAX)).expect("right form"));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500))
        .sample_size(30);
    targets = ecrecover, se_verify, poci_verify, vrf_verify, vrf_twin
}
criterion_main!(benches);
