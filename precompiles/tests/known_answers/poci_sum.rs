//! Builds the cases of `POCI_VERIFY` mode 2: sums of keys.

use crate::{
    bls::{
        add_keys, first, infinity, key, negate, off_curve, outside_g1, public, x_is_prime, zero_x,
    },
    case::{Case, yes_or_no},
    facts,
};

const DERIVED: &str = "keys of small numbers, added by blst";

pub(crate) fn cases() -> Vec<Case> {
    [computed_elsewhere(), sums(), undecodable(), malformed()].into_iter().flatten().collect()
}

fn input(plus: &[Vec<u8>], minus: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(plus.len()).expect("few keys").to_be_bytes();
    [&[2][..], &count, &plus.concat(), &minus.concat()].concat()
}

fn case(name: &str, plus: &[Vec<u8>], minus: &[Vec<u8>], sum: &[u8]) -> Case {
    let output = [&yes_or_no(true), sum].concat();
    Case::answer(name, input(plus, minus), output, DERIVED)
}

fn computed_elsewhere() -> Vec<Case> {
    let of = |fact: facts::BlsFact| {
        let keys: Vec<Vec<u8>> = fact.pks.iter().map(|pk| facts::bytes(pk)).collect();
        let output = [yes_or_no(true), facts::bytes(&fact.apk)].concat();
        let source = format!("computed independently, {} signers", keys.len());
        Case::answer(format!("apk of {} keys", keys.len()), input(&keys, &[]), output, source)
    };
    facts::bls().into_iter().map(of).collect()
}

fn sums() -> Vec<Case> {
    let keys: Vec<Vec<u8>> = (1..=4).map(|i| public(&key(i))).collect();
    let one = keys[0].clone();
    let mut twice = blst::min_pk::AggregatePublicKey::from_public_key(&key(1).sk_to_pk());
    twice.add_aggregate(&twice.clone());
    let twice = twice.to_public_key().compress();
    let outside = outside_g1();
    let mixed = add_keys(&[one.clone(), outside.clone()]);
    vec![
        case("no keys", &[], &[], &infinity()),
        case("one key", &keys[..1], &[], &one),
        case("one key taken away", &[], &keys[..1], &negate(&one)),
        case("a key and itself", &[one.clone(), one.clone()], &[], &twice),
        case("a key less itself", &keys[..1], &keys[..1], &infinity()),
        case("a key and its mirror", &[one.clone(), negate(&one)], &[], &infinity()),
        case("three keys less one of them", &keys[..3], &keys[..1], &add_keys(&keys[1..3])),
        case("two keys less two others", &keys[..2], &keys[2..], &two_less_two(&keys)),
        case("infinity and infinity", &[infinity(), infinity()], &[], &infinity()),
        case("a key and infinity", &[infinity(), one.clone()], &[infinity()], &one),
        case("infinity less a key", &[infinity()], &keys[..1], &negate(&one)),
        case("a point outside the group", std::slice::from_ref(&outside), &[], &outside),
        case("a key and a point outside the group", &[one, outside], &[], &mixed),
    ]
}

fn two_less_two(keys: &[Vec<u8>]) -> Vec<u8> {
    add_keys(&[keys[0].clone(), keys[1].clone(), negate(&keys[2]), negate(&keys[3])])
}

fn undecodable() -> Vec<Case> {
    let one = public(&key(1));
    let bad = |name: &str, plus: &[Vec<u8>], minus: &[Vec<u8>]| {
        Case::answer(name, input(plus, minus), vec![0; 80], DERIVED)
    };
    vec![
        bad("a summand off the curve", &[one.clone(), off_curve()], &[]),
        bad("a subtrahend off the curve", std::slice::from_ref(&one), &[off_curve()]),
        bad("a summand with x = p", &[x_is_prime()], &[]),
        bad("a summand with x = 0", &[zero_x()], &[]),
        bad("x = 0 less itself", &[zero_x()], &[zero_x()]),
        bad("infinity with sign bit", &[first(0xe0, 48)], &[]),
        bad("a summand all zero", &[vec![0; 48]], &[]),
        bad("a summand without the compression bit", &[vec![one[0] & 0x7f; 48]], &[]),
    ]
}

fn malformed() -> Vec<Case> {
    let reason = "sum length is not 3 plus 48 per key";
    let good = input(&[public(&key(1))], &[]);
    let more = [&[2, 0, 2], &good[3..]].concat();
    vec![
        Case::halt("sum without a count", vec![2, 0], reason),
        Case::halt("more summands than keys", more, reason),
        Case::halt("summand a byte short", good[..50].to_vec(), reason),
        Case::halt("summand a byte long", [good, vec![0]].concat(), reason),
    ]
}
