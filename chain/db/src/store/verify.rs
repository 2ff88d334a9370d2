//! Checks a whole store against itself: hashes, links, indices and the state root.

use super::View;
use crate::{
    error::DbError,
    provider::blocks::need,
    state::StateChanges,
    tables::{
        CanonicalHeaders, HashedAccounts, HashedStorages, HeaderNumbers, Headers,
        PlainAccountState, PlainStorageState, TransactionHashNumbers,
    },
    traits::{DbCursorRO, DbDupCursorRO, DbTx, Table},
};
use alloy_primitives::{BlockNumber, keccak256};
use reth_primitives_traits::StorageEntry;

fn same<T: Table>(is_same: bool) -> Result<(), DbError> {
    if is_same { Ok(()) } else { Err(DbError::Undecodable { table: T::NAME }) }
}

impl View {
    /// Checks every kept block and the latest state: headers hash to what is stored and link to
    /// their parents, hashes lead back to blocks and transactions, the hashed state is the plain
    /// one, and the state has the root of the head. Reads everything, the state into memory.
    ///
    /// # Errors
    ///
    /// The first fault found: [`DbError::Undecodable`], [`DbError::Missing`],
    /// [`DbError::StateRoot`]; or what the engine reports.
    pub fn verify(&self) -> Result<(), DbError> {
        let genesis = self.genesis_number()?.ok_or(DbError::Empty)?;
        let head = self.head_number()?;
        for number in genesis..=head {
            self.verify_block(number, genesis)?;
        }
        self.verify_state(head)
    }

    fn verify_block(&self, number: BlockNumber, genesis: BlockNumber) -> Result<(), DbError> {
        let block = need::<CanonicalHeaders, _>(self.block(number)?)?;
        same::<HeaderNumbers>(self.number(block.header.hash())? == Some(number))?;
        if number != genesis {
            // The first block may be another chain's, with a header of another shape.
            same::<Headers>(block.header.header().hash_slow() == block.header.hash())?;
            same::<Headers>(self.hash(number - 1)? == Some(block.header.parent_hash))?;
        }
        for (id, transaction) in (block.first_tx_num..).zip(&block.transactions) {
            let hash = *transaction.tx_hash();
            same::<TransactionHashNumbers>(
                self.tx().get::<TransactionHashNumbers>(hash)? == Some(id),
            )?;
        }
        self.receipts(number)?;
        self.sidecar(number)?;
        Ok(())
    }

    /// The hashed tables hold what the plain ones do.
    fn verify_hashed(&self) -> Result<(), DbError> {
        let tx = self.tx();
        for entry in tx.cursor_read::<PlainAccountState>()?.walk(None)? {
            let (address, account) = entry?;
            let hashed = tx.get::<HashedAccounts>(keccak256(address))?;
            same::<HashedAccounts>(hashed == Some(account))?;
        }
        let mut hashed = tx.cursor_dup_read::<HashedStorages>()?;
        for entry in tx.cursor_read::<PlainStorageState>()?.walk(None)? {
            let (address, slot) = entry?;
            let key = keccak256(slot.key);
            let found = hashed.seek_by_key_subkey(keccak256(address), key)?;
            same::<HashedStorages>(found == Some(StorageEntry { key, value: slot.value }))?;
        }
        let accounts = tx.entries::<PlainAccountState>()? == tx.entries::<HashedAccounts>()?;
        same::<HashedAccounts>(accounts)?;
        let slots = tx.entries::<PlainStorageState>()? == tx.entries::<HashedStorages>()?;
        same::<HashedStorages>(slots)
    }

    fn verify_state(&self, head: BlockNumber) -> Result<(), DbError> {
        self.verify_hashed()?;
        let computed = self.state_root_from_scratch()?;
        let declared = self.state_root(&StateChanges::default())?;
        if computed != declared {
            return Err(DbError::StateRoot { number: head, computed, declared });
        }
        let computed = self.at(head)?.state_root(&StateChanges::default())?;
        let header = self.head_header()?;
        if self.genesis_number()? != Some(head) && computed != header.state_root {
            let declared = header.state_root;
            return Err(DbError::StateRoot { number: head, computed, declared });
        }
        Ok(())
    }
}
