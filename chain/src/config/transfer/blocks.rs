//! Reads and writes blocks one after another: RLP, on POCI chains with the proof of the producer
//! (`docs/formats.md`, "Files of blocks").

use super::error::Flaw;
use crate::execution::{Foreign, Transaction};
use alloy_consensus::Block;
use alloy_primitives::Bytes;
use alloy_rlp::{Decodable, Encodable, Header, RlpDecodable, RlpEncodable};
use std::io::{self, ErrorKind, Read};

/// Most bytes that are read as one block; EIP-7934 allows an eighth of it.
const LONGEST: u64 = 64 << 20;

/// A block with the proof of its producer.
#[derive(Debug, RlpEncodable, RlpDecodable)]
struct Proven {
    block: Block<Transaction>,
    sidecar: Bytes,
}

/// Why the next block could not be read.
#[derive(Debug)]
pub(super) enum NotRead {
    /// The system does not give the bytes.
    System(io::Error),
    /// The bytes are no block.
    Flaw(Flaw),
}

impl From<Flaw> for NotRead {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

impl From<io::Error> for NotRead {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Flaw(Flaw::Cut),
            _ => Self::System(error),
        }
    }
}

/// The blocks of a stream, from front to back.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    source: R,
    /// Where the block begins that is read next, or was refused.
    pub(super) offset: u64,
}

impl<R: Read> Blocks<R> {
    pub(super) const fn new(source: R) -> Self {
        Self { source, offset: 0 }
    }

    /// The next block; `None` at the end.
    pub(super) fn read(&mut self) -> Result<Option<Foreign>, NotRead> {
        let Some(bytes) = self.read_list()? else { return Ok(None) };
        let block = decode(&bytes).map_err(Flaw::Rlp)?;
        self.offset = self.offset.saturating_add(to_u64(bytes.len()));
        Ok(Some(block))
    }

    /// The bytes of the next RLP list, prefix included.
    fn read_list(&mut self) -> Result<Option<Vec<u8>>, NotRead> {
        let mut bytes = vec![0];
        match self.source.read_exact(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let length = match bytes[0] {
            short @ 0xc0..=0xf7 => u64::from(short - 0xc0),
            long @ 0xf8.. => {
                let mut length = [0; 8];
                let digits = usize::from(long - 0xf7);
                self.source.read_exact(&mut length[8 - digits..])?;
                bytes.extend(&length[8 - digits..]);
                u64::from_be_bytes(length)
            }
            first => return Err(Flaw::NotAList { first }.into()),
        };
        if length > LONGEST {
            return Err(Flaw::TooLong { bytes: length, most: LONGEST }.into());
        }
        let read = self.source.by_ref().take(length).read_to_end(&mut bytes)?;
        if to_u64(read) < length {
            return Err(Flaw::Cut.into());
        }
        Ok(Some(bytes))
    }
}

/// Appends a block to bytes.
pub(super) fn encode(foreign: Foreign, bytes: &mut Vec<u8>) {
    match foreign.sidecar {
        Some(sidecar) => Proven { block: foreign.block, sidecar }.encode(bytes),
        None => foreign.block.encode(bytes),
    }
}

/// Reads one block, of either form.
fn decode(mut bytes: &[u8]) -> alloy_rlp::Result<Foreign> {
    let foreign = if is_proven(bytes)? {
        let Proven { block, sidecar } = Proven::decode(&mut bytes)?;
        Foreign { block, sidecar: Some(sidecar) }
    } else {
        Foreign { block: Block::decode(&mut bytes)?, sidecar: None }
    };
    if bytes.is_empty() { Ok(foreign) } else { Err(alloy_rlp::Error::UnexpectedLength) }
}

/// Whether a string comes second: in a plain block the second item is the list of transactions.
fn is_proven(mut bytes: &[u8]) -> alloy_rlp::Result<bool> {
    let mut items = Header::decode_bytes(&mut bytes, true)?;
    Header::decode_bytes(&mut items, true)?;
    Ok(!Header::decode(&mut items)?.list)
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flaw(bytes: &[u8]) -> Flaw {
        match Blocks::new(bytes).read() {
            Err(NotRead::Flaw(flaw)) => flaw,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_forms_survive_the_round_trip() {
        let plain = Foreign { block: Block::default(), sidecar: None };
        let proven = Foreign { sidecar: Some(Bytes::from_static(&[2, 1])), ..plain.clone() };
        let empty = Foreign { sidecar: Some(Bytes::new()), ..plain.clone() };
        let mut bytes = Vec::new();
        for foreign in [&plain, &proven, &empty] {
            encode(foreign.clone(), &mut bytes);
        }

        let mut blocks = Blocks::new(bytes.as_slice());

        for foreign in [plain, proven, empty] {
            assert_eq!(blocks.read().unwrap(), Some(foreign));
        }
        assert_eq!(blocks.read().unwrap(), None);
        assert_eq!(blocks.offset, to_u64(bytes.len()));
    }

    #[test]
    fn what_is_no_block_is_named() {
        assert_eq!(flaw(&[0x7f]), Flaw::NotAList { first: 0x7f });
        assert_eq!(flaw(&[0xf9, 0x01]), Flaw::Cut);
        assert_eq!(flaw(&[0xc3, 0x01]), Flaw::Cut);
        assert!(matches!(flaw(&[0xff; 9]), Flaw::TooLong { bytes: u64::MAX, .. }));
        assert!(matches!(flaw(&[0xc0]), Flaw::Rlp(_)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(Blocks::new(bytes.as_slice()).read());
        }
    }
}
