//! Lists what is measured: calls of the precompiles, and what they are compared with.

use std::collections::HashMap;

use alloy_primitives::keccak256;
use blst::min_pk::{AggregateSignature, SecretKey as BlsKey};
use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use secp256k1::{
    Message, SECP256K1, SecretKey as SecpKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use utnet_precompiles::{
    Gas, Precompile,
    bls::{POSSESSION_DST, SIGNATURE_DST},
    registry::{DLEQ_VERIFY, POCI_VERIFY, SE_VERIFY, VRF_VERIFY},
};
use vrf_rfc9381::{
    Proof, Prover, Verifier,
    ec::p256::{EcVrfProof, tai},
};

/// One thing to measure.
pub(crate) struct Case {
    pub(crate) name: String,
    /// Its price; none for a library call that is here for comparison.
    pub(crate) gas: Option<u64>,
    /// Does it once; the byte keeps the optimiser from leaving it out.
    pub(crate) work: Box<dyn Fn() -> u8>,
}

/// Everything, ecrecover first.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = vec![ecrecover()];
    cases.extend([1, 32, 256].map(se_verify));
    cases.extend(
        [0, 64, 1_024].map(|n| call(format!("mode 0, {n} absent"), &POCI_VERIFY, aggregate(n))),
    );
    cases.extend([1, 2, 8, 32, 64].map(possessions));
    cases.extend([0, 1, 64, 1_024].map(keys));
    cases.extend(draws());
    cases.push(vrf_twin());
    cases.extend([("true", 0), ("false", 1)].map(|(name, change)| dleq_verify(name, change)));
    cases
}

fn call(name: String, precompile: &'static Precompile, input: Vec<u8>) -> Case {
    let run = move || (precompile.run)(&input, Gas::new(u64::MAX)).expect("right form");
    let gas = Some(run().gas_used.get());
    let name = format!("{}, {name}", precompile.name);
    Case { name, gas, work: Box::new(move || run().bytes[31]) }
}

fn ecrecover() -> Case {
    let key = SecpKey::from_byte_array([7; 32]).expect("seven is a key");
    let digest = keccak256("ecrecover").0;
    let signed = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest), &key);
    let (recovery, bytes) = signed.serialize_compact();
    let recovery = i32::from(recovery);
    let work = move || {
        let id = RecoveryId::try_from(recovery).expect("0 to 3");
        let signature = RecoverableSignature::from_compact(&bytes, id).expect("64 bytes");
        let key = SECP256K1.recover_ecdsa(Message::from_digest(digest), &signature);
        let [_, point @ ..] = key.expect("signed above").serialize_uncompressed();
        keccak256(point)[31]
    };
    Case { name: "ecrecover".to_owned(), gas: Some(3_000), work: Box::new(work) }
}

fn se_verify(n: u16) -> Case {
    let key = SigningKey::from_slice(&[7; 32]).expect("seven is a key");
    let point = key.verifying_key().to_sec1_point(false);
    let item = |i: u16| {
        let digest = keccak256(i.to_be_bytes());
        let signature: Signature = key.sign_prehash(digest.as_slice()).expect("32 bytes");
        let signature = signature.normalize_s().to_bytes();
        [digest.as_slice(), &signature, &point.as_bytes()[1..]].concat()
    };
    call(format!("{n} signatures"), &SE_VERIFY, (0..n).flat_map(item).collect())
}

/// Mode 0 with four signers and so many absent.
fn aggregate(absent: u64) -> Vec<u8> {
    let msg = [9; 32];
    let signed: Vec<_> = (0..4).map(|i| bls_key(i).sign(&msg, SIGNATURE_DST, &[])).collect();
    let sig = AggregateSignature::aggregate(&signed.iter().collect::<Vec<_>>(), false)
        .expect("four signatures");
    let keys: Vec<_> = (0..absent + 4).map(|i| bls_key(i).sk_to_pk().compress()).collect();
    let apk = utnet_precompiles::bls::sum(&keys, &[]).expect("keys decode");
    let head = [&[0], &msg[..], &sig.to_signature().compress(), &apk].concat();
    head.into_iter().chain(keys.into_iter().skip(4).flatten()).collect()
}

fn possessions(n: u64) -> Case {
    let items = (0..n).flat_map(|i| {
        let (key, context) = (bls_key(i), [5; 32]);
        let public = key.sk_to_pk().compress();
        let proof = key.sign(&context, POSSESSION_DST, &public).compress();
        [&context[..], &public, &proof].concat()
    });
    let input = std::iter::once(1).chain(items).collect();
    call(format!("mode 1, {n} proofs"), &POCI_VERIFY, input)
}

fn keys(n: u16) -> Case {
    let head = [&[2], &n.to_be_bytes()[..]].concat();
    let operands = (0..u64::from(n)).flat_map(|i| bls_key(i).sk_to_pk().compress());
    call(format!("mode 2, {n} keys"), &POCI_VERIFY, head.into_iter().chain(operands).collect())
}

fn bls_key(i: u64) -> BlsKey {
    BlsKey::key_gen(keccak256(i.to_be_bytes()).as_slice(), &[]).expect("32 bytes")
}

/// One draw for each length of the search for H, and one of the longest alpha.
fn draws() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for i in 0..400_u64 {
        let case = call("short alpha".to_owned(), &VRF_VERIFY, draw(&i.to_be_bytes()));
        if cases.iter().all(|known| known.gas != case.gas) {
            cases.push(case);
        }
    }
    cases.sort_by_key(|case| case.gas);
    cases.push(call("alpha of 1024 bytes".to_owned(), &VRF_VERIFY, draw(&[3; 1_024])));
    cases
}

fn draw(alpha: &[u8]) -> Vec<u8> {
    let key = tai::EcVrfP256TaiSecretKey::from_slice(&[7; 32]).expect("seven is a key");
    let pi = key.prove(alpha).expect("a proof exists").encode_to_pi();
    let public = SigningKey::from_slice(&[7; 32]).expect("seven is a key");
    let public = public.verifying_key().to_sec1_point(true);
    [public.as_bytes(), &pi, alpha].concat()
}

fn vrf_twin() -> Case {
    let input = draw(b"sample");
    let work = move || {
        let (key, rest) = input.split_at(33);
        let (pi, alpha) = rest.split_at(81);
        let key = tai::EcVrfP256TaiPublicKey::from_slice(key).expect("a key");
        let proof = EcVrfProof::decode_pi(pi).expect("a proof");
        key.verify(alpha, proof).expect("holds")[31]
    };
    Case { name: "vrf-rfc9381, one draw".to_owned(), gas: None, work: Box::new(work) }
}

/// The checked-in proof whose bases both are far from the generator, as it is or changed.
fn dleq_verify(name: &str, change: u8) -> Case {
    let facts: Vec<HashMap<String, String>> =
        serde_json::from_str(include_str!("../../tests/facts/dleq.json")).expect("facts decode");
    let part = |name: &str| hex::decode(&facts[5][name]).expect("hex");
    let mut input = ["context", "a", "b", "c", "d", "challenge", "response"].map(part).concat();
    input[0] ^= change;
    call(name.to_owned(), &DLEQ_VERIFY, input)
}
