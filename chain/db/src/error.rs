//! Names everything that can go wrong in storage, with the numbers and what to do about it.

use crate::pruning::History;
use alloy_primitives::{B256, BlockNumber};
use signet_libmdbx::{MdbxError, ReadError};
use std::path::PathBuf;

/// What helps when stored bytes are bad.
const REMEDY: &str =
    "the database is damaged: `utnet db check` tells where, `utnet db repair` mends what can be";

fn explain(error: &MdbxError) -> String {
    match error {
        MdbxError::Corrupted | MdbxError::PageNotFound => format!("{error}: {REMEDY}"),
        other => format!("storage engine: {}", in_words(other)),
    }
}

/// The engine hands on what the system said as a bare number.
fn in_words(error: &MdbxError) -> String {
    use std::io::{Error, ErrorKind};
    let MdbxError::Other(code) = error else { return error.to_string() };
    let said = Error::from_raw_os_error(*code);
    match said.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            format!("{said}: nothing that was confirmed is lost; make room, and it goes on")
        }
        _ => said.to_string(),
    }
}

/// Why an operation on the database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// The folder of the database could not be made or read.
    #[error("cannot use {path} as a database folder: {source}")]
    Folder {
        /// The folder or file that was tried.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Another process holds the database.
    #[error("{path} is in use by process {holder}: stop it, or choose another datadir")]
    InUse {
        /// The folder of the database.
        path: PathBuf,
        /// Process id of the holder, 0 when the holder did not leave it.
        holder: u32,
    },
    /// The file is not a database of ours, or its pages do not fit together.
    #[error(
        "{path} is damaged or no database of this node ({source}): try `utnet db repair --datadir {path}`, restore a copy, or remove it and start again"
    )]
    Damaged {
        /// The folder of the database.
        path: PathBuf,
        /// What the storage engine said.
        source: MdbxError,
    },
    /// The journal lacks commits that the disk once had.
    #[error(
        "the journal {path} ends at commit {last}, and the disk once had commit {synced}: {REMEDY}"
    )]
    Lost {
        /// Folder of the journal.
        path: PathBuf,
        /// The last whole commit.
        last: u64,
        /// A commit that the disk once had.
        synced: u64,
    },
    /// The journal was written by another version of the node.
    #[error(
        "{path} was written by another version of the node: start that version once and stop it with Ctrl-C, then start this one"
    )]
    Journal {
        /// The part that was met.
        path: PathBuf,
    },
    /// The database was written by another version of the node.
    #[error(
        "the database has schema {found}, this node speaks {known}: use the node that wrote it"
    )]
    Schema {
        /// Schema number in the file.
        found: u32,
        /// Schema number of this build.
        known: u32,
    },
    /// The database has reached its largest size.
    #[error("the database is full at {max_size} bytes: restart with a larger maximum size")]
    Full {
        /// Largest size the database was opened with, in bytes.
        max_size: usize,
    },
    /// The disk did not take what was written; nothing more is written.
    #[error(
        "the disk did not take what was written ({}): check it, then restart; what is newer than the last sync may be lost",
        in_words(.0)
    )]
    Disk(MdbxError),
    /// The storage engine failed in another way.
    #[error("{}", explain(.0))]
    Engine(#[from] MdbxError),
    /// A key is longer than the table can hold.
    #[error("a key of {size} bytes does not fit table {table}: at most {max}")]
    KeyTooLarge {
        /// Table.
        table: &'static str,
        /// Bytes given.
        size: usize,
        /// Most bytes allowed.
        max: usize,
    },
    /// A value is longer than the table can hold.
    #[error("a value of {size} bytes does not fit table {table}: at most {max}")]
    ValueTooLarge {
        /// Table.
        table: &'static str,
        /// Bytes given.
        size: usize,
        /// Most bytes allowed.
        max: usize,
    },
    /// Stored bytes do not decode.
    #[error("table {table} holds bytes that do not decode: {REMEDY}")]
    Undecodable {
        /// Table, or the type when the table is not known.
        table: &'static str,
    },
    /// Two tables contradict each other.
    #[error("table {table} lacks an entry that another table refers to: {REMEDY}")]
    Missing {
        /// Table that lacks the entry.
        table: &'static str,
    },
    /// Two tables say different things.
    #[error("table {table} contradicts another one: {REMEDY}")]
    Contradiction {
        /// Table that is wrong, or derived from what is wrong.
        table: &'static str,
    },
    /// A header commits to something else than what is stored.
    #[error("the {part} of block {number} is not that of what is stored: {REMEDY}")]
    Commitment {
        /// Number of the block.
        number: BlockNumber,
        /// What the header commits to.
        part: &'static str,
    },
    /// The block asked for is not kept.
    #[error("block {number} is not in the database: head is {head}")]
    UnknownBlock {
        /// Block asked for.
        number: BlockNumber,
        /// Highest block kept.
        head: BlockNumber,
    },
    /// That part of the block's history was removed, or never known.
    #[error(
        "pruned history unavailable: {part} of block {number}; what is kept begins with block {first}"
    )]
    Pruned {
        /// What is gone.
        part: History,
        /// Block asked for.
        number: BlockNumber,
        /// First block of which it is kept.
        first: BlockNumber,
    },
    /// There is no genesis block yet.
    #[error("the database is empty: initialise it with a genesis block first")]
    Empty,
    /// The database already holds another genesis block.
    #[error(
        "the database belongs to the chain with genesis {found}, not {given}: choose another datadir"
    )]
    OtherGenesis {
        /// Hash of the genesis block stored.
        found: B256,
        /// Hash of the genesis block given.
        given: B256,
    },
    /// A block does not follow the head.
    #[error("block {number} with parent {parent} does not follow head {head} ({head_hash})")]
    NotNext {
        /// Number of the block given.
        number: BlockNumber,
        /// Parent of the block given.
        parent: B256,
        /// Number of the head.
        head: BlockNumber,
        /// Hash of the head.
        head_hash: B256,
    },
    /// The parts of a block have different lengths.
    #[error(
        "block {number} brings {transactions} transactions, {senders} senders, {receipts} receipts"
    )]
    UnevenBlock {
        /// Number of the block given.
        number: BlockNumber,
        /// Transactions given.
        transactions: usize,
        /// Senders given.
        senders: usize,
        /// Receipts given.
        receipts: usize,
    },
    /// The state after the block has another root than its header says.
    #[error("state root of block {number} is {computed}, its header says {declared}")]
    StateRoot {
        /// Number of the block.
        number: BlockNumber,
        /// Root computed from the state.
        computed: B256,
        /// Root in the header.
        declared: B256,
    },
    /// The chain configuration is not valid JSON.
    #[error("the chain configuration is not valid JSON: {0}")]
    Config(#[from] serde_json::Error),
}

impl DbError {
    /// Whether the stored bytes themselves are bad, so that only a copy or a fresh start helps.
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. }
                | Self::Lost { .. }
                | Self::Undecodable { .. }
                | Self::Missing { .. }
                | Self::Contradiction { .. }
                | Self::Commitment { .. }
                | Self::Engine(MdbxError::Corrupted | MdbxError::PageNotFound)
        )
    }
}

impl From<ReadError> for DbError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Mdbx(error) => Self::Engine(error),
            ReadError::Decoding(_) => Self::Undecodable { table: "bytes" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A full disk used to be told as "unknown error code: 28".
    #[test]
    fn a_full_disk_is_told_in_words() {
        let told = DbError::Engine(MdbxError::Other(28)).to_string();
        assert!(told.contains("No space left on device") && told.contains("make room"), "{told}");
    }
}
