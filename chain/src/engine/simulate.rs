//! Simulates blocks on top of a block of the chain, for `eth_simulateV1`: nothing is kept.
//!
//! The blocks go the way of real ones (`header::open`, [`BlockRun`], `header::close`), with state and
//! block fields overridden and transactions that nobody signed. Without validation nonces, and fees
//! of zero, are not checked.

mod call;
mod fault;
mod plan;
mod unsigned;

pub use fault::SimulateFault;
pub use plan::{Overrides, SimulatedBlock};

use super::{
    header::{self, Attributes},
    propose::no_withdrawals,
};
use crate::execution::{
    At, BlockRecord, BlockRun, CallLog, CallLogs, ChainView, ExecutionError, Overlay, ReadError,
    Rewards, Transaction, UtnetEvmFactory, override_state, settle,
};
use alloy_consensus::{Header, Sealable, Sealed, transaction::Recovered};
use alloy_evm::{
    Evm, EvmEnv, FromRecoveredTx,
    revm::{
        DatabaseRef,
        context::{TxEnv, result::ExecutionResult},
        context_interface::block::BlobExcessGasAndPrice,
        database::CacheDB,
    },
};
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::TransactionRequest;
use call::CallRules;
use plan::Planned;
use std::sync::Arc;
use utnet_primitives::{Gas, Height};

/// Gas of all calls of one simulation together.
pub const SIMULATION_GAS: Gas = Gas(50_000_000);

/// How a simulation runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// Whether transactions must be valid: nonces in order, fees paid.
    pub is_validated: bool,
    /// Whether payments show among the logs of calls.
    pub traces_transfers: bool,
}

/// A block that was simulated.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The block.
    pub block: BlockRecord,
    /// What each call gave.
    pub calls: Vec<SimulatedCall>,
}

/// What a simulated call gave.
#[derive(Clone, Debug)]
pub struct SimulatedCall {
    /// How it ended; without its logs.
    pub result: ExecutionResult,
    /// What it logged, with payments if asked for; nothing when it failed.
    pub logs: Vec<CallLog>,
    /// The most gas it had used before refunds.
    pub most_gas: u64,
}

/// Simulates blocks on top of a state of the chain.
///
/// # Errors
/// [`SimulateFault`] for the first block or call that cannot be simulated at all.
pub fn simulate(
    view: &ChainView,
    at: At,
    blocks: Vec<SimulatedBlock>,
    how: Simulation,
) -> Result<Vec<Simulated>, SimulateFault> {
    let base = match at {
        At::Latest => view.head().clone(),
        At::After(height) => view.header(height)?.ok_or(ReadError::NoState { height })?,
    };
    let planned = plan::plan(&base, blocks)?;
    let state = CacheDB::new(view.state(at)?);
    let mut simulator = Simulator { view, how, state, parent: base, gas_left: SIMULATION_GAS.0 };
    planned.into_iter().map(|block| simulator.block(block)).collect()
}

/// A chain of simulated blocks that grows.
struct Simulator<'a> {
    view: &'a ChainView,
    how: Simulation,
    state: Overlay,
    parent: Sealed<Header>,
    gas_left: u64,
}

impl Simulator<'_> {
    fn block(&mut self, planned: Planned) -> Result<Simulated, SimulateFault> {
        let spec = Arc::clone(self.view.spec());
        let mut next = self.open(&planned);
        let env = self.env(&next, &planned.overrides);
        let spec_id = env.cfg_env.spec;
        let factory = UtnetEvmFactory::of(&spec);
        let precompiles = factory.precompiles(spec_id);
        let is_precompile = |address: &Address| precompiles.get(address).is_some();
        let moves = override_state(&mut self.state, &planned.state, is_precompile)?;

        let logs = CallLogs::new(self.how.traces_transfers);
        let mut run = BlockRun::inspected(&spec, &mut self.state, env, logs);
        moves
            .apply(run.evm_mut())
            .map_err(|error| SimulateFault::Precompiles(error.to_string().into()))?;
        run.open(next.parent_hash, next.parent_beacon_block_root)?;
        let rules = CallRules::new(&spec, &next, self.how.is_validated);
        let (transactions, calls) =
            run_calls(&mut run, &rules, &planned.calls, &mut self.gas_left)?;
        let given = planned.overrides.withdrawals;
        let is_shanghai = spec.is_shanghai_active_at_timestamp(next.timestamp);
        let withdrawals = given.as_deref().filter(|_| is_shanghai).map(Vec::as_slice);
        let rewards = Rewards::Given(withdrawals.or_else(|| no_withdrawals(is_shanghai)));
        let executed = run.close(&[], rewards)?;

        let (_, state_root) = settle(&self.state, spec_id)?;
        let bare: Vec<_> = transactions.iter().map(|tx| tx.inner().clone()).collect();
        header::close(&mut next, &spec, &bare, &executed, state_root);
        next.transactions_root = unsigned::root(&bare);
        let header = next.seal_slow();
        self.state.cache.block_hashes.insert(U256::from(header.number), header.hash());
        self.parent = header.clone();
        let block = BlockRecord {
            header,
            transactions,
            receipts: executed.receipts,
            ommers: Vec::new(),
            withdrawals: executed.withdrawals,
            sidecar: None,
        };
        Ok(Simulated { block, calls })
    }

    /// The header as far as it is known before execution.
    fn open(&self, planned: &Planned) -> Header {
        let (spec, parent) = (self.view.spec(), &self.parent);
        let fields = &planned.overrides.fields;
        // A fee of zero lets calls without any price pass.
        let free = (!self.how.is_validated).then_some(0);
        let attributes = Attributes {
            timestamp: planned.timestamp,
            beneficiary: fields.coinbase.unwrap_or(parent.beneficiary),
            beacon: fields.random.unwrap_or_else(|| self.beacon()),
            gas_limit: Gas(fields.gas_limit.unwrap_or(parent.gas_limit)),
            base_fee: fields.base_fee.map(|fee| fee.saturating_to()).or(free),
            parent_beacon_block_root: fields.beacon_root.unwrap_or_default(),
            extra_data: Bytes::new(),
        };
        let mut next = header::open(spec, parent, parent.hash(), &attributes);
        if !spec.is_paris_active_at_block(next.number) {
            next.difficulty = fields.difficulty.unwrap_or(parent.difficulty);
        }
        next
    }

    /// PREVRANDAO where none is given; POCI's contracts know no beacon of zero.
    fn beacon(&self) -> B256 {
        match self.view.spec().poci {
            Some(_) => keccak256(self.parent.mix_hash),
            None => B256::ZERO,
        }
    }

    fn env(&self, next: &Header, overrides: &Overrides) -> EvmEnv {
        let mut env = self.view.env_of(next);
        let cfg = &mut env.cfg_env;
        cfg.disable_nonce_check = !self.how.is_validated;
        cfg.disable_base_fee = !self.how.is_validated;
        cfg.disable_eip3607 = true;
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        if let Some(fee) = overrides.fields.blob_base_fee {
            env.block_env.blob_excess_gas_and_price = Some(BlobExcessGasAndPrice {
                excess_blob_gas: next.excess_blob_gas.unwrap_or_default(),
                blob_gasprice: fee.saturating_to(),
            });
        }
        env
    }
}

type Run<'a> = BlockRun<'a, CallLogs>;

/// Runs the calls of a block one after another.
fn run_calls(
    run: &mut Run<'_>,
    rules: &CallRules,
    calls: &[TransactionRequest],
    gas_left: &mut u64,
) -> Result<(Vec<Recovered<Transaction>>, Vec<SimulatedCall>), SimulateFault> {
    let mut transactions = Vec::with_capacity(calls.len());
    let mut outcomes = Vec::with_capacity(calls.len());
    for (index, call) in calls.iter().enumerate() {
        let sender = call.from.unwrap_or_default();
        let nonce = run.evm_mut().db().basic_ref(sender)?.unwrap_or_default().nonce;
        let gas = rules.gas(index, call, run.gas_left(), *gas_left)?;
        let transaction = rules.transaction(index, call, nonce, gas)?;
        let mut env = TxEnv::from_recovered_tx(transaction.inner(), sender);
        if !rules.is_validated {
            // The EVM refuses the last nonce even where it checks none.
            env.nonce = 0;
        }
        let result = run.execute_as(&transaction, env)?;
        if nonce == u64::MAX {
            reset_nonce(run, sender)?;
        }
        let used = *result.gas();
        *gas_left = gas_left
            .checked_sub(used.tx_gas_used())
            .ok_or(SimulateFault::GasCap { cap: SIMULATION_GAS })?;
        let most_gas = used.total_gas_spent().max(used.floor_gas());
        let logs = run.evm_mut().inspector_mut().take();
        outcomes.push(SimulatedCall { result, logs, most_gas });
        transactions.push(transaction);
    }
    Ok((transactions, outcomes))
}

/// A nonce that nobody validates starts again at zero after the last.
fn reset_nonce(run: &mut Run<'_>, sender: Address) -> Result<(), SimulateFault> {
    let state = run.evm_mut().db_mut();
    let mut info = state.basic_ref(sender)?.unwrap_or_default();
    info.nonce = 0;
    state.insert_account_info(sender, info);
    Ok(())
}

impl Simulated {
    /// The number of the block.
    pub fn height(&self) -> Height {
        self.block.height()
    }
}

impl From<ExecutionError> for SimulateFault {
    fn from(error: ExecutionError) -> Self {
        Self::Execution(Box::new(error))
    }
}
