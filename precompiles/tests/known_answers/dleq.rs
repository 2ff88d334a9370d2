//! Builds the cases of `DLEQ_VERIFY`.

use p256::{FieldBytes, ProjectivePoint, Scalar, elliptic_curve::ops::Reduce};
use sha2::{Digest, Sha256};
use utnet_precompiles::{dleq::TAG, dleq_verify::COST};

use crate::{
    case::{Case, OUT_OF_GAS, yes_or_no},
    facts,
    p256_math::{ORDER, PRIME, bytes, compressed, inverse, off_curve, scalar, times_g, word},
};

const MADE: &str = "made from the scheme's equations";
const CHANGED: &str = "proof 0, changed";

/// Where the parts of the input begin.
const A: usize = 32;
const B: usize = 65;
const C: usize = 98;
const D: usize = 131;
const CHALLENGE: usize = 164;
const RESPONSE: usize = 196;

pub(crate) fn cases() -> Vec<Case> {
    [computed_elsewhere(), changed(), undecodable(), made(), malformed()]
        .into_iter()
        .flatten()
        .collect()
}

fn no(name: &str, input: Vec<u8>, source: &str) -> Case {
    Case::answer(name, input, yes_or_no(false), source)
}

fn yes(name: &str, input: Vec<u8>, source: &str) -> Case {
    Case::answer(name, input, yes_or_no(true), source)
}

fn input_of(fact: &facts::DleqFact) -> Vec<u8> {
    let facts::DleqFact { context, a, b, c, d, challenge, response, .. } = fact;
    [context, a, b, c, d, challenge, response].map(|part| facts::bytes(part)).concat()
}

/// Proofs of another implementation, and the same made again by ours.
fn computed_elsewhere() -> Vec<Case> {
    let named = |(i, fact): (usize, facts::DleqFact)| {
        let input = input_of(&fact);
        let number = |hex: &str| scalar(word(hex));
        let points = [A, C].map(|at| point(&input[at..at + 33]));
        let context = input[..A].try_into().expect("32 bytes");
        let again = prove(number(&fact.secret), number(&fact.nonce), context, points);
        assert_eq!(again, input, "proof {i}");
        yes(&format!("proof {i}"), input, "computed independently, tests/facts/dleq.py")
    };
    facts::dleq().into_iter().enumerate().map(named).collect()
}

/// The proof with these secret and nonce, for (base, secret x base) twice.
fn prove(
    secret: Scalar,
    nonce: Scalar,
    context: [u8; 32],
    [a, c]: [ProjectivePoint; 2],
) -> Vec<u8> {
    let statement =
        [&context[..], &[a, a * secret, c, c * secret].map(compressed).concat()].concat();
    let challenge = challenge(&statement, &[a * nonce, c * nonce].map(compressed).concat());
    [&statement, &bytes(challenge)[..], &bytes(nonce + challenge * secret)].concat()
}

fn challenge(statement: &[u8], nonces: &[u8]) -> Scalar {
    reduce(Sha256::digest([&TAG, statement, nonces].concat()).into())
}

fn reduce(word: [u8; 32]) -> Scalar {
    <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(word))
}

fn point(bytes: &[u8]) -> ProjectivePoint {
    p256::PublicKey::from_sec1_bytes(bytes).expect("a point").to_projective()
}

fn example() -> Vec<u8> {
    input_of(&facts::dleq().swap_remove(0))
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
    let swapped = |one: usize, two: usize, length: usize| {
        let mut swapped = with(one, &input[two..two + length]);
        swapped[two..two + length].copy_from_slice(&input[one..one + length]);
        swapped
    };
    let minus = |at: usize| bytes(-scalar(input[at..at + 32].try_into().expect("32 bytes")));
    vec![
        no("context changed", flip(0), CHANGED),
        no("context zero", with(0, &[0; 32]), CHANGED),
        no("A mirrored", flip(A), CHANGED),
        no("B mirrored", flip(B), CHANGED),
        no("C mirrored", flip(C), CHANGED),
        no("D mirrored", flip(D), CHANGED),
        no("B and D mirrored", with_both_mirrored(), CHANGED),
        no("D is another point", with(D, &compressed(times_g(Scalar::from(5_u64)))), CHANGED),
        no("A and C swapped", swapped(A, C, 33), CHANGED),
        no("both pairs swapped", swapped(A, C, 66), CHANGED),
        no("A and B swapped, C and D swapped", inverted(), CHANGED),
        no("challenge changed", flip(CHALLENGE + 31), CHANGED),
        no("challenge zero", with(CHALLENGE, &[0; 32]), CHANGED),
        no("response changed", flip(RESPONSE + 31), CHANGED),
        no("response zero", with(RESPONSE, &[0; 32]), CHANGED),
        no("response N - s", with(RESPONSE, &minus(RESPONSE)), CHANGED),
        no("challenge N - c", with(CHALLENGE, &minus(CHALLENGE)), CHANGED),
        no("challenge and response swapped", swapped(CHALLENGE, RESPONSE, 32), CHANGED),
    ]
}

fn with_both_mirrored() -> Vec<u8> {
    let mut input = example();
    input[B] ^= 1;
    input[D] ^= 1;
    input
}

fn inverted() -> Vec<u8> {
    let input = example();
    [
        &input[..A],
        &input[B..C],
        &input[A..B],
        &input[D..CHALLENGE],
        &input[C..D],
        &input[CHALLENGE..],
    ]
    .concat()
}

fn undecodable() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, at) in [("A", A), ("B", B), ("C", C), ("D", D)] {
        let named = |what: &str, input| no(&format!("{name} {what}"), input, CHANGED);
        cases.push(named("all zero: infinity has no encoding", with(at, &[0; 33])));
        cases.push(named("with tag 04", with(at, &[4])));
        cases.push(named("in compact form, tag 05", with(at, &[5])));
        cases.push(named("with x = p", with(at + 1, &word(PRIME))));
        cases.push(named("off the curve", with(at + 1, &off_curve())));
    }
    for (name, at) in [("challenge", CHALLENGE), ("response", RESPONSE)] {
        cases.push(no(&format!("{name} is N"), with(at, &word(ORDER)), CHANGED));
        cases.push(no(&format!("{name} is all ones"), with(at, &[0xff; 32]), CHANGED));
    }
    cases.push(no("everything is zero", vec![0; 228], CHANGED));
    cases.push(no("everything is ones", vec![0xff; 228], CHANGED));
    cases
}

fn made() -> Vec<Case> {
    let (x, k) = (Scalar::from(77_u64), Scalar::from(88_u64));
    let (g, h) = (ProjectivePoint::GENERATOR, times_g(Scalar::from(99_u64)));
    vec![
        yes("one base twice", prove(x, k, [1; 32], [g, g]), MADE),
        yes("the logarithm is 1: A = B, C = D", prove(Scalar::ONE, k, [1; 32], [g, h]), MADE),
        yes("the bases are each other's mirror", prove(x, k, [1; 32], [h, -h]), MADE),
        no("nonce zero: R1 and R2 are infinity", nonce_zero(), MADE),
        no("only R2 is infinity", second_nonce_zero(), MADE),
        no("two logarithms, each proven alone", two_logarithms(), MADE),
        no("hash without the bases, chosen after it", bases_chosen_late(), MADE),
    ]
}

/// A proof with k = 0, hashed with infinity as SEC1 writes it, one zero byte: never accepted.
fn nonce_zero() -> Vec<u8> {
    let (x, g, h) = (Scalar::from(7_u64), ProjectivePoint::GENERATOR, times_g(Scalar::from(9_u64)));
    let statement = [&[0; 32][..], &[g, g * x, h, h * x].map(compressed).concat()].concat();
    let challenge = challenge(&statement, &[0, 0]);
    [&statement, &bytes(challenge)[..], &bytes(challenge * x)].concat()
}

/// R2 alone is infinity: D = (s / c) C for the response of an honest nonce over A.
fn second_nonce_zero() -> Vec<u8> {
    let (g, h) = (ProjectivePoint::GENERATOR, times_g(Scalar::from(9_u64)));
    let (x, k) = (Scalar::from(7_u64), Scalar::from(8_u64));
    let c = Scalar::from(3_u64);
    let s = k + c * x;
    let d = h * (s * inverse(c));
    let points = [g, g * x, h, d].map(compressed).concat();
    [&[0; 32], &points[..], &bytes(c), &bytes(s)].concat()
}

/// B = xA, D = yC, with the response for x: R1 comes out right, R2 does not.
fn two_logarithms() -> Vec<u8> {
    let (g, h) = (ProjectivePoint::GENERATOR, times_g(Scalar::from(9_u64)));
    let (x, y, k) = (Scalar::from(7_u64), Scalar::from(8_u64), Scalar::from(5_u64));
    let points = [g, g * x, h, h * y].map(compressed).concat();
    let statement = [&[0; 32], &points[..]].concat();
    let challenge = challenge(&statement, &[g * k, h * k].map(compressed).concat());
    [&statement, &bytes(challenge)[..], &bytes(k + challenge * x)].concat()
}

/// The forgery that a hash of R1 and R2 alone would allow: any c and s, then B and D to fit.
fn bases_chosen_late() -> Vec<u8> {
    let (g, h) = (ProjectivePoint::GENERATOR, times_g(Scalar::from(9_u64)));
    let (r1, r2) = (times_g(Scalar::from(11_u64)), times_g(Scalar::from(13_u64)));
    let nonces = [r1, r2].map(compressed).concat();
    let c = reduce(Sha256::digest([&TAG[..], &[0; 32], &nonces].concat()).into());
    let (s, of_c) = (Scalar::from(17_u64), inverse(c));
    let points = [g, (g * s - r1) * of_c, h, (h * s - r2) * of_c].map(compressed).concat();
    [&[0; 32], &points[..], &bytes(c), &bytes(s)].concat()
}

fn malformed() -> Vec<Case> {
    let reason = "length is not 228";
    let input = example();
    vec![
        Case::halt("nothing", Vec::new(), reason),
        Case::halt("a byte short", input[..227].to_vec(), reason),
        Case::halt("a byte long", [&input[..], &[0]].concat(), reason),
        Case::halt("no gas for the refusal", Vec::new(), OUT_OF_GAS).with_budget(99),
        Case::halt("less gas than the price", input, OUT_OF_GAS).with_budget(COST.get() - 1),
    ]
}
