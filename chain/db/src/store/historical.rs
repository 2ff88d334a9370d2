//! Reads a state as it was after an earlier block.

use super::{
    View,
    proof::{AccountProof, proof},
};
use crate::{
    error::DbError,
    provider::{history, unwind},
    state::StateChanges,
};
use alloy_primitives::{Address, B256, BlockNumber, U256};
use reth_primitives_traits::{Account, Bytecode};

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

impl HistoricalView {
    /// The state after block `number`, which the view has.
    pub(super) const fn new(view: View, number: BlockNumber) -> Self {
        Self { view, number }
    }
}
