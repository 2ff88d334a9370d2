//! Changes accounts outside any block, as dev methods ask.

use super::{Overlay, ReadError, StateView, overlay};
use alloy_evm::revm::{
    DatabaseRef,
    bytecode::Bytecode,
    database::{AccountState, CacheDB},
};
use alloy_primitives::{Address, Bytes, U256};
use std::collections::BTreeMap;
use utnet_db::StateChanges;

/// What a dev cheat changes of one account; `None` and absent slots stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountPatch {
    /// New balance, in wei.
    pub balance: Option<U256>,
    /// New nonce.
    pub nonce: Option<u64>,
    /// New code; empty removes it.
    pub code: Option<Bytes>,
    /// New values of storage slots; zero removes.
    pub storage: BTreeMap<U256, U256>,
}

/// What patches change of a state. An account that ends up empty and had no slot set is gone.
///
/// # Errors
/// When the state cannot be read.
pub(crate) fn patch_accounts(
    state: StateView,
    patches: &[(Address, AccountPatch)],
) -> Result<StateChanges, ReadError> {
    let mut overlay = CacheDB::new(state);
    for (address, patch) in patches {
        apply(&mut overlay, *address, patch)?;
    }
    overlay::changes(&overlay, false)
}

fn apply(overlay: &mut Overlay, address: Address, patch: &AccountPatch) -> Result<(), ReadError> {
    let mut info = overlay.basic_ref(address)?.unwrap_or_default();
    info.balance = patch.balance.unwrap_or(info.balance);
    info.nonce = patch.nonce.unwrap_or(info.nonce);
    if let Some(code) = &patch.code {
        // A malformed EIP-7702 designator is plain code, as a chain would have it.
        let code = Bytecode::new_raw_checked(code.clone())
            .unwrap_or_else(|_malformed| Bytecode::new_legacy(code.clone()));
        info.code_hash = code.hash_slow();
        info.code = Some(code);
    }
    let is_gone = info.is_empty() && patch.storage.is_empty();
    overlay.insert_account_info(address, info);
    for (slot, value) in &patch.storage {
        overlay.insert_account_storage(address, *slot, *value)?;
    }
    if is_gone {
        overlay.load_account(address)?.account_state = AccountState::NotExisting;
    }
    Ok(())
}
