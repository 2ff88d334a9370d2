//! Gives tokens and allowances, by finding the storage slot that a token's own view function reads.

use crate::{
    engine::api::AccountPatch,
    execution::Sandbox,
    rpc::{
        Context,
        args::Args,
        error::RpcError,
        eth::{
            call::touched,
            request::{returned, to_env},
        },
        table::methods,
        values::Number,
    },
};
use alloy_evm::revm::inspector::NoOpInspector;
use alloy_primitives::{Address, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolCall, SolValue, sol};
use std::sync::Arc;

methods! {
    ask "anvil_dealERC20" | "hardhat_dealERC20" | "anvil_setERC20Balance", Anvil, "Sets an account's balance of a token: `account, token, amount`." => deal;
    ask "anvil_setERC20Allowance", Anvil, "Sets what a spender may take of a token: `owner, spender, token, amount`." => allow;
}

sol! {
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
}

async fn deal(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let (account, token): (Address, Address) = (args.take("account")?, args.take("token")?);
    let Number(amount) = args.take("amount")?;
    set(context, token, balanceOfCall { account }.abi_encode(), amount).await
}

async fn allow(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let (owner, spender): (Address, Address) = (args.take("owner")?, args.take("spender")?);
    let token: Address = args.take("token")?;
    let Number(amount) = args.take("amount")?;
    set(context, token, allowanceCall { owner, spender }.abi_encode(), amount).await
}

/// Makes a view function of a token answer with an amount.
async fn set(
    context: Arc<Context>,
    token: Address,
    question: Vec<u8>,
    amount: U256,
) -> Result<(), RpcError> {
    let finder = Arc::clone(&context);
    let (holder, slot) =
        tokio::task::spawn_blocking(move || find(&finder, token, question, amount)).await??;
    let storage = [(slot, amount)].into();
    let patch = AccountPatch { storage, ..AccountPatch::default() };
    Ok(context.chain.patch(vec![(holder, patch)]).await?)
}

/// The slot that decides what a view function answers: it answers what stands there.
fn find(
    context: &Context,
    token: Address,
    question: Vec<u8>,
    amount: U256,
) -> Result<(Address, U256), RpcError> {
    let request = TransactionRequest {
        to: Some(TxKind::Call(token)),
        input: question.into(),
        ..TransactionRequest::default()
    };
    let mut sandbox = context.sandbox(None, None, None)?;
    for item in touched(&mut sandbox, &request)?.access_list.0 {
        for slot in item.storage_keys {
            let slot = U256::from_be_bytes(slot.0);
            // Two values, so that an answer which is the amount already deceives nobody.
            let decides = [amount, !amount].into_iter().map(|value| {
                let given = answer(sandbox.clone(), &request, (item.address, slot), value)?;
                Ok::<_, RpcError>(given == Some(value))
            });
            if decides.collect::<Result<Vec<_>, _>>()?.into_iter().all(|is_so| is_so) {
                return Ok((item.address, slot));
            }
        }
    }
    Err(RpcError::NoTokenSlot { token })
}

/// What the view function answers when a slot holds `amount`; `None` when it fails.
fn answer(
    mut sandbox: Sandbox,
    request: &TransactionRequest,
    (holder, slot): (Address, U256),
    amount: U256,
) -> Result<Option<U256>, RpcError> {
    sandbox.state.insert_account_storage(holder, slot, amount)?;
    let transaction = to_env(request, &sandbox)?;
    let output = returned(sandbox.run(transaction, NoOpInspector)?.result);
    Ok(output.ok().and_then(|output| U256::abi_decode(&output).ok()))
}
