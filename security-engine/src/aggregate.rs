//! Adds up BLS signatures and keys of many chips.

use blst::min_pk::{AggregatePublicKey, AggregateSignature, PublicKey, Signature};

use crate::fault::Fault;

/// The aggregate of signatures over one message: compressed G2, 96 bytes.
///
/// The parts are decoded, not checked against the group: they are one's own. Whoever verifies the
/// aggregate checks it.
///
/// # Errors
/// [`Fault::NothingToAggregate`] for an empty list, [`Fault::BadOperand`] for bytes that are no
/// signature.
pub fn aggregate(signatures: &[[u8; 96]]) -> Result<[u8; 96], Fault> {
    let decode = |bytes: &[u8; 96]| {
        Signature::uncompress(bytes).ok().map(|part| AggregateSignature::from_signature(&part))
    };
    let total = sum(signatures, decode, |total, part| total.add_aggregate(part))?;
    Ok(total.to_signature().compress())
}

/// The sum of keys, under which the aggregate of their signatures verifies: compressed G1.
///
/// # Errors
/// [`Fault::NothingToAggregate`] for an empty list, [`Fault::BadOperand`] for bytes that are no key.
pub fn aggregate_keys(keys: &[[u8; 48]]) -> Result<[u8; 48], Fault> {
    let decode = |bytes: &[u8; 48]| {
        PublicKey::uncompress(bytes).ok().map(|part| AggregatePublicKey::from_public_key(&part))
    };
    let total = sum(keys, decode, |total, part| total.add_aggregate(part))?;
    Ok(total.to_public_key().compress())
}

/// The sum of the points that some bytes decode to.
fn sum<T, const N: usize>(
    parts: &[[u8; N]],
    decode: impl Fn(&[u8; N]) -> Option<T>,
    add: impl Fn(&mut T, &T),
) -> Result<T, Fault> {
    let mut total: Option<T> = None;
    for (position, bytes) in parts.iter().enumerate() {
        let part = decode(bytes).ok_or(Fault::BadOperand { position })?;
        match &mut total {
            None => total = Some(part),
            Some(total) => add(total, &part),
        }
    }
    total.ok_or(Fault::NothingToAggregate)
}
