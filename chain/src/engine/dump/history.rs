//! Turns whole states and what stood before into what each block changed.

use super::format::{AccountForm, BeforeForm, EvmAccountForm, LeafForm, StateForm, Word};
use alloy_evm::revm::bytecode::Bytecode as EvmCode;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utnet_db::{Account, AccountUpdate, StateChanges};

/// An account and its slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) account: Account,
    pub(super) slots: BTreeMap<B256, U256>,
}

/// A whole state; code is kept apart, by hash.
pub(super) type State = BTreeMap<Address, Holding>;
/// Code by its hash.
pub(super) type Codes = BTreeMap<B256, Bytes>;

/// The state that a dump's accounts are, with their code.
pub(super) fn state_of(accounts: BTreeMap<Address, AccountForm>) -> (State, Codes) {
    let mut codes = Codes::new();
    let state = accounts.into_iter().map(|(address, form)| {
        let code_hash = (!form.code.is_empty()).then(|| keccak256(&form.code));
        if let Some(hash) = code_hash {
            codes.insert(hash, form.code);
        }
        let account =
            Account { nonce: form.nonce, balance: form.balance, bytecode_hash: code_hash };
        let slots = form.storage.into_iter().filter(|(_, Word(value))| !value.is_zero());
        let slots = slots.map(|(Word(slot), Word(value))| (slot.into(), value)).collect();
        (address, Holding { account, slots })
    });
    let state = state.collect();
    (state, codes)
}

/// The same from anvil's form of an earlier state; code that it brings goes to `codes`.
pub(super) fn earlier_state(form: StateForm, codes: &mut Codes) -> State {
    let mut state = State::new();
    for (address, account) in form.accounts {
        let code_hash = (account.code_hash != KECCAK256_EMPTY && !account.code_hash.is_zero())
            .then_some(account.code_hash);
        if let (Some(hash), Some(code)) = (code_hash, account.code.as_ref().and_then(plain_code)) {
            codes.insert(hash, code);
        }
        let account =
            Account { nonce: account.nonce, balance: account.balance, bytecode_hash: code_hash };
        state.insert(address, Holding { account, slots: BTreeMap::new() });
    }
    for (address, slots) in form.storage {
        if let Some(holding) = state.get_mut(&address) {
            let set = slots.into_iter().filter(|(_, value)| !value.is_zero());
            holding.slots = set.map(|(Word(slot), value)| (slot.into(), value)).collect();
        }
    }
    state
}

/// Code out of the EVM library's form.
fn plain_code(form: &Value) -> Option<Bytes> {
    let (kind, inner) = form.as_object()?.iter().next()?;
    let field = match kind.as_str() {
        "LegacyAnalyzed" => "bytecode",
        _ => "raw",
    };
    let bytes: Bytes = serde_json::from_value(inner.get(field)?.clone()).ok()?;
    let length = inner.get("original_len").and_then(Value::as_u64);
    let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(bytes.len());
    Some(bytes.slice(..length.min(bytes.len())))
}

/// anvil's form of an account of an earlier state.
pub(super) fn evm_account(account: &Account, code: &Bytes) -> EvmAccountForm {
    EvmAccountForm {
        balance: account.balance,
        nonce: account.nonce,
        code_hash: account.bytecode_hash.unwrap_or(KECCAK256_EMPTY),
        code: Some(evm_code(code)),
    }
}

fn evm_code(code: &Bytes) -> Value {
    let parsed = EvmCode::new_raw_checked(code.clone());
    if let Ok(delegation) = &parsed
        && let Some(target) = delegation.eip7702_address()
    {
        return json!({ "Eip7702": { "delegated_address": target, "version": 0, "raw": code } });
    }
    let analyzed = EvmCode::new_legacy(code.clone());
    let table = analyzed.legacy_jump_table();
    let (bits, data) = table.map_or((0, [].as_slice()), |table| (table.len(), table.as_slice()));
    json!({ "LegacyAnalyzed": {
        "bytecode": analyzed.bytecode(),
        "original_len": code.len(),
        "jump_table": {
            "order": "bitvec::order::Lsb0",
            "head": { "width": 8, "index": 0 },
            "bits": bits,
            "data": data,
        },
    } })
}

/// What turns one state into a later one.
pub(super) fn difference(from: &State, to: &State) -> StateChanges {
    let mut changes = StateChanges::default();
    for address in from.keys().filter(|address| !to.contains_key(*address)) {
        changes.delete_account(*address);
    }
    let nothing = Holding::default();
    for (address, now) in to {
        let old = from.get(address);
        if old.map(|old| old.account) != Some(now.account) {
            changes.set_account(*address, now.account);
        }
        let before = &old.unwrap_or(&nothing).slots;
        for slot in before.keys().filter(|slot| !now.slots.contains_key(*slot)) {
            changes.set_storage(*address, *slot, U256::ZERO);
        }
        for (slot, value) in
            now.slots.iter().filter(|(slot, value)| before.get(*slot) != Some(value))
        {
            changes.set_storage(*address, *slot, *value);
        }
    }
    changes
}

/// Goes back over one block: `state` becomes that before it; what the block changed is answered.
pub(super) fn step_back(state: &mut State, before: &BeforeForm) -> StateChanges {
    let mut forward = StateChanges::default();
    for (address, old) in &before.accounts {
        match state.get(address) {
            Some(now) => drop(forward.set_account(*address, now.account)),
            None => {
                let change = forward.accounts.entry(*address).or_default();
                change.account = AccountUpdate::Deleted;
            }
        }
        if let Some(leaf) = old {
            state.entry(*address).or_default().account = account_of(leaf);
        }
    }
    for (address, slots) in &before.storage {
        for (slot, old) in slots {
            let holding = state.get(address);
            let now = holding.and_then(|holding| holding.slots.get(slot)).copied();
            forward.set_storage(*address, *slot, now.unwrap_or_default());
            let Some(holding) = state.get_mut(address) else { continue };
            if old.is_zero() {
                holding.slots.remove(slot);
            } else {
                holding.slots.insert(*slot, *old);
            }
        }
    }
    for address in before.accounts.iter().filter(|(_, old)| old.is_none()).map(|(who, _)| who) {
        state.remove(address);
    }
    forward
}

fn account_of(leaf: &LeafForm) -> Account {
    Account { nonce: leaf.nonce, balance: leaf.balance, bytecode_hash: leaf.code_hash }
}

/// The form of what stood before a block.
pub(super) fn before_form(block: u64, changes: StateChanges) -> BeforeForm {
    let mut form = BeforeForm { block, ..BeforeForm::default() };
    for (address, change) in changes.accounts {
        match change.account {
            AccountUpdate::Unchanged => {}
            AccountUpdate::Deleted => drop(form.accounts.insert(address, None)),
            AccountUpdate::Set(account) => {
                let leaf = LeafForm {
                    nonce: account.nonce,
                    balance: account.balance,
                    code_hash: account.bytecode_hash,
                };
                form.accounts.insert(address, Some(leaf));
            }
        }
        if !change.storage.is_empty() {
            form.storage.insert(address, change.storage);
        }
    }
    form
}
