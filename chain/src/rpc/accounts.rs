//! Reads accounts in the state that a caller means: after a block, or after the one to come.

use super::{Context, blocks::Target, error::RpcError};
use crate::execution::{Overlay, StateView};
use alloy_eips::BlockId;
use alloy_evm::revm::{DatabaseRef, state::AccountInfo};
use alloy_primitives::{Address, Bytes, U256};

/// The accounts in a state.
#[derive(Debug)]
pub(super) enum Accounts {
    /// After a block; the head's with what dev cheats changed since.
    After(StateView),
    /// After the block that would be made now.
    Pending(Box<Overlay>),
}

impl Context {
    /// The accounts in the state that a caller means; for the pending one the pool's ready transactions
    /// are run.
    pub(super) fn accounts(&self, id: Option<BlockId>) -> Result<Accounts, RpcError> {
        let is_pending = match id {
            Some(id) => self.target(&self.view()?, id)? == Target::Pending,
            None => false,
        };
        if !is_pending || self.chain.pool_view().status().pending == 0 {
            return Ok(Accounts::After(self.state(id)?));
        }
        let (_, proposal) = self.chain.pending()?;
        Ok(Accounts::Pending(Box::new(proposal.after)))
    }
}

impl Accounts {
    /// An account; `None` if it does not exist.
    pub(super) fn account(&self, address: Address) -> Result<Option<AccountInfo>, RpcError> {
        Ok(match self {
            Self::After(state) => state.account(address)?,
            Self::Pending(state) => state.basic_ref(address)?,
        })
    }

    /// The code of an account; empty if none.
    pub(super) fn code(&self, address: Address) -> Result<Bytes, RpcError> {
        let state = match self {
            Self::After(state) => return Ok(state.code(address)?),
            Self::Pending(state) => state,
        };
        Ok(match state.basic_ref(address)? {
            Some(AccountInfo { code: Some(code), .. }) => code.original_bytes(),
            Some(account) => state.code_by_hash_ref(account.code_hash)?.original_bytes(),
            None => Bytes::new(),
        })
    }

    /// A storage slot; zero if unset.
    pub(super) fn storage(&self, address: Address, slot: U256) -> Result<U256, RpcError> {
        Ok(match self {
            Self::After(state) => state.storage(address, slot)?,
            Self::Pending(state) => state.storage_ref(address, slot)?,
        })
    }
}
