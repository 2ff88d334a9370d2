//! Reads the chain as of one committed snapshot.

use super::BlockRecord;
use crate::genesis::ChainSpec;
use alloy_consensus::{Header, Sealed};
use alloy_evm::{EvmEnv, revm::context::DBErrorMarker};
use alloy_primitives::{Address, B256, Bytes, TxHash, U256};
use std::sync::Arc;
use utnet_primitives::Height;

/// The chain as of one committed snapshot; clones share it.
#[derive(Clone, Debug)]
pub struct ChainView {
    spec: Arc<ChainSpec>,
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
pub struct StateView {}

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
    /// The block is above the head, or was pruned.
    #[error("no state of block {height}")]
    NoState {
        /// The block.
        height: Height,
    },
}

impl DBErrorMarker for ReadError {}

impl ChainView {
    /// The chain's rules.
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// The head of the snapshot.
    pub fn head(&self) -> &Sealed<Header> {
        todo!()
    }

    /// A header; `None` above the head.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn header(&self, height: Height) -> Result<Option<Sealed<Header>>, ReadError> {
        todo!()
    }

    /// The height of a block; `None` if it is not on the chain.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn height_of(&self, hash: B256) -> Result<Option<Height>, ReadError> {
        todo!()
    }

    /// A whole block; `None` above the head.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn block(&self, height: Height) -> Result<Option<BlockRecord>, ReadError> {
        todo!()
    }

    /// Where a transaction stands: height, and index in the block.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn transaction(&self, hash: TxHash) -> Result<Option<(Height, usize)>, ReadError> {
        todo!()
    }

    /// The accounts as of a moment.
    ///
    /// # Errors
    /// [`ReadError::NoState`] above the head.
    pub fn state(&self, at: At) -> Result<StateView, ReadError> {
        todo!()
    }

    /// The environment in which a block's transactions ran: all consensus checks on.
    pub fn env_of(&self, header: &Header) -> EvmEnv {
        todo!()
    }
}

impl StateView {
    /// Balance, nonce and code hash; `None` if the account does not exist.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn account(
        &self,
        address: Address,
    ) -> Result<Option<alloy_evm::revm::state::AccountInfo>, ReadError> {
        todo!()
    }

    /// The code of an account; empty if none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn code(&self, address: Address) -> Result<Bytes, ReadError> {
        todo!()
    }

    /// A storage slot; zero if unset.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn storage(&self, address: Address, slot: U256) -> Result<U256, ReadError> {
        todo!()
    }

    /// The account with its Merkle proof.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn proof(&self, address: Address, slots: &[B256]) -> Result<AccountProof, ReadError> {
        todo!()
    }
}
