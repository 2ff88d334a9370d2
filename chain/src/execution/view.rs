//! Reads the chain as of one committed snapshot.

use super::{
    BlockRecord, Fork, ForkError,
    attached::Attached,
    record,
    state::{Source, StateView},
};
use crate::genesis::ChainSpec;
use alloy_consensus::{Header, Sealed};
use alloy_evm::{EvmEnv, revm::context::DBErrorMarker};
use alloy_primitives::{B256, Bloom, TxHash};
use std::{ops::RangeInclusive, sync::Arc};
use utnet_db::{DbError, History, SealedHeader, StateChanges, View};
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
        Ok(StateView::new(source, self.fork.clone()))
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

fn sealed(header: SealedHeader) -> Sealed<Header> {
    let (header, hash) = header.split();
    Sealed::new_unchecked(header, hash)
}
