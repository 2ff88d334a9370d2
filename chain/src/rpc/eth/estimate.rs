//! Finds the least gas limit with which a transaction succeeds, by the steps that geth takes.

use crate::{
    execution::{CallError, Sandbox},
    rpc::{
        error::RpcError,
        eth::request::{check_funds, returned, to_env},
    },
};
use alloy_evm::revm::{
    DatabaseRef,
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    },
    inspector::NoOpInspector,
};
use alloy_primitives::{TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;

/// Gas of a plain transfer.
const TRANSFER: u64 = 21_000;
/// Gas that a callee gets for free with a value transfer; a call may need it in reserve.
const STIPEND: u64 = 2_300;
/// The search stops when the bounds are this close, in thousandths of the upper one (geth: 0.015).
const TOLERANCE_PER_MILLE: u64 = 15;

/// The gas limit that a transaction needs in this state.
pub(in crate::rpc) fn gas(
    sandbox: &mut Sandbox,
    request: &TransactionRequest,
) -> Result<u64, RpcError> {
    let mut transaction = to_env(request, sandbox)?;
    check_funds(request, transaction.value, sandbox)?;
    transaction.gas_limit = ceiling(sandbox, &transaction)?;
    if is_transfer(sandbox, &transaction)? {
        transaction.gas_limit = TRANSFER;
        if let Attempt::Enough(_) = attempt(sandbox, &transaction)? {
            return Ok(TRANSFER);
        }
        transaction.gas_limit = ceiling(sandbox, &transaction)?;
    }
    let ceiling = transaction.gas_limit;
    match attempt(sandbox, &transaction)? {
        Attempt::Enough(result) => search(sandbox, transaction, &result),
        Attempt::TooLittle => Err(RpcError::GasAboveAllowance { allowance: ceiling }),
        Attempt::Failed(result) => match returned(result) {
            Err(reason) => Err(reason),
            Ok(_) => Err(RpcError::GasAboveAllowance { allowance: ceiling }),
        },
    }
}

/// What one run says about its gas limit.
enum Attempt {
    Enough(ExecutionResult),
    TooLittle,
    /// No gas limit would help.
    Failed(ExecutionResult),
}

fn attempt(sandbox: &mut Sandbox, transaction: &TxEnv) -> Result<Attempt, RpcError> {
    use InvalidTransaction::{CallGasCostMoreThanGasLimit, GasFloorMoreThanGasLimit};
    let run: Result<_, CallError> = sandbox.run(transaction.clone(), NoOpInspector);
    match run {
        Err(EVMError::Transaction(
            CallGasCostMoreThanGasLimit { .. } | GasFloorMoreThanGasLimit { .. },
        )) => Ok(Attempt::TooLittle),
        Err(error) => Err(error.into()),
        Ok(outcome) => Ok(match outcome.result {
            result @ ExecutionResult::Success { .. } => Attempt::Enough(result),
            ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } => Attempt::TooLittle,
            result => Attempt::Failed(result),
        }),
    }
}

/// The most gas that can be tried: what was asked for or the block holds, and what the sender can pay.
fn ceiling(sandbox: &Sandbox, transaction: &TxEnv) -> Result<u64, RpcError> {
    let block = sandbox.env.block_env.gas_limit.min(sandbox.most_gas.0);
    let asked = if transaction.gas_limit >= TRANSFER { transaction.gas_limit } else { block };
    let balance = sandbox.state.basic_ref(transaction.caller)?.unwrap_or_default().balance;
    let left = balance.saturating_sub(transaction.value);
    let affordable = left.checked_div(U256::from(transaction.gas_price));
    Ok(affordable.map_or(asked, |most| asked.min(u64::try_from(most).unwrap_or(u64::MAX))))
}

/// Whether nothing but money moves.
fn is_transfer(sandbox: &Sandbox, transaction: &TxEnv) -> Result<bool, RpcError> {
    let TxKind::Call(to) = transaction.kind else { return Ok(false) };
    let plain = transaction.data.is_empty() && transaction.authorization_list.is_empty();
    let account = sandbox.state.basic_ref(to)?.unwrap_or_default();
    Ok(plain && transaction.access_list.is_empty() && account.is_empty_code_hash())
}

/// Halves the distance between a limit that fails and one that does not.
fn search(
    sandbox: &mut Sandbox,
    mut transaction: TxEnv,
    first: &ExecutionResult,
) -> Result<u64, RpcError> {
    let used = first.tx_gas_used();
    let (mut low, mut high) = (used.saturating_sub(1), transaction.gas_limit);
    let refunded = first.gas().final_refunded();
    let guess = used.saturating_add(refunded).saturating_add(STIPEND).saturating_mul(64) / 63;
    let mut next = Some(guess).filter(|guess| *guess < high);
    while low.saturating_add(1) < high {
        let limit = match next.take() {
            Some(guess) => guess,
            None if is_close(low, high) => break,
            // Most limits are near the lower bound: never step further than twice it.
            None => (low + (high - low) / 2).min(low.saturating_mul(2)),
        };
        transaction.gas_limit = limit;
        match attempt(sandbox, &transaction)? {
            Attempt::Enough(_) => high = limit,
            Attempt::TooLittle | Attempt::Failed(_) => low = limit,
        }
    }
    Ok(high)
}

const fn is_close(low: u64, high: u64) -> bool {
    (high - low).saturating_mul(1_000) / high < TOLERANCE_PER_MILLE
}
