//! Proves accounts and slots against a state's root, and computes roots.

use super::{
    ReadError,
    state::{Source, StateView},
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use utnet_db::StateChanges;

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

impl StateView {
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
}
