//! Puts a chain that was dumped, here or elsewhere, in the place of the blocks above genesis.

use super::{META_GENESIS_HASH, Store, Write, check_state_root, tries::Left};
use crate::{
    error::DbError,
    provider::{BlockWrite, blocks, kept, logs, state, unwind},
    pruning::History,
    state::StateChanges,
    tables::{CanonicalHeaders, Meta},
    traits::DbTxMut,
    trie::{self, Warm},
};
use alloy_primitives::Bytes;

/// A chain to put in the place of another. Its blocks follow one another without a gap.
#[derive(Clone, Debug, Default)]
pub struct Graft {
    /// The first block, and those after it whose state is not known; at least one, and its number is that
    /// of the genesis block whose place it takes.
    pub bare: Vec<BlockWrite>,
    /// What turns the genesis state into the state after the last of them.
    pub base: StateChanges,
    /// The blocks after them, with what each changed.
    pub blocks: Vec<BlockWrite>,
    /// What changed since the last block.
    pub outside: StateChanges,
    /// Whether the last block's state root must be that of the state.
    pub check_root: bool,
}

impl Store {
    /// Removes all blocks above genesis, and puts a dumped chain there, genesis block included. States before
    /// the last bare block are unknown from then on; [`Store::init_genesis`] still expects the old genesis.
    ///
    /// # Errors
    ///
    /// [`DbError::StateRoot`], [`DbError::Empty`], [`DbError::Pruned`] when the state of the genesis block is not
    /// known any more, [`DbError::Missing`] for a graft without a first block,
    /// [`DbError::UnevenBlock`], [`DbError::Full`]; then nothing was written.
    pub fn graft(&self, graft: Graft) -> Result<(), DbError> {
        self.write(graft)
    }
}

impl Write<()> for Graft {
    fn run<TX: DbTxMut>(self, tx: &TX) -> Result<((), Left), DbError> {
        let first = blocks::need::<CanonicalHeaders, _>(self.bare.first())?.header.number;
        clear(tx, first)?;
        let mut total = self.base.clone();
        for block in &self.blocks {
            total.extend(block.state.clone());
        }
        if self.check_root {
            let last = self.blocks.last().or_else(|| self.bare.last());
            let last = blocks::need::<CanonicalHeaders, _>(last)?;
            let update = trie::update(tx, total.hashed(), Warm::default())?;
            check_state_root(&last.header, update.root)?;
        }
        total.extend(self.outside.clone());
        let update = trie::update(tx, total.hashed(), Warm::default())?;
        state::write(tx, &self.base, &self.base.hashed(), None)?;
        let mut head = first;
        for block in self.bare {
            head = block.header.number;
            append(tx, block)?;
        }
        kept::set_first(tx, History::State, head)?;
        for mut block in self.blocks {
            head = block.header.number;
            let changes = std::mem::take(&mut block.state);
            state::write(tx, &changes, &changes.hashed(), Some(head))?;
            append(tx, block)?;
        }
        let next = Some(head.saturating_add(1));
        state::write(tx, &self.outside, &self.outside.hashed(), next)?;
        trie::write(tx, &update)?;
        Ok(((), Left::Unknown))
    }

    fn is_bulk(&self) -> bool {
        true
    }
}

/// Goes back to genesis, remembers its hash and removes it.
fn clear<TX: DbTxMut>(tx: &TX, genesis: u64) -> Result<(), DbError> {
    let (head, _) = blocks::head(tx)?.ok_or(DbError::Empty)?;
    let header = blocks::header(tx, genesis)?;
    let header = header.ok_or(DbError::UnknownBlock { number: genesis, head })?;
    kept::need(tx, History::State, genesis)?;
    let back = unwind::changes_back_to(tx, genesis)?;
    let update = trie::update(tx, back.hashed(), Warm::default())?;
    unwind::unwind(tx, genesis, head, &back, &update.hashed)?;
    trie::write(tx, &update)?;
    if tx.get::<Meta>(META_GENESIS_HASH.to_owned())?.is_none() {
        tx.put::<Meta>(META_GENESIS_HASH.to_owned(), Bytes::from(header.hash()))?;
    }
    blocks::remove(tx, genesis)?;
    kept::cap(tx, genesis)
}

fn append<TX: DbTxMut>(tx: &TX, block: BlockWrite) -> Result<(), DbError> {
    let (transactions, senders, receipts) =
        (block.transactions.len(), block.senders.len(), block.receipts.len());
    if transactions != senders || transactions != receipts {
        let number = block.header.number;
        return Err(DbError::UnevenBlock { number, transactions, senders, receipts });
    }
    let number = block.header.number;
    blocks::write(tx, block)?;
    logs::note(tx, number)
}
