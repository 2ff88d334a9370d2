//! Keeps ascending block numbers as a compressed bitmap (Roaring, 64 bits).

use alloy_primitives::BlockNumber;
use reth_codecs::{Compress, Decompress, DecompressError};
use roaring::RoaringTreemap;

/// Most block numbers in one shard of a history. The shard that grows is written anew by each block that
/// changes its account or slot, so it is kept short; how long the closed ones are is no matter.
pub const SHARD_LEN: u64 = 128;

/// Ascending block numbers without repetition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockNumberList(RoaringTreemap);

impl BlockNumberList {
    /// Adds a number; says whether it is new.
    pub fn insert(&mut self, number: BlockNumber) -> bool {
        self.0.insert(number)
    }

    /// Removes all numbers of at least `from`.
    pub fn truncate(&mut self, from: BlockNumber) {
        self.0.remove_range(from..);
    }

    /// Removes all numbers up to `until`.
    pub fn shed(&mut self, until: BlockNumber) {
        self.0.remove_range(..=until);
    }

    /// How many numbers.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The highest number.
    pub fn max(&self) -> Option<BlockNumber> {
        self.0.max()
    }

    /// The lowest number that is at least `from`.
    pub fn first_from(&self, from: BlockNumber) -> Option<BlockNumber> {
        let before = from.checked_sub(1).map_or(0, |below| self.0.rank(below));
        self.0.select(before)
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = BlockNumber> + '_ {
        self.0.iter()
    }
}

impl FromIterator<BlockNumber> for BlockNumberList {
    fn from_iter<I: IntoIterator<Item = BlockNumber>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl Compress for BlockNumberList {
    type Compressed = Vec<u8>;

    fn compress_to_buf<B: bytes::BufMut + AsMut<[u8]>>(&self, buf: &mut B) {
        self.0
            .serialize_into(bytes::BufMut::writer(&mut *buf))
            .expect("writing to memory cannot fail");
    }
}

impl Decompress for BlockNumberList {
    fn decompress(value: &[u8]) -> Result<Self, DecompressError> {
        RoaringTreemap::deserialize_from(value).map(Self).map_err(DecompressError::new)
    }
}
