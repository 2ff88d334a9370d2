//! Holds keys and values, written one after another and never changed; a clone costs no copy.

use bytes::{BufMut, Bytes, BytesMut};
use imbl::Vector;
use std::{cmp::Ordering, ops::Range};

/// Bytes that are taken from the system at a time.
const CHUNK: usize = 64 << 10;

/// A key and what became of it: how they begin, and where they lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// The first eight bytes of the key, which tell most keys apart.
    head: u64,
    page: u32,
    at: u32,
    value_len: u32,
    key_len: u16,
    is_put: bool,
}

/// A key that is looked for.
#[derive(Clone, Copy)]
pub(super) struct Sought<'k> {
    head: u64,
    key: &'k [u8],
}

impl<'k> Sought<'k> {
    pub(super) fn new(key: &'k [u8]) -> Self {
        Self { head: head(key), key }
    }
}

/// The first eight bytes as a number, zeros where there are less: it has the order of the keys, but for
/// equal ones.
fn head(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(key) {
        *to = *from;
    }
    u64::from_be_bytes(bytes)
}

/// What records point into. Clones share what was closed before.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    closed: Vector<Bytes>,
    open: BytesMut,
}

impl Pages {
    /// Goes on writing where there is room.
    pub(super) fn open(&mut self, room: BytesMut) {
        self.open = room;
    }

    /// Lets clones see what was written, and gives the room that is left.
    pub(super) fn close(&mut self) -> BytesMut {
        let written = self.open.split();
        if !written.is_empty() {
            self.closed.push_back(written.freeze());
        }
        std::mem::take(&mut self.open)
    }

    /// Writes a key and the value that it got, if any. A key has at most 2 KiB, a value 2 GiB.
    pub(super) fn write(&mut self, key: &[u8], value: Option<&[u8]>) -> Record {
        let bytes = value.unwrap_or_default();
        let length = key.len().saturating_add(bytes.len());
        if self.open.capacity().saturating_sub(self.open.len()) < length {
            drop(self.close());
            self.open = BytesMut::with_capacity(length.max(CHUNK));
        }
        let record = Record {
            head: head(key),
            page: u32::try_from(self.closed.len()).unwrap_or(u32::MAX),
            at: u32::try_from(self.open.len()).unwrap_or(u32::MAX),
            value_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            key_len: u16::try_from(key.len()).unwrap_or(u16::MAX),
            is_put: value.is_some(),
        };
        self.open.put_slice(key);
        self.open.put_slice(bytes);
        record
    }

    fn page(&self, record: &Record) -> Option<&Bytes> {
        self.closed.get(index(record.page))
    }

    fn key_of(&self, record: &Record) -> &[u8] {
        let page = self.page(record).map_or(&*self.open, |page| page);
        page.get(record.key_range()).unwrap_or_default()
    }

    fn piece(&self, record: &Record, range: Range<usize>) -> Bytes {
        match self.page(record) {
            Some(page) => page.slice(range),
            None => Bytes::copy_from_slice(self.open.get(range).unwrap_or_default()),
        }
    }

    /// The key of a record.
    pub(super) fn key(&self, record: &Record) -> Bytes {
        self.piece(record, record.key_range())
    }

    /// What the key of a record got; nothing when it was removed.
    pub(super) fn value(&self, record: &Record) -> Option<Bytes> {
        record.is_put.then(|| self.piece(record, record.value_range()))
    }

    /// How the key of a record compares.
    pub(super) fn order(&self, record: &Record, sought: &Sought<'_>) -> Ordering {
        record.head.cmp(&sought.head).then_with(|| {
            let length = usize::from(record.key_len);
            if length <= 8 && sought.key.len() <= 8 {
                // They differ only in how many zeros they end with.
                return length.cmp(&sought.key.len());
            }
            self.key_of(record).cmp(sought.key)
        })
    }

    /// A record's key, to look for.
    pub(super) fn sought(&self, record: &Record) -> Sought<'_> {
        Sought { head: record.head, key: self.key_of(record) }
    }
}

impl Record {
    fn key_range(&self) -> Range<usize> {
        let at = index(self.at);
        at..at.saturating_add(usize::from(self.key_len))
    }

    fn value_range(&self) -> Range<usize> {
        let at = self.key_range().end;
        at..at.saturating_add(index(self.value_len))
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
