//! Describes jobs and results, and reads from a worker's job port: what worker and renter both need.
//!
//! Runs nothing and keeps nothing: no WASM, no PyTorch, no database. Formats: `docs/protocol.md`, section 6.

pub mod environment;
pub mod manifest;
pub mod merkle;
pub mod params;
pub mod port;
pub mod remote;

use alloy_primitives::B256;
use sha2::{Digest, Sha256};

/// SHA-256 of some bytes: the name of files, manifests and descriptions.
pub fn sha256(bytes: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(bytes))
}
