//! Reads a chain as it was at one moment, now and at earlier blocks.

use super::{
    META_ACCOUNTS, META_GENESIS_HASH,
    historical::HistoricalView,
    proof::{AccountProof, proof},
    tries::Tries,
    tx::ViewTx,
};
use crate::{
    error::DbError,
    provider::{StoredBlock, StoredTransaction, blocks, kept, logs, state, unwind},
    pruning::{History, Kept},
    state::{HashedChanges, StateChanges},
    tables::{
        BlockWithdrawals, Bytecodes, CanonicalHeaders, HeaderNumbers, Meta, PlainAccountState,
        Receipt, Sidecars, TableId,
    },
    traits::{DbCursorRO, DbTx, RawCursor, RawTx},
    trie,
};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B256, BlockNumber, Bloom, Bytes, TxHash, U256};
use reth_primitives_traits::{Account, Bytecode, SealedHeader};
use std::{ops::RangeInclusive, sync::Arc};

/// Everything as it was when the view was taken. Clones share it; any thread may use it.
///
/// "Latest" includes changes made outside blocks ([`super::Store::apply_outside_block`]).
///
/// All methods return what the engine reports, [`DbError::Undecodable`] or [`DbError::Missing`]
/// when the file is damaged.
#[derive(Clone, Debug)]
pub struct View {
    tx: Arc<ViewTx>,
    /// Commits before this view was taken.
    commit: u64,
    tries: Arc<Tries>,
}

#[expect(clippy::missing_errors_doc, reason = "one sentence on the type says it for all methods")]
impl View {
    pub(super) fn new(tx: ViewTx, commit: u64, tries: Arc<Tries>) -> Self {
        Self { tx: Arc::new(tx), commit, tries }
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
        kept::number(self.tx(), kept::GENESIS)
    }

    /// The accounts as the genesis file had them, JSON; `None` when the store was made without them.
    pub fn genesis_accounts(&self) -> Result<Option<Bytes>, DbError> {
        self.tx().get::<Meta>(META_ACCOUNTS.to_owned())
    }

    /// Hash of the genesis that the store was made with, if a dumped chain's first block took its place.
    pub fn original_genesis(&self) -> Result<Option<B256>, DbError> {
        let bytes = self.tx().get::<Meta>(META_GENESIS_HASH.to_owned())?;
        let hash = bytes.map(|bytes| B256::try_from(bytes.as_ref())).transpose();
        hash.map_err(|_wrong_length| DbError::Undecodable { table: "Meta" })
    }

    /// First block whose state is known; 0 unless a dumped chain was loaded or states were removed.
    pub fn state_from(&self) -> Result<BlockNumber, DbError> {
        kept::first(self.tx(), History::State)
    }

    /// The first block of which each kind of history is there.
    pub fn kept(&self) -> Result<Kept, DbError> {
        kept::all(self.tx())
    }

    /// Whether a kind of history of a block is there, if the block is.
    pub fn has(&self, part: History, number: BlockNumber) -> Result<bool, DbError> {
        kept::has(self.tx(), part, number)
    }

    /// Refuses a block of which a kind of history was removed: [`DbError::Pruned`].
    pub fn need(&self, part: History, number: BlockNumber) -> Result<(), DbError> {
        kept::need(self.tx(), part, number)
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

    /// A block with its transactions, senders, withdrawals and ommers; [`DbError::Pruned`] where these
    /// were removed.
    pub fn block(&self, number: BlockNumber) -> Result<Option<StoredBlock>, DbError> {
        self.need(History::Bodies, number)?;
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

    /// Receipts of a block, in the order of its transactions; [`DbError::Pruned`] where they were removed.
    pub fn receipts(&self, number: BlockNumber) -> Result<Option<Vec<Receipt>>, DbError> {
        self.need(History::Receipts, number)?;
        blocks::receipts(self.tx(), number)
    }

    /// A transaction, its sender and its place; `None` also for one whose block lost its body.
    pub fn tx_by_hash(&self, hash: TxHash) -> Result<Option<StoredTransaction>, DbError> {
        blocks::transaction(self.tx(), hash)
    }

    /// Withdrawals of a block; `None` for a block without the field, and for one not kept.
    pub fn withdrawals(&self, number: BlockNumber) -> Result<Option<Withdrawals>, DbError> {
        self.need(History::Bodies, number)?;
        Ok(self.tx().get::<BlockWithdrawals>(number)?.map(|stored| stored.withdrawals))
    }

    /// Sealing data of a block.
    pub fn sidecar(&self, number: BlockNumber) -> Result<Option<Bytes>, DbError> {
        self.need(History::Bodies, number)?;
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

    /// The state after a block; [`DbError::UnknownBlock`] for one that is not there,
    /// [`DbError::Pruned`] for one whose state is not known any more.
    pub fn at(&self, number: BlockNumber) -> Result<HistoricalView, DbError> {
        let head = self.head_number()?;
        if number > head || self.hash(number)?.is_none() {
            return Err(DbError::UnknownBlock { number, head });
        }
        self.need(History::State, number)?;
        Ok(HistoricalView::new(self.clone(), number))
    }

    /// What changed since the head outside any block, with the values now. To take a snapshot
    /// keep this beside the head's number; to return, unwind to that number and apply this.
    pub fn outside_changes(&self) -> Result<StateChanges, DbError> {
        unwind::changes_since(self.tx(), self.head_number()?)
    }

    /// State root after applying changes on top of the latest state.
    ///
    /// What was computed is kept: [`super::Store::append_block`] with the same changes does not
    /// compute it again, if nothing was committed meanwhile.
    pub fn state_root(&self, changes: &StateChanges) -> Result<B256, DbError> {
        self.tries.prepare(self.tx(), self.commit, changes)
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

    /// The blocks of a range that may have logs such as wanted, ascending: for each group, the bloom
    /// of the block's header has the bits of one of the group's items. A group without items asks
    /// for nothing; a block without logs is never named.
    pub fn blocks_with_logs(
        &self,
        range: RangeInclusive<BlockNumber>,
        wanted: &[Vec<Bloom>],
    ) -> Result<Vec<BlockNumber>, DbError> {
        let head = self.head_number()?;
        logs::candidates(self.tx(), *range.start()..=head.min(*range.end()), wanted)
    }

    /// A proof against the latest state root ([`View::state_root`] of no changes).
    pub fn proof(&self, address: Address, slots: &[B256]) -> Result<AccountProof, DbError> {
        let account = self.account(address)?;
        let value = |slot| self.storage(address, slot);
        proof(self.tx(), &HashedChanges::default(), (address, account), (slots, &value))
    }
}
