//! Offers what developers do with a chain: move it back and forth in time, change it by hand, set how it is run.

use super::{AccountPatch, Beginning, Chain, EngineError, SnapshotId, Snapshots, Submission};
use crate::{
    engine::{
        command::{Change, Command, Setting},
        dump::Restored,
    },
    miner::MiningMode,
};
use alloy_primitives::{Address, B256, TxHash};
use std::collections::BTreeMap;
use utnet_primitives::{Gas, Height, Seconds, Wei};

impl Chain {
    /// Chooses when blocks are made.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_mining(&self, mode: MiningMode) -> Result<(), EngineError> {
        self.set(Setting::Mining(mode)).await.map(drop)
    }

    /// Remembers state, blocks, time and pool.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn snapshot(&self) -> Result<SnapshotId, EngineError> {
        self.ask(|reply| Command::Snapshot { reply }).await
    }

    /// The snapshots that can be asked for, each with height and hash of the block it was taken at.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn snapshots(&self) -> Result<Snapshots, EngineError> {
        self.ask(|reply| Command::Snapshots { reply }).await
    }

    /// Goes back to a snapshot and takes it and all later ones away; `false`, and nothing changes, if it is
    /// unknown or its block was taken back.
    ///
    /// # Errors
    /// When the store could not be written.
    pub async fn revert(&self, id: SnapshotId) -> Result<bool, EngineError> {
        self.ask(|reply| Command::Revert { id, reply }).await
    }

    /// Takes the last `depth` blocks back; their transactions are dropped.
    ///
    /// # Errors
    /// [`EngineError::TooDeep`].
    pub async fn rollback(&self, depth: u64) -> Result<Height, EngineError> {
        self.ask(|reply| Command::Rollback { depth, reply }).await
    }

    /// Replaces the last blocks: takes `depth` of them back, then makes as many new ones; block
    /// `i` of the new ones holds the submissions listed for `i`.
    ///
    /// # Errors
    /// [`EngineError::TooDeep`], or the pool's reason for the first bad submission.
    pub async fn reorg(
        &self,
        depth: u64,
        transactions: BTreeMap<u64, Vec<Submission>>,
    ) -> Result<(), EngineError> {
        self.ask(|reply| Command::Reorg { depth, transactions, reply }).await
    }

    /// Changes accounts outside any block (dev): the latest state changes, no block is made.
    ///
    /// # Errors
    /// When the store could not be written.
    pub async fn patch(&self, patches: Vec<(Address, AccountPatch)>) -> Result<(), EngineError> {
        self.ask(|reply| Command::Patch { patches, reply }).await
    }

    /// Starts or stops to impersonate an account (dev).
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn impersonate(&self, account: Address, on: bool) -> Result<(), EngineError> {
        self.set(Setting::Impersonate(account, on)).await.map(drop)
    }

    /// Starts or stops to impersonate every account (dev).
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn auto_impersonate(&self, on: bool) -> Result<(), EngineError> {
        self.set(Setting::AutoImpersonate(on)).await.map(drop)
    }

    /// Moves block time forward (or back, when negative); returns the offset to wall time.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn increase_time(&self, seconds: i64) -> Result<i64, EngineError> {
        Ok(self.set(Setting::ShiftTime(seconds)).await?.after.time.offset)
    }

    /// Sets the timestamp of the next block; later ones go on from there with the wall clock.
    ///
    /// # Errors
    /// [`EngineError::TimestampTooLow`].
    pub async fn set_next_timestamp(&self, timestamp: Seconds) -> Result<(), EngineError> {
        self.set(Setting::NextTimestamp(timestamp)).await.map(drop)
    }

    /// Sets the present block time; returns the offset to wall time.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_time(&self, now: Seconds) -> Result<i64, EngineError> {
        Ok(self.set(Setting::Time(now)).await?.after.time.offset)
    }

    /// Fixes the distance between blocks, or frees it; returns whether one was set before.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_block_interval(&self, seconds: Option<Seconds>) -> Result<bool, EngineError> {
        let change = self.set(Setting::BlockInterval(seconds)).await?;
        Ok(change.before.time.block_interval.is_some())
    }

    /// Sets the base fee of the next block, in wei.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_next_base_fee(&self, base_fee: u64) -> Result<(), EngineError> {
        self.set(Setting::NextBaseFee(base_fee)).await.map(drop)
    }

    /// Sets the gas limit of the next blocks.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_gas_limit(&self, limit: Gas) -> Result<(), EngineError> {
        self.set(Setting::GasLimit(limit)).await.map(drop)
    }

    /// Sets the beneficiary of the next blocks.
    ///
    /// # Errors
    /// [`EngineError::FixedByPoci`].
    pub async fn set_coinbase(&self, account: Address) -> Result<(), EngineError> {
        self.set(Setting::Coinbase(account)).await.map(drop)
    }

    /// Sets PREVRANDAO of the next block.
    ///
    /// # Errors
    /// [`EngineError::FixedByPoci`].
    pub async fn set_prevrandao(&self, beacon: B256) -> Result<(), EngineError> {
        self.set(Setting::Prevrandao(beacon)).await.map(drop)
    }

    /// Sets the least price per gas that the pool accepts.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn set_min_gas_price(&self, price: Wei) -> Result<(), EngineError> {
        self.set(Setting::MinGasPrice(price)).await.map(drop)
    }

    /// Drops a transaction from the pool; `None` if it is not there.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn drop_transaction(&self, hash: TxHash) -> Result<Option<TxHash>, EngineError> {
        self.ask(|reply| Command::Drop { hash, reply }).await
    }

    /// Drops all transactions of a sender, or of everybody.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn drop_transactions(&self, sender: Option<Address>) -> Result<(), EngineError> {
        self.ask(|reply| Command::DropAll { sender, reply }).await
    }

    /// Starts again from this genesis, or from the chain's own: blocks, pool, snapshots and
    /// settings are as at the start.
    ///
    /// # Errors
    /// When the store could not be written.
    pub async fn reset(&self, beginning: Option<Beginning>) -> Result<(), EngineError> {
        self.ask(|reply| Command::Reset { beginning, reply }).await
    }

    /// Puts a dumped chain in the place of the present one; a dump without blocks only changes accounts.
    ///
    /// # Errors
    /// [`EngineError::Dump`] names what is wrong with it, [`EngineError::OnDisk`] when it has another genesis.
    pub async fn load(&self, dump: Restored) -> Result<(), EngineError> {
        let dump = Box::new(dump);
        self.ask(|reply| Command::Load { dump, reply }).await
    }

    /// Gives the chain another EIP-155 id, as long as this node runs.
    ///
    /// # Errors
    /// [`EngineError::FixedByPoci`], [`EngineError::OnDisk`].
    pub async fn set_chain_id(&self, id: u64) -> Result<(), EngineError> {
        self.set(Setting::ChainId(id)).await.map(drop)
    }

    /// Lets a signature recover to an account inside the EVM, as long as this node runs (dev): v, r and
    /// s, 32 bytes each.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub async fn assert_signature(
        &self,
        signature: [u8; 96],
        account: Address,
    ) -> Result<(), EngineError> {
        self.set(Setting::Recovery(signature, account)).await.map(drop)
    }

    async fn set(&self, setting: Setting) -> Result<Change, EngineError> {
        self.ask(|reply| Command::Set { setting, reply }).await
    }
}
