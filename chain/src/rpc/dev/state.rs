//! Changes accounts without a transaction, and lets them send without a signature.

use crate::{
    engine::api::AccountPatch,
    rpc::{
        Context,
        args::{Args, Param, read},
        error::RpcError,
        table::methods,
        values::{Number, Slot, Small},
    },
};
use alloy_primitives::{Address, Bytes, Signature, U256};
use std::sync::Arc;

methods! {
    ask "anvil_setBalance" | "hardhat_setBalance" | "tenderly_setBalance" | "evm_setAccountBalance", Hardhat, "Sets a balance: `address or addresses, wei`." => set_balance;
    ask "anvil_addBalance" | "hardhat_addBalance" | "tenderly_addBalance", Anvil, "Adds to a balance: `address or addresses, wei`." => add_balance;
    ask "anvil_setCode" | "hardhat_setCode" | "evm_setAccountCode", Hardhat, "Sets an account's code: `address, bytes`." => set_code;
    ask "anvil_setNonce" | "hardhat_setNonce" | "evm_setAccountNonce", Hardhat, "Sets an account's nonce: `address, nonce`." => set_nonce;
    ask "anvil_setStorageAt" | "hardhat_setStorageAt" | "evm_setAccountStorageAt", Hardhat, "Sets a storage slot: `address, slot, value`." => set_storage;
    ask "anvil_impersonateAccount" | "hardhat_impersonateAccount", Hardhat, "Lets an account send without a signature: `address`." => impersonate;
    ask "anvil_stopImpersonatingAccount" | "hardhat_stopImpersonatingAccount", Hardhat, "Demands the account's signature again: `address`." => stop_impersonating;
    ask "anvil_impersonateSignature", Anvil, "Lets `ecrecover` answer with an account for a signature, as long as the node runs: `65 bytes, address`." => impersonate_signature;
    ask "anvil_autoImpersonateAccount" | "hardhat_autoImpersonateAccount", Anvil, "Lets every account send without a signature, or not: `true or false`." => auto_impersonate;
}

/// One account or several.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Accounts(Vec<Address>);

impl Param for Accounts {
    const EXPECTED: &'static str = "an address, or a list of addresses";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        match json.starts_with('[') {
            true => read(json).map(Self),
            false => Address::read(json).map(|account| Self(vec![account])),
        }
    }
}

async fn patch(context: &Context, account: Address, patch: AccountPatch) -> Result<(), RpcError> {
    Ok(context.chain.patch(vec![(account, patch)]).await?)
}

async fn set_balance(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let (Accounts(accounts), Number(wei)) = (args.take("address")?, args.take("balance")?);
    let patch = AccountPatch { balance: Some(wei), ..Default::default() };
    let patches = accounts.into_iter().map(|account| (account, patch.clone()));
    Ok(context.chain.patch(patches.collect()).await?)
}

async fn add_balance(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let (Accounts(accounts), Number(wei)) = (args.take("address")?, args.take("balance")?);
    let state = context.state(None)?;
    let mut patches = Vec::with_capacity(accounts.len());
    for account in accounts {
        let balance = state.account(account)?.unwrap_or_default().balance.saturating_add(wei);
        patches.push((account, AccountPatch { balance: Some(balance), ..Default::default() }));
    }
    Ok(context.chain.patch(patches).await?)
}

async fn set_code(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let (account, code): (Address, Bytes) = (args.take("address")?, args.take("code")?);
    patch(&context, account, AccountPatch { code: Some(code), ..Default::default() }).await
}

async fn set_nonce(context: Arc<Context>, mut args: Args) -> Result<bool, RpcError> {
    let (account, Small(nonce)) = (args.take("address")?, args.take("nonce")?);
    patch(&context, account, AccountPatch { nonce: Some(nonce), ..Default::default() }).await?;
    Ok(true)
}

async fn set_storage(context: Arc<Context>, mut args: Args) -> Result<bool, RpcError> {
    let account: Address = args.take("address")?;
    let (Slot(slot), Slot(value)): (Slot, Slot) = (args.take("slot")?, args.take("value")?);
    let storage: std::collections::BTreeMap<U256, U256> = [(slot, value)].into();
    patch(&context, account, AccountPatch { storage, ..Default::default() }).await?;
    Ok(true)
}

async fn impersonate(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    Ok(context.chain.impersonate(args.take("address")?, true).await?)
}

async fn stop_impersonating(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    Ok(context.chain.impersonate(args.take("address")?, false).await?)
}

async fn auto_impersonate(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    Ok(context.chain.auto_impersonate(args.take("on")?).await?)
}

async fn impersonate_signature(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let (signature, account): (Bytes, Address) = (args.take("signature")?, args.take("address")?);
    let signature = Signature::from_raw(&signature)
        .map_err(|_form| RpcError::Unfit("a signature has 65 bytes"))?;
    let mut words = [0; 96];
    words[31] = if signature.v() { 28 } else { 27 };
    words[32..64].copy_from_slice(&signature.r().to_be_bytes::<32>());
    words[64..].copy_from_slice(&signature.s().to_be_bytes::<32>());
    Ok(context.chain.assert_signature(words, account).await?)
}
