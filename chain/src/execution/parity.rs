//! Traces in the form that Parity's clients introduced: calls as a flat list, each step of the EVM, and
//! what changed in the state.

use super::{
    BlockRecord, CallError, ChainView, Sandbox, TraceError,
    replay::{Replayed, replay_block, replay_transaction},
};
use alloy_evm::{
    block::calc::{base_block_reward, block_reward, ommer_reward},
    revm::{context::TxEnv, state::EvmState},
};
use alloy_primitives::{Address, U256, map::HashSet};
use alloy_rpc_types_eth::TransactionInfo;
use alloy_rpc_types_trace::{
    opcode::{OpcodeGas, TransactionOpcodeGas},
    parity::{
        Action, LocalizedTransactionTrace, RewardAction, RewardType, TraceResults,
        TraceResultsWithTransactionHash, TraceType, TransactionTrace,
    },
};
use revm_inspectors::{
    opcode::OpcodeGasInspector,
    tracing::{TracingInspector, TracingInspectorConfig},
};
use utnet_primitives::Height;

/// Which traces are asked for.
pub type TraceTypes = HashSet<TraceType>;

/// The calls of a mined transaction.
///
/// # Errors
/// [`TraceError`].
pub fn transaction_calls(
    view: &ChainView,
    height: Height,
    index: usize,
) -> Result<Vec<LocalizedTransactionTrace>, TraceError> {
    replay_transaction(view, (height, index), calls(), |block, replayed| {
        Ok(localized(block, replayed))
    })
}

/// The calls of a block's transactions, and before the merge what the block paid its makers.
///
/// # Errors
/// [`TraceError`].
pub fn block_calls(
    view: &ChainView,
    block: &BlockRecord,
) -> Result<Vec<LocalizedTransactionTrace>, TraceError> {
    let traces = replay_block(view, block, calls, |replayed| Ok(localized(block, replayed)))?;
    let mut traces: Vec<_> = traces.into_iter().flatten().collect();
    traces.extend(rewards(view, block));
    Ok(traces)
}

fn calls() -> TracingInspector {
    TracingInspector::new(TracingInspectorConfig::default_parity())
}

fn localized(
    block: &BlockRecord,
    replayed: Replayed<'_, TracingInspector>,
) -> Vec<LocalizedTransactionTrace> {
    let info = TransactionInfo {
        hash: Some(replayed.hash()),
        index: u64::try_from(replayed.index).ok(),
        block_hash: Some(block.hash()),
        block_number: Some(block.header.number),
        base_fee: block.header.base_fee_per_gas,
        block_timestamp: Some(block.header.timestamp),
    };
    replayed.inspector.into_parity_builder().into_localized_transaction_traces(info)
}

/// What a block paid its makers before the merge: to whom, as what, how much.
pub(super) fn paid(view: &ChainView, block: &BlockRecord) -> Vec<(Address, RewardType, U256)> {
    let number = block.header.number;
    let is_genesis = number == view.spec().header.number;
    let Some(base) = base_block_reward(view.spec().as_ref(), number).filter(|_| !is_genesis) else {
        return Vec::new();
    };
    let whole = U256::from(block_reward(base, block.ommers.len()));
    let uncles = block.ommers.iter().map(|ommer| {
        let part = U256::from(ommer_reward(base, number, ommer.number));
        (ommer.beneficiary, RewardType::Uncle, part)
    });
    std::iter::once((block.header.beneficiary, RewardType::Block, whole)).chain(uncles).collect()
}

fn rewards(
    view: &ChainView,
    block: &BlockRecord,
) -> impl Iterator<Item = LocalizedTransactionTrace> {
    let (block_hash, block_number) = (Some(block.hash()), Some(block.header.number));
    paid(view, block).into_iter().map(move |(author, reward_type, value)| {
        LocalizedTransactionTrace {
            block_hash,
            block_number,
            transaction_hash: None,
            transaction_position: None,
            trace: TransactionTrace {
                trace_address: Vec::new(),
                subtraces: 0,
                action: Action::Reward(RewardAction { author, reward_type, value }),
                error: None,
                result: None,
            },
        }
    })
}

/// Runs a call and says what of it was asked for; what it changed is not kept.
///
/// # Errors
/// When the call cannot be run.
pub fn parity_call(
    sandbox: &mut Sandbox,
    call: TxEnv,
    types: &TraceTypes,
) -> Result<(TraceResults, EvmState), CallError> {
    let mut inspector = asked(types);
    let outcome = sandbox.run(call, &mut inspector)?;
    let traces = inspector
        .into_parity_builder()
        .into_trace_results_with_state(&outcome, types, &sandbox.state)
        .map_err(CallError::Database)?;
    Ok((traces, outcome.state))
}

fn asked(types: &TraceTypes) -> TracingInspector {
    TracingInspector::new(TracingInspectorConfig::from_parity_config(types))
}

/// Runs a mined transaction again and says what of it was asked for.
///
/// # Errors
/// [`TraceError`].
pub fn parity_transaction(
    view: &ChainView,
    height: Height,
    index: usize,
    types: &TraceTypes,
) -> Result<TraceResults, TraceError> {
    replay_transaction(view, (height, index), asked(types), |_, replayed| results(replayed, types))
}

/// Runs a block's transactions again and says what of each was asked for.
///
/// # Errors
/// [`TraceError`].
pub fn parity_block(
    view: &ChainView,
    block: &BlockRecord,
    types: &TraceTypes,
) -> Result<Vec<TraceResultsWithTransactionHash>, TraceError> {
    replay_block(
        view,
        block,
        || asked(types),
        |replayed| {
            let transaction_hash = replayed.hash();
            let full_trace = results(replayed, types)?;
            Ok(TraceResultsWithTransactionHash { full_trace, transaction_hash })
        },
    )
}

fn results(
    replayed: Replayed<'_, TracingInspector>,
    types: &TraceTypes,
) -> Result<TraceResults, TraceError> {
    let builder = replayed.inspector.into_parity_builder();
    let state = &replayed.before.state;
    Ok(builder.into_trace_results_with_state(replayed.outcome, types, state)?)
}

/// How often each opcode ran in a mined transaction, and what it cost.
///
/// # Errors
/// [`TraceError`].
pub fn transaction_opcodes(
    view: &ChainView,
    height: Height,
    index: usize,
) -> Result<TransactionOpcodeGas, TraceError> {
    let place = (height, index);
    replay_transaction(view, place, OpcodeGasInspector::new(), |_, replayed| Ok(opcodes(&replayed)))
}

/// The same for each transaction of a block.
///
/// # Errors
/// [`TraceError`].
pub fn block_opcodes(
    view: &ChainView,
    block: &BlockRecord,
) -> Result<Vec<TransactionOpcodeGas>, TraceError> {
    replay_block(view, block, OpcodeGasInspector::new, |replayed| Ok(opcodes(&replayed)))
}

fn opcodes(replayed: &Replayed<'_, OpcodeGasInspector>) -> TransactionOpcodeGas {
    let mut opcode_gas: Vec<OpcodeGas> = replayed.inspector.opcode_gas_iter().collect();
    opcode_gas.sort_by(|a, b| a.opcode.cmp(&b.opcode));
    TransactionOpcodeGas { transaction_hash: replayed.hash(), opcode_gas }
}
