//! Names what every chip can do, whatever it is made of.

use std::fmt;

use alloy_primitives::B256;
use sha3::{Digest, Keccak256};
use utnet_primitives::ChipId;

use crate::fault::Fault;

/// A security engine: it signs, and keeps its keys.
///
/// No method returns a private key. Signatures and proofs are deterministic. A chip that is absent
/// answers every request to sign with a fault that [`Fault::is_absence`].
pub trait SecurityEngine: fmt::Debug + Send + Sync {
    /// The chip's id: `keccak256(x ‖ y)` of its identity.
    fn chip_id(&self) -> ChipId {
        self.identity().chip_id()
    }

    /// The serial number that the vendor gave; its leaf in the batch binds `keccak256` of it.
    fn serial(&self) -> &str;

    /// The model's number in the registry's table.
    fn model(&self) -> u32;

    /// The P-256 public key that the chip is known by (eq. 3).
    fn identity(&self) -> P256Public;

    /// The BLS12-381 public key: compressed G1, 48 bytes.
    fn bls_key(&self) -> [u8; 48];

    /// The operator's VRF public key, compressed P-256, if this chip carries it.
    fn vrf_key(&self) -> Option<[u8; 33]>;

    /// The private keys, wrapped under S: `PriKEnc`, published at registration (eq. 4).
    fn wrapped_keys(&self) -> WrappedKeys;

    /// Signs 32 bytes as they are with the identity key; s is low.
    ///
    /// # Errors
    /// [`Fault::NotAChip`] if the chip is absent, [`Fault::WrongChip`] if the key does not unwrap.
    fn sign_digest(&self, digest: &[u8; 32]) -> Result<P256Signature, Fault>;

    /// Signs a message with the BLS key; compressed G2, 96 bytes.
    ///
    /// # Errors
    /// [`Fault::NotAChip`] if the chip is absent, [`Fault::WrongChip`] if the key does not unwrap.
    fn bls_sign(&self, msg: &[u8]) -> Result<[u8; 96], Fault>;

    /// Proves to hold the BLS key: a signature over `key ‖ context` in its own domain.
    ///
    /// # Errors
    /// [`Fault::NotAChip`] if the chip is absent, [`Fault::WrongChip`] if the key does not unwrap.
    fn bls_prove_possession(&self, context: &[u8; 32]) -> Result<[u8; 96], Fault>;

    /// Draws: the VRF's output for `alpha` and its proof.
    ///
    /// # Errors
    /// [`Fault::NoVrfKey`] if this chip does not carry one, [`Fault::NotAChip`] if the chip is
    /// absent, [`Fault::WrongChip`] if the key does not unwrap.
    fn vrf_prove(&self, alpha: &[u8]) -> Result<VrfProof, Fault>;
}

/// A P-256 public key as a point. Numbers are big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct P256Public {
    /// x coordinate.
    pub x: B256,
    /// y coordinate.
    pub y: B256,
}

impl P256Public {
    /// The id of the chip that has this identity: `keccak256(x ‖ y)`.
    pub fn chip_id(&self) -> ChipId {
        let hash = Keccak256::new().chain_update(self.x).chain_update(self.y).finalize();
        ChipId(B256::from(<[u8; 32]>::from(hash)))
    }
}

/// A P-256 signature, r in 1..N and s in 1..=N/2, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct P256Signature {
    /// First half.
    pub r: B256,
    /// Second half, low.
    pub s: B256,
}

/// The output of a draw and what proves it (RFC 9381, cipher suite 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VrfProof {
    /// Gamma 33 ‖ c 16 ‖ s 32.
    pub pi: [u8; 81],
    /// The output, 32 bytes.
    pub beta: [u8; 32],
}

/// A chip's private keys, each wrapped by AES-128-KW under its S (RFC 3394): safe to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrappedKeys {
    /// The P-256 identity.
    pub identity: [u8; 40],
    /// The BLS12-381 key.
    pub bls: [u8; 40],
    /// The operator's VRF key, if this chip carries it.
    pub vrf: Option<[u8; 40]>,
}

impl WrappedKeys {
    /// identity 40 ‖ bls 40 ‖ vrf 40 if there is one: the form that is published.
    pub fn to_bytes(&self) -> Vec<u8> {
        let vrf = self.vrf.as_ref().map_or_else(Default::default, |vrf| vrf.as_slice());
        [&self.identity[..], &self.bls, vrf].concat()
    }
}
