//! Reads a chain as it was at one moment, now and at earlier blocks.

use super::META_GENESIS;
use crate::{
    error::DbError,
    mdbx::{MdbxCursor, MdbxTx},
    memory::{MemoryCursor, MemoryTx},
    provider::{StoredBlock, StoredTransaction, blocks, history, state, unwind},
    state::{HashedChanges, StateChanges},
    tables::{
        BlockWithdrawals, Bytecodes, CanonicalHeaders, HeaderNumbers, Meta, PlainAccountState,
        Receipt, Sidecars, TableId,
    },
    traits::{DbCursorRO, DbTx, Found, RawCursor, RawTx},
    trie,
};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B256, BlockNumber, Bytes, TxHash, U256, keccak256};
use reth_primitives_traits::{Account, Bytecode, SealedHeader};
use signet_libmdbx::RoSync;
use std::{borrow::Cow, sync::Arc};

/// A reading transaction of either backend.
#[derive(Debug)]
pub(crate) enum ViewTx {
    Mdbx(MdbxTx),
    Memory(MemoryTx),
}

/// A cursor of either backend.
#[derive(Debug)]
pub(crate) enum ViewCursor<'a> {
    Mdbx(MdbxCursor<'a, RoSync>),
    Memory(MemoryCursor<'a, MemoryTx>),
}

impl RawTx for ViewTx {
    type Cursor<'a> = ViewCursor<'a>;

    fn get_raw(&self, table: TableId, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        match self {
            Self::Mdbx(tx) => tx.get_raw(table, key),
            Self::Memory(tx) => tx.get_raw(table, key),
        }
    }

    fn cursor_raw(&self, table: TableId) -> Result<Self::Cursor<'_>, DbError> {
        Ok(match self {
            Self::Mdbx(tx) => ViewCursor::Mdbx(tx.cursor_raw(table)?),
            Self::Memory(tx) => ViewCursor::Memory(tx.cursor_raw(table)?),
        })
    }

    fn entries_raw(&self, table: TableId) -> Result<usize, DbError> {
        match self {
            Self::Mdbx(tx) => tx.entries_raw(table),
            Self::Memory(tx) => tx.entries_raw(table),
        }
    }
}

macro_rules! either {
    ($self:ident, $cursor:ident => $call:expr) => {
        match $self {
            Self::Mdbx($cursor) => $call,
            Self::Memory($cursor) => $call,
        }
    };
}

impl RawCursor for ViewCursor<'_> {
    fn first_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.first_raw())
    }

    fn last_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.last_raw())
    }

    fn next_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.next_raw())
    }

    fn prev_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.prev_raw())
    }

    fn seek_raw(&mut self, key: &[u8]) -> Found<'_> {
        either!(self, cursor => cursor.seek_raw(key))
    }

    fn next_dup_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.next_dup_raw())
    }

    fn next_no_dup_raw(&mut self) -> Found<'_> {
        either!(self, cursor => cursor.next_no_dup_raw())
    }

    fn seek_dup_raw(
        &mut self,
        key: &[u8],
        subkey: &[u8],
    ) -> Result<Option<Cow<'_, [u8]>>, DbError> {
        either!(self, cursor => cursor.seek_dup_raw(key, subkey))
    }
}

/// A proof of an account, EIP-1186.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// The account asked for.
    pub address: Address,
    /// The account, if it exists.
    pub account: Option<Account>,
    /// Root of its storage; that of the empty trie when it has none.
    pub storage_root: B256,
    /// RLP of the nodes from the state root down, also when the account does not exist.
    pub proof: Vec<Bytes>,
    /// Proofs of the slots asked for, in that order.
    pub storage_proofs: Vec<StorageProof>,
}

/// A proof of a slot, EIP-1186.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot asked for.
    pub slot: B256,
    /// Its value.
    pub value: U256,
    /// RLP of the nodes from the storage root down; empty when the storage is.
    pub proof: Vec<Bytes>,
}

/// Everything as it was when the view was taken. Clones share it; any thread may use it.
///
/// "Latest" includes changes made outside blocks ([`super::Store::apply_outside_block`]).
///
/// All methods return what the engine reports, [`DbError::Undecodable`] or [`DbError::Missing`]
/// when the file is damaged.
#[derive(Clone, Debug)]
pub struct View {
    tx: Arc<ViewTx>,
}

#[expect(clippy::missing_errors_doc, reason = "one sentence on the type says it for all methods")]
impl View {
    pub(super) fn new(tx: ViewTx) -> Self {
        Self { tx: Arc::new(tx) }
    }

    /// The transaction below.
    pub(crate) fn tx(&self) -> &ViewTx {
        &self.tx
    }

    /// Number and hash of the highest block; [`DbError::Empty`] before genesis.
    pub fn head(&self) -> Result<(BlockNumber, B256), DbError> {
        blocks::head(self.tx())?.ok_or(DbError::Empty)
    }

    /// Number of the highest block; [`DbError::Empty`] before genesis.
    pub fn head_number(&self) -> Result<BlockNumber, DbError> {
        Ok(self.head()?.0)
    }

    /// Header of the highest block; [`DbError::Empty`] before genesis.
    pub fn head_header(&self) -> Result<SealedHeader, DbError> {
        self.header(self.head_number()?)?.ok_or(DbError::Missing { table: "Headers" })
    }

    /// Number of the first block; `None` before genesis.
    pub fn genesis_number(&self) -> Result<Option<BlockNumber>, DbError> {
        let bytes = self.tx().get::<Meta>(META_GENESIS.to_owned())?;
        let number = bytes.map(|bytes| <[u8; 8]>::try_from(bytes.as_ref())).transpose();
        let number = number.map_err(|_wrong_length| DbError::Undecodable { table: "Meta" })?;
        Ok(number.map(u64::from_be_bytes))
    }

    /// Header of a block.
    pub fn header(&self, number: BlockNumber) -> Result<Option<SealedHeader>, DbError> {
        blocks::header(self.tx(), number)
    }

    /// Header of a block by its hash.
    pub fn header_by_hash(&self, hash: B256) -> Result<Option<SealedHeader>, DbError> {
        match self.number(hash)? {
            Some(number) => self.header(number),
            None => Ok(None),
        }
    }

    /// Hash of a block.
    pub fn hash(&self, number: BlockNumber) -> Result<Option<B256>, DbError> {
        self.tx().get::<CanonicalHeaders>(number)
    }

    /// Number of a block.
    pub fn number(&self, hash: B256) -> Result<Option<BlockNumber>, DbError> {
        self.tx().get::<HeaderNumbers>(hash)
    }

    /// A block with its transactions, senders, withdrawals and ommers.
    pub fn block(&self, number: BlockNumber) -> Result<Option<StoredBlock>, DbError> {
        blocks::block(self.tx(), number)
    }

    /// A block by its hash.
    pub fn block_by_hash(&self, hash: B256) -> Result<Option<StoredBlock>, DbError> {
        match self.number(hash)? {
            Some(number) => self.block(number),
            None => Ok(None),
        }
    }

    /// How many transactions a block has.
    pub fn tx_count(&self, number: BlockNumber) -> Result<Option<u64>, DbError> {
        match self.hash(number)? {
            Some(_) => Ok(Some(blocks::indices(self.tx(), number)?.tx_count)),
            None => Ok(None),
        }
    }

    /// Receipts of a block, in the order of its transactions.
    pub fn receipts(&self, number: BlockNumber) -> Result<Option<Vec<Receipt>>, DbError> {
        blocks::receipts(self.tx(), number)
    }

    /// A transaction, its sender and its place.
    pub fn tx_by_hash(&self, hash: TxHash) -> Result<Option<StoredTransaction>, DbError> {
        blocks::transaction(self.tx(), hash)
    }

    /// Withdrawals of a block; `None` for a block without the field, and for one not kept.
    pub fn withdrawals(&self, number: BlockNumber) -> Result<Option<Withdrawals>, DbError> {
        Ok(self.tx().get::<BlockWithdrawals>(number)?.map(|stored| stored.withdrawals))
    }

    /// Sealing data of a block.
    pub fn sidecar(&self, number: BlockNumber) -> Result<Option<Bytes>, DbError> {
        self.tx().get::<Sidecars>(number)
    }

    /// An account, latest.
    pub fn account(&self, address: Address) -> Result<Option<Account>, DbError> {
        state::account(self.tx(), address)
    }

    /// A slot, latest; zero when never set.
    pub fn storage(&self, address: Address, slot: B256) -> Result<U256, DbError> {
        state::storage(self.tx(), address, slot)
    }

    /// All slots of an account that are not zero, ascending, latest.
    pub fn account_storage(&self, address: Address) -> Result<Vec<(B256, U256)>, DbError> {
        let slots = state::slots(self.tx(), address)?;
        Ok(slots.into_iter().map(|entry| (entry.key, entry.value)).collect())
    }

    /// Code by its hash.
    pub fn bytecode(&self, hash: B256) -> Result<Option<Bytecode>, DbError> {
        self.tx().get::<Bytecodes>(hash)
    }

    /// Calls `each` with every account, ascending by address, latest; stops at its first error.
    pub fn all_accounts<E: From<DbError>>(
        &self,
        mut each: impl FnMut(Address, Account) -> Result<(), E>,
    ) -> Result<(), E> {
        for entry in self.tx().cursor_read::<PlainAccountState>()?.walk(None)? {
            let (address, account) = entry?;
            each(address, account)?;
        }
        Ok(())
    }

    /// The state after a kept block; [`DbError::UnknownBlock`] for others.
    pub fn at(&self, number: BlockNumber) -> Result<HistoricalView, DbError> {
        let head = self.head_number()?;
        if number > head || self.hash(number)?.is_none() {
            return Err(DbError::UnknownBlock { number, head });
        }
        Ok(HistoricalView { view: self.clone(), number })
    }

    /// What changed since the head outside any block, with the values now. To take a snapshot
    /// keep this beside the head's number; to return, unwind to that number and apply this.
    pub fn outside_changes(&self) -> Result<StateChanges, DbError> {
        unwind::changes_since(self.tx(), self.head_number()?)
    }

    /// State root after applying changes on top of the latest state.
    pub fn state_root(&self, changes: &StateChanges) -> Result<B256, DbError> {
        Ok(trie::update(self.tx(), &changes.hashed())?.root)
    }

    /// The latest state root computed from the plain state alone, to check the incremental one.
    /// Reads the whole state into memory.
    pub fn state_root_from_scratch(&self) -> Result<B256, DbError> {
        trie::root_from_scratch(self.tx())
    }

    /// Name and number of entries of every table, duplicates counted.
    pub fn table_sizes(&self) -> Result<Vec<(&'static str, usize)>, DbError> {
        let size = |table: &TableId| Ok((table.name(), self.tx().entries_raw(*table)?));
        TableId::ALL.iter().map(size).collect()
    }

    /// Calls `each` with the bytes of every entry of a table, in order; stops at its first error.
    pub fn dump<E: From<DbError>>(
        &self,
        table: TableId,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut cursor = self.tx().cursor_raw(table)?;
        let mut entry = cursor.first_raw()?;
        while let Some((key, value)) = entry {
            each(&key, &value)?;
            entry = cursor.next_raw()?;
        }
        Ok(())
    }

    /// A proof against the latest state root ([`View::state_root`] of no changes).
    pub fn proof(&self, address: Address, slots: &[B256]) -> Result<AccountProof, DbError> {
        let account = self.account(address)?;
        let value = |slot| self.storage(address, slot);
        proof(self.tx(), &HashedChanges::default(), (address, account), (slots, &value))
    }
}

/// The state after an earlier block.
///
/// Errors as for [`View`].
#[derive(Clone, Debug)]
pub struct HistoricalView {
    view: View,
    number: BlockNumber,
}

#[expect(clippy::missing_errors_doc, reason = "one sentence on the type says it for all methods")]
impl HistoricalView {
    /// Number of the block.
    pub const fn number(&self) -> BlockNumber {
        self.number
    }

    /// The view this was made from.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// An account.
    pub fn account(&self, address: Address) -> Result<Option<Account>, DbError> {
        history::account_at(self.view.tx(), address, self.number)
    }

    /// A slot; zero when never set.
    pub fn storage(&self, address: Address, slot: B256) -> Result<U256, DbError> {
        history::storage_at(self.view.tx(), address, slot, self.number)
    }

    /// Code by its hash.
    pub fn bytecode(&self, hash: B256) -> Result<Option<Bytecode>, DbError> {
        self.view.bytecode(hash)
    }

    /// The changes that turn the latest state into this one; as many as changed since.
    pub fn changes_back(&self) -> Result<StateChanges, DbError> {
        unwind::changes_back_to(self.view.tx(), self.number)
    }

    /// State root after applying changes on top of this state.
    pub fn state_root(&self, changes: &StateChanges) -> Result<B256, DbError> {
        let mut all = self.changes_back()?;
        all.extend(changes.clone());
        self.view.state_root(&all)
    }

    /// A proof against this block's state root.
    pub fn proof(&self, address: Address, slots: &[B256]) -> Result<AccountProof, DbError> {
        let account = self.account(address)?;
        let value = |slot| self.storage(address, slot);
        let back = self.changes_back()?.hashed();
        proof(self.view.tx(), &back, (address, account), (slots, &value))
    }
}

/// Slots and what reads them.
type Slots<'a> = (&'a [B256], &'a dyn Fn(B256) -> Result<U256, DbError>);

fn proof(
    tx: &ViewTx,
    changes: &HashedChanges,
    (address, account): (Address, Option<Account>),
    (slots, value): Slots<'_>,
) -> Result<AccountProof, DbError> {
    let hashed_slots: Vec<B256> = slots.iter().map(keccak256).collect();
    let found = trie::prove(tx, changes, keccak256(address), &hashed_slots)?;
    let mut storage_proofs = Vec::with_capacity(slots.len());
    for (slot, proof) in slots.iter().zip(found.slots) {
        storage_proofs.push(StorageProof { slot: *slot, value: value(*slot)?, proof });
    }
    let (storage_root, proof) = (found.storage_root, found.account);
    Ok(AccountProof { address, account, storage_root, proof, storage_proofs })
}
