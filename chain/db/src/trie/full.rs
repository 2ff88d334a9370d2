//! Computes the state root from the plain state alone, as a check on everything else here.

use crate::{
    error::DbError,
    tables::{PlainAccountState, PlainStorageState},
    traits::{DbCursorRO, DbTx},
};
use alloy_primitives::{Address, B256, U256};
use alloy_trie::root::{state_root_unhashed, storage_root_unhashed};
use std::collections::BTreeMap;

/// The root of the latest plain state. Needs memory for the whole state and reads all of it.
pub(crate) fn root<TX: DbTx>(tx: &TX) -> Result<B256, DbError> {
    let mut storages: BTreeMap<Address, Vec<(B256, U256)>> = BTreeMap::new();
    for entry in tx.cursor_read::<PlainStorageState>()?.walk(None)? {
        let (address, slot) = entry?;
        storages.entry(address).or_default().push((slot.key, slot.value));
    }
    let mut accounts = Vec::new();
    for entry in tx.cursor_read::<PlainAccountState>()?.walk(None)? {
        let (address, account) = entry?;
        let root = storage_root_unhashed(storages.remove(&address).unwrap_or_default());
        accounts.push((address, account.into_trie_account(root)));
    }
    Ok(state_root_unhashed(accounts))
}
