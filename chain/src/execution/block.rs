//! Executes one block: opening system calls, transactions, closing system calls, rewards.
//!
//! The order is that of `docs/protocol.md`, section 2. Proposing and judging run the same code.

use super::{
    Console, Failure, Notes, Overlay, ReadError, Receipt, Transaction,
    evm::UtnetEvmFactory,
    fork::routine,
    overlay,
    system::{self, Producer},
};
use crate::genesis::ChainSpec;
use alloy_consensus::{
    Eip658Value, Header, ReceiptEnvelope, Transaction as _, TxType, transaction::Recovered,
};
use alloy_eips::{eip4895::Withdrawal, eip7685::Requests};
use alloy_evm::{
    EthEvm, Evm, EvmEnv, EvmFactory, FromRecoveredTx,
    block::{BlockExecutionError, SystemCaller, state_changes::post_block_balance_increments},
    eth::{EthEvmContext, eip6110},
    precompiles::PrecompilesMap,
    revm::{
        Inspector,
        context::{
            Block as _, TxEnv,
            result::{EVMError, ExecutionResult},
        },
        database_interface::DatabaseCommitExt,
        inspector::NoOpInspector,
        primitives::hardfork::SpecId,
    },
};
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{B256, Log};
use utnet_db::StateChanges;

/// Why a block could not be executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutionError {
    /// A transaction is not valid at its place.
    #[error("transaction {index}: {source}")]
    Transaction {
        /// Position in the block.
        index: usize,
        /// What the EVM said.
        source: Box<EVMError<ReadError>>,
    },
    /// A transaction's gas limit is above what the block has left.
    #[error("transaction {index}: gas limit {gas_limit} is above the block's remaining {left}")]
    BlockGas {
        /// Position in the block.
        index: usize,
        /// Gas limit of the transaction.
        gas_limit: u64,
        /// Gas that the block has left.
        left: u64,
    },
    /// A system call of Ethereum's rules failed.
    #[error("system call: {0}")]
    SystemCall(#[from] Box<BlockExecutionError>),
    /// The beacon could not be stored: the contract is missing or refuses.
    #[error("the beacon could not be stored")]
    BeaconNotStored,
    /// The beginning of a block of the forked chain is not valid here.
    #[error("block {number} of the forked chain cannot be replayed under these rules: {source}")]
    Replay {
        /// The block.
        number: u64,
        /// What is wrong.
        source: Box<Self>,
    },
    /// The state could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl ExecutionError {
    /// What could not be read, if that is why.
    pub fn unread(&self) -> Option<&ReadError> {
        match self {
            Self::Read(error) => Some(error),
            Self::Transaction { source, .. } => match &**source {
                EVMError::Database(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Who earns a block and how the withdrawals come about.
#[derive(Clone, Copy, Debug)]
pub enum Rewards<'a> {
    /// Withdrawals are given, as on any Ethereum chain; `None` before Shanghai.
    Given(Option<&'a [Withdrawal]>),
    /// `Emission.onBlock` decides the one withdrawal.
    Emission(Producer),
}

/// What executing a block gave, besides the state in the overlay.
#[derive(Clone, Debug)]
pub struct Executed {
    /// One receipt per transaction.
    pub receipts: Vec<Receipt>,
    /// EIP-7685 requests; empty before Prague.
    pub requests: Requests,
    /// Gas of all transactions.
    pub gas_used: u64,
    /// Blob gas of all transactions.
    pub blob_gas_used: u64,
    /// Withdrawals; `None` before Shanghai.
    pub withdrawals: Option<Vec<Withdrawal>>,
    /// What the transactions said, if somebody listened.
    pub notes: Notes,
}

/// A block in execution over an overlay, perhaps under an inspector.
pub(crate) struct BlockRun<'a, I = NoOpInspector> {
    spec: &'a ChainSpec,
    evm: EthEvm<&'a mut Overlay, I, PrecompilesMap>,
    receipts: Vec<Receipt>,
    gas_used: u64,
    blob_gas_used: u64,
    /// Who wants to know what transactions say beside their receipts.
    console: Option<Console>,
    notes: Notes,
}

impl<'a> BlockRun<'a> {
    /// Starts a block in an environment, on the parent's state.
    pub(crate) fn new(spec: &'a ChainSpec, state: &'a mut Overlay, env: EvmEnv) -> Self {
        let factory = UtnetEvmFactory::of(spec);
        let evm = factory.create_evm(state, env);
        Self::over(spec, evm)
    }
}

impl<'a, I: Inspector<EthEvmContext<&'a mut Overlay>>> BlockRun<'a, I> {
    /// The same under an inspector, which sees transactions but no system calls.
    pub(crate) fn inspected(
        spec: &'a ChainSpec,
        state: &'a mut Overlay,
        env: EvmEnv,
        inspector: I,
    ) -> Self {
        let factory = UtnetEvmFactory::of(spec);
        Self::over(spec, factory.create_evm_with_inspector(state, env, inspector))
    }

    const fn over(spec: &'a ChainSpec, evm: EthEvm<&'a mut Overlay, I, PrecompilesMap>) -> Self {
        Self {
            spec,
            evm,
            receipts: Vec::new(),
            gas_used: 0,
            blob_gas_used: 0,
            console: None,
            notes: Notes::new(),
        }
    }

    /// Keeps what transactions tell the console, and why they fail.
    pub(crate) fn listen(&mut self, console: &Console) -> Result<(), ReadError> {
        console.overhear(&mut self.evm)?;
        self.console = Some(console.clone());
        Ok(())
    }

    /// The EVM, for its inspector, its precompiles and the state below.
    pub(crate) const fn evm_mut(&mut self) -> &mut EthEvm<&'a mut Overlay, I, PrecompilesMap> {
        &mut self.evm
    }

    /// Runs what comes before the transactions: EIP-2935, EIP-4788, the beacon.
    pub(crate) fn open(
        &mut self,
        parent_hash: B256,
        parent_beacon_block_root: Option<B256>,
    ) -> Result<(), ExecutionError> {
        if self.evm.db().db.is_forked() {
            let slots = routine::overwritten(self.spec, self.evm.block(), self.evm.db())?;
            self.evm.db_mut().db.overwrite(slots);
        }
        let mut caller = SystemCaller::new(self.spec);
        caller.apply_blockhashes_contract_call(parent_hash, &mut self.evm).map_err(Box::new)?;
        caller
            .apply_beacon_root_contract_call(parent_beacon_block_root, &mut self.evm)
            .map_err(Box::new)?;
        if self.spec.poci.is_some() && !system::store_beacon(&mut self.evm)? {
            return Err(ExecutionError::BeaconNotStored);
        }
        Ok(())
    }

    /// Gas that transactions may still use.
    pub(crate) fn gas_left(&self) -> u64 {
        self.evm.block().gas_limit().saturating_sub(self.gas_used)
    }

    /// Blob gas used so far.
    pub(crate) const fn blob_gas_used(&self) -> u64 {
        self.blob_gas_used
    }

    /// Runs the next transaction; on an error nothing has changed. Its logs go into its receipt, the
    /// rest is returned.
    pub(crate) fn execute(
        &mut self,
        transaction: &Recovered<Transaction>,
    ) -> Result<ExecutionResult, ExecutionError> {
        let tx = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
        self.execute_as(transaction, tx)
    }

    /// The same in a form that the EVM takes, where it is not to be the transaction's own.
    pub(crate) fn execute_as(
        &mut self,
        transaction: &Recovered<Transaction>,
        tx: TxEnv,
    ) -> Result<ExecutionResult, ExecutionError> {
        let index = self.receipts.len();
        let (gas_limit, left) = (transaction.gas_limit(), self.gas_left());
        if gas_limit > left {
            return Err(ExecutionError::BlockGas { index, gas_limit, left });
        }
        overlay::prefetch(self.evm.db(), &tx, self.evm.block().beneficiary)?;
        let ran = self.evm.transact_raw(tx).map_err(|source| match source {
            EVMError::Database(error) => ExecutionError::Read(error),
            other => ExecutionError::Transaction { index, source: Box::new(other) },
        });
        let mut ran = ran.inspect_err(|_| self.forget_told())?;
        overlay::commit(self.evm.db_mut(), ran.state);
        self.gas_used = self.gas_used.saturating_add(ran.result.tx_gas_used());
        self.blob_gas_used =
            self.blob_gas_used.saturating_add(transaction.blob_gas_used().unwrap_or_default());
        self.note(index, &ran.result);
        let outcome = self.outcome(&ran.result)?;
        let logs = take_logs(&mut ran.result);
        self.receipts.push(receipt(transaction.tx_type(), outcome, self.gas_used, logs));
        Ok(ran.result)
    }

    /// Drops what a transaction said that did not come about.
    fn forget_told(&self) {
        if let Some(console) = &self.console {
            drop(console.take());
        }
    }

    fn note(&mut self, index: usize, result: &ExecutionResult) {
        let Some(console) = &self.console else { return };
        let told = console.take();
        if !told.is_empty() {
            self.notes.console.push((index, told));
        }
        if let Some(failure) = Failure::of(result) {
            self.notes.failures.push((index, failure));
        }
    }

    /// What the receipt says about success: the status, before Byzantium the state root.
    fn outcome(&self, result: &ExecutionResult) -> Result<Eip658Value, ReadError> {
        let spec_id: SpecId = self.evm.cfg_env().spec;
        if spec_id.is_enabled_in(SpecId::BYZANTIUM) {
            return Ok(Eip658Value::Eip658(result.is_success()));
        }
        let state = self.evm.db();
        let changes = overlay::changes(state, clears_empty(spec_id))?;
        Ok(Eip658Value::PostState(state.db.state_root(&changes)?))
    }

    /// Runs what comes after the transactions: EIP-7685 requests, emission, withdrawals, rewards.
    pub(crate) fn close(
        mut self,
        ommers: &[Header],
        rewards: Rewards<'_>,
    ) -> Result<Executed, ExecutionError> {
        let requests = self.collect_requests()?;
        let withdrawals = match rewards {
            Rewards::Given(withdrawals) => withdrawals.map(<[_]>::to_vec),
            Rewards::Emission(producer) => Some(system::emit(&mut self.evm, producer)?),
        };
        let block = self.evm.block().clone();
        let increments =
            post_block_balance_increments(self.spec, block, ommers, withdrawals.as_deref());
        // One that ended in this block comes back without its slots.
        overlay::forget_storage_of_the_gone(self.evm.db_mut(), increments.keys());
        self.evm.db_mut().increment_balances(increments)?;
        Ok(Executed {
            receipts: self.receipts,
            requests,
            gas_used: self.gas_used,
            blob_gas_used: self.blob_gas_used,
            withdrawals,
            notes: self.notes,
        })
    }

    fn collect_requests(&mut self) -> Result<Requests, ExecutionError> {
        let mut requests = Requests::default();
        let timestamp = self.evm.block().timestamp.saturating_to();
        if !self.spec.is_prague_active_at_timestamp(timestamp) {
            return Ok(requests);
        }
        let deposits = eip6110::parse_deposits_from_receipts(self.spec, &self.receipts)
            .map_err(|error| Box::new(BlockExecutionError::Validation(error)))?;
        if !deposits.is_empty() {
            requests.push_request_with_type(eip6110::DEPOSIT_REQUEST_TYPE, deposits);
        }
        SystemCaller::new(self.spec)
            .append_post_execution_changes(&mut self.evm, &mut requests)
            .map_err(Box::new)?;
        Ok(requests)
    }
}

/// Whether touched empty accounts vanish under these rules (EIP-161).
pub(crate) fn clears_empty(spec_id: SpecId) -> bool {
    spec_id.is_enabled_in(SpecId::SPURIOUS_DRAGON)
}

/// The changes of a block, and the root of the state with them.
///
/// # Errors
/// When the state below cannot be read.
pub(crate) fn settle(
    overlay: &Overlay,
    spec_id: SpecId,
) -> Result<(StateChanges, B256), ReadError> {
    let changes = overlay::changes(overlay, clears_empty(spec_id))?;
    let root = overlay.db.state_root(&changes)?;
    Ok((changes, root))
}

fn receipt(
    transaction_type: TxType,
    status: Eip658Value,
    cumulative_gas_used: u64,
    logs: Vec<Log>,
) -> Receipt {
    let receipt = alloy_consensus::Receipt { status, cumulative_gas_used, logs };
    ReceiptEnvelope::from_typed(transaction_type, receipt)
}

fn take_logs(result: &mut ExecutionResult) -> Vec<Log> {
    match result {
        ExecutionResult::Success { logs, .. }
        | ExecutionResult::Revert { logs, .. }
        | ExecutionResult::Halt { logs, .. } => std::mem::take(logs),
    }
}
