//! Signs EIP-712 messages with secp256k1 keys, and finds out who signed.
//!
//! A signature is `r ‖ s ‖ v`, 65 bytes, s at most half the group order, v 27 or 28: exactly what the contracts take.

use alloy_primitives::{Address, Bytes, Signature};
use alloy_signer::SignerSync;
use alloy_sol_types::{Eip712Domain, SolStruct};

/// Why bytes are not somebody's signature under a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSignature {
    /// Neither r, s and v, nor any other form that the contracts take.
    #[error("a signature has 65 bytes, not {bytes}")]
    Length {
        /// How many bytes came.
        bytes: usize,
    },
    /// The last byte is not 27 or 28.
    #[error("a signature ends in 27 or 28, not {v}")]
    Parity {
        /// The last byte.
        v: u8,
    },
    /// The second of two signatures that anybody can make from one.
    #[error("s is above half the group order")]
    HighS,
    /// No key makes this signature.
    #[error("no key has made this signature")]
    Unrecoverable,
    /// Somebody else signed, or another message, chain or contract.
    #[error("signed by {found}, not by {expected}; or over another message, chain or contract")]
    OtherSigner {
        /// Whose signature was needed.
        expected: Address,
        /// Whose it is, if it is over this message.
        found: Address,
    },
}

/// The signer did not sign.
#[derive(Debug, thiserror::Error)]
#[error("the signer failed")]
pub struct SignError(#[from] alloy_signer::Error);

/// Signs a message for a domain.
///
/// # Errors
/// [`SignError`] when the signer fails; a key in memory never does.
pub fn sign<T: SolStruct>(
    message: &T,
    domain: &Eip712Domain,
    signer: &impl SignerSync,
) -> Result<Bytes, SignError> {
    let signature = signer.sign_hash_sync(&message.eip712_signing_hash(domain))?;
    Ok(signature.normalized_s().as_bytes().into())
}

/// Who signed a message for a domain.
///
/// # Errors
/// [`BadSignature`] for anything that the contracts would not take.
pub fn signer_of<T: SolStruct>(
    message: &T,
    domain: &Eip712Domain,
    signature: &[u8],
) -> Result<Address, BadSignature> {
    let bytes: &[u8; 65] = signature
        .try_into()
        .map_err(|_wrong_length| BadSignature::Length { bytes: signature.len() })?;
    let [.., v] = *bytes;
    if v != 27 && v != 28 {
        return Err(BadSignature::Parity { v });
    }
    let signature =
        Signature::from_raw_array(bytes).map_err(|_unparsable| BadSignature::Unrecoverable)?;
    if signature.normalize_s().is_some() {
        return Err(BadSignature::HighS);
    }
    signature
        .recover_address_from_prehash(&message.eip712_signing_hash(domain))
        .map_err(|_no_key| BadSignature::Unrecoverable)
}

/// Checks that `expected` signed a message for a domain.
///
/// # Errors
/// [`BadSignature`] if it did not, or in a form that the contracts would not take.
pub fn verify<T: SolStruct>(
    message: &T,
    domain: &Eip712Domain,
    signature: &[u8],
    expected: Address,
) -> Result<(), BadSignature> {
    let found = signer_of(message, domain, signature)?;
    if found == expected { Ok(()) } else { Err(BadSignature::OtherSigner { expected, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{B256, U256, address};
    use alloy_signer_local::PrivateKeySigner;
    use proptest::prelude::*;
    use utnet_bindings::signed::{Acknowledge, EndRental, rpoi_escrow_domain};

    const ESCROW: Address = address!("0x0000000000000000000000000000000000555416");

    fn alice() -> PrivateKeySigner {
        PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).expect("in the group")
    }

    fn signed() -> (Acknowledge, Eip712Domain, Bytes) {
        let message = Acknowledge { rental: B256::repeat_byte(7) };
        let domain = rpoi_escrow_domain(31_337, ESCROW);
        let signature = sign(&message, &domain, &alice()).expect("in memory");
        (message, domain, signature)
    }

    #[test]
    fn a_signature_names_its_signer() {
        let (message, domain, signature) = signed();
        assert_eq!(verify(&message, &domain, &signature, alice().address()), Ok(()));
    }

    #[test]
    fn a_signature_is_bound_to_chain_contract_and_type() {
        let (message, domain, signature) = signed();
        let is_alices = |found: Result<Address, BadSignature>| found == Ok(alice().address());
        let other_chain = rpoi_escrow_domain(1, ESCROW);
        let other_escrow = rpoi_escrow_domain(31_337, Address::repeat_byte(9));
        let other_type = EndRental { rental: message.rental };
        assert!(!is_alices(signer_of(&message, &other_chain, &signature)));
        assert!(!is_alices(signer_of(&message, &other_escrow, &signature)));
        assert!(!is_alices(signer_of(&other_type, &domain, &signature)));
    }

    #[test]
    fn the_mirrored_signature_is_refused() {
        let (message, domain, signature) = signed();
        let mut mirrored = signature.to_vec();
        let order = U256::from_str_radix(
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
            16,
        );
        let s = U256::from_be_slice(&mirrored[32..64]);
        let high: [u8; 32] = (order.expect("a number") - s).to_be_bytes();
        mirrored[32..64].copy_from_slice(&high);
        mirrored[64] = 55 - mirrored[64];
        assert_eq!(signer_of(&message, &domain, &mirrored), Err(BadSignature::HighS));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_verifier_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let (message, domain, _) = signed();
            prop_assert!(verify(&message, &domain, &bytes, alice().address()).is_err());
        }

        #[test]
        fn a_flipped_bit_spoils_a_signature(at in 0usize..65, bit in 0u8..8) {
            let (message, domain, signature) = signed();
            let mut spoilt = signature.to_vec();
            spoilt[at] ^= 1 << bit;
            prop_assert!(verify(&message, &domain, &spoilt, alice().address()).is_err());
        }
    }
}
