//! Builds the cases of `SE_VERIFY`.

use alloy_primitives::U256;
use p256::{
    AffinePoint, FieldBytes, ProjectivePoint, Scalar,
    elliptic_curve::{point::DecompressPoint, subtle::Choice},
};
use sha2::{Digest, Sha256};

use crate::{
    case::{Case, OUT_OF_GAS},
    p256_math::{HALF, ORDER, PRIME, bytes, inverse, plus, scalar, times_g, word, x_of, xy},
};

const RFC6979: &str = "RFC 6979, A.2.5";
const EQUATION: &str = "made from the ECDSA equation";
const RANGE: &str = "range checks as in EIP-7951";

/// digest ‖ r ‖ s ‖ x ‖ y.
type Item = Vec<u8>;

pub(crate) fn cases() -> Vec<Case> {
    [single_true(), single_false(), many(), malformed()].into_iter().flatten().collect()
}

fn item(digest: [u8; 32], r: [u8; 32], s: [u8; 32], key: &[u8]) -> Item {
    [&digest, &r, &s, key].concat()
}

/// The signature of RFC 6979 for "sample" (high s) or "test" (low s).
fn rfc(message: &str) -> Item {
    let key = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
               7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
    let (r, s) = match message {
        "sample" => (
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        _ => (
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    };
    let digest = Sha256::digest(message).into();
    item(digest, word(r), word(s), &hex::decode(key).expect("hex"))
}

/// The same item with s replaced by N - s.
fn other_s(item: &[u8]) -> Item {
    let s = scalar(item[64..96].try_into().expect("32 bytes"));
    with(item, 64, &bytes(-s))
}

/// The item with some bytes replaced.
fn with(item: &[u8], at: usize, bytes: &[u8]) -> Item {
    let mut changed = item.to_vec();
    changed[at..at + bytes.len()].copy_from_slice(bytes);
    changed
}

/// A signature with this s by the key d, over the digest that fits: e = s k - r d.
fn with_s(s: [u8; 32]) -> Item {
    let (d, k) = (Scalar::from(12_345_u64), Scalar::from(67_890_u64));
    let r = scalar(x_of(times_g(k)));
    let e = scalar(s) * k - r * d;
    item(bytes(e), bytes(r), s, &xy(times_g(d)))
}

/// A signature over this digest by d = 3, k = 5, with low s.
fn over(digest: [u8; 32], e: Scalar) -> Item {
    let (d, k) = (Scalar::from(3_u64), Scalar::from(5_u64));
    let r = scalar(x_of(times_g(k)));
    let s = inverse(k) * (e + r * d);
    let signed = item(digest, bytes(r), bytes(s), &xy(times_g(d)));
    if bytes(s) <= word(HALF) { signed } else { other_s(&signed) }
}

/// A signature whose R has an x between N and p, so that r = x - N: from R, u1 and u2 to the key.
fn large_x(u1: Scalar) -> Item {
    let (r, point) = (0..=u8::MAX).find_map(large_x_point).expect("half of all x are on the curve");
    let u2 = Scalar::from(11_u64);
    let s = scalar(r) * inverse(u2);
    let key = (point - times_g(u1)) * inverse(u2);
    let signed = item(bytes(u1 * s), r, bytes(s), &xy(key));
    if bytes(s) <= word(HALF) { signed } else { other_s(&signed) }
}

fn large_x_point(i: u8) -> Option<([u8; 32], ProjectivePoint)> {
    let r = plus([0; 32], i);
    let x = FieldBytes::from(plus(word(ORDER), i));
    let point = AffinePoint::decompress(&x, Choice::from(0)).into_option()?;
    (i > 0).then(|| (r, ProjectivePoint::from(point)))
}

/// u1 G + u2 Q = infinity, with r = s = 1: digest 1, Q = -G.
fn to_infinity() -> Item {
    let one = bytes(Scalar::ONE);
    item(one, one, one, &xy(-ProjectivePoint::GENERATOR))
}

/// u1 G = u2 Q: the last addition is a doubling. Q = d G, u2 = u1 / d.
fn doubling() -> Item {
    let (d, u1) = (Scalar::from(7_u64), Scalar::from(21_u64));
    let u2 = u1 * inverse(d);
    let r = scalar(x_of(times_g(u1 + u1)));
    let s = r * inverse(u2);
    let signed = item(bytes(u1 * s), bytes(r), bytes(s), &xy(times_g(d)));
    if bytes(s) <= word(HALF) { signed } else { other_s(&signed) }
}

/// A word with these bits.
fn bits(set: impl IntoIterator<Item = usize>) -> Vec<u8> {
    let mut word = U256::ZERO;
    set.into_iter().for_each(|i| word.set_bit(i, true));
    word.to_be_bytes::<32>().to_vec()
}

fn single_true() -> Vec<Case> {
    let all_ones = [0xff; 32];
    // 2^256 - 1 - N, the digest as a scalar.
    let wrapped = scalar(word("00000000ffffffff00000000000000004319055258e8617b0c46353d039cdaae"));
    let yes = |name: &str, item, source: &str| Case::answer(name, item, bits([0]), source);
    vec![
        yes("low s of the RFC", rfc("test"), RFC6979),
        yes("high s of the RFC made low", other_s(&rfc("sample")), RFC6979),
        yes("s is N/2, the largest low s", with_s(word(HALF)), EQUATION),
        yes("s is 1", with_s(plus([0; 32], 1)), EQUATION),
        yes("digest is zero", over([0; 32], Scalar::ZERO), EQUATION),
        yes("digest is N, which is zero too", over(word(ORDER), Scalar::ZERO), EQUATION),
        yes("digest is all ones, above N", over(all_ones, wrapped), EQUATION),
        yes("x of R is above N", large_x(Scalar::from(13_u64)), EQUATION),
        yes("u1 is zero and x of R is above N", large_x(Scalar::ZERO), EQUATION),
        yes("the two multiples are equal", doubling(), EQUATION),
    ]
}

fn single_false() -> Vec<Case> {
    let good = rfc("test");
    let no = |name: &str, item, source: &str| Case::answer(name, item, bits([]), source);
    let y = good[128..160].try_into().expect("32 bytes");
    let other_key = xy(times_g(Scalar::from(2_u64)));
    vec![
        no("high s, which plain ECDSA takes", rfc("sample"), RFC6979),
        no("low s of the RFC made high", other_s(&good), RFC6979),
        no("s is N/2 + 1, which plain ECDSA takes", with_s(plus(word(HALF), 1)), EQUATION),
        no("r is zero", with(&good, 32, &[0; 32]), RANGE),
        no("s is zero", with(&good, 64, &[0; 32]), RANGE),
        no("r is N", with(&good, 32, &word(ORDER)), RANGE),
        no("s is N", with(&good, 64, &word(ORDER)), RANGE),
        no("r is all ones", with(&good, 32, &[0xff; 32]), RANGE),
        no("s is all ones", with(&good, 64, &[0xff; 32]), RANGE),
        no("r is x of R, above N", large_x_unreduced(), EQUATION),
        no("R is infinity", to_infinity(), EQUATION),
        no("r and s swapped", with(&with(&good, 32, &good[64..96]), 64, &good[32..64]), RFC6979),
        no("another digest", with(&good, 0, &[0x5a; 32]), RFC6979),
        no("another key", with(&good, 96, &other_key), RFC6979),
        no("key mirrored", with(&good, 96, &mirrored(&good)), RFC6979),
        no("key off the curve", with(&good, 128, &plus(y, 1)), RANGE),
        no("key is 0, 0", with(&good, 96, &[0; 64]), RANGE),
        no("x is p", with(&good, 96, &word(PRIME)), RANGE),
        no("y is p", with(&good, 128, &word(PRIME)), RANGE),
        no("x is all ones", with(&good, 96, &[0xff; 32]), RANGE),
        no("x is 0 and p is added to it", zero_x_plus_prime(), EQUATION),
        no("everything is zero", vec![0; 160], RANGE),
        no("everything is ones", vec![0xff; 160], RANGE),
    ]
}

/// A signature that holds if r is taken mod N, with r left at x, above N.
fn large_x_unreduced() -> Item {
    let signed = large_x(Scalar::from(13_u64));
    let r: [u8; 32] = signed[32..64].try_into().expect("32 bytes");
    with(&signed, 32, &plus(word(ORDER), r[31]))
}

/// The point with x = 0 as key, u1 = 1; its x is written as p, which is zero mod p.
fn zero_x_plus_prime() -> Item {
    let point = AffinePoint::decompress(&FieldBytes::default(), Choice::from(0));
    let key = ProjectivePoint::from(point.into_option().expect("b is a square"));
    let r = scalar(x_of(times_g(Scalar::ONE) + key));
    let signed = item(bytes(r), bytes(r), bytes(r), &xy(key));
    let signed = if bytes(r) <= word(HALF) { signed } else { other_s(&signed) };
    with(&signed, 96, &word(PRIME))
}

fn mirrored(item: &[u8]) -> Vec<u8> {
    let y = alloy_primitives::U256::from_be_slice(&item[128..160]);
    let mirrored = U256::from_be_bytes(word(PRIME)) - y;
    [&item[96..128], &mirrored.to_be_bytes::<32>()].concat()
}

fn many() -> Vec<Case> {
    let (good, bad) = (rfc("test"), rfc("sample"));
    let pattern = |n: usize, is_good: fn(usize) -> bool| -> (Vec<u8>, Vec<u8>) {
        let items = (0..n).flat_map(|i| if is_good(i) { good.clone() } else { bad.clone() });
        (items.collect(), bits((0..n).filter(|i| is_good(*i))))
    };
    let named = |name: &str, (input, output): (Vec<u8>, Vec<u8>)| {
        Case::answer(name, input, output, RFC6979)
    };
    vec![
        named("two, the first holds", pattern(2, |i| i == 0)),
        named("two, the second holds", pattern(2, |i| i == 1)),
        named("ten, every third holds", pattern(10, |i| i % 3 == 0)),
        named("256, all but number 200 hold", pattern(256, |i| i != 200)),
    ]
}

fn malformed() -> Vec<Case> {
    let reason = "length is not 1 to 256 times 160";
    let good = rfc("test");
    vec![
        Case::halt("no items", Vec::new(), reason),
        Case::halt("a byte short", good[..159].to_vec(), reason),
        Case::halt("a byte long", [good.clone(), vec![0]].concat(), reason),
        Case::halt("257 items", good.repeat(257), reason),
        Case::halt("no gas for the refusal", Vec::new(), OUT_OF_GAS).with_budget(99),
        Case::halt("no gas for the second item", good.repeat(2), OUT_OF_GAS).with_budget(5_000),
    ]
}
