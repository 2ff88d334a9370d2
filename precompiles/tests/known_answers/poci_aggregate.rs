//! Builds the cases of `POCI_VERIFY` mode 0: an aggregate under all keys but the absent.

use blst::min_pk::SecretKey;
use utnet_precompiles::bls::POSSESSION_DST;

use crate::{
    bls::{
        add_keys, add_signatures, aggregate, first, infinity, infinity_signature, key, negate,
        off_curve, outside_g1, outside_g2, public, sign, x_is_prime, zero_x,
    },
    case::{Case, yes_or_no},
    facts,
};

const MSG: [u8; 32] = *b"availability of one epoch, hash.";
const DERIVED: &str = "keys of small numbers, signed by blst";

pub(crate) fn cases() -> Vec<Case> {
    let parts = [computed_elsewhere(), absentees(), wrong(), undecodable(), rogue(), malformed()];
    parts.into_iter().flatten().collect()
}

fn input(msg: &[u8], sig: &[u8], apk: &[u8], absent: &[Vec<u8>]) -> Vec<u8> {
    [&[0], msg, sig, apk, &absent.concat()].concat()
}

fn case(name: &str, sig: &[u8], apk: &[u8], absent: &[Vec<u8>], is_true: bool) -> Case {
    Case::answer(name, input(&MSG, sig, apk, absent), yes_or_no(is_true), DERIVED)
}

/// Aggregates of another implementation, whole and with signers taken away from both sides.
fn computed_elsewhere() -> Vec<Case> {
    let mut cases = Vec::new();
    for fact in facts::bls() {
        let msg = facts::bytes(&fact.msg);
        let sigs: Vec<Vec<u8>> = fact.sigs.iter().map(|sig| facts::bytes(sig)).collect();
        let keys: Vec<Vec<u8>> = fact.pks.iter().map(|pk| facts::bytes(pk)).collect();
        let apk = facts::bytes(&fact.apk);
        assert_eq!((fact.sks.len(), fact.possession.len()), (keys.len(), keys.len()));
        let source = format!("computed independently, {} signers", keys.len());
        let aggregate = facts::bytes(&fact.aggregate);
        let whole = input(&msg, &aggregate, &apk, &[]);
        let name = format!("{} signers, none absent", keys.len());
        cases.push(Case::answer(name, whole, yes_or_no(true), source.clone()));
        let only = input(&msg, &sigs[0], &apk, &keys[1..]);
        let name = format!("one of {} signers, the others absent", keys.len());
        cases.push(Case::answer(name, only, yes_or_no(true), source));
    }
    cases
}

/// Five chips: their keys, and the sum.
fn five() -> (Vec<SecretKey>, Vec<Vec<u8>>, Vec<u8>) {
    let keys: Vec<SecretKey> = (1..=5).map(key).collect();
    let publics: Vec<Vec<u8>> = keys.iter().map(public).collect();
    let apk = add_keys(&publics);
    (keys, publics, apk)
}

fn absentees() -> Vec<Case> {
    let (keys, publics, apk) = five();
    let of_three = aggregate(&keys[..3], &MSG);
    let outside = outside_g1();
    let tainted = add_keys(&[apk.clone(), outside.clone()]);
    let (fourth, fifth) = (publics[3].clone(), publics[4].clone());
    let all = aggregate(&keys, &MSG);
    vec![
        case("two of five absent", &of_three, &apk, &[fourth.clone(), fifth.clone()], true),
        case("absent in another order", &of_three, &apk, &[fifth.clone(), fourth.clone()], true),
        case("one absentee not named", &of_three, &apk, std::slice::from_ref(&fourth), false),
        case("one absentee named twice", &of_three, &apk, &[fourth.clone(), fourth], false),
        case("a signer named absent", &all, &apk, &[fifth], false),
        case("infinity is absent", &all, &apk, &[infinity()], true),
        case("all are absent: K is infinity", &of_three, &apk, &publics, false),
        case("all are absent, signature infinity", &infinity_signature(), &apk, &publics, false),
        case("apk is infinity", &infinity_signature(), &infinity(), &[], false),
        case(
            "apk is infinity, K a mirrored key",
            &mirror_signed(&keys[0]),
            &infinity(),
            &publics[..1],
            true,
        ),
        case("the group is left and entered again", &all, &tainted, &[outside], true),
    ]
}

/// A signature that verifies under the mirrored key: the mirrored signature.
fn mirror_signed(key: &SecretKey) -> Vec<u8> {
    negate(&sign(key, &MSG))
}

fn wrong() -> Vec<Case> {
    let (keys, _, apk) = five();
    let all = aggregate(&keys, &MSG);
    let other_domain: Vec<_> = keys.iter().map(|key| key.sign(&MSG, POSSESSION_DST, &[])).collect();
    let outside = add_keys(&[apk.clone(), outside_g1()]);
    let mut flipped = input(&MSG, &all, &apk, &[]);
    flipped[1] ^= 1;
    vec![
        Case::answer("another message", flipped, yes_or_no(false), DERIVED),
        case("signature mirrored", &negate(&all), &apk, &[], false),
        case("signature infinity", &infinity_signature(), &apk, &[], false),
        case(
            "signature of the possession domain",
            &add_signatures(&other_domain),
            &apk,
            &[],
            false,
        ),
        case("one signer missing", &aggregate(&keys[..4], &MSG), &apk, &[], false),
        case("one signer twice", &twice(&keys), &apk, &[], false),
        case("K outside the group", &all, &outside, &[], false),
        case("signature outside the group", &outside_g2(), &apk, &[], false),
    ]
}

fn twice(keys: &[SecretKey]) -> Vec<u8> {
    let again = [keys, &keys[..1]].concat();
    aggregate(&again, &MSG)
}

fn undecodable() -> Vec<Case> {
    let (keys, publics, apk) = five();
    let all = aggregate(&keys, &MSG);
    let uncompressed_flag = |point: &[u8]| [&[point[0] & 0x7f], &point[1..]].concat();
    let bad = |name: &str, sig: &[u8], apk: &[u8], absent: &[Vec<u8>]| {
        case(name, sig, apk, absent, false)
    };
    vec![
        bad("apk off the curve", &all, &off_curve(), &[]),
        bad("apk with x = p", &all, &x_is_prime(), &[]),
        bad("apk without the compression bit", &all, &uncompressed_flag(&apk), &[]),
        bad("apk infinity with sign bit", &all, &first(0xe0, 48), &publics[..1]),
        bad("apk infinity with a body", &all, &[&[0xc0][..], &[1; 47]].concat(), &publics[..1]),
        bad("apk all zero", &all, &[0; 48], &[]),
        bad("absentee off the curve", &all, &apk, &[off_curve()]),
        bad("absentee with x = p", &all, &apk, &[x_is_prime()]),
        bad("absentee with x = 0", &all, &apk, &[zero_x()]),
        bad(
            "absentees with x = 0 that add up to nothing",
            &all,
            &apk,
            &[zero_x(), negate(&zero_x())],
        ),
        bad("signature all zero", &[0; 96], &apk, &[]),
        bad("signature all ones", &[0xff; 96], &apk, &[]),
        bad("signature without the compression bit", &uncompressed_flag(&all), &apk, &[]),
        bad("signature infinity with sign bit", &first(0xe0, 96), &apk, &[]),
    ]
}

/// Why possession is proven: key' = own - apk lets one sign for all.
fn rogue() -> Vec<Case> {
    let (_, _, apk) = five();
    let own = key(66);
    let rogue = add_keys(&[public(&own), negate(&apk)]);
    let sum = add_keys(&[apk, rogue]);
    let name = "a rogue key among unproven ones signs for all";
    vec![case(name, &sign(&own, &MSG), &sum, &[], true)]
}

fn malformed() -> Vec<Case> {
    let reason = "aggregate length is not 177 plus a multiple of 48";
    let (keys, _, apk) = five();
    let good = input(&MSG, &aggregate(&keys, &MSG), &apk, &[]);
    vec![
        Case::halt("aggregate a byte short", good[..176].to_vec(), reason),
        Case::halt("aggregate a byte long", [good.clone(), vec![0]].concat(), reason),
        Case::halt("absentee a byte short", [good, vec![0; 47]].concat(), reason),
        Case::halt("mode 0 and nothing else", vec![0], reason),
        Case::halt("nothing at all", Vec::new(), "mode is missing"),
        Case::halt("mode 3", vec![3; 177], "mode is not 0, 1 or 2"),
        Case::halt("mode 255", vec![255], "mode is not 0, 1 or 2"),
    ]
}
