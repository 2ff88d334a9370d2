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
    let mut total: Option<AggregateSignature> = None;
    for (position, bytes) in signatures.iter().enumerate() {
        let Ok(part) = Signature::uncompress(bytes) else {
            return Err(Fault::BadOperand { position });
        };
        match &mut total {
            None => total = Some(AggregateSignature::from_signature(&part)),
            Some(sum) => sum.add_aggregate(&AggregateSignature::from_signature(&part)),
        }
    }
    total.map(|sum| sum.to_signature().compress()).ok_or(Fault::NothingToAggregate)
}

/// The sum of keys, under which the aggregate of their signatures verifies: compressed G1.
///
/// # Errors
/// [`Fault::NothingToAggregate`] for an empty list, [`Fault::BadOperand`] for bytes that are no key.
pub fn aggregate_keys(keys: &[[u8; 48]]) -> Result<[u8; 48], Fault> {
    let mut total: Option<AggregatePublicKey> = None;
    for (position, bytes) in keys.iter().enumerate() {
        let Ok(part) = PublicKey::uncompress(bytes) else {
            return Err(Fault::BadOperand { position });
        };
        match &mut total {
            None => total = Some(AggregatePublicKey::from_public_key(&part)),
            Some(sum) => sum.add_aggregate(&AggregatePublicKey::from_public_key(&part)),
        }
    }
    total.map(|sum| sum.to_public_key().compress()).ok_or(Fault::NothingToAggregate)
}
