//! Seals a worker's access to the renter's key, so that a contract could recompute it, and opens it.
//!
//! HPKE base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, export-only; the ciphertext is plaintext XOR
//! `SHA-256(secret ‖ be32(0)) ‖ SHA-256(secret ‖ be32(1)) ‖ …`. Nothing but the operator's signature inside
//! authenticates it, hence the check for canonical form: a changed bit is always noticed.

use crate::{
    Access, Escrow, OpenError, PublicKey, SealError, Sealed, SecretKey, keys::Kem, sign, verify,
};
use alloy_primitives::{Address, Bytes};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolType, SolValue, sol_data};
use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable, aead::ExportOnlyAead, kdf::HkdfSha256,
    setup_receiver, setup_sender,
};
use sha2::{Digest, Sha256};
use utnet_bindings::signed::Handover;
use utnet_primitives::RentalId;
use zeroize::Zeroizing;

/// Longest ciphertext that the escrow takes.
pub const MOST_CIPHERTEXT_BYTES: usize = 1_024;

/// HPKE exporter context.
const KEYSTREAM: &[u8] = b"keystream";

/// `(url, certFingerprint, secret, signature)`.
type Plaintext =
    (sol_data::String, sol_data::FixedBytes<32>, sol_data::FixedBytes<32>, sol_data::Bytes);

/// Signs an access for a rental as its operator and seals it to the renter.
///
/// # Errors
/// [`SealError`] when it gets too long for the escrow, or the signer fails.
pub fn seal_handover(
    access: &Access,
    escrow: &Escrow,
    rental: RentalId,
    operator: &impl SignerSync,
    renter: &PublicKey,
) -> Result<Sealed, SealError> {
    let message = Handover { rental: rental.0, accessHash: access.hash() };
    let signature = sign(&message, &escrow.domain(), operator)?;
    let mut text = Zeroizing::new(encode(access, signature));
    if text.len() > MOST_CIPHERTEXT_BYTES {
        return Err(SealError::TooLong { bytes: text.len(), most: MOST_CIPHERTEXT_BYTES });
    }
    let info = escrow.handover_info(rental);
    let (enc, context) =
        setup_sender::<ExportOnlyAead, HkdfSha256, Kem>(&OpModeS::Base, renter.as_hpke(), &info)
            .map_err(SealError::Hpke)?;
    let mut secret = Zeroizing::new([0; 32]);
    context.export(KEYSTREAM, secret.as_mut_slice()).map_err(SealError::Hpke)?;
    apply_keystream(&secret, &mut text);
    Ok(Sealed {
        enc: Bytes::copy_from_slice(&enc.to_bytes()),
        ciphertext: Bytes::copy_from_slice(&text),
    })
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
    if sealed.ciphertext.len() > MOST_CIPHERTEXT_BYTES {
        let problem = format!("more than {MOST_CIPHERTEXT_BYTES} bytes");
        return Err(OpenError::Malformed { field: "ciphertext", problem });
    }
    PublicKey::from_bytes(&sealed.enc)?;
    let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed.enc)
        .map_err(|_no_point| OpenError::NotForUs)?;
    let info = escrow.handover_info(rental);
    let context = setup_receiver::<ExportOnlyAead, HkdfSha256, Kem>(
        &OpModeR::Base,
        renter.as_hpke(),
        &enc,
        &info,
    )
    .map_err(|_refused| OpenError::NotForUs)?;
    let mut secret = Zeroizing::new([0; 32]);
    context.export(KEYSTREAM, secret.as_mut_slice()).map_err(|_refused| OpenError::NotForUs)?;
    let mut text = Zeroizing::new(sealed.ciphertext.to_vec());
    apply_keystream(&secret, &mut text);
    let (access, signature) = decode(&text).ok_or(OpenError::NotForUs)?;
    let message = Handover { rental: rental.0, accessHash: access.hash() };
    verify(&message, &escrow.domain(), &signature, operator)?;
    Ok(access)
}

/// XORs `text` with the keystream of `secret`.
fn apply_keystream(secret: &[u8; 32], text: &mut [u8]) {
    for (counter, block) in (0u32..).zip(text.chunks_mut(32)) {
        let pad = Zeroizing::new(<[u8; 32]>::from(
            Sha256::new().chain_update(secret).chain_update(counter.to_be_bytes()).finalize(),
        ));
        for (byte, mask) in block.iter_mut().zip(pad.iter()) {
            *byte ^= mask;
        }
    }
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
    (again.as_slice() == text).then_some((access, signature))
}

#[cfg(test)]
mod tests;
