//! Seals bytes to a key so that a contract could recompute it.
//!
//! HPKE base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, export-only; the ciphertext is plaintext XOR
//! `SHA-256(secret ‖ be32(0)) ‖ SHA-256(secret ‖ be32(1)) ‖ …`. Nothing here authenticates it: whoever opens must know
//! from inside the text whether it is what was sealed.

use crate::{OpenError, PublicKey, SealError, Sealed, SecretKey, keys::Kem};
use alloy_primitives::Bytes;
use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable, aead::ExportOnlyAead, kdf::HkdfSha256,
    setup_receiver, setup_sender,
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Longest ciphertext that a contract takes.
pub const MOST_CIPHERTEXT_BYTES: usize = 1_024;

/// HPKE exporter context.
const KEYSTREAM: &[u8] = b"keystream";

/// Seals a text; `info` binds it to its purpose.
pub(crate) fn seal(
    mut text: Zeroizing<Vec<u8>>,
    info: &[u8],
    to: &PublicKey,
) -> Result<Sealed, SealError> {
    if text.len() > MOST_CIPHERTEXT_BYTES {
        return Err(SealError::TooLong { bytes: text.len(), most: MOST_CIPHERTEXT_BYTES });
    }
    let (enc, context) =
        setup_sender::<ExportOnlyAead, HkdfSha256, Kem>(&OpModeS::Base, to.as_hpke(), info)
            .map_err(SealError::Hpke)?;
    let mut secret = Zeroizing::new([0; 32]);
    context.export(KEYSTREAM, secret.as_mut_slice()).map_err(SealError::Hpke)?;
    apply_keystream(&secret, &mut text);
    Ok(Sealed {
        enc: Bytes::copy_from_slice(&enc.to_bytes()),
        ciphertext: Bytes::copy_from_slice(&text),
    })
}

/// Opens what [`seal`] made; other bytes, keys or infos give other texts.
pub(crate) fn open(
    sealed: &Sealed,
    info: &[u8],
    key: &SecretKey,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if sealed.ciphertext.len() > MOST_CIPHERTEXT_BYTES {
        let problem = format!("more than {MOST_CIPHERTEXT_BYTES} bytes");
        return Err(OpenError::Malformed { field: "ciphertext", problem });
    }
    PublicKey::from_bytes(&sealed.enc)?;
    let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed.enc)
        .map_err(|_no_point| OpenError::NotForUs)?;
    let context = setup_receiver::<ExportOnlyAead, HkdfSha256, Kem>(
        &OpModeR::Base,
        key.as_hpke(),
        &enc,
        info,
    )
    .map_err(|_refused| OpenError::NotForUs)?;
    let mut secret = Zeroizing::new([0; 32]);
    context.export(KEYSTREAM, secret.as_mut_slice()).map_err(|_refused| OpenError::NotForUs)?;
    let mut text = Zeroizing::new(sealed.ciphertext.to_vec());
    apply_keystream(&secret, &mut text);
    Ok(text)
}

/// XORs `text` with the keystream of `secret`, at most 128 GiB of it: its own inverse.
pub fn apply_keystream(secret: &[u8; 32], text: &mut [u8]) {
    for (counter, block) in (0u32..).zip(text.chunks_mut(32)) {
        let pad = Zeroizing::new(<[u8; 32]>::from(
            Sha256::new().chain_update(secret).chain_update(counter.to_be_bytes()).finalize(),
        ));
        for (byte, mask) in block.iter_mut().zip(pad.iter()) {
            *byte ^= mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keystream_is_sha256_of_secret_and_counter() {
        let secret = [7; 32];
        let mut text = [0; 40];
        apply_keystream(&secret, &mut text);
        let block = |counter: u8| {
            let input = [secret.as_slice(), &[0, 0, 0, counter]].concat();
            <[u8; 32]>::from(Sha256::digest(input))
        };
        assert_eq!(text[..32], block(0));
        assert_eq!(text[32..], block(1)[..8]);
    }
}
