//! Turns the accounts of a genesis file into the store's form.

use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, U256};
use utnet_db::{Account, StateChanges};

/// The state that a genesis file describes.
pub(crate) fn genesis_changes(genesis: &Genesis) -> StateChanges {
    let mut changes = StateChanges::default();
    for (address, account) in &genesis.alloc {
        add(&mut changes, *address, account);
    }
    changes
}

fn add(changes: &mut StateChanges, address: Address, account: &GenesisAccount) {
    let code = account.code.clone().unwrap_or_default();
    let bytecode_hash = changes.add_code(code);
    let stored = Account {
        nonce: account.nonce.unwrap_or_default(),
        balance: account.balance,
        bytecode_hash,
    };
    changes.set_account(address, stored);
    for (slot, value) in account.storage.iter().flatten() {
        let value = U256::from_be_bytes(value.0);
        if !value.is_zero() {
            changes.set_storage(address, *slot, value);
        }
    }
}
