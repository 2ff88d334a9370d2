//! Records what calls log, and payments as if they were ERC-20 transfers (ERC-7528's address).

use alloy_evm::revm::{
    Inspector,
    context_interface::{ContextTr, JournalTr},
    interpreter::{
        CallInputs, CallOutcome, CallScheme, CreateInputs, CreateOutcome, InstructionResult,
    },
};
use alloy_primitives::{Address, B256, Log, LogData, U256, address, b256};

/// The address that stands for the native coin.
const COIN: Address = address!("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
/// `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// A log with its place among all that was logged before it, also by calls that reverted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLog {
    /// The place, as geth counts.
    pub index: u64,
    /// The log.
    pub log: Log,
}

/// The logs of one transaction after another; what reverts leaves none.
#[derive(Debug, Default)]
pub(crate) struct CallLogs {
    /// Whether payments count as logs.
    with_payments: bool,
    /// Per open call what it logged; the first stays when it ends.
    frames: Vec<Vec<CallLog>>,
    depth: usize,
    /// How many logs there were.
    count: u64,
}

impl CallLogs {
    pub(crate) fn new(with_payments: bool) -> Self {
        Self { with_payments, ..Self::default() }
    }

    /// The logs of the transaction that ran last.
    pub(crate) fn take(&mut self) -> Vec<CallLog> {
        self.depth = 0;
        std::mem::take(&mut self.frames).into_iter().next().unwrap_or_default()
    }

    fn enter(&mut self) {
        self.depth = self.depth.saturating_add(1);
        self.frames.push(Vec::new());
    }

    fn leave(&mut self, result: InstructionResult) {
        self.depth = self.depth.saturating_sub(1);
        if !result.is_ok()
            && let Some(logs) = self.frames.last_mut()
        {
            logs.clear();
        }
        if self.depth > 0
            && let Some(logs) = self.frames.pop()
        {
            self.frames.last_mut().expect("the caller's frame is still open").extend(logs);
        }
    }

    fn push(&mut self, log: Log) {
        if let Some(logs) = self.frames.last_mut() {
            logs.push(CallLog { index: self.count, log });
            self.count = self.count.saturating_add(1);
        }
    }

    fn pay(&mut self, from: Address, to: Address, value: U256) {
        if !self.with_payments || value.is_zero() {
            return;
        }
        let topics = vec![TRANSFER, from.into_word(), to.into_word()];
        let data = LogData::new_unchecked(topics, B256::from(value).into());
        self.push(Log { address: COIN, data });
    }
}

impl<C: ContextTr> Inspector<C> for CallLogs {
    fn log(&mut self, _: &mut C, log: Log) {
        self.push(log);
    }

    fn call(&mut self, _: &mut C, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.enter();
        if let Some(value) = inputs.transfer_value()
            && inputs.scheme != CallScheme::CallCode
        {
            self.pay(inputs.transfer_from(), inputs.transfer_to(), value);
        }
        None
    }

    fn call_end(&mut self, _: &mut C, _: &CallInputs, outcome: &mut CallOutcome) {
        self.leave(outcome.result.result);
    }

    fn create(&mut self, context: &mut C, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.enter();
        // If the creator cannot be read, the creation itself will say so.
        if let Ok(creator) = context.journal_mut().load_account(inputs.caller()) {
            let created = inputs.created_address(creator.data.info.nonce);
            self.pay(inputs.caller(), created, inputs.value());
        }
        None
    }

    fn create_end(&mut self, _: &mut C, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.leave(outcome.result.result);
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        self.pay(contract, target, value);
    }
}
