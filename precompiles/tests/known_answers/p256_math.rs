//! Makes P-256 signatures from their equation, so that edge cases can be aimed at.

use p256::{
    AffinePoint, FieldBytes, ProjectivePoint, Scalar,
    elliptic_curve::{PrimeField, ops::Invert, point::AffineCoordinates, sec1::ToSec1Point},
};

/// The order N.
pub(crate) const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// The field's prime p.
pub(crate) const PRIME: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

/// (N - 1) / 2, the largest low s.
pub(crate) const HALF: &str = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";

pub(crate) fn word(hex: &str) -> [u8; 32] {
    hex::decode(hex).expect("hex").try_into().expect("32 bytes")
}

/// `word + n`; must not overflow.
pub(crate) fn plus(word: [u8; 32], n: u8) -> [u8; 32] {
    let mut sum = word;
    let mut carry = u16::from(n);
    for byte in sum.iter_mut().rev() {
        carry += u16::from(*byte);
        *byte = (carry & 0xff) as u8;
        carry >>= 8;
    }
    assert_eq!(carry, 0);
    sum
}

pub(crate) fn scalar(word: [u8; 32]) -> Scalar {
    Scalar::from_repr(FieldBytes::from(word)).into_option().expect("below N")
}

pub(crate) fn inverse(scalar: Scalar) -> Scalar {
    Invert::invert(&scalar).into_option().expect("not zero")
}

pub(crate) fn bytes(scalar: Scalar) -> [u8; 32] {
    scalar.to_repr().into()
}

pub(crate) fn times_g(scalar: Scalar) -> ProjectivePoint {
    ProjectivePoint::GENERATOR * scalar
}

/// x ‖ y.
pub(crate) fn xy(point: ProjectivePoint) -> Vec<u8> {
    point.to_affine().to_sec1_point(false).as_bytes()[1..].to_vec()
}

/// `02` or `03` ‖ x.
pub(crate) fn compressed(point: ProjectivePoint) -> [u8; 33] {
    point.to_affine().to_sec1_point(true).as_bytes().try_into().expect("not infinity")
}

pub(crate) fn x_of(point: ProjectivePoint) -> [u8; 32] {
    AffinePoint::from(point).x().into()
}

/// The smallest x without a point.
pub(crate) fn off_curve() -> [u8; 32] {
    let is_off = |x: &[u8; 32]| p256::PublicKey::from_sec1_bytes(&[&[2], &x[..]].concat()).is_err();
    (1..=u8::MAX).map(|i| plus([0; 32], i)).find(is_off).expect("half of all x have no point")
}
