//! Dumps a chain into one document and reads it back: anvil's format, with a part of our own that anvil passes over.
//!
//! anvil's part holds accounts, blocks, transactions with receipts and, when asked for, whole states of earlier
//! blocks. Ours holds the genesis file, what each block changed, and the proofs of producers: with it every state
//! of the past comes back. `docs/formats.md` draws both.

mod format;
mod history;
mod read;
mod write;

pub use read::Restored;

use super::{api::EngineError, worker::Engine};
use crate::{
    execution::{BlockRecord, ChainView, ReadError, to_write},
    genesis::{ChainSpec, GenesisError, Limits},
};
use alloy_primitives::{B256, Bytes};
use format::Document;
use std::{
    io::{Read, Write},
    sync::Arc,
};
use utnet_db::{Graft, StateChanges, Store};
use utnet_primitives::{Gas, Height};

/// Longest document that is unpacked, in bytes.
const LONGEST: u64 = 8 << 30;

/// Why a dump was not made or not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// Not packed by gzip, or cut off.
    #[error("the dump cannot be unpacked: {0}")]
    Packing(#[from] std::io::Error),
    /// Not in anvil's format.
    #[error("the dump is not in anvil's format: {0}")]
    Form(#[from] serde_json::Error),
    /// The part of our own is of another version of the node.
    #[error("the dump's part `utnet` has version {found}, this node knows {known}")]
    Version {
        /// What the dump says.
        found: u32,
        /// What this node knows.
        known: u32,
    },
    /// The chain of blocks has a gap.
    #[error("the dump has no block {number} that leads to its head")]
    Gap {
        /// The missing block.
        number: u64,
    },
    /// A mined transaction has no receipt.
    #[error("the dump has no receipt of transaction {hash} in block {block}")]
    NoReceipt {
        /// The transaction.
        hash: B256,
        /// Its block.
        block: u64,
    },
    /// The chain is run under POCI, and the dump was made elsewhere.
    #[error(
        "this chain runs under POCI and the dump's blocks have no proof of their producers: load it into a \
         node started with --no-poci"
    )]
    Unproven,
    /// The accounts of a fork stand on another chain.
    #[error("a chain that forks off from another is neither dumped nor replaced by a dump")]
    Forked,
    /// The genesis file in the dump is not valid.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<utnet_db::DbError> for DumpError {
    fn from(error: utnet_db::DbError) -> Self {
        Self::Read(error.into())
    }
}

/// Whether whole states of earlier blocks are dumped in anvil's form, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Only in our own form, as what each block changed.
    Ours,
    /// In anvil's form as well: its size is that of the state times that of the chain.
    Both,
}

/// A chain as JSON, as anvil's `--dump-state` writes it.
///
/// # Errors
/// When the store cannot be read.
pub fn to_json(view: &ChainView, past: Past) -> Result<Vec<u8>, DumpError> {
    if view.spec().forked_from.is_some() {
        return Err(DumpError::Forked);
    }
    Ok(serde_json::to_vec(&write::document(view, past)?)?)
}

/// A chain as packed JSON, as `anvil_dumpState` answers.
///
/// # Errors
/// When the store cannot be read.
pub fn to_packed(view: &ChainView, past: Past) -> Result<Bytes, DumpError> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(&to_json(view, past)?)?;
    Ok(packer.finish()?.into())
}

/// Reads a dump from JSON.
///
/// # Errors
/// [`DumpError`].
pub fn from_json(json: &[u8]) -> Result<Restored, DumpError> {
    let document: Document = serde_json::from_slice(json)?;
    read::restored(document)
}

/// Reads a packed dump; plain JSON will do, too.
///
/// # Errors
/// [`DumpError`].
pub fn from_packed(packed: &[u8]) -> Result<Restored, DumpError> {
    if packed.first() == Some(&b'{') {
        return from_json(packed);
    }
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(packed).take(LONGEST).read_to_end(&mut json)?;
    from_json(&json)
}

impl Restored {
    /// The rules of the chain that was dumped, if this program dumped it.
    ///
    /// # Errors
    /// [`GenesisError`] when its genesis file is not valid.
    pub fn spec(&self, limits: Limits) -> Result<Option<ChainSpec>, GenesisError> {
        self.genesis.clone().map(|genesis| ChainSpec::new(genesis, limits)).transpose()
    }
}

impl Engine {
    /// Puts a dumped chain in the place of the present one; a dump without blocks only changes accounts.
    pub(super) fn load(&mut self, restored: Restored) -> Result<(), EngineError> {
        if self.spec().forked_from.is_some() {
            return Err(DumpError::Forked.into());
        }
        let spec = self.spec_of(&restored)?;
        let store = match &spec {
            Some(spec) => self.begin_again(spec)?,
            None => self.shared.store(),
        };
        let begins_anew = spec.is_some() || !restored.blocks.is_empty();
        if restored.blocks.is_empty() {
            let changes = restored.merged(&store.view()?.accounts()?);
            store.apply_outside_block(&changes)?;
        } else {
            store.graft(self.graft(restored, &store)?)?;
        }
        self.shared.replace(store, spec.unwrap_or_else(|| self.spec()), None);
        if begins_anew {
            self.free_chips(Height(self.spec().header.number));
        }
        self.start_over()
    }

    /// The dump's own rules where they differ from the present ones. Only a chain in memory may change its rules,
    /// and under POCI only a chain whose blocks are proven goes on.
    fn spec_of(&self, restored: &Restored) -> Result<Option<Arc<ChainSpec>>, EngineError> {
        let now = self.spec();
        let Some(spec) = restored.spec(now.limits)? else {
            return if now.poci.is_some() && !restored.blocks.is_empty() {
                Err(DumpError::Unproven.into())
            } else {
                Ok(None)
            };
        };
        if spec.header.hash() == now.header.hash() {
            return Ok(None);
        }
        if self.in_memory { Ok(Some(Arc::new(spec))) } else { Err(EngineError::OnDisk) }
    }

    fn graft(&self, restored: Restored, store: &Store) -> Result<Graft, EngineError> {
        let view = store.view()?;
        let genesis = view.genesis_number()?.unwrap_or_default();
        let first = restored.blocks.first().map_or(0, |block| block.record.header.number);
        if first != genesis {
            return Err(DumpError::Gap { number: genesis }.into());
        }
        let at_genesis = view.at(genesis).map_err(ReadError::from)?;
        let base = if restored.is_whole {
            restored.replacing(&at_genesis.accounts()?)
        } else {
            restored.merged(&at_genesis.accounts()?)
        };
        let mut graft = Graft {
            base,
            check_root: restored.is_root_held,
            outside: restored.outside,
            ..Graft::default()
        };
        for block in restored.blocks {
            let state = block.changes.unwrap_or_default();
            let is_bare = block.record.header.number <= restored.state_from;
            let write = to_write(&block.record, state, block.outside);
            if is_bare { graft.bare.push(write) } else { graft.blocks.push(write) }
        }
        Ok(graft)
    }

    /// Forgets what belonged to the chain before: snapshots, pool, time, and takes the head's gas limit.
    fn start_over(&mut self) -> Result<(), EngineError> {
        let view = self.view()?;
        self.snapshots.clear();
        self.shared.pool.write().clear();
        self.settings.time = self.time_of_head()?;
        self.settings.gas_limit = Gas(view.head().gas_limit);
        self.publish_settings();
        if let Some(head) = view.block(view.height())? {
            self.shared.announce(super::api::HeadEvent::Added(Arc::new(head)));
        }
        Ok(())
    }
}

/// A block of a dump.
#[derive(Clone, Debug)]
pub(super) struct RestoredBlock {
    pub(super) record: BlockRecord,
    /// What it changed; `None` where the dump does not say.
    pub(super) changes: Option<StateChanges>,
    /// What dev cheats changed between its parent and it.
    pub(super) outside: StateChanges,
}
