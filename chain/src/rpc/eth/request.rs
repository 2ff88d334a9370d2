//! Turns a transaction object into what the EVM runs.

use crate::{
    execution::Sandbox,
    rpc::{Context, error::RpcError},
};
use alloy_eips::BlockId;
use alloy_evm::revm::{
    DatabaseRef,
    context::{TxEnv, either::Either, result::ExecutionResult},
};
use alloy_primitives::{Bytes, TxKind, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};

impl Context {
    /// The state and block in which a call runs, with the checks lifted that calls are free of.
    pub(in crate::rpc) fn sandbox(
        &self,
        block: Option<BlockId>,
        state: Option<&StateOverride>,
        overrides: Option<&BlockOverrides>,
    ) -> Result<Sandbox, RpcError> {
        let sandbox = match block {
            Some(BlockId::Number(tag)) if tag.is_pending() => {
                let (view, proposal) = self.chain.pending()?;
                proposal.sandbox(&view)?.relaxed()
            }
            // A call at a block runs in that block's own environment, as with geth.
            other => {
                let view = self.view()?;
                Sandbox::on(&view, self.at(&view, other)?)?.relaxed()
            }
        };
        overridden(sandbox, state, overrides)
    }

    /// The same for a transaction that will be sent. One that replaces a waiting one does not come after that one.
    pub(in crate::rpc) fn sandbox_before(
        &self,
        request: &TransactionRequest,
        block: BlockId,
        state: Option<&StateOverride>,
        overrides: Option<&BlockOverrides>,
    ) -> Result<Sandbox, RpcError> {
        match (request.from, request.nonce, block) {
            (Some(sender), Some(nonce), BlockId::Number(tag)) if tag.is_pending() => {
                let (view, proposal) = self.chain.pending_before(sender, nonce)?;
                overridden(proposal.sandbox(&view)?.relaxed(), state, overrides)
            }
            _ => self.sandbox(Some(block), state, overrides),
        }
    }
}

fn overridden(
    mut sandbox: Sandbox,
    state: Option<&StateOverride>,
    overrides: Option<&BlockOverrides>,
) -> Result<Sandbox, RpcError> {
    if let Some(overrides) = overrides {
        sandbox = sandbox.with_block(overrides);
    }
    match state {
        Some(state) => Ok(sandbox.with_state(state)?),
        None => Ok(sandbox),
    }
}

/// Fills what a call leaves out: sender zero, the account's nonce, the block's gas limit, no price. Asked
/// for more gas than a call may have, it gives that much, as geth does.
pub(in crate::rpc) fn to_env(
    request: &TransactionRequest,
    sandbox: &Sandbox,
) -> Result<TxEnv, RpcError> {
    if request.gas_price.is_some() && request.max_fee_per_gas.is_some() {
        return Err(RpcError::Unfit("both gasPrice and maxFeePerGas are given"));
    }
    if request.chain_id.is_some_and(|id| id != sandbox.env.cfg_env.chain_id) {
        return Err(RpcError::Unfit("chainId is not this chain's"));
    }
    let caller = request.from.unwrap_or_default();
    let nonce = match request.nonce {
        Some(nonce) => nonce,
        None => sandbox.state.basic_ref(caller)?.unwrap_or_default().nonce,
    };
    let asked = request.gas.unwrap_or(sandbox.env.block_env.gas_limit);
    let mut env = TxEnv {
        tx_type: 0,
        caller,
        nonce,
        gas_limit: asked.min(sandbox.most_gas.0),
        gas_price: request.gas_price.or(request.max_fee_per_gas).unwrap_or_default(),
        gas_priority_fee: request
            .max_priority_fee_per_gas
            .or_else(|| request.max_fee_per_gas.map(|_| 0)),
        kind: request.to.unwrap_or(TxKind::Create),
        value: request.value.unwrap_or_default(),
        data: input(request)?,
        chain_id: Some(sandbox.env.cfg_env.chain_id),
        access_list: request.access_list.clone().unwrap_or_default(),
        blob_hashes: request.blob_versioned_hashes.clone().unwrap_or_default(),
        max_fee_per_blob_gas: request.max_fee_per_blob_gas.unwrap_or_default(),
        authorization_list: signed(request),
    };
    env.derive_tx_type().map_err(|_no_target| RpcError::Unfit("`to` is missing"))?;
    Ok(env)
}

/// The same of a call that its sender can pay for: what it moves, and its gas where it names a price.
pub(in crate::rpc) fn to_paid_env(
    request: &TransactionRequest,
    sandbox: &Sandbox,
) -> Result<TxEnv, RpcError> {
    let env = to_env(request, sandbox)?;
    let gas = U256::from(env.gas_limit).saturating_mul(U256::from(env.gas_price));
    check_funds(request, env.value.saturating_add(gas), sandbox)?;
    Ok(env)
}

/// Refuses a call whose sender has less than it wants. Nobody in particular has everything.
pub(in crate::rpc) fn check_funds(
    request: &TransactionRequest,
    want: U256,
    sandbox: &Sandbox,
) -> Result<(), RpcError> {
    let Some(account) = request.from else { return Ok(()) };
    let have = match want.is_zero() {
        true => want,
        false => sandbox.state.basic_ref(account)?.unwrap_or_default().balance,
    };
    if have < want { Err(RpcError::InsufficientFunds { account, have, want }) } else { Ok(()) }
}

fn input(request: &TransactionRequest) -> Result<Bytes, RpcError> {
    let input = request.input.unique_input();
    Ok(input
        .map_err(|_differ| RpcError::Unfit("`data` and `input` differ"))?
        .cloned()
        .unwrap_or_default())
}

fn signed(
    request: &TransactionRequest,
) -> Vec<
    Either<alloy_eips::eip7702::SignedAuthorization, alloy_eips::eip7702::RecoveredAuthorization>,
> {
    let list = request.authorization_list.iter().flatten();
    list.cloned().map(Either::Left).collect()
}

/// What a call returned, or why it did not.
pub(in crate::rpc) fn returned(result: ExecutionResult) -> Result<Bytes, RpcError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(RpcError::Reverted(output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::Halted(reason)),
    }
}
