//! Describes how a block, a cheat or a genesis changes accounts, slots and code.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use reth_primitives_traits::{Account, Bytecode};
use std::collections::BTreeMap;

/// What happens to the account itself (nonce, balance, code hash).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountUpdate {
    /// Nothing; its storage may still change.
    #[default]
    Unchanged,
    /// It exists with these fields. An account without code has `bytecode_hash: None`.
    Set(Account),
    /// It does not exist.
    Deleted,
}

/// What happens to one account and its storage, in this order: update, wipe, slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// The account itself.
    pub account: AccountUpdate,
    /// Whether all slots there were are zero now, before `storage` applies.
    pub storage_wiped: bool,
    /// New values of slots; zero removes.
    pub storage: BTreeMap<B256, U256>,
}

/// A set of changes to the state. Values are the new ones; setting what is already there does
/// nothing and leaves no trace in the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChanges {
    /// Changes by address.
    pub accounts: BTreeMap<Address, AccountChange>,
    /// New code by its Keccak-256 hash.
    pub bytecodes: BTreeMap<B256, Bytecode>,
}

impl StateChanges {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.bytecodes.is_empty()
    }

    /// Gives an account new fields.
    pub fn set_account(&mut self, address: Address, account: Account) -> &mut Self {
        self.accounts.entry(address).or_default().account = AccountUpdate::Set(account);
        self
    }

    /// Deletes an account together with its storage.
    pub fn delete_account(&mut self, address: Address) -> &mut Self {
        let storage = BTreeMap::new();
        let gone = AccountChange { account: AccountUpdate::Deleted, storage_wiped: true, storage };
        self.accounts.insert(address, gone);
        self
    }

    /// Gives a slot a new value; zero removes it.
    pub fn set_storage(&mut self, address: Address, slot: B256, value: U256) -> &mut Self {
        self.accounts.entry(address).or_default().storage.insert(slot, value);
        self
    }

    /// Zeroes all slots of an account, including those set here before.
    pub fn wipe_storage(&mut self, address: Address) -> &mut Self {
        let change = self.accounts.entry(address).or_default();
        change.storage_wiped = true;
        change.storage.clear();
        self
    }

    /// Adds code and returns its hash for [`Account::bytecode_hash`]; `None` for empty code.
    pub fn add_code(&mut self, code: Bytes) -> Option<B256> {
        if code.is_empty() {
            return None;
        }
        let hash = keccak256(&code);
        self.bytecodes.entry(hash).or_insert_with(|| Bytecode::new_raw(code));
        Some(hash)
    }

    /// Applies `later` on top of these changes.
    pub fn extend(&mut self, later: Self) -> &mut Self {
        for (address, change) in later.accounts {
            let mine = self.accounts.entry(address).or_default();
            if change.account != AccountUpdate::Unchanged {
                mine.account = change.account;
            }
            if change.storage_wiped {
                mine.storage_wiped = true;
                mine.storage.clear();
            }
            mine.storage.extend(change.storage);
        }
        self.bytecodes.extend(later.bytecodes);
        self
    }

    /// The same changes by the hashes of addresses and slots.
    pub(crate) fn hashed(&self) -> HashedChanges {
        let hashed = self.accounts.iter().map(|(address, change)| {
            let storage =
                change.storage.iter().map(|(slot, value)| (keccak256(slot), *value)).collect();
            let change = AccountChange { storage, ..change.clone() };
            (keccak256(address), change)
        });
        HashedChanges { accounts: hashed.collect() }
    }
}

/// Changes by the hashes of addresses and slots, as the tries see them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HashedChanges {
    /// Changes by hash of address; slots by hash of slot.
    pub(crate) accounts: BTreeMap<B256, AccountChange>,
}
