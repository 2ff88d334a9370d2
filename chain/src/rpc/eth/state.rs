//! Answers what an account holds: balance, nonce, code, storage and the proof of each.

use crate::{
    execution::StateView,
    rpc::{
        Context,
        args::{Args, params},
        error::RpcError,
        table::methods,
        values::Slot,
    },
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_evm::revm::state::AccountInfo;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::{EIP1186AccountProofResponse, EIP1186StorageProof};
use alloy_serde::JsonStorageKey;
use serde::Serialize;
use std::collections::BTreeMap;

methods! {
    now "eth_accounts" | "eth_requestAccounts", Ethereum, "Lists the dev accounts, whose keys the node holds." => accounts;
    call "eth_getBalance", Ethereum, "Tells an account's balance in wei: `address, block`." => balance;
    call "eth_getCode", Ethereum, "Shows an account's code: `address, block`." => code;
    call "eth_getStorageAt", Ethereum, "Shows one storage slot: `address, slot, block`." => storage;
    call "eth_getStorageValues", Ethereum, "Shows many storage slots: `{address: [slot, ..]}, block`." => storage_values;
    now "eth_getTransactionCount", Ethereum, "Tells an account's next nonce: `address, block`; `pending` counts the pool." => nonce;
    work "eth_getProof", Ethereum, "Proves an account and slots against the state root: `address, slots, block`." => proof;
    work "eth_getMultiProof", Reth, "Proves accounts and slots against the state root: `[[address, slots], ..], block`." => multi_proof;
    now "eth_getAccount", Reth, "Shows an account's trie leaf: `address, block`." => account;
    call "eth_getAccountInfo", Reth, "Shows balance, nonce and code at once: `address, block`." => info;
}

/// Most slots in one `eth_getStorageValues` request.
const MOST_SLOTS: usize = 1_024;

type SlotsByAccount = BTreeMap<Address, Vec<B256>>;
type Keys = Vec<JsonStorageKey>;
type Targets = Vec<(Address, Keys)>;

params! {
    SlotsByAccount => "an object of addresses with lists of 32-byte slots",
    Keys => "a list of storage keys",
    Targets => "a list of pairs of an address and a list of storage keys",
}

fn accounts(context: &Context, _: &mut Args) -> Result<Vec<Address>, RpcError> {
    Ok(context.signers.accounts())
}

fn balance(context: &Context, args: &mut Args) -> Result<U256, RpcError> {
    let address = args.take("address")?;
    let account = context.accounts(args.find("block")?)?.account(address)?;
    Ok(account.map(|account| account.balance).unwrap_or_default())
}

fn code(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    let address = args.take("address")?;
    context.accounts(args.find("block")?)?.code(address)
}

fn storage(context: &Context, args: &mut Args) -> Result<B256, RpcError> {
    let address = args.take("address")?;
    let Slot(slot) = args.take("slot")?;
    Ok(context.accounts(args.find("block")?)?.storage(address, slot)?.into())
}

fn storage_values(context: &Context, args: &mut Args) -> Result<SlotsByAccount, RpcError> {
    let asked: SlotsByAccount = args.take("slots")?;
    let count: usize = asked.values().map(Vec::len).sum();
    if count == 0 {
        return Err(RpcError::Unfit("empty request"));
    }
    if count > MOST_SLOTS {
        return Err(RpcError::Unfit("too many slots: at most 1024"));
    }
    let state = context.accounts(args.find("block")?)?;
    let read = |address, slots: Vec<B256>| -> Result<Vec<B256>, RpcError> {
        let value = |slot: B256| Ok(state.storage(address, slot.into())?.into());
        slots.into_iter().map(value).collect()
    };
    asked.into_iter().map(|(address, slots)| Ok((address, read(address, slots)?))).collect()
}

fn nonce(context: &Context, args: &mut Args) -> Result<U64, RpcError> {
    let address = args.take("address")?;
    let block: Option<BlockId> = args.find("block")?;
    if block == Some(BlockNumberOrTag::Pending.into()) {
        return Ok(U64::from(context.pending_nonce(address)?));
    }
    let account = context.state(block)?.account(address)?;
    Ok(U64::from(account.map(|account| account.nonce).unwrap_or_default()))
}

impl Context {
    /// The nonce that an account's next transaction should carry.
    pub(in crate::rpc) fn pending_nonce(&self, address: Address) -> Result<u64, RpcError> {
        if let Some(next) = self.chain.pool_view().next_nonce(address) {
            return Ok(next);
        }
        let account = self.state(None)?.account(address)?;
        Ok(account.map(|account| account.nonce).unwrap_or_default())
    }
}

fn proof(context: &Context, args: &mut Args) -> Result<EIP1186AccountProofResponse, RpcError> {
    let address = args.take("address")?;
    let keys: Keys = args.find("slots")?.unwrap_or_default();
    prove(&context.state(args.find("block")?)?, address, keys)
}

fn multi_proof(
    context: &Context,
    args: &mut Args,
) -> Result<Vec<EIP1186AccountProofResponse>, RpcError> {
    let targets: Targets = args.take("targets")?;
    if targets.iter().map(|(_, keys)| keys.len() + 1).sum::<usize>() > MOST_SLOTS {
        return Err(RpcError::Unfit("too many slots: at most 1024"));
    }
    let state = context.state(args.find("block")?)?;
    targets.into_iter().map(|(address, keys)| prove(&state, address, keys)).collect()
}

fn prove(
    state: &StateView,
    address: Address,
    keys: Keys,
) -> Result<EIP1186AccountProofResponse, RpcError> {
    let slots: Vec<B256> = keys.iter().map(JsonStorageKey::as_b256).collect();
    let proof = state.proof(address, &slots)?;
    let storage_proof = keys.into_iter().zip(proof.slots);
    Ok(EIP1186AccountProofResponse {
        address,
        balance: proof.balance,
        code_hash: proof.code_hash,
        nonce: proof.nonce,
        storage_hash: proof.storage_root,
        account_proof: proof.proof,
        storage_proof: storage_proof
            .map(|(key, (_, value, proof))| EIP1186StorageProof { key, value, proof })
            .collect(),
    })
}

/// What the state trie holds under an account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Leaf {
    nonce: U64,
    balance: U256,
    storage_root: B256,
    code_hash: B256,
}

fn account(context: &Context, args: &mut Args) -> Result<Option<Leaf>, RpcError> {
    let address = args.take("address")?;
    let state = context.state(args.find("block")?)?;
    if state.account(address)?.is_none() {
        return Ok(None);
    }
    let proof = state.proof(address, &[])?;
    Ok(Some(Leaf {
        nonce: U64::from(proof.nonce),
        balance: proof.balance,
        storage_root: proof.storage_root,
        code_hash: proof.code_hash,
    }))
}

/// What a wallet shows of an account.
#[derive(Clone, Debug, Serialize)]
pub(in crate::rpc) struct Info {
    nonce: U64,
    balance: U256,
    code: Bytes,
}

impl Info {
    pub(in crate::rpc) fn new(account: &AccountInfo, code: Bytes) -> Self {
        Self { nonce: U64::from(account.nonce), balance: account.balance, code }
    }
}

fn info(context: &Context, args: &mut Args) -> Result<Info, RpcError> {
    let address = args.take("address")?;
    let state = context.accounts(args.find("block")?)?;
    let account = state.account(address)?.unwrap_or_default();
    let code = state.code(address)?;
    Ok(Info::new(&account, code))
}
