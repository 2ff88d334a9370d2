//! Makes of a document the blocks, in order, with what each changed, and the state below them.

use super::{
    DumpError, RestoredBlock,
    format::{BlockForm, Document, MinedForm, Ours, StateForm, TransactionForm, VERSION},
    history::{Codes, State, difference, earlier_state, state_of, step_back},
};
use crate::execution::{Attached, BlockRecord, Transaction};
use alloy_consensus::{Sealable, transaction::Recovered};
use alloy_genesis::Genesis;
use alloy_primitives::{Address, B256, keccak256};
use std::collections::BTreeMap;
use utnet_db::{Account, AccountChange, AccountUpdate, Bytecode, StateChanges};

/// A dump as the engine loads it.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The genesis file, if this program made the dump.
    pub(super) genesis: Option<Genesis>,
    /// Whether the head's state root must be that of the state.
    pub(super) is_root_held: bool,
    /// Whether the accounts are the whole state; else those of the present genesis stay beside them.
    pub(super) is_whole: bool,
    /// Blocks from the first on; empty in dumps of accounts alone.
    pub(super) blocks: Vec<RestoredBlock>,
    /// First block whose state is known: `state`.
    pub(super) state_from: u64,
    state: State,
    codes: Codes,
    /// What changed since the last block.
    pub(super) outside: StateChanges,
}

/// Reads a document.
pub(super) fn restored(document: Document) -> Result<Restored, DumpError> {
    let attached = document.utnet.as_ref().map(|ours| ours.attached.clone()).unwrap_or_default();
    let best = document.best_block_number;
    let mut blocks = chain(document.blocks, best, document.transactions)?;
    let is_ours = document.utnet.is_some();
    for block in &mut blocks {
        // anvil leaves an empty list out.
        if !is_ours && block.record.header.withdrawals_root.is_some() {
            block.record.withdrawals.get_or_insert_default();
        }
        let bytes = attached.get(&block.record.header.number).cloned();
        let Attached { sidecar, outside, .. } = Attached::decode(bytes);
        (block.record.sidecar, block.outside) = (sidecar, outside);
    }
    let (state, codes) = state_of(document.accounts);
    let head = blocks.last().map_or(0, |block| block.record.header.number);
    let mut restored = Restored {
        genesis: None,
        is_whole: false,
        is_root_held: false,
        blocks,
        state_from: head,
        state,
        codes,
        outside: StateChanges::default(),
    };
    match (document.utnet, document.historical_states) {
        (Some(ours), _) => restored.go_back(ours)?,
        (None, Some(states)) => restored.compare(states),
        (None, None) => {}
    }
    restored.share_codes();
    Ok(restored)
}

impl Restored {
    /// Finds what each block changed from what stood before it.
    fn go_back(&mut self, ours: Ours) -> Result<(), DumpError> {
        if ours.version != VERSION {
            return Err(DumpError::Version { found: ours.version, known: VERSION });
        }
        let head = self.state_from;
        self.codes.extend(ours.codes.into_iter().map(|code| (keccak256(&code), code)));
        (self.genesis, self.is_whole) = (Some(ours.genesis), true);
        self.is_root_held = ours.is_root_held;
        for before in ours.before.iter().rev() {
            let forward = step_back(&mut self.state, before);
            if before.block > head {
                self.outside = forward;
                continue;
            }
            let number = before.block;
            let block = self.blocks.iter_mut().find(|block| block.record.header.number == number);
            block.ok_or(DumpError::Gap { number })?.changes = Some(forward);
        }
        self.state_from = ours.state_from;
        Ok(())
    }

    /// Finds what the latest blocks changed from whole states, as far back as there is one after each.
    fn compare(&mut self, states: Vec<(B256, StateForm)>) {
        let mut states: BTreeMap<B256, StateForm> = states.into_iter().collect();
        let mut later = self.state.clone();
        for index in (1..self.blocks.len()).rev() {
            let parent = self.blocks[index - 1].record.hash();
            let Some(form) = states.remove(&parent) else { break };
            let earlier = earlier_state(form, &mut self.codes);
            self.blocks[index].changes = Some(difference(&earlier, &later));
            self.state_from = self.blocks[index - 1].record.header.number;
            later = earlier;
        }
        self.state = later;
    }

    /// Lets every change bring the code that it names.
    fn share_codes(&mut self) {
        let changes = self.blocks.iter_mut().filter_map(|block| block.changes.as_mut());
        for changes in changes.chain([&mut self.outside]) {
            add_codes(changes, &self.codes);
        }
    }

    /// What puts this state in the place of another.
    pub(super) fn replacing(&self, present: &BTreeMap<Address, Account>) -> StateChanges {
        let mut changes = self.merged(present);
        for address in present.keys().filter(|address| !self.state.contains_key(*address)) {
            changes.delete_account(*address);
        }
        changes
    }

    /// What puts these accounts into another state, whose other accounts stay.
    pub(super) fn merged(&self, present: &BTreeMap<Address, Account>) -> StateChanges {
        let mut changes = StateChanges::default();
        for (address, holding) in &self.state {
            let change = AccountChange {
                account: AccountUpdate::Set(holding.account),
                storage_wiped: present.contains_key(address),
                storage: holding.slots.clone(),
            };
            changes.accounts.insert(*address, change);
        }
        add_codes(&mut changes, &self.codes);
        changes
    }
}

fn add_codes(changes: &mut StateChanges, codes: &Codes) {
    let hash = |change: &AccountChange| match change.account {
        AccountUpdate::Set(account) => account.bytecode_hash,
        AccountUpdate::Unchanged | AccountUpdate::Deleted => None,
    };
    let wanted: Vec<B256> = changes.accounts.values().filter_map(hash).collect();
    for hash in wanted {
        if let Some(code) = codes.get(&hash) {
            let code = Bytecode::new_raw_checked(code.clone())
                .unwrap_or_else(|_malformed| Bytecode::new_raw(code.clone()));
            changes.bytecodes.insert(hash, code);
        }
    }
}

/// The blocks from the first to the head: a dump may hold others, in any order.
fn chain(
    blocks: Vec<BlockForm>,
    best: Option<u64>,
    mined: Vec<MinedForm>,
) -> Result<Vec<RestoredBlock>, DumpError> {
    let mut mined: BTreeMap<(B256, u64), MinedForm> = mined
        .into_iter()
        .map(|mined| ((mined.block_hash, mined.info.transaction_index), mined))
        .collect();
    let best = best.or_else(|| blocks.iter().map(|block| block.header.number).max());
    let mut by_hash: BTreeMap<B256, BlockForm> =
        blocks.into_iter().map(|block| (block.header.hash_slow(), block)).collect();
    let (Some(best), false) = (best, by_hash.is_empty()) else { return Ok(Vec::new()) };
    let head = by_hash.iter().find(|(_, block)| block.header.number == best);
    let mut next = head.map(|(hash, _)| *hash).ok_or(DumpError::Gap { number: best })?;
    let mut chain = Vec::new();
    while let Some(form) = by_hash.remove(&next) {
        let (number, parent) = (form.header.number, form.header.parent_hash);
        chain.push(block(form, next, &mut mined)?);
        if number == 0 {
            break;
        }
        next = parent;
    }
    chain.reverse();
    Ok(chain)
}

fn block(
    form: BlockForm,
    hash: B256,
    mined: &mut BTreeMap<(B256, u64), MinedForm>,
) -> Result<RestoredBlock, DumpError> {
    let number = form.header.number;
    let (mut transactions, mut receipts) = (Vec::new(), Vec::new());
    for (index, form) in (0u64..).zip(form.transactions) {
        let (transaction, impersonated) = plain(form);
        let missing = DumpError::NoReceipt { hash: *transaction.tx_hash(), block: number };
        let MinedForm { info, receipt, .. } = mined.remove(&(hash, index)).ok_or(missing)?;
        let sender = impersonated.unwrap_or(info.from);
        transactions.push(Recovered::new_unchecked(transaction, sender));
        receipts.push(receipt);
    }
    let record = BlockRecord {
        withdrawals: form.withdrawals,
        header: form.header.seal_unchecked(hash),
        transactions,
        receipts,
        ommers: form.ommers,
        sidecar: None,
    };
    Ok(RestoredBlock { record, changes: None, outside: StateChanges::default() })
}

/// A transaction as blocks hold it, and its sender where the signature does not name it.
fn plain(form: TransactionForm) -> (Transaction, Option<Address>) {
    match form {
        TransactionForm::Wrapped { transaction, impersonated_sender } => {
            (transaction.map_eip4844(Into::into), impersonated_sender)
        }
        TransactionForm::Plain(transaction) => (transaction.map_eip4844(Into::into), None),
        TransactionForm::Ours { transaction, impersonated_sender } => {
            (*transaction, impersonated_sender)
        }
    }
}
