//! Collects changes above a stored state and says what they amount to.

use super::{ReadError, StateView, fork::tombs, state::info};
use alloy_evm::revm::{
    DatabaseCommit, DatabaseRef,
    context::TxEnv,
    database::{AccountState, CacheDB, DbAccount},
    state::{AccountInfo, EvmState},
};
use alloy_primitives::{Address, B256, U256};
use tracing::debug;
use utnet_db::{Account, AccountChange, AccountUpdate, Bytecode, StateChanges};

/// A stored state with uncommitted changes above it.
pub type Overlay = CacheDB<StateView>;

/// Asks a forked chain at once for what a transaction is sure to name. It may not need all of it, so
/// silence is no fault yet.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn prefetch(
    overlay: &Overlay,
    tx: &TxEnv,
    beneficiary: Address,
) -> Result<(), ReadError> {
    if !overlay.db.is_forked() {
        return Ok(());
    }
    let known = |address: &Address| !overlay.cache.accounts.contains_key(address);
    let accounts = [Some(tx.caller), tx.kind.to().copied(), Some(beneficiary)];
    let accounts: Vec<_> = accounts.into_iter().flatten().filter(known).collect();
    let listed = tx.access_list.iter().flat_map(|item| {
        item.storage_keys.iter().map(|slot| (item.address, U256::from_be_bytes(slot.0)))
    });
    match overlay.db.prefetch(&accounts, &listed.collect::<Vec<_>>()) {
        Err(ReadError::Fork(fault)) => {
            debug!(%fault, "only what is kept of the forked chain is at hand");
            Ok(())
        }
        asked => asked,
    }
}

/// Commits what a transaction changed.
///
/// An account that does not exist has no storage, whatever stood below: after a self-destruct a
/// mere payment brings the account back, but not its slots.
pub(crate) fn commit(overlay: &mut Overlay, changes: EvmState) {
    forget_storage_of_the_gone(
        overlay,
        changes.iter().filter(|(_, a)| a.is_touched()).map(|(a, _)| a),
    );
    overlay.commit(changes);
}

pub(super) fn forget_storage_of_the_gone<'a>(
    overlay: &mut Overlay,
    touched: impl Iterator<Item = &'a Address>,
) {
    for address in touched {
        if let Some(account) = overlay.cache.accounts.get_mut(address)
            && account.account_state == AccountState::NotExisting
        {
            account.account_state = AccountState::StorageCleared;
            account.storage.clear();
        }
    }
}

/// Puts changes that were computed elsewhere above the state; their code is in the store.
///
/// # Errors
/// When the state below cannot be read.
pub(crate) fn apply(overlay: &mut Overlay, changes: &StateChanges) -> Result<(), ReadError> {
    for (address, change) in &changes.accounts {
        if let AccountUpdate::Set(account) = change.account {
            overlay.insert_account_info(*address, info(account));
        }
        let account = overlay.load_account(*address)?;
        if change.storage_wiped {
            account.account_state = AccountState::StorageCleared;
            account.storage.clear();
        }
        if change.account == AccountUpdate::Deleted {
            account.account_state = AccountState::NotExisting;
        }
        account.storage.extend(change.storage.iter().map(|(slot, value)| ((*slot).into(), *value)));
    }
    Ok(())
}

/// What the overlay changes of the state below.
///
/// `clears_empty`: accounts that are touched and empty do not stay (EIP-161).
///
/// # Errors
/// When the state below cannot be read.
pub(crate) fn changes(overlay: &Overlay, clears_empty: bool) -> Result<StateChanges, ReadError> {
    let mut changes = StateChanges::default();
    let mut addresses: Vec<_> = overlay.cache.accounts.keys().copied().collect();
    addresses.sort_unstable();
    for address in addresses {
        let now = &overlay.cache.accounts[&address];
        if let Some(change) = account_change(&overlay.db, address, now, clears_empty)? {
            changes.accounts.insert(address, change);
        }
    }
    for hash in new_code_hashes(&changes) {
        if let Some(code) = overlay.cache.contracts.get(&hash) {
            changes.bytecodes.insert(hash, Bytecode(code.clone()));
        }
    }
    Ok(changes)
}

fn new_code_hashes(changes: &StateChanges) -> Vec<B256> {
    let code_hash = |change: &AccountChange| match change.account {
        AccountUpdate::Set(account) => account.bytecode_hash,
        AccountUpdate::Unchanged | AccountUpdate::Deleted => None,
    };
    changes.accounts.values().filter_map(code_hash).collect()
}

fn account_change(
    below: &StateView,
    address: Address,
    now: &DbAccount,
    clears_empty: bool,
) -> Result<Option<AccountChange>, ReadError> {
    let before = below.basic_ref(address)?;
    let after = now.info().filter(|info| !(clears_empty && info.is_empty()));
    let is_wiped =
        before.is_some() && (after.is_none() || now.account_state == AccountState::StorageCleared);
    let mut change = AccountChange {
        account: update(before.as_ref(), after.as_ref()),
        storage_wiped: is_wiped,
        ..AccountChange::default()
    };
    if after.is_some() {
        let mut slots: Vec<_> = now.storage.iter().collect();
        slots.sort_unstable();
        for (slot, value) in slots {
            let old = if is_wiped { U256::ZERO } else { below.storage_ref(address, *slot)? };
            if old != *value || below.is_overwritten(address, *slot) {
                change.storage.insert(B256::from(*slot), *value);
            }
        }
    }
    if below.is_forked() {
        tombs::bury(&mut change);
    }
    let is_unchanged = matches!(change.account, AccountUpdate::Unchanged)
        && !change.storage_wiped
        && change.storage.is_empty();
    Ok((!is_unchanged).then_some(change))
}

fn update(before: Option<&AccountInfo>, after: Option<&AccountInfo>) -> AccountUpdate {
    match (before.map(stored), after.map(stored)) {
        (before, after) if before == after => AccountUpdate::Unchanged,
        (_, Some(account)) => AccountUpdate::Set(account),
        (_, None) => AccountUpdate::Deleted,
    }
}

/// An account as the store keeps it.
fn stored(info: &AccountInfo) -> Account {
    Account {
        nonce: info.nonce,
        balance: info.balance,
        bytecode_hash: (!info.is_empty_code_hash()).then_some(info.code_hash),
    }
}
