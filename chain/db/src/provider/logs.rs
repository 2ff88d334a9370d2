//! Finds blocks by the blooms of their logs without reading every header.
//!
//! The blooms of 4,096 blocks are kept turned, one row per bit, which says which of the blocks have
//! it. A question then reads three rows per address or topic and section. A section is indexed by
//! the block that completes it; what is not indexed is answered from the headers.

use crate::{
    codec::SectionBit,
    error::DbError,
    tables::{Headers, LogSections},
    traits::{DbCursorRO, DbCursorRW, DbTx, DbTxMut},
};
use alloy_primitives::{BlockNumber, Bloom, Bytes};
use std::ops::RangeInclusive;

/// Blocks of a section.
const SECTION: u64 = 4_096;

/// Bits of a bloom.
const BITS: u16 = SectionBit::ANY;

/// Bytes of a row that is written out.
const ROW: usize = 512;

/// Which blocks of a section; block `i` is bit `i % 8` of byte `i / 8`.
#[derive(Clone, PartialEq, Eq)]
struct Row([u8; ROW]);

impl Row {
    const NONE: Self = Self([0; ROW]);

    fn set(&mut self, block: u16) {
        if let Some(byte) = self.0.get_mut(usize::from(block / 8)) {
            *byte |= 1 << (block % 8);
        }
    }

    fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(mine, other)| *mine &= other);
        self
    }

    fn or(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(mine, other)| *mine |= other);
        self
    }

    /// The blocks, ascending.
    fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (0_u16..).zip(self.0).filter(|(_, byte)| *byte != 0).flat_map(|(at, byte)| {
            (0..8).filter(move |bit| byte & (1 << bit) != 0).map(move |bit| at * 8 + bit)
        })
    }

    /// The list of blocks, two bytes each, if that is shorter than the row itself.
    fn encode(&self) -> Bytes {
        let blocks: Vec<u16> = self.iter().collect();
        if blocks.len() * 2 < ROW {
            blocks.into_iter().flat_map(u16::to_be_bytes).collect()
        } else {
            Bytes::copy_from_slice(&self.0)
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, DbError> {
        if let Ok(row) = bytes.try_into() {
            return Ok(Self(row));
        }
        let (blocks, []) = bytes.as_chunks::<2>() else {
            return Err(DbError::Undecodable { table: "LogSections" });
        };
        let mut row = Self::NONE;
        blocks.iter().for_each(|block| row.set(u16::from_be_bytes(*block)));
        Ok(row)
    }
}

/// The bits that a bloom has; the first is the highest bit of the first byte.
fn bits(bloom: &Bloom) -> impl Iterator<Item = u16> + '_ {
    (0_u16..).zip(bloom.0).filter(|(_, byte)| *byte != 0).flat_map(|(at, byte)| {
        (0..8).filter(move |bit| byte & (0x80 >> bit) != 0).map(move |bit| at * 8 + bit)
    })
}

/// The blocks of a section, from its first one that is kept on.
fn blooms<TX: DbTx>(
    tx: &TX,
    range: RangeInclusive<BlockNumber>,
    mut each: impl FnMut(BlockNumber, Bloom),
) -> Result<(), DbError> {
    for entry in tx.cursor_read::<Headers>()?.walk(Some(*range.start()))? {
        let (number, header) = entry?;
        if !range.contains(&number) {
            break;
        }
        each(number, header.logs_bloom);
    }
    Ok(())
}

/// The rows of a section, computed from the headers.
fn rows<TX: DbTx>(tx: &TX, section: u64) -> Result<Vec<Row>, DbError> {
    let mut rows = vec![Row::NONE; usize::from(BITS) + 1];
    let first = section.saturating_mul(SECTION);
    blooms(tx, first..=first.saturating_add(SECTION - 1), |number, bloom| {
        let block = u16::try_from(number % SECTION).unwrap_or_default();
        let any = (!bloom.is_zero()).then_some(SectionBit::ANY);
        for bit in bits(&bloom).chain(any) {
            if let Some(row) = rows.get_mut(usize::from(bit)) {
                row.set(block);
            }
        }
    })?;
    Ok(rows)
}

/// Indexes the section that a block completes, if it completes one.
pub(crate) fn note<TX: DbTxMut>(tx: &TX, number: BlockNumber) -> Result<(), DbError> {
    if number % SECTION != SECTION - 1 {
        return Ok(());
    }
    index(tx, number / SECTION)
}

fn index<TX: DbTxMut>(tx: &TX, section: u64) -> Result<(), DbError> {
    let mut cursor = tx.cursor_write::<LogSections>()?;
    for (bit, row) in (0..).zip(rows(tx, section)?) {
        if bit == SectionBit::ANY || row != Row::NONE {
            cursor.upsert(SectionBit { section, bit }, row.encode())?;
        }
    }
    Ok(())
}

/// Forgets the sections that are not whole without the blocks from `from` on.
pub(crate) fn forget<TX: DbTxMut>(tx: &TX, from: BlockNumber) -> Result<(), DbError> {
    let start = SectionBit { section: from / SECTION, bit: 0 };
    let mut gone = Vec::new();
    for entry in tx.cursor_read::<LogSections>()?.walk(Some(start))? {
        gone.push(entry?.0);
    }
    gone.into_iter().try_for_each(|key| tx.delete::<LogSections>(key, None).map(drop))
}

/// Whether the index says what the headers do.
pub(crate) fn is_sound<TX: DbTx>(tx: &TX) -> Result<bool, DbError> {
    let mut section = None;
    let mut expected: Vec<Row> = Vec::new();
    for entry in tx.cursor_read::<LogSections>()?.walk(None)? {
        let (key, row) = entry?;
        if section != Some(key.section) {
            if expected.iter().any(|row| *row != Row::NONE) {
                return Ok(false);
            }
            section = Some(key.section);
            expected = rows(tx, key.section)?;
        }
        let known = expected.get_mut(usize::from(key.bit));
        let known = known.map(|row| std::mem::replace(row, Row::NONE));
        if known != Some(Row::decode(&row)?) {
            return Ok(false);
        }
    }
    Ok(expected.iter().all(|row| *row == Row::NONE))
}

/// The blocks of a range in which each group has an item whose bits the block's bloom has; groups
/// without items ask for nothing, but blocks without any log are never named. Ascending.
pub(crate) fn candidates<TX: DbTx>(
    tx: &TX,
    range: RangeInclusive<BlockNumber>,
    wanted: &[Vec<Bloom>],
) -> Result<Vec<BlockNumber>, DbError> {
    let mut found = Vec::new();
    for section in range.start() / SECTION..=range.end() / SECTION {
        let first = section.saturating_mul(SECTION);
        let part =
            *range.start().max(&first)..=*range.end().min(&first.saturating_add(SECTION - 1));
        match row(tx, section, SectionBit::ANY)? {
            Some(any) => {
                let blocks = search(tx, section, any, wanted)?;
                let numbers = blocks.iter().map(|block| first.saturating_add(block.into()));
                found.extend(numbers.filter(|number| part.contains(number)));
            }
            None => blooms(tx, part, |number, bloom| {
                if matches(&bloom, wanted) {
                    found.push(number);
                }
            })?,
        }
    }
    Ok(found)
}

fn row<TX: DbTx>(tx: &TX, section: u64, bit: u16) -> Result<Option<Row>, DbError> {
    let found = tx.get::<LogSections>(SectionBit { section, bit })?;
    found.map(|bytes| Row::decode(&bytes)).transpose()
}

/// The blocks among `any` that match, by the rows of a section that is whole.
fn search<TX: DbTx>(
    tx: &TX,
    section: u64,
    any: Row,
    wanted: &[Vec<Bloom>],
) -> Result<Row, DbError> {
    let mut found = any;
    for group in wanted.iter().filter(|group| !group.is_empty()) {
        let mut either = Row::NONE;
        for item in group {
            let mut all = found.clone();
            for bit in bits(item) {
                if all == Row::NONE {
                    break;
                }
                all = all.and(&row(tx, section, bit)?.unwrap_or(Row::NONE));
            }
            either = either.or(&all);
        }
        found = either;
    }
    Ok(found)
}

/// Whether a bloom has what is wanted.
fn matches(bloom: &Bloom, wanted: &[Vec<Bloom>]) -> bool {
    let has =
        |group: &Vec<Bloom>| group.is_empty() || group.iter().any(|item| bloom.contains(item));
    !bloom.is_zero() && wanted.iter().all(has)
}
