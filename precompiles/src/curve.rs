//! Reads and writes points of P-256, for the schemes that prove with them.

use std::ops::Neg;

use p256::{
    AffinePoint, FieldBytes, NistP256, ProjectivePoint, Scalar,
    elliptic_curve::{
        BatchNormalize, PrimeField, ops::LinearCombination, point::DecompressPoint,
        sec1::ToSec1Point, subtle::Choice,
    },
};

/// A compressed point, 33 bytes.
pub(crate) type Compressed = [u8; 33];

/// `02` or `03`, then x: no other form of SEC1, so that a point has one encoding. Never infinity.
pub(crate) fn decode_point(bytes: &Compressed) -> Option<AffinePoint> {
    let (tag @ (2 | 3), x) = bytes.split_first()? else { return None };
    let x = FieldBytes::from(*x.first_chunk::<32>()?);
    <AffinePoint as DecompressPoint<NistP256>>::decompress(&x, Choice::from(*tag & 1)).into_option()
}

/// A number below the order N, big-endian.
pub(crate) fn decode_scalar(bytes: &[u8; 32]) -> Option<Scalar> {
    Scalar::from_repr(FieldBytes::from(*bytes)).into_option()
}

/// Both points compressed, for one inversion. None if one of them is infinity.
pub(crate) fn encode_points(points: &[ProjectivePoint; 2]) -> Option<[Compressed; 2]> {
    let [first, second] = ProjectivePoint::batch_normalize_vartime(points);
    Some([encode_point(&first)?, encode_point(&second)?])
}

/// `s P - c Q` with shared doublings. The sign goes to the point, since a short c has a long -c.
pub(crate) fn difference(
    s: &Scalar,
    p: &AffinePoint,
    c: &Scalar,
    q: &AffinePoint,
) -> ProjectivePoint {
    ProjectivePoint::lincomb_vartime(&[
        (ProjectivePoint::from(*p), *s),
        (ProjectivePoint::from(q.neg()), *c),
    ])
}

fn encode_point(point: &AffinePoint) -> Option<Compressed> {
    point.to_sec1_point(true).as_bytes().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_is_below_the_order() {
        let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        let order: [u8; 32] = order.expect("hex").try_into().expect("32 bytes");
        let mut largest = order;
        largest[31] -= 1;

        assert_eq!(decode_scalar(&order), None);
        assert_eq!(decode_scalar(&largest), Some(-Scalar::ONE));
        assert_eq!(decode_scalar(&[0; 32]), Some(Scalar::ZERO));
    }
}
