//! Says why a chain could not be brought in or out.

use crate::{engine::EngineError, execution::ReadError, genesis::GenesisError};
use alloy_primitives::B256;
use std::{io, path::PathBuf};
use utnet_db::DbError;
use utnet_primitives::Height;

/// Why a chain could not be brought in or out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// A file cannot be read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The genesis file is not valid.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The folder holds the same block 0 under other rules.
    #[error(
        "the chain in the datadir has another {field} in its genesis file: choose another datadir"
    )]
    OtherRules {
        /// The field that differs, by its path.
        field: String,
    },
    /// The folder holds no chain.
    #[error("{} holds no chain: run `utnet init --genesis FILE --datadir DIR` first", folder.display())]
    NoChain {
        /// The folder.
        folder: PathBuf,
    },
    /// The bytes of a file are no block.
    #[error("{}: at byte {offset}: {flaw}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where the block begins.
        offset: u64,
        /// What is wrong.
        flaw: Flaw,
    },
    /// The chain has another block at this height.
    #[error("block {height} ({hash}) is of another chain: block {height} here is {kept}")]
    OtherBlock {
        /// Height of the block.
        height: Height,
        /// Its hash.
        hash: B256,
        /// Hash of the block that the folder holds.
        kept: B256,
    },
    /// The engine's judge refuses a block.
    #[error("block {height} ({hash}) is refused; the blocks before it were imported")]
    Refused {
        /// Height of the block.
        height: Height,
        /// Its hash.
        hash: B256,
        /// What the judge says.
        source: Box<EngineError>,
    },
    /// Nobody could judge the block.
    #[error(
        "block {height} stands on changes that a dev method made outside any block: no judge would accept it; export up to the block before (--last)"
    )]
    ChangedOutside {
        /// Height of the block.
        height: Height,
    },
    /// The chain has no such blocks.
    #[error("blocks {first} to {last} are not all there: the head is {head}")]
    Range {
        /// First block asked for.
        first: u64,
        /// Last block asked for.
        last: u64,
        /// Height of the head.
        head: Height,
    },
    /// The data folder cannot be opened or read.
    #[error("--datadir: {0}")]
    Store(#[from] DbError),
    /// The chain cannot be opened or changed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The chain cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The system gave no thread, or the output broke.
    #[error("the system refuses a thread or the output")]
    System(#[from] io::Error),
    /// The engine's thread ended by a panic: a fault of this program.
    #[error("the engine crashed; the chain is as of its last block")]
    EngineCrashed,
}

/// Why bytes are no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// It does not begin as an RLP list.
    #[error("no RLP list begins here (first byte {first:#04x})")]
    NotAList {
        /// The first byte.
        first: u8,
    },
    /// It is longer than any block may be.
    #[error("a block of {bytes} bytes is too long: at most {most}")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The most that is read.
        most: u64,
    },
    /// The file ends inside it.
    #[error("the file ends inside a block")]
    Cut,
    /// Its items are not those of a block.
    #[error("the block does not decode: {0}")]
    Rlp(alloy_rlp::Error),
}
