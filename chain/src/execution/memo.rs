//! Remembers what was read of a state, so that telling what a block changed reads nothing again.

use super::ReadError;
use alloy_evm::revm::state::AccountInfo;
use alloy_primitives::{
    Address, U256,
    map::{AddressMap, U256Map},
};
use parking_lot::Mutex;

/// What was read of one state.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<Met>);

#[derive(Debug, Default)]
struct Met {
    accounts: AddressMap<Option<AccountInfo>>,
    slots: AddressMap<U256Map<U256>>,
}

impl Memo {
    /// An account, which `read` knows the first time.
    pub(super) fn account(
        &self,
        address: Address,
        read: impl FnOnce() -> Result<Option<AccountInfo>, ReadError>,
    ) -> Result<Option<AccountInfo>, ReadError> {
        if let Some(found) = self.0.lock().accounts.get(&address) {
            return Ok(found.clone());
        }
        let account = read()?;
        self.0.lock().accounts.insert(address, account.clone());
        Ok(account)
    }

    /// A slot, which `read` knows the first time.
    pub(super) fn slot(
        &self,
        address: Address,
        slot: U256,
        read: impl FnOnce() -> Result<U256, ReadError>,
    ) -> Result<U256, ReadError> {
        let found = self.0.lock().slots.get(&address).and_then(|slots| slots.get(&slot)).copied();
        if let Some(value) = found {
            return Ok(value);
        }
        let value = read()?;
        self.0.lock().slots.entry(address).or_default().insert(slot, value);
        Ok(value)
    }
}
