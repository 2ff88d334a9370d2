//! Takes the fingerprints of data: sha256 of all of it, and the Merkle root of its chunks (`docs/protocol.md`, Datasets).

use alloy_primitives::{B256, keccak256};
use anyhow::{Context as _, Result, ensure};
use utnet_jobs::{merkle, sha256};
use utnet_primitives::DatasetId;

/// Bytes of a chunk; the last one may be shorter.
const CHUNK_BYTES: usize = 65_536;

/// What names a body of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// SHA-256 of all bytes.
    pub(crate) content: B256,
    /// Root over the chunks.
    pub(crate) root: DatasetId,
    /// Bytes.
    pub(crate) size: u64,
}

impl Fingerprint {
    /// Of at least one byte.
    pub(crate) fn of(data: &[u8]) -> Result<Self> {
        let leaves: Vec<B256> = data.chunks(CHUNK_BYTES).map(leaf).collect();
        let root = merkle::root(&leaves).context("the file is empty: there is nothing to sell")?;
        let size = u64::try_from(data.len()).context("more bytes than a number holds")?;
        Ok(Self { content: sha256(data), root: DatasetId(root), size })
    }

    /// That data is what somebody published; an error says what it is not.
    pub(crate) fn check(data: &[u8], published: &Self) -> Result<()> {
        let found = Self::of(data)?;
        ensure!(found.root == published.root, "the data is not the one of {}", published.root);
        ensure!(found.content == published.content, "the published hash is not the data's");
        Ok(())
    }
}

fn leaf(chunk: &[u8]) -> B256 {
    keccak256([&[0x00], sha256(chunk).as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same two chunks as `test/solidity/fixtures/DatasetFixture.sol` hashes them.
    #[test]
    fn a_root_is_over_the_hashes_of_chunks() {
        let data = vec![7; CHUNK_BYTES + 1];
        let found = Fingerprint::of(&data).unwrap();

        let (first, second) = (leaf(&data[..CHUNK_BYTES]), leaf(&data[CHUNK_BYTES..]));
        let node = keccak256([&[0x01], first.as_slice(), second.as_slice()].concat());
        assert_eq!(found.root.0, node);
        assert_eq!(found.size, 65_537);
    }

    #[test]
    fn one_changed_byte_is_other_data() {
        let published = Fingerprint::of(b"data").unwrap();

        assert!(Fingerprint::check(b"data", &published).is_ok());
        assert!(Fingerprint::check(b"dat4", &published).is_err());
    }

    #[test]
    fn nothing_has_no_fingerprint() {
        assert!(Fingerprint::of(b"").is_err());
    }
}
