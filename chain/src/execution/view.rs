//! Reads the chain as of one committed snapshot.

use super::{
    BlockRecord, Fork, ForkError,
    attached::Attached,
    fork::{routine::Slot, tombs},
    record,
};
use crate::genesis::ChainSpec;
use alloy_consensus::{Header, Sealed};
use alloy_evm::{
    EvmEnv,
    revm::{DatabaseRef, bytecode::Bytecode, context::DBErrorMarker, state::AccountInfo},
};
use alloy_primitives::{Address, B256, Bloom, Bytes, KECCAK256_EMPTY, TxHash, U256};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::Arc,
};
use utnet_db::{Account, DbError, HistoricalView, History, SealedHeader, StateChanges, View};
use utnet_primitives::Height;

/// The chain as of one committed snapshot; clones share it.
#[derive(Clone, Debug)]
pub struct ChainView {
    view: View,
    head: Arc<Sealed<Header>>,
    spec: Arc<ChainSpec>,
    /// The chain that this one forked off from.
    fork: Option<Arc<Fork>>,
}

/// Which state of the chain is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The latest, with what dev cheats changed since the head.
    Latest,
    /// The state after a block.
    After(Height),
}

/// The accounts as of one moment; a database for the EVM. Clones are cheap.
#[derive(Clone, Debug)]
pub struct StateView {
    source: Source,
    /// What lies below.
    fork: Option<Arc<Fork>>,
    /// Slots of which it does not matter what lies below: blocks to come overwrite them unread.
    overwritten: BTreeSet<Slot>,
}

#[derive(Clone, Debug)]
enum Source {
    Latest(View),
    After(HistoricalView),
    /// A block of the chain that this one forked off from.
    Below(View, Height),
}

/// An account with its Merkle proof, as `eth_getProof` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// Balance in wei.
    pub balance: U256,
    /// Nonce.
    pub nonce: u64,
    /// Hash of the code.
    pub code_hash: B256,
    /// Root of the account's storage.
    pub storage_root: B256,
    /// Nodes from the state root down.
    pub proof: Vec<Bytes>,
    /// Per slot: key, value, nodes from the storage root down.
    pub slots: Vec<(B256, U256, Vec<Bytes>)>,
}

/// Why the chain could not be read.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The block is above the head, or is not kept.
    #[error("no state of block {height}")]
    NoState {
        /// The block.
        height: Height,
    },
    /// That part of the block's history was removed, or never known.
    #[error(
        "pruned history unavailable: {part} of block {height}; what is kept begins with block {first}"
    )]
    Pruned {
        /// What is gone.
        part: History,
        /// The block.
        height: Height,
        /// The first block of which it is kept.
        first: Height,
    },
    /// No kept block has the transaction, and the transactions of earlier ones were removed.
    #[error(
        "pruned history unavailable: transaction {hash} is in no block from {first} on, where what is kept begins"
    )]
    PrunedTransaction {
        /// The transaction.
        hash: TxHash,
        /// The first block whose transactions are kept.
        first: Height,
    },
    /// Proofs and roots need the whole state, of which a fork knows only a part.
    #[error("a forked chain has no proofs and state roots: it knows only a part of the state")]
    Forked,
    /// The chain that this one forked off from cannot be read.
    #[error(transparent)]
    Fork(Arc<ForkError>),
    /// The store failed.
    #[error(transparent)]
    Store(Arc<DbError>),
}

impl DBErrorMarker for ReadError {}

impl ReadError {
    /// Whether what was asked for was there once and is not kept any more.
    pub const fn is_pruned(&self) -> bool {
        matches!(self, Self::Pruned { .. } | Self::PrunedTransaction { .. })
    }
}

impl From<DbError> for ReadError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::UnknownBlock { number, .. } => Self::NoState { height: Height(number) },
            DbError::Pruned { part, number, first } => {
                Self::Pruned { part, height: Height(number), first: Height(first) }
            }
            other => Self::Store(Arc::new(other)),
        }
    }
}

impl From<ForkError> for ReadError {
    fn from(error: ForkError) -> Self {
        Self::Fork(Arc::new(error))
    }
}

impl ChainView {
    /// The snapshot that a store's view shows, under a chain's rules.
    ///
    /// # Errors
    /// When the store cannot be read, or has no genesis yet.
    pub fn new(
        view: View,
        spec: Arc<ChainSpec>,
        fork: Option<Arc<Fork>>,
    ) -> Result<Self, ReadError> {
        let head = Arc::new(sealed(view.head_header()?));
        Ok(Self { view, head, spec, fork })
    }

    /// The chain that this one forked off from.
    pub const fn fork(&self) -> Option<&Arc<Fork>> {
        self.fork.as_ref()
    }

    /// The first block that can be read.
    pub fn first(&self) -> Height {
        if self.fork.is_some() { Height(0) } else { Height(self.spec.header.number) }
    }

    /// The first block whose state is known.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn state_from(&self) -> Result<Height, ReadError> {
        Ok(Height(self.view.kept()?.state))
    }

    /// The other chain, if it is what has a block: it has bodies up to the last shared one.
    fn below(&self, height: Height) -> Option<&Arc<Fork>> {
        self.fork.as_ref().filter(|fork| height.0 <= fork.number())
    }

    /// The chain's rules.
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// The head of the snapshot.
    pub fn head(&self) -> &Sealed<Header> {
        &self.head
    }

    /// The number of the head.
    pub fn height(&self) -> Height {
        Height(self.head.number)
    }

    /// A header; `None` above the head.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn header(&self, height: Height) -> Result<Option<Sealed<Header>>, ReadError> {
        match self.below(height) {
            Some(fork) => Ok(fork.header(height.0)?),
            None => Ok(self.view.header(height.0)?.map(sealed)),
        }
    }

    /// The height of a block; `None` if it is not on the chain.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn height_of(&self, hash: B256) -> Result<Option<Height>, ReadError> {
        match (self.view.number(hash)?, &self.fork) {
            (None, Some(fork)) => Ok(fork.height_of(hash)?.map(Height)),
            (found, _) => Ok(found.map(Height)),
        }
    }

    /// The highest block that was marked as final and is still there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn final_height(&self) -> Result<Option<Height>, ReadError> {
        Ok(self.view.final_number()?.map(Height))
    }

    /// A whole block; `None` above the head.
    ///
    /// # Errors
    /// When the store cannot be read; [`ReadError::Pruned`] when its body or receipts are not kept.
    pub fn block(&self, height: Height) -> Result<Option<BlockRecord>, ReadError> {
        if self.below(height).is_none() {
            self.view.need(History::Receipts, height.0)?;
        }
        self.body(height)
    }

    /// A block, without its receipts where these are not kept; `None` above the head.
    ///
    /// # Errors
    /// When the store cannot be read; [`ReadError::Pruned`] when its body is not kept.
    pub fn body(&self, height: Height) -> Result<Option<BlockRecord>, ReadError> {
        if let Some(fork) = self.below(height) {
            return Ok(fork.block(height.0)?);
        }
        let Some(block) = self.view.block(height.0)? else { return Ok(None) };
        let receipts = if self.view.has(History::Receipts, height.0)? {
            self.view.receipts(height.0)?.unwrap_or_default()
        } else {
            Vec::new()
        };
        let attached = Attached::decode(self.view.sidecar(height.0)?);
        Ok(Some(record::restore(block, receipts, attached)))
    }

    /// The blocks of a range whose blooms have one item of each group, ascending; a group without
    /// items asks for nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn blocks_with_logs(
        &self,
        range: RangeInclusive<u64>,
        wanted: &[Vec<Bloom>],
    ) -> Result<Vec<Height>, ReadError> {
        let found = self.view.blocks_with_logs(range, wanted)?;
        Ok(found.into_iter().map(Height).collect())
    }

    /// What dev cheats changed between a block and its parent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn outside(&self, height: Height) -> Result<StateChanges, ReadError> {
        Ok(Attached::decode(self.view.sidecar(height.0)?).outside)
    }

    /// Where a transaction stands: height, and index in the block.
    ///
    /// # Errors
    /// When the store or the other chain cannot be read; [`ReadError::PrunedTransaction`] when it may
    /// stand in a block whose transactions are not kept.
    pub fn transaction(&self, hash: TxHash) -> Result<Option<(Height, usize)>, ReadError> {
        let found = self.own_transaction(hash)?;
        if let (None, Some(fork)) = (&found, &self.fork)
            && let Some((height, index)) = fork.transaction(hash)?
        {
            return Ok(Some((Height(height), index)));
        }
        if found.is_none() {
            let (first, genesis) = (self.view.kept()?.bodies, self.spec.header.number);
            if first > genesis.saturating_add(1) {
                return Err(ReadError::PrunedTransaction { hash, first: Height(first) });
            }
        }
        Ok(found)
    }

    /// The same of this chain's own blocks only.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn own_transaction(&self, hash: TxHash) -> Result<Option<(Height, usize)>, ReadError> {
        Ok(self.view.tx_by_hash(hash)?.map(|found| {
            // A block that fits memory has no more transactions than that.
            let index = usize::try_from(found.index).unwrap_or(usize::MAX);
            (Height(found.block_number), index)
        }))
    }

    /// The accounts as of a moment.
    ///
    /// # Errors
    /// [`ReadError::NoState`] above the head, [`ReadError::Pruned`] when the state is not kept.
    pub fn state(&self, at: At) -> Result<StateView, ReadError> {
        let source = match at {
            At::Latest => Source::Latest(self.view.clone()),
            At::After(height) if height.0 < self.fork.as_ref().map_or(0, |fork| fork.number()) => {
                Source::Below(self.view.clone(), height)
            }
            At::After(height) => Source::After(self.view.at(height.0)?),
        };
        Ok(StateView { source, fork: self.fork.clone(), overwritten: BTreeSet::new() })
    }

    /// The environment in which a block's transactions ran: all consensus checks on.
    pub fn env_of(&self, header: &Header) -> EvmEnv {
        self.spec.env_of(header)
    }

    /// The store's view below, for what only the store can tell.
    pub const fn store(&self) -> &View {
        &self.view
    }
}

impl StateView {
    /// Balance, nonce and code hash; `None` if the account does not exist.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn account(&self, address: Address) -> Result<Option<AccountInfo>, ReadError> {
        match (self.own_account(address)?, self.below()) {
            (None, Some((fork, at))) if !self.has_mark(address, tombs::GONE)? => {
                Ok(fork.account(address, at)?)
            }
            (account, _) => Ok(account.map(info)),
        }
    }

    /// The code of an account; empty if none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn code(&self, address: Address) -> Result<Bytes, ReadError> {
        match self.account(address)? {
            Some(AccountInfo { code: Some(code), .. }) => Ok(code.original_bytes()),
            Some(account) if account.code_hash != KECCAK256_EMPTY => {
                Ok(self.code_by_hash_ref(account.code_hash)?.original_bytes())
            }
            _ => Ok(Bytes::new()),
        }
    }

    /// A storage slot; zero if unset.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn storage(&self, address: Address, slot: U256) -> Result<U256, ReadError> {
        let value = self.own_storage(address, slot.into())?;
        match self.below_slot(address, slot)? {
            Some((fork, at)) if value.is_zero() => Ok(fork.storage(address, slot, at)?),
            _ => Ok(value),
        }
    }

    /// The other chain, unless the chain of our own emptied the slot, or is about to overwrite it.
    fn below_slot(&self, address: Address, slot: U256) -> Result<Option<(&Fork, u64)>, ReadError> {
        let Some(below) = self.below() else { return Ok(None) };
        let key = B256::from(slot);
        let is_ours = tombs::is_mark(key)
            || self.is_overwritten(address, slot)
            || self.has_mark(address, tombs::of(key))?
            || self.has_mark(address, tombs::WIPED)?;
        Ok((!is_ours).then_some(below))
    }

    /// An account as far as this chain's own store has it.
    fn own_account(&self, address: Address) -> Result<Option<Account>, ReadError> {
        Ok(match &self.source {
            Source::Latest(view) => view.account(address)?,
            Source::After(view) => view.account(address)?,
            Source::Below(..) => None,
        })
    }

    /// A slot as far as this chain's own store has it.
    fn own_storage(&self, address: Address, slot: B256) -> Result<U256, ReadError> {
        Ok(match &self.source {
            Source::Latest(view) => view.storage(address, slot)?,
            Source::After(view) => view.storage(address, slot)?,
            Source::Below(..) => U256::ZERO,
        })
    }

    fn has_mark(&self, address: Address, mark: B256) -> Result<bool, ReadError> {
        Ok(!self.own_storage(address, mark)?.is_zero())
    }

    /// The other chain, and the block after which it lies below this state.
    fn below(&self) -> Option<(&Fork, u64)> {
        let fork = self.fork.as_deref()?;
        Some(match self.source {
            Source::Below(_, height) => (fork, height.0),
            Source::Latest(_) | Source::After(_) => (fork, fork.number()),
        })
    }

    /// Asks the other chain no more what it has in some slots, which a block overwrites unread: they
    /// are zero unless the chain of our own has set them, and count as changed.
    pub(super) fn overwrite(&mut self, slots: Vec<Slot>) {
        self.overwritten.extend(slots);
    }

    /// Whether a block overwrites this slot unread.
    pub(super) fn is_overwritten(&self, address: Address, slot: U256) -> bool {
        self.overwritten.contains(&(address, slot))
    }

    /// Whether another chain lies below.
    pub(super) const fn is_forked(&self) -> bool {
        self.fork.is_some()
    }

    /// Asks the other chain, if there is one, at once for what is about to be read.
    ///
    /// # Errors
    /// When the other chain cannot be read.
    pub fn prefetch(
        &self,
        accounts: &[Address],
        slots: &[(Address, U256)],
    ) -> Result<(), ReadError> {
        let Some((fork, at)) = self.below() else { return Ok(()) };
        let (mut missing, mut empty) = (Vec::new(), Vec::new());
        for address in accounts {
            if self.own_account(*address)?.is_none() {
                missing.push(*address);
            }
        }
        for (address, slot) in slots {
            if self.own_storage(*address, (*slot).into())?.is_zero()
                && self.below_slot(*address, *slot)?.is_some()
            {
                empty.push((*address, *slot));
            }
        }
        Ok(fork.prefetch(at, &missing, &empty)?)
    }

    /// The account with its Merkle proof.
    ///
    /// # Errors
    /// When the store cannot be read; [`ReadError::Forked`].
    pub fn proof(&self, address: Address, slots: &[B256]) -> Result<AccountProof, ReadError> {
        let found = match &self.source {
            _ if self.is_forked() => return Err(ReadError::Forked),
            Source::Latest(view) => view.proof(address, slots)?,
            Source::After(view) => view.proof(address, slots)?,
            Source::Below(..) => return Err(ReadError::Forked),
        };
        let account = found.account.unwrap_or_default();
        Ok(AccountProof {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.bytecode_hash.unwrap_or(KECCAK256_EMPTY),
            storage_root: found.storage_root,
            proof: found.proof,
            slots: found
                .storage_proofs
                .into_iter()
                .map(|slot| (slot.slot, slot.value, slot.proof))
                .collect(),
        })
    }

    /// The root of this state with changes above it; above a fork, of what the chain of our own
    /// changed since.
    ///
    /// # Errors
    /// When the store cannot be read; [`ReadError::Forked`] for a block of the other chain.
    pub fn state_root(&self, changes: &StateChanges) -> Result<B256, ReadError> {
        Ok(match &self.source {
            Source::Latest(view) => view.state_root(changes)?,
            Source::After(view) => view.state_root(changes)?,
            Source::Below(..) => return Err(ReadError::Forked),
        })
    }

    /// All slots of an account that are not zero, ascending.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn slots(&self, address: Address) -> Result<Vec<(B256, U256)>, ReadError> {
        Ok(match &self.source {
            Source::Latest(view) => view.account_storage(address)?,
            Source::After(view) => view.account_storage(address)?,
            Source::Below(_, height) => return Err(ReadError::NoState { height: *height }),
        })
    }

    /// All accounts by address.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn accounts(&self) -> Result<BTreeMap<Address, AccountInfo>, ReadError> {
        let accounts = match &self.source {
            Source::Latest(view) => view.accounts()?,
            Source::After(view) => view.accounts()?,
            Source::Below(_, height) => return Err(ReadError::NoState { height: *height }),
        };
        Ok(accounts.into_iter().map(|(address, account)| (address, info(account))).collect())
    }

    const fn view(&self) -> &View {
        match &self.source {
            Source::Latest(view) | Source::Below(view, _) => view,
            Source::After(view) => view.view(),
        }
    }
}

impl DatabaseRef for StateView {
    type Error = ReadError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, ReadError> {
        self.account(address)
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, ReadError> {
        if code_hash == KECCAK256_EMPTY {
            return Ok(Bytecode::default());
        }
        Ok(self.view().bytecode(code_hash)?.unwrap_or_default().0)
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, ReadError> {
        self.storage(address, index)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, ReadError> {
        match (self.view().hash(number)?, &self.fork) {
            (None, Some(fork)) => Ok(fork.block_hash(number)?.unwrap_or_default()),
            (hash, _) => Ok(hash.unwrap_or_default()),
        }
    }
}

/// A stored account as the EVM takes it; the code comes by its hash.
pub(super) fn info(account: Account) -> AccountInfo {
    AccountInfo {
        balance: account.balance,
        nonce: account.nonce,
        code_hash: account.bytecode_hash.unwrap_or(KECCAK256_EMPTY),
        code: None,
        ..AccountInfo::default()
    }
}

fn sealed(header: SealedHeader) -> Sealed<Header> {
    let (header, hash) = header.split();
    Sealed::new_unchecked(header, hash)
}
