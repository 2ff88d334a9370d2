//! Seals a worker's access to the renter's key, so that a contract could recompute it, and opens it.
//!
//! Sealed as in `keystream`. Nothing but the operator's signature inside authenticates it, hence the check for canonical
//! form: a changed bit is always noticed.

use crate::{
    Access, Escrow, OpenError, PublicKey, SealError, Sealed, SecretKey, keystream, sign, verify,
};
use alloy_primitives::{Address, Bytes};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolType, SolValue, sol_data};
use utnet_bindings::signed::Handover;
use utnet_primitives::RentalId;
use zeroize::Zeroizing;

/// `(url, certFingerprint, secret, signature)`.
type Plaintext =
    (sol_data::String, sol_data::FixedBytes<32>, sol_data::FixedBytes<32>, sol_data::Bytes);

/// Signs an access for a rental as its operator and seals it to the renter.
///
/// # Errors
/// [`SealError`] when it gets too long for the escrow, the url is none, or the signer fails.
pub fn seal_handover(
    access: &Access,
    escrow: &Escrow,
    rental: RentalId,
    operator: &impl SignerSync,
    renter: &PublicKey,
) -> Result<Sealed, SealError> {
    if !access.has_url() {
        return Err(SealError::BadUrl { url: access.url.clone() });
    }
    let message = Handover { rental: rental.0, accessHash: access.hash() };
    let signature = sign(&message, &escrow.domain(), operator)?;
    let text = Zeroizing::new(encode(access, signature));
    keystream::seal(text, &escrow.handover_info(rental), renter)
}

/// Seals any bytes to the renter, signed or not: what an operator can do, for tests of what the court does about it.
///
/// # Errors
/// [`SealError::TooLong`] for more bytes than the escrow takes.
pub fn seal_text(
    text: &[u8],
    escrow: &Escrow,
    rental: RentalId,
    renter: &PublicKey,
) -> Result<Sealed, SealError> {
    keystream::seal(Zeroizing::new(text.to_vec()), &escrow.handover_info(rental), renter)
}

/// Opens a hand-over as the renter and checks that the operator signed it for this rental.
///
/// # Errors
/// [`OpenError`] when it is for somebody or something else, was changed, or the operator did not sign it.
pub fn open_handover(
    sealed: &Sealed,
    escrow: &Escrow,
    rental: RentalId,
    operator: Address,
    renter: &SecretKey,
) -> Result<Access, OpenError> {
    let text = decipher(sealed, escrow, rental, renter)?;
    let (access, signature) = decode(&text).ok_or(OpenError::NotForUs)?;
    let message = Handover { rental: rental.0, accessHash: access.hash() };
    verify(&message, &escrow.domain(), &signature, operator)?;
    Ok(access)
}

/// What a hand-over holds, or what to hand over so that it holds this: the keystream is its own inverse.
///
/// # Errors
/// [`OpenError`] for a point that is none, or more bytes than the escrow takes.
pub fn decipher(
    sealed: &Sealed,
    escrow: &Escrow,
    rental: RentalId,
    renter: &SecretKey,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    keystream::open(sealed, &escrow.handover_info(rental), renter)
}

fn encode(access: &Access, signature: Bytes) -> Vec<u8> {
    (access.url.as_str(), access.cert_fingerprint, access.secret, signature).abi_encode_params()
}

/// Decodes only what [`encode`] makes: other encodings of the same values are refused.
fn decode(text: &[u8]) -> Option<(Access, Bytes)> {
    let decoded = Plaintext::abi_decode_params_validate(text).ok()?;
    let (url, cert_fingerprint, secret, signature) = decoded;
    let access = Access { url, cert_fingerprint, secret };
    let again = Zeroizing::new(encode(&access, signature.clone()));
    (again.as_slice() == text && access.has_url()).then_some((access, signature))
}

#[cfg(test)]
mod tests;
