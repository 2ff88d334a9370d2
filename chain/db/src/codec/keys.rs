//! Encodes the keys: numbers big-endian, so that bytes sort as the numbers do.

use crate::{
    error::DbError,
    traits::{Decode, Encode},
};
use alloy_primitives::{Address, B256, BlockNumber};

impl Encode for u64 {
    type Encoded = [u8; 8];

    fn encode(self) -> Self::Encoded {
        self.to_be_bytes()
    }
}

impl Decode for u64 {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        Ok(Self::from_be_bytes(exactly(value, "u64")?))
    }
}

impl Encode for Address {
    type Encoded = [u8; 20];

    fn encode(self) -> Self::Encoded {
        self.0.0
    }
}

impl Decode for Address {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        Ok(Self::from(exactly::<20>(value, "address")?))
    }
}

impl Encode for B256 {
    type Encoded = [u8; 32];

    fn encode(self) -> Self::Encoded {
        self.0
    }
}

impl Decode for B256 {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        Ok(Self::from(exactly::<32>(value, "hash")?))
    }
}

impl Encode for String {
    type Encoded = Vec<u8>;

    fn encode(self) -> Self::Encoded {
        self.into_bytes()
    }
}

impl Decode for String {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        std::str::from_utf8(value)
            .map(ToOwned::to_owned)
            .map_err(|_no_text| DbError::Undecodable { table: "name" })
    }
}

/// A block and an account it changed: number ‖ address, 28 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockNumberAddress(pub BlockNumber, pub Address);

impl Encode for BlockNumberAddress {
    type Encoded = [u8; 28];

    fn encode(self) -> Self::Encoded {
        joined(&[&self.0.to_be_bytes(), self.1.as_slice()])
    }
}

impl Decode for BlockNumberAddress {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        let (number, address) = split::<8>(value)?;
        Ok(Self(u64::from_be_bytes(number), Address::decode(address)?))
    }
}

/// A shard of an account's history: address ‖ highest block in the shard, 28 bytes.
///
/// The last shard of an account has the highest possible number, [`ShardedKey::LAST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardedKey {
    /// The account.
    pub key: Address,
    /// Highest block of the shard, inclusive.
    pub highest_block_number: BlockNumber,
}

impl ShardedKey {
    /// Highest block number of the shard that still grows.
    pub const LAST: BlockNumber = BlockNumber::MAX;
}

impl Encode for ShardedKey {
    type Encoded = [u8; 28];

    fn encode(self) -> Self::Encoded {
        joined(&[self.key.as_slice(), &self.highest_block_number.to_be_bytes()])
    }
}

impl Decode for ShardedKey {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        let (address, number) = split::<20>(value)?;
        Ok(Self { key: Address::from(address), highest_block_number: u64::decode(number)? })
    }
}

/// A shard of a slot's history: address ‖ slot ‖ highest block in the shard, 60 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StorageShardedKey {
    /// The account.
    pub address: Address,
    /// The slot.
    pub key: B256,
    /// Highest block of the shard, inclusive; [`ShardedKey::LAST`] for the one that still grows.
    pub highest_block_number: BlockNumber,
}

impl Encode for StorageShardedKey {
    type Encoded = [u8; 60];

    fn encode(self) -> Self::Encoded {
        joined(&[
            self.address.as_slice(),
            self.key.as_slice(),
            &self.highest_block_number.to_be_bytes(),
        ])
    }
}

impl Decode for StorageShardedKey {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        let (address, rest) = split::<20>(value)?;
        let (key, number) = split::<32>(rest)?;
        Ok(Self {
            address: Address::from(address),
            key: B256::from(key),
            highest_block_number: u64::decode(number)?,
        })
    }
}

/// A row of the index of logs: section ‖ bit, 10 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SectionBit {
    /// Which 4,096 blocks, from 0.
    pub section: u64,
    /// Which bit of their blooms; [`SectionBit::ANY`] for the blocks that have any.
    pub bit: u16,
}

impl SectionBit {
    /// The row of the blocks with any log; a section that has it is whole.
    pub const ANY: u16 = 2_048;
}

impl Encode for SectionBit {
    type Encoded = [u8; 10];

    fn encode(self) -> Self::Encoded {
        joined(&[&self.section.to_be_bytes(), &self.bit.to_be_bytes()])
    }
}

impl Decode for SectionBit {
    fn decode(value: &[u8]) -> Result<Self, DbError> {
        let (section, bit) = split::<8>(value)?;
        let bit = u16::from_be_bytes(exactly(bit, "bit")?);
        Ok(Self { section: u64::from_be_bytes(section), bit })
    }
}

/// Joins parts that have `N` bytes together.
fn joined<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut bytes = [0; N];
    let all = parts.iter().copied().flatten();
    for (to, from) in bytes.iter_mut().zip(all) {
        *to = *from;
    }
    bytes
}

/// The bytes as an array, if there are exactly `N`.
fn exactly<const N: usize>(value: &[u8], what: &'static str) -> Result<[u8; N], DbError> {
    <[u8; N]>::try_from(value).map_err(|_wrong_length| DbError::Undecodable { table: what })
}

/// The first `N` bytes, and the rest.
fn split<const N: usize>(value: &[u8]) -> Result<([u8; N], &[u8]), DbError> {
    let (first, rest) =
        value.split_first_chunk::<N>().ok_or(DbError::Undecodable { table: "key" })?;
    Ok((*first, rest))
}
