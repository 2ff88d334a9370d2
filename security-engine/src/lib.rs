//! Signs inside a chip: the proving twin of `utnet-precompiles`.
//!
//! A chip holds a one-time key S and, wrapped under it, private keys that no call returns.
//! [`SecurityEngine`] is what a chip can do; [`SoftwareChip`] is a chip made of a folder.
//! The folder's files: `docs/formats.md`.

mod aggregate;
mod engine;
mod entropy;
mod fault;
mod folder;
mod keys;
mod software;
mod wrap;

pub use aggregate::{aggregate, aggregate_keys};
pub use engine::{P256Public, P256Signature, SecurityEngine, VrfProof, WrappedKeys};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use fault::{Fault, Slot};
pub use keys::{POSSESSION_DST, SIGNATURE_DST};
pub use software::{SoftwareChip, open_all};
