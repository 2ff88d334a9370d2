//! Encodes a commit: a head with its number and checksum, then its changes one after another.

use crate::tables::TableId;
use bytes::Bytes;

/// Bytes before the first commit of a part.
pub(super) const PART_HEAD: usize = 32;

/// Where the number stands in it.
const AFTER: usize = 16;

/// Bytes before the changes of a commit.
pub(super) const HEAD: usize = 32;

/// Bytes before a change: table, what it is, length of the key, length of the value.
const CHANGE: usize = 8;

const REMOVED: u8 = 0;
const PUT: u8 = 1;

/// Begins a part that was made when `after` was the number of the last commit: a name; the checksum of
/// the names of the tables in their order, so that a build with other tables refuses it; the number,
/// little-endian; the checksum of all that, 4, and 4 zeros.
pub(super) fn part_head(after: u64) -> [u8; PART_HEAD] {
    let name = [b"utnetjournal".as_slice(), &tables().to_le_bytes(), &after.to_le_bytes()].concat();
    let checksum = crc32fast::hash(&name).to_le_bytes();
    let mut head = [0; PART_HEAD];
    for (place, byte) in head.iter_mut().zip(name.iter().chain(&checksum)) {
        *place = *byte;
    }
    head
}

/// Checksum of the names of the tables.
fn tables() -> u32 {
    let mut tables = crc32fast::Hasher::new();
    for table in TableId::ALL {
        tables.update(table.name().as_bytes());
        tables.update(&[0]);
    }
    tables.finalize()
}

/// How a part begins.
pub(super) enum Beginning {
    /// The number of the last commit when it was made.
    After(u64),
    /// It was being made: it is short, or zeros that the disk never got.
    Unfinished,
    /// Another version wrote it.
    Other,
}

/// How a part begins.
pub(super) fn begin(part: &[u8]) -> Beginning {
    let Some(head) = part.get(..PART_HEAD) else { return Beginning::Unfinished };
    let after = head.get(AFTER..AFTER + 8).and_then(|after| after.try_into().ok());
    match after.map(u64::from_le_bytes) {
        Some(after) if head == part_head(after) => Beginning::After(after),
        _ if head.iter().all(|byte| *byte == 0) => Beginning::Unfinished,
        _ => Beginning::Other,
    }
}

/// What stands before the changes of a commit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Bytes of the changes.
    length: u64,
    /// Commits since the store was made, this one counted.
    pub(super) number: u64,
    /// The last commit that the disk had when this one was written.
    pub(super) synced: u64,
    /// CRC-32 of the three numbers and the changes.
    checksum: u32,
}

impl Head {
    /// The head of a commit.
    pub(super) fn of(number: u64, synced: u64, changes: &[u8]) -> Self {
        let length = u64::try_from(changes.len()).unwrap_or(u64::MAX);
        let mut head = Self { length, number, synced, checksum: 0 };
        head.checksum = head.sum(changes);
        head
    }

    fn sum(&self, changes: &[u8]) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        for number in [self.length, self.number, self.synced] {
            sum.update(&number.to_le_bytes());
        }
        sum.update(changes);
        sum.finalize()
    }

    /// Three numbers of 8 bytes, the checksum of 4, and 4 zeros; all little-endian.
    pub(super) fn encode(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let numbers = [self.length, self.number, self.synced, u64::from(self.checksum)];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let checksum = u32::try_from(number(24)?).ok()?;
        Some(Self { length: number(0)?, number: number(8)?, synced: number(16)?, checksum })
    }
}

/// What stands at a place of a part.
pub(super) enum Found {
    /// A whole commit, its changes, and where the next one begins.
    Whole(Head, Bytes, usize),
    /// Something else; where the next commit begins if the length is to be believed.
    Broken(Option<usize>),
}

/// Reads what stands at a place; `None` at the end.
pub(super) fn read(part: &Bytes, at: usize) -> Option<Found> {
    let rest = part.get(at..).filter(|rest| !rest.is_empty())?;
    let Some(head) = rest.get(..HEAD).and_then(Head::decode) else {
        return Some(Found::Broken(None));
    };
    let begin = at.saturating_add(HEAD);
    let end = usize::try_from(head.length).ok().and_then(|length| begin.checked_add(length));
    let Some((end, changes)) = end.and_then(|end| Some((end, part.get(begin..end)?))) else {
        return Some(Found::Broken(None));
    };
    if head.sum(changes) == head.checksum {
        Some(Found::Whole(head, part.slice(begin..end), end))
    } else {
        Some(Found::Broken(Some(end)))
    }
}

/// The changes of a commit, encoded as they are made.
#[derive(Default)]
pub(crate) struct Changes {
    bytes: Vec<u8>,
}

impl Changes {
    /// Adds what becomes of a flat key.
    ///
    /// A key has at most 2 KiB and a value at most 2 GiB, so the lengths fit.
    pub(crate) fn note(&mut self, table: TableId, key: &[u8], fate: Option<&[u8]>) {
        let value = fate.unwrap_or_default();
        let kind = if fate.is_some() { PUT } else { REMOVED };
        let table = u8::try_from(table.index()).unwrap_or(u8::MAX);
        let key_length = u16::try_from(key.len()).unwrap_or(u16::MAX);
        let value_length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.bytes.reserve(CHANGE.saturating_add(key.len()).saturating_add(value.len()));
        self.bytes.extend_from_slice(&[table, kind]);
        self.bytes.extend_from_slice(&key_length.to_le_bytes());
        self.bytes.extend_from_slice(&value_length.to_le_bytes());
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
    }

    /// The encoding.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether nothing changed.
    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Reads changes one after another; ends early, with `None`, at bytes that are none.
pub(super) fn changes(
    bytes: &[u8],
    mut each: impl FnMut(TableId, &[u8], Option<&[u8]>),
) -> Option<()> {
    let mut at = 0;
    while at < bytes.len() {
        let head = bytes.get(at..at.checked_add(CHANGE)?)?;
        let table = *TableId::ALL.get(usize::from(*head.first()?))?;
        let key_length = u16::from_le_bytes(head.get(2..4)?.try_into().ok()?);
        let value_length = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?);
        let begin = at.checked_add(CHANGE)?;
        let middle = begin.checked_add(usize::from(key_length))?;
        let end = middle.checked_add(usize::try_from(value_length).ok()?)?;
        let (key, value) = (bytes.get(begin..middle)?, bytes.get(middle..end)?);
        let fate = match *head.get(1)? {
            PUT => Some(value),
            REMOVED => None,
            _ => return None,
        };
        each(table, key, fate);
        at = end;
    }
    Some(())
}
