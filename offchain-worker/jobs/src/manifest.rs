//! Describes a result so that its hash names all of it: `docs/protocol.md`, section 6.
//!
//! Canonical JSON: keys ascending, no spaces, integers only, strings as `serde_json` escapes them. Nothing in it depends on
//! when, where or how fast the work was done.

use crate::sha256;
use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utnet_primitives::JobId;

/// Longest manifest of a result, in bytes: whoever posts it must be able to show it on chain, in one transaction.
pub const LONGEST: usize = 64 << 10;

/// Most tensors that a result of inference consists of: each has two figures in the manifest.
pub const MOST_OUTPUTS: usize = 256;

/// How two results of one job are compared; the numbers are those of `Tolerance` in the contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Same bytes everywhere.
    Exact,
    /// Same bytes on the same kernels.
    Reproducible,
    /// Metrics within a declared distance.
    Approximate,
}

/// One file of a result. Fields stand in the order of their names: that is the canonical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Length in bytes.
    pub bytes: u64,
    /// What the job calls it.
    pub name: String,
    /// SHA-256 of its bytes, also its name in a blob store.
    pub sha256: B256,
}

/// What a result consists of. Fields stand in the order of their names: that is the canonical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// How the result is compared.
    pub class: Class,
    /// Files, ascending by name.
    pub files: Vec<FileEntry>,
    /// The job that this answers.
    pub job: JobId,
    /// Figures by name; losses in millionths of a nat.
    pub metrics: BTreeMap<String, i64>,
    /// Always 1.
    pub version: u8,
}

/// Why bytes are no manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Not the JSON that was expected.
    #[error("no manifest: {0}")]
    Json(#[from] serde_json::Error),
    /// The same content in other bytes, whose hash would differ.
    #[error("a manifest must be in canonical form")]
    NotCanonical,
    /// A version that this program does not know.
    #[error("manifest version {0} is unknown")]
    Version(u8),
}

impl Manifest {
    /// The canonical bytes.
    ///
    /// # Panics
    /// Never: no map key or value in it can fail to be written.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, integers and lists are always written")
    }

    /// The result's root: SHA-256 of the canonical bytes.
    pub fn root(&self) -> B256 {
        sha256(&self.encode())
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are anything but what [`Self::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let manifest: Self = serde_json::from_slice(bytes)?;
        if manifest.version != 1 {
            return Err(Malformed::Version(manifest.version));
        }
        if manifest.encode() == bytes { Ok(manifest) } else { Err(Malformed::NotCanonical) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn manifest() -> Manifest {
        Manifest {
            class: Class::Exact,
            files: vec![FileEntry { bytes: 3, name: "stdout".into(), sha256: sha256(b"abc") }],
            job: JobId(B256::repeat_byte(7)),
            metrics: BTreeMap::from([("fuel".into(), 12), ("exitCode".into(), 0)]),
            version: 1,
        }
    }

    #[test]
    fn the_canonical_form_is_fixed() {
        let text = String::from_utf8(manifest().encode()).expect("text");
        assert_eq!(
            text,
            concat!(
                r#"{"class":"exact","files":[{"bytes":3,"name":"stdout","sha256":"#,
                r#""0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}],"#,
                r#""job":"0x0707070707070707070707070707070707070707070707070707070707070707","#,
                r#""metrics":{"exitCode":0,"fuel":12},"version":1}"#
            )
        );
    }

    #[test]
    fn another_spelling_of_the_same_manifest_is_refused() {
        let mut spaced = manifest().encode();
        spaced.push(b'\n');
        assert!(matches!(Manifest::decode(&spaced), Err(Malformed::NotCanonical)));
        assert_eq!(Manifest::decode(&manifest().encode()).expect("canonical"), manifest());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(Manifest::decode(&bytes));
        }
    }
}
