//! Encodes paths in tries: one nibble per byte, as reth does.

use crate::{
    error::DbError,
    traits::{Decode, Encode},
};
use alloy_trie::{BranchNodeCompact, Nibbles};
use bytes::{Buf, BufMut};
use reth_codecs::{Compact, impl_compression_for_compact};

/// Longest path: the nibbles of a hash.
const MAX_NIBBLES: usize = 64;

/// A path as a key: as many bytes as nibbles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredNibbles(pub Nibbles);

impl Encode for StoredNibbles {
    type Encoded = Vec<u8>;

    fn encode(self) -> Self::Encoded {
        self.0.to_vec()
    }
}

impl Decode for StoredNibbles {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        path(value).map(Self).ok_or(DbError::Undecodable { table: "path" })
    }
}

/// A path as a subkey: padded with zeros to 64 bytes, then its length, 65 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredNibblesSubKey(pub Nibbles);

impl StoredNibblesSubKey {
    fn to_bytes(self) -> [u8; MAX_NIBBLES + 1] {
        let mut bytes = [0; MAX_NIBBLES + 1];
        for (to, nibble) in bytes.iter_mut().zip(self.0.iter()) {
            *to = nibble;
        }
        if let Some(last) = bytes.last_mut() {
            *last = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        }
        bytes
    }
}

impl Encode for StoredNibblesSubKey {
    type Encoded = [u8; MAX_NIBBLES + 1];

    fn encode(self) -> Self::Encoded {
        self.to_bytes()
    }
}

impl Decode for StoredNibblesSubKey {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        padded(value).map(Self).ok_or(DbError::Undecodable { table: "path" })
    }
}

/// An inner node of a storage trie: padded path ‖ node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageTrieEntry {
    /// Path of the node.
    pub nibbles: StoredNibblesSubKey,
    /// The node.
    pub node: BranchNodeCompact,
}

impl Compact for StorageTrieEntry {
    fn to_compact<B>(&self, buf: &mut B) -> usize
    where
        B: BufMut + AsMut<[u8]>,
    {
        buf.put_slice(&self.nibbles.to_bytes());
        MAX_NIBBLES + 1 + self.node.to_compact(buf)
    }

    fn from_compact(mut buf: &[u8], len: usize) -> (Self, &[u8]) {
        let mut subkey = [0; MAX_NIBBLES + 1];
        buf.copy_to_slice(&mut subkey);
        let nibbles = padded(&subkey).expect("the caller turns this panic into an error");
        let (node, rest) = BranchNodeCompact::from_compact(buf, len.saturating_sub(subkey.len()));
        (Self { nibbles: StoredNibblesSubKey(nibbles), node }, rest)
    }
}

impl_compression_for_compact!(StorageTrieEntry);

fn path(value: &[u8]) -> Option<Nibbles> {
    let fits = value.len() <= MAX_NIBBLES && value.iter().all(|nibble| *nibble < 16);
    fits.then(|| Nibbles::from_nibbles(value))
}

fn padded(value: &[u8]) -> Option<Nibbles> {
    let (len, nibbles) = value.split_last()?;
    path(nibbles.get(..usize::from(*len))?)
}
