//! Lists what the engine can be asked to do.

use super::{
    api::{AccountPatch, Beginning, EngineError, Settings, SnapshotId, Snapshots, Submission},
    dump::Restored,
    offer::Offer,
};
use crate::{execution::Foreign, miner::MiningMode};
use alloy_primitives::{Address, B256, TxHash};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::oneshot;
use utnet_primitives::{Gas, Height, Seconds, Wei};

/// The hash of a transaction that the pool has, or why it has not.
pub(crate) type Admission = Result<TxHash, EngineError>;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, EngineError>>;

/// A request to the engine, the only task that may change the chain.
#[derive(Debug)]
pub(crate) enum Command {
    /// Offer transactions to the pool, in this order; each has its own answer.
    Submit { offers: Vec<Offer>, reply: Reply<Vec<Admission>> },
    /// Make blocks now.
    Mine { blocks: u64, interval: Option<Seconds>, reply: Reply<Height> },
    /// Judge a block made elsewhere and take it as head.
    Import { block: Box<Foreign>, reply: Reply<B256> },
    /// Mark the head as final.
    MarkFinal { reply: Reply<()> },
    /// Change a setting; answers the settings before and after.
    Set { setting: Setting, reply: Reply<Change> },
    /// Change accounts outside any block.
    Patch { patches: Vec<(Address, AccountPatch)>, reply: Reply<()> },
    /// Remember where the chain stands.
    Snapshot { reply: Reply<SnapshotId> },
    /// Tell all snapshots.
    Snapshots { reply: Reply<Snapshots> },
    /// Go back to a snapshot.
    Revert { id: SnapshotId, reply: Reply<bool> },
    /// Take blocks back.
    Rollback { depth: u64, reply: Reply<Height> },
    /// Replace blocks.
    Reorg { depth: u64, transactions: BTreeMap<u64, Vec<Submission>>, reply: Reply<()> },
    /// Drop one transaction.
    Drop { hash: TxHash, reply: Reply<Option<TxHash>> },
    /// Drop the transactions of one sender, or all.
    DropAll { sender: Option<Address>, reply: Reply<()> },
    /// Start again.
    Reset { beginning: Option<Beginning>, reply: Reply<()> },
    /// Put a dumped chain in the place of the present one.
    Load { dump: Box<Restored>, reply: Reply<()> },
    /// Look at the clock.
    Tick { reply: Reply<()> },
}

/// A setting and its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Mining(MiningMode),
    Impersonate(Address, bool),
    AutoImpersonate(bool),
    ShiftTime(i64),
    NextTimestamp(Seconds),
    Time(Seconds),
    BlockInterval(Option<Seconds>),
    NextBaseFee(u64),
    GasLimit(Gas),
    Coinbase(Address),
    Prevrandao(B256),
    MinGasPrice(Wei),
    ChainId(u64),
    Recovery([u8; 96], Address),
}

/// The settings before and after a change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) before: Arc<Settings>,
    pub(crate) after: Arc<Settings>,
}
