//! Runs calls that change nothing.

use crate::{
    execution::Sandbox,
    rpc::{
        Context,
        args::{Args, params},
        error::{RpcError, halted},
        eth::{
            estimate,
            request::{returned, to_env, to_paid_env},
        },
        table::methods,
    },
};
use alloy_eips::{BlockId, BlockNumberOrTag, eip2930::AccessList};
use alloy_evm::revm::{context::result::ExecutionResult, inspector::NoOpInspector};
use alloy_primitives::{Bytes, U64, U256};
use alloy_rpc_types_eth::{
    AccessListResult, BlockOverrides, Bundle, EthCallResponse, StateContext, TransactionRequest,
    state::StateOverride,
};
use revm_inspectors::access_list::AccessListInspector;

methods! {
    call "eth_call", Ethereum, "Runs a call: `transaction, block, state overrides, block overrides`." => call;
    work "eth_callMany", Geth, "Runs calls after one another on one state: `bundles, {blockNumber, transactionIndex}, state overrides`." => call_many;
    work "eth_estimateGas", Ethereum, "Finds the gas limit that a transaction needs: `transaction, block (pending), state overrides, block overrides`." => estimate_gas;
    work "eth_createAccessList", Ethereum, "Finds the access list of a transaction: `transaction, block, state overrides`." => access_list;
}

/// Calls in groups, each with a block of its own.
pub(in crate::rpc) type Bundles = Vec<Bundle>;

params! {
    Bundles => "a list of bundles (transactions, blockOverride)",
    StateContext => "an object with blockNumber and transactionIndex",
}

/// Runs of a call before its access list must be stable.
const ACCESS_LIST_ROUNDS: usize = 8;

fn call(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    let request: TransactionRequest = args.take("transaction")?;
    let mut sandbox = prepare(context, args)?;
    let transaction = to_paid_env(&request, &sandbox)?;
    context.listen(&mut sandbox);
    let result = returned(sandbox.run(transaction.clone(), NoOpInspector)?.result);
    context.tell("eth_call", &mut sandbox, &transaction, result)
}

/// Reads what may follow a transaction: block, state overrides, block overrides.
fn prepare(context: &Context, args: &mut Args) -> Result<Sandbox, RpcError> {
    let block = args.find("block")?;
    let state: Option<StateOverride> = args.find("stateOverrides")?;
    let overrides: Option<BlockOverrides> = args.find("blockOverrides")?;
    context.sandbox(block, state.as_ref(), overrides.as_ref())
}

fn call_many(context: &Context, args: &mut Args) -> Result<Vec<Vec<EthCallResponse>>, RpcError> {
    let bundles: Bundles = args.take("bundles")?;
    let place: Option<StateContext> = args.find("context")?;
    let state: Option<StateOverride> = args.find("stateOverrides")?;
    let place = place.unwrap_or_default();
    let index = place.transaction_index.and_then(|index| index.index());
    let mut sandbox = match index.and_then(|index| u64::try_from(index).ok()) {
        Some(index) => context.inside(place.block_number, index)?.relaxed(),
        None => context.sandbox(place.block_number, None, None)?,
    };
    if let Some(state) = &state {
        sandbox = sandbox.with_state(state)?;
    }
    let mut answers = Vec::with_capacity(bundles.len());
    for bundle in bundles {
        if let Some(overrides) = &bundle.block_override {
            sandbox = sandbox.with_block(overrides);
        }
        let calls = bundle.transactions.iter();
        answers.push(calls.map(|call| follow(&mut sandbox, call)).collect::<Result<_, _>>()?);
    }
    Ok(answers)
}

/// Runs a call and keeps what it changed for the next.
fn follow(
    sandbox: &mut Sandbox,
    request: &TransactionRequest,
) -> Result<EthCallResponse, RpcError> {
    let transaction = to_paid_env(request, sandbox)?;
    let outcome = sandbox.run(transaction, NoOpInspector)?;
    sandbox.commit(outcome.state);
    Ok(match returned(outcome.result) {
        Ok(value) => EthCallResponse { value: Some(value), error: None },
        Err(error) => EthCallResponse { value: None, error: Some(error.to_string()) },
    })
}

fn estimate_gas(context: &Context, args: &mut Args) -> Result<U64, RpcError> {
    let request: TransactionRequest = args.take("transaction")?;
    // A transaction that is estimated comes next: after those that wait, and in the time that is set.
    let block = args.find("block")?.unwrap_or(BlockId::Number(BlockNumberOrTag::Pending));
    let state: Option<StateOverride> = args.find("stateOverrides")?;
    let overrides: Option<BlockOverrides> = args.find("blockOverrides")?;
    let mut sandbox =
        context.sandbox_before(&request, block, state.as_ref(), overrides.as_ref())?;
    let gas = estimate::gas(&mut sandbox, &request);
    let transaction = to_env(&request, &sandbox)?;
    context.tell("eth_estimateGas", &mut sandbox, &transaction, gas).map(U64::from)
}

fn access_list(context: &Context, args: &mut Args) -> Result<AccessListResult, RpcError> {
    let mut request: TransactionRequest = args.take("transaction")?;
    let mut sandbox = prepare(context, args)?;
    let mut result = touched(&mut sandbox, &request)?;
    for _ in 1..ACCESS_LIST_ROUNDS {
        if request.access_list.as_ref() == Some(&result.access_list) {
            break;
        }
        request.access_list = Some(result.access_list);
        result = touched(&mut sandbox, &request)?;
    }
    Ok(result)
}

/// The accounts and slots that a call reads.
pub(in crate::rpc) fn touched(
    sandbox: &mut Sandbox,
    request: &TransactionRequest,
) -> Result<AccessListResult, RpcError> {
    let transaction = to_paid_env(request, sandbox)?;
    let mut inspector = AccessListInspector::new(request.access_list.clone().unwrap_or_default());
    let result = sandbox.run(transaction, &mut inspector)?.result;
    Ok(AccessListResult {
        access_list: sorted(inspector.into_access_list()),
        gas_used: U256::from(result.tx_gas_used()),
        error: match result {
            ExecutionResult::Success { .. } => None,
            ExecutionResult::Revert { .. } => Some("execution reverted".into()),
            ExecutionResult::Halt { reason, .. } => Some(halted(&reason)),
        },
    })
}

/// The inspector's list comes out of a hash map: order it, so that equal calls give equal answers.
fn sorted(mut list: AccessList) -> AccessList {
    list.0.sort_by_key(|item| item.address);
    list
}
