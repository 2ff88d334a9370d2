//! Surveys whole parts of the state: an account's slots, all accounts, and who changed in some blocks.

use super::{HistoricalView, View};
use crate::{
    codec::BlockNumberAddress,
    error::DbError,
    pruning::History,
    state::{AccountUpdate, StateChanges},
    tables::{AccountChangeSets, StorageChangeSets},
    traits::{DbCursorRO, DbTx},
};
use alloy_primitives::{Address, B256, BlockNumber, U256};
use reth_primitives_traits::Account;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

#[expect(clippy::missing_errors_doc, reason = "one sentence on the type says it for all methods")]
impl View {
    /// The accounts that some blocks changed: themselves or a slot of theirs.
    pub fn changed_accounts(
        &self,
        blocks: RangeInclusive<BlockNumber>,
    ) -> Result<BTreeSet<Address>, DbError> {
        let (first, last) = blocks.into_inner();
        self.need(History::State, first.saturating_sub(1))?;
        let mut changed = BTreeSet::new();
        for entry in self.tx().cursor_read::<AccountChangeSets>()?.walk(Some(first))? {
            let (number, before) = entry?;
            if number > last {
                break;
            }
            changed.insert(before.address);
        }
        let start = BlockNumberAddress(first, Address::ZERO);
        for entry in self.tx().cursor_read::<StorageChangeSets>()?.walk(Some(start))? {
            let (BlockNumberAddress(number, address), _) = entry?;
            if number > last {
                break;
            }
            changed.insert(address);
        }
        Ok(changed)
    }

    /// What stood before a block where the block changed it; a deleted account was not there.
    pub fn before(&self, block: BlockNumber) -> Result<StateChanges, DbError> {
        self.need(History::State, block.saturating_sub(1))?;
        let mut before = StateChanges::default();
        for entry in self.tx().cursor_read::<AccountChangeSets>()?.walk(Some(block))? {
            let (number, change) = entry?;
            if number != block {
                break;
            }
            let account = change.info.map_or(AccountUpdate::Deleted, AccountUpdate::Set);
            before.accounts.entry(change.address).or_default().account = account;
        }
        let start = BlockNumberAddress(block, Address::ZERO);
        for entry in self.tx().cursor_read::<StorageChangeSets>()?.walk(Some(start))? {
            let (BlockNumberAddress(number, address), slot) = entry?;
            if number != block {
                break;
            }
            before.set_storage(address, slot.key, slot.value);
        }
        Ok(before)
    }

    /// All accounts, latest.
    pub fn accounts(&self) -> Result<BTreeMap<Address, Account>, DbError> {
        let mut accounts = BTreeMap::new();
        self.all_accounts(|address, account| {
            accounts.insert(address, account);
            Ok::<(), DbError>(())
        })?;
        Ok(accounts)
    }
}

#[expect(clippy::missing_errors_doc, reason = "one sentence on the type says it for all methods")]
impl HistoricalView {
    /// All slots of an account that are not zero. The work grows with what changed since.
    pub fn account_storage(&self, address: Address) -> Result<Vec<(B256, U256)>, DbError> {
        let latest = self.view().account_storage(address)?;
        let Some(back) = self.changes_back()?.accounts.remove(&address) else { return Ok(latest) };
        let mut slots: BTreeMap<_, _> = latest.into_iter().collect();
        slots.extend(back.storage);
        Ok(slots.into_iter().filter(|(_, value)| !value.is_zero()).collect())
    }

    /// All accounts. The work grows with the state, and with what changed since.
    pub fn accounts(&self) -> Result<BTreeMap<Address, Account>, DbError> {
        let mut accounts = self.view().accounts()?;
        for (address, change) in self.changes_back()?.accounts {
            match change.account {
                AccountUpdate::Set(account) => drop(accounts.insert(address, account)),
                AccountUpdate::Deleted => drop(accounts.remove(&address)),
                AccountUpdate::Unchanged => {}
            }
        }
        Ok(accounts)
    }
}
