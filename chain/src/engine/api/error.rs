//! Says why the engine did not do what it was asked.

use crate::{
    engine::{dump::DumpError, judge::Unacceptable},
    execution::{ExecutionError, ReadError},
    genesis::GenesisError,
    poci::PociFault,
    pool::Rejected,
};
use alloy_primitives::TxHash;
use utnet_primitives::{Height, Seconds};

/// Why the engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine has ended; the node is shutting down.
    #[error("the engine has stopped")]
    Stopped,
    /// The pool refused the transaction.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The store could not be read or written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A block made elsewhere is not accepted.
    #[error(transparent)]
    Unacceptable(#[from] Unacceptable),
    /// The next block could not be executed.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// This node may not make the next block, or cannot.
    #[error(transparent)]
    Poci(#[from] PociFault),
    /// The genesis is not valid.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A dump cannot be loaded.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// The system gives no thread.
    #[error("the engine cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
    /// A test has stalled the producer.
    #[error("the producer is stalled (utn_faultStall)")]
    Stalled,
    /// A chain on disk keeps its genesis.
    #[error("a chain on disk keeps its genesis and its id: choose another datadir")]
    OnDisk,
    /// A timestamp must be above the head's.
    #[error("timestamp {asked} is not above the head's {head}")]
    TimestampTooLow {
        /// What was asked for.
        asked: Seconds,
        /// The timestamp of the head.
        head: Seconds,
    },
    /// The chain's rules fix what was to be changed (POCI draws beacon and beneficiary).
    #[error("{setting} is fixed by POCI on this chain")]
    FixedByPoci {
        /// What was to be changed.
        setting: &'static str,
    },
    /// Some transactions that were given are in none of the blocks made for them.
    #[error("transaction {hash} does not fit the block that it was given for, and is left out")]
    LeftOut {
        /// The first of them.
        hash: TxHash,
    },
    /// Only as many blocks as there are above genesis can be taken back.
    #[error("cannot take back {depth} blocks: the chain goes from height {first} to {head}")]
    TooDeep {
        /// How many blocks were to be taken back.
        depth: u64,
        /// Height of the head.
        head: Height,
        /// Height of the chain's first block.
        first: Height,
    },
}
