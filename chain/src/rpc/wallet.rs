//! Answers as a wallet would, to pages that speak to the node directly: this one chain, the dev accounts, no questions.
//!
//! EIP-5792 (batches of calls), EIP-3085 and EIP-3326 (chains), EIP-2255 (permissions), EIP-747 (assets).

mod batches;

pub(super) use batches::Batches;

use super::{
    Context,
    args::{Args, Param, params, read},
    error::RpcError,
    objects::ReceiptObject,
    table::methods,
};
use alloy_primitives::{Address, Bytes, U64, U256};
use alloy_rpc_types_eth::TransactionRequest;
use batches::Batch;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

methods! {
    now "wallet_getCapabilities", Wallet, "Tells what batches can do, by chain: `address, [chain id, ..]`." => capabilities;
    ask "wallet_sendCalls", Wallet, "Sends calls one after another (not as one, so `atomicRequired` is refused): `{version, chainId, from, calls, id}`." => send_calls;
    now "wallet_getCallsStatus", Wallet, "Tells what became of a batch: `id`." => status;
    now "wallet_showCallsStatus", Wallet, "Accepted; the node has nothing to show it on: `id`." => show_status;
    now "wallet_addEthereumChain", Wallet, "Accepts this chain, refuses others: `{chainId, ..}`." => use_chain;
    now "wallet_switchEthereumChain", Wallet, "Accepts this chain, refuses others: `{chainId}`." => use_chain;
    now "wallet_getPermissions" | "wallet_requestPermissions", Wallet, "Lists what a page may do: see the dev accounts." => permissions;
    now "wallet_revokePermissions", Wallet, "Accepted; the dev accounts are everybody's." => revoke;
    now "wallet_watchAsset", Wallet, "Accepted; the node has nothing to show it on." => watch_asset;
}

/// Most calls in one batch.
const MOST_CALLS: usize = 256;

/// A number that wallets know: EIP-1193, EIP-3085 and EIP-5792 list them.
mod code {
    pub(super) const UNAUTHORIZED: i32 = 4100;
    pub(super) const UNKNOWN_CHAIN: i32 = 4902;
    pub(super) const UNSUPPORTED_CAPABILITY: i32 = 5700;
    pub(super) const UNSUPPORTED_CHAIN: i32 = 5710;
    pub(super) const DUPLICATE_ID: i32 = 5720;
    pub(super) const UNKNOWN_ID: i32 = 5730;
    pub(super) const TOO_LARGE: i32 = 5740;
    pub(super) const NOT_ATOMIC: i32 = 5760;
}

const fn refusal(code: i32, why: &'static str) -> RpcError {
    RpcError::Wallet { code, why }
}

type ChainIds = Vec<U64>;

/// One call of a batch.
#[derive(Clone, Debug, Deserialize)]
struct Call {
    to: Option<Address>,
    data: Option<Bytes>,
    value: Option<U256>,
    #[serde(default)]
    capabilities: Capabilities,
}

/// What a page asks of a batch beyond the calls.
type Capabilities = BTreeMap<String, Value>;

/// Calls that belong together.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Calls {
    version: String,
    id: Option<String>,
    chain_id: U64,
    from: Option<Address>,
    #[serde(default)]
    atomic_required: bool,
    calls: Vec<Call>,
    #[serde(default)]
    capabilities: Capabilities,
}

/// A chain that a page wants.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    chain_id: U64,
}

params! {
    ChainIds => "a list of chain ids (hex strings)",
    Calls => "a batch (version, chainId, from, atomicRequired, calls, id, capabilities)",
    Wanted => "an object with chainId (a hex string)",
}

fn is_ours(context: &Context, id: U64) -> bool {
    id == U64::from(context.chain.spec().chain_id)
}

fn capabilities(context: &Context, args: &mut Args) -> Result<Value, RpcError> {
    let account: Option<Address> = args.find("address")?;
    let asked: Option<ChainIds> = args.find("chainIds")?;
    check_account(context, account)?;
    let ours = context.chain.spec().chain_id;
    if asked.is_some_and(|ids| !ids.contains(&U64::from(ours))) {
        return Ok(json!({}));
    }
    Ok(json!({ format!("{ours:#x}"): { "atomic": { "status": "unsupported" } } }))
}

fn check_account(context: &Context, account: Option<Address>) -> Result<(), RpcError> {
    let is_open = |account: Address| {
        context.signers.has(account) || context.chain.settings().is_impersonated(&account)
    };
    match account {
        Some(account) if !is_open(account) => {
            Err(refusal(code::UNAUTHORIZED, "the node holds no key of this account"))
        }
        _ => Ok(()),
    }
}

/// What a batch is known by from now on.
#[derive(Clone, Debug, Serialize)]
struct Sent {
    id: String,
}

async fn send_calls(context: Arc<Context>, mut args: Args) -> Result<Sent, RpcError> {
    let calls: Calls = args.take("batch")?;
    check(&context, &calls)?;
    let from = calls.from.or_else(|| context.signers.accounts().first().copied());
    let id = context.batches.lock().open(calls.id)?;
    for call in calls.calls {
        let request = TransactionRequest {
            from,
            to: Some(call.to.map_or(alloy_primitives::TxKind::Create, Into::into)),
            value: call.value,
            input: call.data.unwrap_or_default().into(),
            ..Default::default()
        };
        match context.send_request(request).await {
            Ok(hash) => context.batches.lock().add(&id, hash),
            // Calls before it are sent and cannot be taken back: the status tells.
            Err(reason) => {
                context.batches.lock().stop(&id, reason)?;
                break;
            }
        }
    }
    Ok(Sent { id })
}

fn check(context: &Context, calls: &Calls) -> Result<(), RpcError> {
    if !matches!(calls.version.as_str(), "1.0" | "2.0.0") {
        return Err(RpcError::Unfit("this version of batches is unknown: 2.0.0 is meant"));
    }
    if !is_ours(context, calls.chain_id) {
        return Err(refusal(code::UNSUPPORTED_CHAIN, "this node has one chain: its own"));
    }
    if calls.calls.is_empty() {
        return Err(RpcError::Unfit("a batch needs a call"));
    }
    if calls.calls.len() > MOST_CALLS {
        return Err(refusal(code::TOO_LARGE, "a batch has at most 256 calls"));
    }
    if calls.atomic_required {
        return Err(refusal(code::NOT_ATOMIC, "calls cannot be run as one here"));
    }
    let asked = calls.calls.iter().map(|call| &call.capabilities).chain([&calls.capabilities]);
    let is_needed = |one: &Value| !one.get("optional").is_some_and(|flag| *flag == json!(true));
    if asked.flat_map(BTreeMap::values).any(is_needed) {
        return Err(refusal(
            code::UNSUPPORTED_CAPABILITY,
            "a capability is asked that is not here",
        ));
    }
    check_account(context, calls.from)
}

/// The numbers of EIP-5792 for what became of a batch.
mod outcome {
    pub(super) const PENDING: u16 = 100;
    pub(super) const DONE: u16 = 200;
    pub(super) const LOST: u16 = 400;
    pub(super) const REVERTED: u16 = 500;
    pub(super) const PARTLY: u16 = 600;
}

/// What became of a batch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    version: &'static str,
    id: String,
    chain_id: U64,
    status: u16,
    atomic: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    receipts: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn status(context: &Context, args: &mut Args) -> Result<Status, RpcError> {
    let id: String = args.take("id")?;
    let Batch { hashes, stopped } = context.batches.lock().find(&id)?;
    // Looked at first: what leaves the pool meanwhile is in a block then.
    let pool = context.chain.pool_view();
    let waiting = hashes.iter().filter(|hash| pool.find(hash).is_some()).count();
    let found = hashes.iter().map(|hash| context.find_receipt(*hash));
    let receipts: Vec<ReceiptObject> =
        found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let good = receipts.iter().filter(|receipt| receipt.status()).count();
    let status = match (receipts.len(), &stopped) {
        (mined, _) if mined < hashes.len() && waiting > 0 => outcome::PENDING,
        (mined, None) if mined == hashes.len() && good == mined => outcome::DONE,
        // A block was taken back, or the pool let them go.
        (0, _) => outcome::LOST,
        _ if good == 0 => outcome::REVERTED,
        _ => outcome::PARTLY,
    };
    Ok(Status {
        version: "2.0.0",
        id,
        chain_id: U64::from(context.chain.spec().chain_id),
        status,
        atomic: false,
        receipts: receipts.iter().map(brief).collect(),
        error: stopped,
    })
}

/// What of a receipt EIP-5792 shows.
fn brief(receipt: &ReceiptObject) -> Value {
    let logs = receipt.inner.logs().iter().map(
        |log| json!({ "address": log.address(), "data": log.data().data, "topics": log.topics() }),
    );
    json!({
        "logs": logs.collect::<Vec<_>>(),
        "status": if receipt.status() { "0x1" } else { "0x0" },
        "blockHash": receipt.block_hash,
        "blockNumber": receipt.block_number.map(U64::from),
        "gasUsed": U64::from(receipt.gas_used),
        "transactionHash": receipt.transaction_hash,
    })
}

fn show_status(context: &Context, args: &mut Args) -> Result<(), RpcError> {
    context.batches.lock().find(&args.take::<String>("id")?)?;
    Ok(())
}

fn use_chain(context: &Context, args: &mut Args) -> Result<(), RpcError> {
    let wanted: Wanted = args.take("chain")?;
    if !is_ours(context, wanted.chain_id) {
        return Err(refusal(code::UNKNOWN_CHAIN, "unrecognized chain: this node has one, its own"));
    }
    Ok(())
}

fn permissions(_: &Context, _: &mut Args) -> Result<Value, RpcError> {
    Ok(json!([{ "parentCapability": "eth_accounts", "caveats": [] }]))
}

/// Any JSON value.
#[derive(Clone, Debug)]
struct Anything;

impl Param for Anything {
    const EXPECTED: &'static str = "an object";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        read::<Value>(json).map(|_value| Self)
    }
}

fn revoke(_: &Context, args: &mut Args) -> Result<(), RpcError> {
    args.find::<Anything>("permissions")?;
    Ok(())
}

fn watch_asset(_: &Context, args: &mut Args) -> Result<bool, RpcError> {
    args.find::<Anything>("asset")?;
    Ok(true)
}
