//! Makes a document of a chain.

use super::{
    DumpError, Past,
    format::{
        AccountForm, BlockForm, Document, InfoForm, MinedForm, Ours, StateForm, TransactionForm,
        VERSION, Word,
    },
    history::{before_form, evm_account},
};
use crate::execution::{At, BlockRecord, ChainView, ReadError, StateView};
use alloy_consensus::{Transaction as _, transaction::SignerRecoverable};
use alloy_evm::revm::DatabaseRef;
use alloy_primitives::{B256, Bytes};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use utnet_db::{AccountUpdate, StateChanges};
use utnet_primitives::Height;

/// The whole chain of a view, and its latest state.
pub(super) fn document(view: &ChainView, past: Past) -> Result<Document, DumpError> {
    let head = view.head().number;
    let (mut blocks, mut transactions) = (Vec::new(), Vec::new());
    for height in view.spec().header.number..=head {
        let Some(record) = view.block(Height(height))? else { continue };
        transactions.extend(mined(&record));
        blocks.push(block_form(&record));
    }
    let latest = view.state(At::Latest)?;
    let states = match past {
        Past::Ours => None,
        Past::Both => Some(states(view)?),
    };
    Ok(Document {
        block: serde_json::to_value(&view.env_of(view.head()).block_env)?,
        accounts: accounts(&latest)?,
        best_block_number: Some(head),
        blocks,
        transactions,
        historical_states: states,
        utnet: Some(ours(view, &latest)?),
    })
}

fn accounts(
    state: &StateView,
) -> Result<BTreeMap<alloy_primitives::Address, AccountForm>, ReadError> {
    let form = |(address, account): (_, alloy_evm::revm::state::AccountInfo)| {
        let slots = state.slots(address)?.into_iter();
        let form = AccountForm {
            nonce: account.nonce,
            balance: account.balance,
            code: state.code_by_hash_ref(account.code_hash)?.original_bytes(),
            storage: slots.map(|(slot, value)| (Word(slot.into()), Word(value))).collect(),
        };
        Ok((address, form))
    };
    state.accounts()?.into_iter().map(form).collect()
}

fn block_form(record: &BlockRecord) -> BlockForm {
    let transactions = record.transactions.iter().map(|transaction| {
        let sender = transaction.signer();
        let is_signed = transaction.inner().recover_signer().is_ok_and(|found| found == sender);
        TransactionForm::Ours {
            transaction: Box::new(transaction.inner().clone()),
            impersonated_sender: (!is_signed).then_some(sender),
        }
    });
    BlockForm {
        header: record.header.inner().clone(),
        transactions: transactions.collect(),
        ommers: record.ommers.clone(),
        withdrawals: record.withdrawals.clone(),
    }
}

fn mined(record: &BlockRecord) -> Vec<MinedForm> {
    let mut used_before = 0;
    let pairs = (0u64..).zip(record.transactions.iter().zip(&record.receipts));
    let form = |(index, (transaction, receipt)): (u64, (&_, &crate::execution::Receipt))| {
        let transaction: &alloy_consensus::transaction::Recovered<crate::execution::Transaction> =
            transaction;
        let used = receipt.cumulative_gas_used().saturating_sub(used_before);
        used_before = receipt.cumulative_gas_used();
        let created = transaction.kind().is_create();
        let exit = match (receipt.status(), created) {
            (true, true) => "Return",
            (true, false) => "Stop",
            (false, _) => "Revert",
        };
        let info = InfoForm {
            transaction_hash: *transaction.tx_hash(),
            transaction_index: index,
            from: transaction.signer(),
            to: transaction.to(),
            contract_address: created.then(|| transaction.signer().create(transaction.nonce())),
            traces: Vec::new(),
            exit: json!(exit),
            out: None,
            nonce: transaction.nonce(),
            gas_used: used,
        };
        MinedForm {
            info,
            receipt: receipt.clone(),
            block_hash: record.hash(),
            block_number: record.header.number,
        }
    };
    pairs.map(form).collect()
}

/// The states after all blocks but the head, whose state is the accounts.
fn states(view: &ChainView) -> Result<Vec<(B256, StateForm)>, DumpError> {
    let mut states = Vec::new();
    for height in view.spec().header.number..view.head().number {
        let Some(header) = view.header(Height(height))? else { continue };
        let Ok(state) = view.state(At::After(Height(height))) else { continue };
        states.push((header.hash(), state_form(&state)?));
    }
    Ok(states)
}

fn state_form(state: &StateView) -> Result<StateForm, ReadError> {
    let mut form = StateForm::default();
    for (address, account) in state.accounts()? {
        let code = state.code_by_hash_ref(account.code_hash)?.original_bytes();
        let code_hash = (!code.is_empty()).then_some(account.code_hash);
        let stored = utnet_db::Account {
            nonce: account.nonce,
            balance: account.balance,
            bytecode_hash: code_hash,
        };
        form.accounts.insert(address, evm_account(&stored, &code));
        let slots = state.slots(address)?.into_iter();
        let slots = slots.map(|(slot, value)| (Word(slot.into()), value)).collect();
        form.storage.insert(address, slots);
    }
    Ok(form)
}

/// What anvil has no place for.
fn ours(view: &ChainView, latest: &StateView) -> Result<Ours, DumpError> {
    let store = view.store();
    let (first, head) = (view.spec().header.number, view.head().number);
    let (mut before, mut attached) = (Vec::new(), BTreeMap::new());
    let mut hashes = BTreeSet::new();
    let from = first.max(store.state_from()?);
    for height in from.saturating_add(1)..=head.saturating_add(1) {
        let changes = store.before(height)?;
        for change in changes.accounts.values() {
            if let AccountUpdate::Set(account) = change.account {
                hashes.extend(account.bytecode_hash);
            }
        }
        if !changes.is_empty() {
            before.push(before_form(height, changes));
        }
    }
    for height in first..=head {
        if let Some(bytes) = store.sidecar(height)? {
            attached.insert(height, bytes);
        }
    }
    let code = |hash: B256| latest.code_by_hash_ref(hash).map(|code| code.original_bytes());
    let codes: Vec<Bytes> = hashes.into_iter().map(code).collect::<Result<_, ReadError>>()?;
    let mut genesis = view.spec().genesis.clone();
    if let Some(accounts) = store.genesis_accounts()? {
        genesis.alloc = serde_json::from_slice(&accounts)?;
    }
    let root = view.state(At::After(view.height()))?.state_root(&StateChanges::default())?;
    Ok(Ours {
        version: VERSION,
        genesis,
        state_from: from,
        is_root_held: root == view.head().state_root,
        attached,
        before,
        codes,
    })
}
