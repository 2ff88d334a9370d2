//! Wraps private keys under a chip's one-time key S: AES-128-KW, RFC 3394 (eq. 4, 5).

use std::fmt;

use aes::Aes128;
use aes_kw::{AesKw, KeyInit};
use zeroize::Zeroizing;

use crate::{
    entropy::Entropy,
    fault::{Fault, Slot},
};

/// Length of a wrapped 32-byte key: the key and a 64-bit check value.
pub(crate) const WRAPPED_BYTES: usize = 40;

/// A private key outside its wrapping, for the time of one call.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// A wrapped private key.
pub(crate) type Wrapped = [u8; WRAPPED_BYTES];

/// The key S of one chip, 128 bits, for the time of one call. Wiped when dropped, never shown.
pub(crate) struct Efuse(Zeroizing<[u8; Self::BYTES]>);

impl Efuse {
    /// Length of S.
    pub(crate) const BYTES: usize = 16;

    /// Draws a new S.
    pub(crate) fn draw(entropy: &mut dyn Entropy) -> Result<Self, Fault> {
        let mut key = Zeroizing::new([0; Self::BYTES]);
        entropy.fill(&mut *key)?;
        Ok(Self(key))
    }

    /// Takes an S that was burned before.
    pub(crate) const fn from_burned(key: Zeroizing<[u8; Self::BYTES]>) -> Self {
        Self(key)
    }

    /// What burning writes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Encrypts a private key so that only a chip with this S can use it.
    pub(crate) fn wrap(&self, secret: &Secret) -> Wrapped {
        let mut wrapped = [0; WRAPPED_BYTES];
        self.cipher()
            .wrap_key(&**secret, &mut wrapped)
            .expect("32 bytes are four semiblocks and fit into 40");
        wrapped
    }

    /// Decrypts a private key.
    ///
    /// # Errors
    /// [`Fault::WrongChip`] if it was wrapped under another S, or was altered.
    pub(crate) fn unwrap(&self, slot: Slot, wrapped: &Wrapped) -> Result<Secret, Fault> {
        let mut secret = Secret::default();
        match self.cipher().unwrap_key(wrapped, &mut *secret) {
            Ok(_) => Ok(secret),
            Err(_) => Err(Fault::WrongChip { slot }),
        }
    }

    fn cipher(&self) -> AesKw<Aes128> {
        AesKw::new(&(*self.0).into())
    }
}

impl fmt::Debug for Efuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Efuse(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn efuse(key: [u8; 16]) -> Efuse {
        Efuse::from_burned(Zeroizing::new(key))
    }

    #[test]
    fn wrapping_is_the_one_of_rfc_3394() {
        // RFC 3394, 4.1: 128 bits of data under a 128-bit key.
        let kek = std::array::from_fn(|i| u8::try_from(i).expect("below 16"));
        let data = hex::decode("00112233445566778899aabbccddeeff").expect("is hex");
        let mut out = [0; 24];
        efuse(kek).cipher().wrap_key(&data, &mut out).expect("fits");
        assert_eq!(hex::encode(out), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    }

    proptest! {
        #[test]
        fn what_is_wrapped_unwraps(key: [u8; 16], secret: [u8; 32]) {
            let wrapped = efuse(key).wrap(&Zeroizing::new(secret));
            let unwrapped = efuse(key).unwrap(Slot::Bls, &wrapped).expect("the same chip");
            prop_assert_eq!(*unwrapped, secret);
        }

        #[test]
        fn another_chip_cannot_unwrap(key: [u8; 16], other: [u8; 16], secret: [u8; 32]) {
            prop_assume!(key != other);
            let wrapped = efuse(key).wrap(&Zeroizing::new(secret));
            let refused = efuse(other).unwrap(Slot::Identity, &wrapped);
            let is_refused = matches!(refused, Err(Fault::WrongChip { slot: Slot::Identity }));
            prop_assert!(is_refused);
        }

        #[test]
        fn an_altered_key_does_not_unwrap(
            key: [u8; 16], secret: [u8; 32], at in 0..40_usize, bit in 0..8_u32,
        ) {
            let mut wrapped = efuse(key).wrap(&Zeroizing::new(secret));
            wrapped[at] ^= 1 << bit;
            prop_assert!(efuse(key).unwrap(Slot::Vrf, &wrapped).is_err());
        }
    }
}
