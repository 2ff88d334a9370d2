//! Reads states in the middle of blocks, whole states, and what blocks changed.

use crate::{
    execution::{At, StateView, Witness, witness},
    rpc::{
        Context,
        args::{Args, Param, read},
        error::RpcError,
        eth::state::Info,
        table::methods,
        values::Small,
    },
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_evm::revm::{DatabaseRef, state::AccountInfo};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::Index;
use serde::Serialize;
use std::{collections::BTreeMap, ops::RangeInclusive};
use utnet_primitives::Height;

methods! {
    work "debug_storageRangeAt", Geth, "Lists an account's slots inside a block, by their hashes: `number or hash, transactions before, address, first hash, how many`." => storage_range;
    work "debug_accountRange", Geth, "Lists accounts by the hashes of their addresses: `block, first hash, how many (at most 256), without code, without storage`." => account_range;
    work "debug_dumpBlock", Geth, "Lists all accounts: `block`." => dump;
    work "debug_accountInfoAt", Reth, "Shows balance, nonce and code inside a block, after a transaction: `block, index, address`." => info_at;
    now "debug_codeByHash", Reth, "Shows code that the chain has seen: `hash`." => code_by_hash;
    now "debug_dbGet", Geth, "Shows code by geth's database key: the letter `c` and the hash." => db_get;
    work "debug_getModifiedAccountsByNumber", Geth, "Lists the accounts that a block changed, or blocks did: `number`, or `after number, up to number`." => modified_by_number;
    work "debug_getModifiedAccountsByHash", Geth, "Lists the accounts that a block changed, or blocks did: `hash`, or `after hash, up to hash`." => modified_by_hash;
    work "debug_executionWitness", Reth, "Shows what it takes to run a block again without the state (not under POCI): `number, tag or hash`." => execution_witness;
    work "debug_executionWitnessByBlockHash", Reth, "Shows what it takes to run a block again without the state (not under POCI): `hash`." => execution_witness;
    now "debug_getAccessibleState", Geth, "Tells the first block between two whose state is kept: `number or tag, number or tag`." => accessible;
}

/// Most accounts in one answer of `debug_accountRange`, as with geth.
const MOST_ACCOUNTS: usize = 256;
/// Most slots in one answer of `debug_storageRangeAt`.
const MOST_SLOTS: usize = 100_000;

/// The beginning of a hash; what is left out is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Start(B256);

impl Param for Start {
    const EXPECTED: &'static str = "a hash, or the first bytes of one, as hex after 0x";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        let bytes: Bytes = read(json)?;
        let long = || serde::de::Error::custom("longer than 32 bytes");
        (bytes.len() <= 32).then(|| Self(B256::right_padding_from(&bytes))).ok_or_else(long)
    }
}

/// geth's form of an answer of `debug_storageRangeAt`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StorageRange {
    storage: BTreeMap<B256, Slot>,
    next_key: Option<B256>,
}

#[derive(Clone, Debug, Serialize)]
struct Slot {
    key: B256,
    value: B256,
}

fn storage_range(context: &Context, args: &mut Args) -> Result<StorageRange, RpcError> {
    let block: BlockId = args.take("block")?;
    let Small(before) = args.take("transactions")?;
    let address: Address = args.take("address")?;
    let Start(start) = args.find("start")?.unwrap_or_default();
    let Small(count) = args.take("count")?;
    let count = usize::try_from(count).unwrap_or(MOST_SLOTS).min(MOST_SLOTS);
    let slots = context.inside(Some(block), before)?.slots(address)?;
    let hashed: BTreeMap<B256, Slot> = slots
        .into_iter()
        .map(|(key, value)| (keccak256(key), Slot { key, value: value.into() }))
        .collect();
    let mut range = hashed.into_iter().skip_while(|(hash, _)| *hash < start);
    let storage = range.by_ref().take(count).collect();
    Ok(StorageRange { storage, next_key: range.next().map(|(hash, _)| hash) })
}

/// geth's form of a dump of accounts.
#[derive(Clone, Debug, Serialize)]
struct Dump {
    root: String,
    accounts: BTreeMap<Address, Dumped>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<B256>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dumped {
    /// In decimal.
    balance: String,
    nonce: u64,
    root: B256,
    code_hash: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<BTreeMap<B256, String>>,
    address: Address,
    key: B256,
}

/// What of each account is shown.
#[derive(Clone, Copy, Debug)]
struct Parts {
    code: bool,
    storage: bool,
}

fn account_range(context: &Context, args: &mut Args) -> Result<Dump, RpcError> {
    let block: BlockId = args.take("block")?;
    let Start(start) = args.find("start")?.unwrap_or_default();
    let count = args.find("count")?.map_or(MOST_ACCOUNTS, |Small(count)| {
        usize::try_from(count).unwrap_or(MOST_ACCOUNTS).clamp(1, MOST_ACCOUNTS)
    });
    let (without_code, without_storage): (Option<bool>, Option<bool>) =
        (args.find("nocode")?, args.find("nostorage")?);
    let parts = Parts {
        code: !without_code.unwrap_or_default(),
        storage: !without_storage.unwrap_or_default(),
    };
    dumped(context, block, (start, count), parts)
}

fn dump(context: &Context, args: &mut Args) -> Result<Dump, RpcError> {
    let parts = Parts { code: true, storage: true };
    dumped(context, args.take("block")?, (B256::ZERO, usize::MAX), parts)
}

fn dumped(
    context: &Context,
    block: BlockId,
    (start, count): (B256, usize),
    parts: Parts,
) -> Result<Dump, RpcError> {
    let view = context.view()?;
    let record = context.record(&view, block)?;
    let state = view.state(At::After(record.height()))?;
    let hashed: BTreeMap<B256, (Address, AccountInfo)> = state
        .accounts()?
        .into_iter()
        .map(|(address, account)| (keccak256(address), (address, account)))
        .collect();
    let mut range = hashed.into_iter().skip_while(|(hash, _)| *hash < start);
    let chosen: Vec<_> = range.by_ref().take(count).collect();
    let next = range.next().map(|(hash, _)| hash);
    let one = |(key, (address, account))| -> Result<_, RpcError> {
        Ok((address, show(&state, (key, address), account, parts)?))
    };
    let root = alloy_primitives::hex::encode(record.header.state_root);
    Ok(Dump { root, accounts: chosen.into_iter().map(one).collect::<Result<_, _>>()?, next })
}

fn show(
    state: &StateView,
    (key, address): (B256, Address),
    account: AccountInfo,
    parts: Parts,
) -> Result<Dumped, RpcError> {
    let code = if parts.code { Some(state.code(address)?) } else { None };
    let slots = if parts.storage { state.slots(address)? } else { Vec::new() };
    let hex = |value: U256| alloy_primitives::hex::encode(value.to_be_bytes_trimmed_vec());
    Ok(Dumped {
        balance: account.balance.to_string(),
        nonce: account.nonce,
        root: state.proof(address, &[])?.storage_root,
        code_hash: account.code_hash,
        code: code.filter(|code| !code.is_empty()),
        storage: (!slots.is_empty())
            .then(|| slots.into_iter().map(|(slot, value)| (slot, hex(value))).collect()),
        address,
        key,
    })
}

fn info_at(context: &Context, args: &mut Args) -> Result<Info, RpcError> {
    let block: BlockId = args.take("block")?;
    let (Index(index), address): (Index, Address) = (args.take("index")?, args.take("address")?);
    let after = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1);
    let sandbox = context.inside(Some(block), after)?;
    let account = sandbox.state.basic_ref(address)?.unwrap_or_default();
    let code = match &account.code {
        Some(code) => code.original_bytes(),
        None => sandbox.state.code_by_hash_ref(account.code_hash)?.original_bytes(),
    };
    Ok(Info::new(&account, code))
}

fn code_by_hash(context: &Context, args: &mut Args) -> Result<Option<Bytes>, RpcError> {
    seen(context, args.take("hash")?)
}

fn seen(context: &Context, hash: B256) -> Result<Option<Bytes>, RpcError> {
    let code = context.state(None)?.code_by_hash_ref(hash)?.original_bytes();
    Ok((!code.is_empty()).then_some(code))
}

fn db_get(context: &Context, args: &mut Args) -> Result<Option<Bytes>, RpcError> {
    let key: String = args.take("key")?;
    let key = match key.strip_prefix("0x") {
        Some(digits) => alloy_primitives::hex::decode(digits)
            .map_err(|_no_hex| RpcError::Unfit("the key is not hex"))?,
        None => key.into_bytes(),
    };
    match key.split_first() {
        Some((b'c', hash)) if hash.len() == 32 => seen(context, B256::from_slice(hash)),
        _ => {
            Err(RpcError::Unfit("only code is found by a key of geth's: the letter c and 32 bytes"))
        }
    }
}

fn modified_by_number(context: &Context, args: &mut Args) -> Result<Vec<Address>, RpcError> {
    let Small(first) = args.take("number")?;
    modified(context, Height(first), args.find("upTo")?.map(|Small(last)| Height(last)))
}

fn modified_by_hash(context: &Context, args: &mut Args) -> Result<Vec<Address>, RpcError> {
    let view = context.view()?;
    let height = |hash: B256| view.height_of(hash)?.ok_or(RpcError::UnknownHash(hash));
    let first = height(args.take("hash")?)?;
    let last = args.find("upTo")?.map(height).transpose()?;
    modified(context, first, last)
}

/// One block alone, or the blocks after the first up to the last.
fn modified(
    context: &Context,
    first: Height,
    last: Option<Height>,
) -> Result<Vec<Address>, RpcError> {
    let view = context.view()?;
    let blocks: RangeInclusive<u64> = match last {
        None => first.0..=first.0,
        Some(last) if last <= first => {
            return Err(RpcError::Unfit("the first block must be below the last"));
        }
        Some(last) => first.0.saturating_add(1)..=last.0,
    };
    if *blocks.end() > view.head().number {
        return Err(RpcError::RangeAboveHead);
    }
    if first.0 == view.spec().header.number && last.is_none() {
        return Err(RpcError::Unfit("genesis has no block before it"));
    }
    let changed =
        view.store().changed_accounts(blocks).map_err(crate::execution::ReadError::from)?;
    Ok(changed.into_iter().collect())
}

fn execution_witness(context: &Context, args: &mut Args) -> Result<Witness, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    let record = context.record(&view, id)?;
    if record.header.number == view.spec().header.number {
        return Err(RpcError::Unfit("genesis has no block before it"));
    }
    Ok(witness(&view, &record)?)
}

fn accessible(context: &Context, args: &mut Args) -> Result<u64, RpcError> {
    let (from, to): (BlockNumberOrTag, BlockNumberOrTag) = (args.take("from")?, args.take("to")?);
    let view = context.view()?;
    let (from, to) = (context.height(&view, from.into())?, context.height(&view, to.into())?);
    if from == to {
        return Err(RpcError::Unfit("from and to must differ"));
    }
    let heights: Box<dyn Iterator<Item = u64>> =
        if from < to { Box::new(from.0..to.0) } else { Box::new((to.0 + 1..=from.0).rev()) };
    let mut kept = heights.filter(|height| view.state(At::After(Height(*height))).is_ok());
    kept.next().ok_or(RpcError::Unfit("no state is kept in this range"))
}
