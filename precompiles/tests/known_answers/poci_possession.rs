//! Builds the cases of `POCI_VERIFY` mode 1: proofs that keys have owners.

use blst::{
    blst_p2_affine,
    min_pk::{AggregateSignature, Signature},
};
use utnet_precompiles::bls::POSSESSION_DST;

use crate::{
    bls::{
        add_keys, infinity, infinity_signature, key, negate, off_curve, outside_g1, outside_g2,
        possession, possession_of, prove, public, sign, zero_x,
    },
    case::{Case, yes_or_no},
    facts,
};

const DERIVED: &str = "keys of small numbers, proven by blst";
const HERE: [u8; 32] = [0x11; 32];
const THERE: [u8; 32] = [0x22; 32];

pub(crate) fn cases() -> Vec<Case> {
    [proven(), single_false(), batches_false(), malformed()].into_iter().flatten().collect()
}

fn case(name: &str, items: &[Vec<u8>], is_true: bool) -> Case {
    Case::answer(name, input(items), yes_or_no(is_true), DERIVED)
}

fn input(items: &[Vec<u8>]) -> Vec<u8> {
    [vec![1], items.concat()].concat()
}

fn chips(n: u8) -> Vec<Vec<u8>> {
    (1..=n).map(|i| possession(&key(i), [i; 32])).collect()
}

fn proven() -> Vec<Case> {
    let twice = possession(&key(1), HERE);
    vec![
        case("one proof", &chips(1), true),
        case("two proofs", &chips(2), true),
        case("three proofs", &chips(3), true),
        case("64 proofs", &chips(64), true),
        case("one proof twice", &[twice.clone(), twice], true),
        case(
            "one key, two contexts",
            &[possession(&key(1), HERE), possession(&key(1), THERE)],
            true,
        ),
    ]
}

fn single_false() -> Vec<Case> {
    let owner = key(1);
    let (own, proof) = (public(&owner), prove(&owner, HERE).compress().to_vec());
    let message = [&own[..], &HERE].concat();
    let without_context = facts::bytes(&facts::bls()[0].possession[0]);
    let fact_key = facts::bytes(&facts::bls()[0].pks[0]);
    let only_context = owner.sign(&HERE, POSSESSION_DST, &[]).compress();
    let sum = add_keys(&[own.clone(), public(&key(2))]);
    let rogue = add_keys(&[public(&key(66)), negate(&sum)]);
    let rogue_proof = key(66).sign(&HERE, POSSESSION_DST, &rogue).compress();
    let no = |name: &str, key: &[u8], proof: &[u8]| {
        case(name, &[possession_of(HERE, key, proof)], false)
    };
    vec![
        case("proof for another context", &[possession_of(THERE, &own, &proof)], false),
        no("proof of another key", &public(&key(2)), &proof),
        no("proof mirrored", &own, &negate(&proof)),
        no("key and proof mirrored", &negate(&own), &negate(&proof)),
        no("rogue key, signed by what its maker has", &rogue, &rogue_proof),
        no("signature of the message domain", &own, &sign(&owner, &message)),
        no("proof over the context alone", &own, &only_context),
        no("proof over the key alone", &fact_key, &without_context),
        no("key infinity, proof infinity", &infinity(), &infinity_signature()),
        no("key infinity", &infinity(), &proof),
        no("proof infinity", &own, &infinity_signature()),
        no("key outside the group", &outside_g1(), &proof),
        no("key outside the group, proof infinity", &outside_g1(), &infinity_signature()),
        no("key with x = 0", &zero_x(), &proof),
        no("key off the curve", &off_curve(), &proof),
        no("proof outside the group", &own, &outside_g2()),
        no("all zero", &[0; 48], &[0; 96]),
    ]
}

/// Batches whose plain sum is right although their parts are wrong: only weights find them out.
fn batches_false() -> Vec<Case> {
    let (one, two) = (key(1), key(2));
    let (first, second) = (prove(&one, HERE), prove(&two, HERE));
    let error = key(3).sign(b"error", POSSESSION_DST, &[]);
    let shifted = [
        possession_of(HERE, &public(&one), &moved(&first, &error)),
        possession_of(HERE, &public(&two), &moved(&second, &mirrored(&error))),
    ];
    let swapped = [
        possession_of(HERE, &public(&one), &second.compress()),
        possession_of(HERE, &public(&two), &first.compress()),
    ];
    let mut last_false = chips(64);
    last_false[63] = possession_of(HERE, &public(&key(64)), &first.compress());
    let mut outside = chips(3);
    outside[1] = possession_of(HERE, &outside_g1(), &first.compress());
    let mut outside_proof = chips(3);
    outside_proof[2] = possession_of(HERE, &public(&key(3)), &outside_g2());
    let mut nobody = chips(2);
    nobody[0] = possession_of(HERE, &infinity(), &infinity_signature());
    let mut undecodable = chips(2);
    undecodable[1] = possession_of(HERE, &off_curve(), &first.compress());
    vec![
        case("two proofs swapped: their sum is right", &swapped, false),
        case("two errors that cancel in the sum", &shifted, false),
        case("the last of 64 is false", &last_false, false),
        case("one key of three outside the group", &outside, false),
        case("one proof of three outside the group", &outside_proof, false),
        case("infinity among two", &nobody, false),
        case("one key of two off the curve", &undecodable, false),
    ]
}

fn moved(proof: &Signature, by: &Signature) -> Vec<u8> {
    let mut sum = AggregateSignature::from_signature(proof);
    sum.add_aggregate(&AggregateSignature::from_signature(by));
    sum.to_signature().compress().to_vec()
}

fn mirrored(point: &Signature) -> Signature {
    let bytes = negate(&point.compress());
    let point: blst_p2_affine =
        Signature::uncompress(&bytes).expect("mirrored points decode").into();
    point.into()
}

fn malformed() -> Vec<Case> {
    let reason = "possession length is not 1 plus 1 to 64 times 176";
    let good = input(&chips(1));
    vec![
        Case::halt("no proofs", vec![1], reason),
        Case::halt("proof a byte short", good[..176].to_vec(), reason),
        Case::halt("proof a byte long", [good, vec![0]].concat(), reason),
        Case::halt("65 proofs", input(&vec![chips(1).concat(); 65]), reason),
    ]
}
