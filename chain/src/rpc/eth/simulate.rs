//! Simulates chains of blocks that nobody made.

use crate::{
    engine::{SimulateFault, Simulated, SimulatedBlock, SimulatedCall, Simulation, simulate},
    execution::{At, ExecutionError},
    rpc::{
        Context,
        args::{Args, params},
        blocks::Target,
        error::{REFUSED, RpcError, halted, reverted},
        objects::{self, BlockObject},
        table::methods,
    },
};
use alloy_eips::BlockId;
use alloy_evm::revm::context::result::{EVMError, ExecutionResult, InvalidTransaction};
use alloy_rpc_types_eth::{
    Log,
    simulate::{SimCallResult, SimulateError, SimulatedBlock as Answer},
};
use jsonrpsee::types::error::{INTERNAL_ERROR_CODE, INVALID_PARAMS_CODE};
use serde::Deserialize;
use serde_json::Value;

methods! {
    work "eth_simulateV1", Ethereum, "Simulates blocks on top of one: `{blockStateCalls: [{blockOverrides, stateOverrides, calls}], traceTransfers, validation, returnFullTransactions}, block`; at most 256 blocks and 50,000,000 gas in all." => run;
}

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the standard has a field for each")]
struct Payload {
    block_state_calls: Vec<SimulatedBlock>,
    #[serde(default)]
    trace_transfers: bool,
    #[serde(default)]
    validation: bool,
    #[serde(default)]
    return_full_transactions: bool,
}

params! {
    Payload => "an object with blockStateCalls (a list of {blockOverrides, stateOverrides, calls})",
}

fn run(context: &Context, args: &mut Args) -> Result<Vec<Value>, RpcError> {
    let payload: Payload = args.take("payload")?;
    let block: Option<BlockId> = args.find("block")?;
    if payload.block_state_calls.is_empty() {
        return Err(RpcError::Unfit("blockStateCalls is empty"));
    }
    let view = context.view()?;
    let at = match context.target(&view, block.unwrap_or_default())? {
        Target::Block(height) if height != view.height() => At::After(height),
        Target::Block(_) | Target::Pending => At::Latest,
    };
    let how =
        Simulation { is_validated: payload.validation, traces_transfers: payload.trace_transfers };
    let simulated = simulate(&view, at, payload.block_state_calls, how)?;
    let answers = simulated.into_iter().map(|one| answer(one, payload.return_full_transactions));
    answers.map(unsigned).collect()
}

/// The answer with a `v` of zero where nobody signed a transaction of the first type, as geth has it.
fn unsigned(answer: Answer<BlockObject>) -> Result<Value, RpcError> {
    let mut answer = serde_json::to_value(answer).map_err(RpcError::Unwritable)?;
    let transactions = answer.get_mut("transactions").and_then(Value::as_array_mut);
    for transaction in transactions.into_iter().flatten() {
        if transaction.get("type").is_some_and(|kind| kind == "0x0")
            && let Some(v) = transaction.get_mut("v")
        {
            *v = Value::from("0x0");
        }
    }
    Ok(answer)
}

fn answer(simulated: Simulated, full: bool) -> Answer<BlockObject> {
    let inner = objects::block(&simulated.block, full);
    let header = &simulated.block.header;
    let place = Log {
        block_hash: Some(header.hash()),
        block_number: Some(header.number),
        block_timestamp: Some(header.timestamp),
        ..Log::default()
    };
    let hashes = objects::hashes(&simulated.block).enumerate();
    let calls = hashes.zip(simulated.calls).map(|((index, hash), call)| {
        let place = Log {
            transaction_hash: Some(hash),
            transaction_index: u64::try_from(index).ok(),
            ..place.clone()
        };
        outcome(call, &place)
    });
    let calls = calls.collect();
    Answer { inner, calls }
}

/// What a call gave; `place` is where it stands in the block.
fn outcome(call: SimulatedCall, place: &Log) -> SimCallResult {
    let logs = call.logs.into_iter().map(|logged| Log {
        inner: logged.log,
        log_index: Some(logged.index),
        ..place.clone()
    });
    let logs = logs.collect();
    let gas_used = call.result.tx_gas_used();
    let status = call.result.is_success();
    let error = match &call.result {
        ExecutionResult::Success { .. } => None,
        ExecutionResult::Revert { output, .. } => Some(SimulateError {
            code: SimulateError::EXECUTION_REVERTED_CODE,
            message: reverted(output),
            data: Some(output.clone()),
        }),
        ExecutionResult::Halt { reason, .. } => Some(SimulateError {
            code: SimulateError::VM_EXECUTION_ERROR_CODE,
            message: halted(reason),
            data: None,
        }),
    };
    let return_data = match call.result {
        ExecutionResult::Success { output, .. } => output.into_data(),
        _ => Default::default(),
    };
    let max_used_gas = Some(call.most_gas);
    SimCallResult { return_data, logs, gas_used, max_used_gas, status, error }
}

/// The code of a fault, by the execution APIs' list for this method.
pub(in crate::rpc) fn code(fault: &SimulateFault) -> i32 {
    use crate::execution::OverrideError::MovedOntoItself;
    match fault {
        SimulateFault::NumberOrder { .. } => -38_020,
        SimulateFault::TimestampOrder { .. } => -38_021,
        SimulateFault::TooManyBlocks { .. } | SimulateFault::TooManyCalls { .. } => -38_026,
        SimulateFault::BlockGas { .. } => -38_015,
        SimulateFault::Nonce { asked, next, .. } if asked < next => -38_010,
        SimulateFault::Nonce { asked, next, .. } if asked > next => -38_011,
        SimulateFault::Nonce { .. } => INTERNAL_ERROR_CODE,
        SimulateFault::BelowBaseFee { .. } => -38_012,
        SimulateFault::Override(MovedOntoItself(_)) => -38_022,
        SimulateFault::Execution(error) => match &**error {
            ExecutionError::Transaction { source, .. } => match &**source {
                EVMError::Transaction(invalid) => code_of_invalid(invalid),
                _ => INTERNAL_ERROR_CODE,
            },
            ExecutionError::BlockGas { .. } => -38_015,
            _ => INTERNAL_ERROR_CODE,
        },
        SimulateFault::Read(_) => INTERNAL_ERROR_CODE,
        _ => REFUSED,
    }
}

fn code_of_invalid(invalid: &InvalidTransaction) -> i32 {
    use InvalidTransaction as Why;
    match invalid {
        Why::NonceTooLow { .. } => -38_010,
        Why::NonceTooHigh { .. } => -38_011,
        Why::GasPriceLessThanBasefee => -38_012,
        Why::CallGasCostMoreThanGasLimit { .. } => -38_013,
        Why::LackOfFundForMaxFee { .. } => -38_014,
        Why::CallerGasLimitMoreThanBlock => -38_015,
        Why::RejectCallerWithCode => -38_024,
        Why::CreateInitCodeSizeLimit => -38_025,
        Why::PriorityFeeGreaterThanMaxFee => INVALID_PARAMS_CODE,
        _ => INTERNAL_ERROR_CODE,
    }
}
