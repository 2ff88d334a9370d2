//! Keeps the P-256 keys that hand-overs are sealed to.

use alloy_primitives::Bytes;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::path::Path;
use utnet_messages::SecretKey;

/// Makes a key in a new file that only its owner may read.
pub(crate) fn make(path: &Path) -> Result<Value> {
    let key = SecretKey::create(path)?;
    Ok(json!({ "publicKey": key.public(), "hash": key.public().hash(), "file": path }))
}

/// Reads a key.
pub(crate) fn load(path: &Path) -> Result<SecretKey> {
    SecretKey::load(path).with_context(|| "make one with `utnet key sealing --out FILE`".to_owned())
}

/// The public half, 65 bytes uncompressed.
pub(crate) fn public_key(path: &Path) -> Result<Bytes> {
    Ok(load(path)?.public().to_bytes())
}
