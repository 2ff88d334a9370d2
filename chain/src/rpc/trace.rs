//! Traces in the form that Parity's clients introduced, found by transaction, block or address, or made of calls.

use super::{
    Context,
    args::{Args, params},
    error::RpcError,
    eth::{request::to_paid_env, send::decode},
    signers::without_sidecar,
    table::methods,
};
use crate::execution::{
    BlockRecord, ChainView, Sandbox, TraceTypes, block_calls, block_opcodes, parity_block,
    parity_call, parity_transaction, transaction_calls, transaction_opcodes,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_evm::{FromRecoveredTx, revm::context::TxEnv};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::{BlockOverrides, Index, TransactionRequest, state::StateOverride};
use alloy_rpc_types_trace::{
    filter::TraceFilter,
    opcode::{BlockOpcodeGas, TransactionOpcodeGas},
    parity::{LocalizedTransactionTrace, TraceResults, TraceResultsWithTransactionHash},
};
use std::ops::RangeInclusive;
use utnet_primitives::Height;

methods! {
    work "trace_call", Reth, "Runs a call and shows its traces: `transaction, [trace, vmTrace, stateDiff], block, state overrides, block overrides`." => call;
    work "trace_callMany", Reth, "Runs calls after one another and shows their traces: `[[transaction, [trace, ..]], ..], block (pending)`." => call_many;
    work "trace_rawTransaction", Reth, "Runs a signed transaction without sending it: `bytes, [trace, ..], block`." => raw;
    work "trace_replayTransaction", Reth, "Runs a mined transaction again and shows its traces: `hash, [trace, vmTrace, stateDiff]`." => replay;
    work "trace_replayBlockTransactions", Reth, "Runs a block's transactions again and shows their traces: `number, tag or hash, [trace, ..]`." => replay_block;
    work "trace_transaction", Reth, "Lists the calls of a mined transaction: `hash`." => transaction;
    work "trace_get", Reth, "Shows one call of a mined transaction: `hash, [position in its list]`." => get;
    work "trace_block", Reth, "Lists the calls of a block's transactions: `number, tag or hash`." => block;
    work "trace_filter", Reth, "Finds calls: `{fromBlock (0; on a fork its first block), toBlock, fromAddress, toAddress, after, count}`." => filter;
    work "trace_transactionOpcodeGas", Reth, "Counts opcodes of a mined transaction, and their gas: `hash`." => transaction_opcode_gas;
    work "trace_blockOpcodeGas", Reth, "Counts opcodes of a block's transactions, and their gas: `number, tag or hash`." => block_opcode_gas;
}

/// Most blocks of a forked chain that a search reads, each of which its node is asked for. anvil has the same bound for
/// all blocks.
const MOST_BELOW: u64 = 300;

type Calls = Vec<(TransactionRequest, TraceTypes)>;
type Positions = Vec<Index>;

params! {
    TraceFilter => "a trace filter (fromBlock, toBlock, fromAddress, toAddress, mode, after, count)",
    TraceTypes => "a list of trace types (trace, vmTrace, stateDiff)",
    Calls => "a list of pairs of a transaction object and a list of trace types",
    Positions => "a list of positions",
}

fn call(context: &Context, args: &mut Args) -> Result<TraceResults, RpcError> {
    let request: TransactionRequest = args.take("transaction")?;
    let types: TraceTypes = args.find("types")?.unwrap_or_default();
    let block: Option<BlockId> = args.find("block")?;
    let state: Option<StateOverride> = args.find("stateOverrides")?;
    let overrides: Option<BlockOverrides> = args.find("blockOverrides")?;
    let mut sandbox = context.sandbox(block, state.as_ref(), overrides.as_ref())?;
    let transaction = to_paid_env(&request, &sandbox)?;
    Ok(parity_call(&mut sandbox, transaction, &types)?.0)
}

fn call_many(context: &Context, args: &mut Args) -> Result<Vec<TraceResults>, RpcError> {
    let calls: Calls = args.take("calls")?;
    let block = args.find("block")?.unwrap_or(BlockId::Number(BlockNumberOrTag::Pending));
    let mut sandbox = context.sandbox(Some(block), None, None)?;
    let mut answers = Vec::with_capacity(calls.len());
    for (request, types) in calls {
        let transaction = to_paid_env(&request, &sandbox)?;
        let (traces, changes) = parity_call(&mut sandbox, transaction, &types)?;
        sandbox.commit(changes);
        answers.push(traces);
    }
    Ok(answers)
}

/// A signed transaction keeps the checks that a call is free of: nonce, funds and the rest.
fn raw(context: &Context, args: &mut Args) -> Result<TraceResults, RpcError> {
    let transaction = decode(&args.take::<Bytes>("transaction")?)?.transaction;
    let types: TraceTypes = args.find("types")?.unwrap_or_default();
    let view = context.view()?;
    let mut sandbox = Sandbox::on(&view, context.at(&view, args.find("block")?)?)?;
    let transaction = without_sidecar(transaction);
    let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
    Ok(parity_call(&mut sandbox, env, &types)?.0)
}

fn replay(context: &Context, args: &mut Args) -> Result<TraceResults, RpcError> {
    let (hash, types): (B256, TraceTypes) = (args.take("hash")?, args.take("types")?);
    let view = context.view()?;
    let (height, index) = view.transaction(hash)?.ok_or(RpcError::UnknownTransaction)?;
    Ok(parity_transaction(&view, height, index, &types)?)
}

fn replay_block(
    context: &Context,
    args: &mut Args,
) -> Result<Vec<TraceResultsWithTransactionHash>, RpcError> {
    let id: BlockId = args.take("block")?;
    let types: TraceTypes = args.take("types")?;
    let view = context.view()?;
    Ok(parity_block(&view, &context.record(&view, id)?, &types)?)
}

impl Context {
    /// A block that must be there, without receipts where these are not kept; the pending one counts as
    /// the head.
    pub(super) fn record(&self, view: &ChainView, id: BlockId) -> Result<BlockRecord, RpcError> {
        view.body(self.height(view, id)?)?.ok_or(RpcError::UnknownBlock(id))
    }

    /// A whole block that must be there; the pending one counts as the head.
    pub(super) fn whole_record(
        &self,
        view: &ChainView,
        id: BlockId,
    ) -> Result<BlockRecord, RpcError> {
        view.block(self.height(view, id)?)?.ok_or(RpcError::UnknownBlock(id))
    }
}

type Found = Vec<LocalizedTransactionTrace>;

fn transaction(context: &Context, args: &mut Args) -> Result<Option<Found>, RpcError> {
    calls_of(context, args.take("hash")?)
}

fn calls_of(context: &Context, hash: B256) -> Result<Option<Found>, RpcError> {
    let view = context.view()?;
    let Some((height, index)) = view.transaction(hash)? else { return Ok(None) };
    Ok(Some(transaction_calls(&view, height, index)?))
}

/// As erigon, reth and anvil: one position, counted along the list; anything else finds nothing.
fn get(context: &Context, args: &mut Args) -> Result<Option<LocalizedTransactionTrace>, RpcError> {
    let (hash, positions): (B256, Positions) = (args.take("hash")?, args.take("positions")?);
    let [Index(position)] = positions[..] else { return Ok(None) };
    Ok(calls_of(context, hash)?.and_then(|calls| calls.into_iter().nth(position)))
}

fn block(context: &Context, args: &mut Args) -> Result<Found, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    Ok(block_calls(&view, &context.record(&view, id)?)?)
}

fn filter(context: &Context, args: &mut Args) -> Result<Found, RpcError> {
    let filter: TraceFilter = args.take("filter")?;
    let view = context.view()?;
    let heights = range(&view, &filter)?;
    let mut skip = filter.after.unwrap_or_default();
    let count =
        filter.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let matcher = filter.matcher();
    let mut found = Vec::new();
    for height in heights {
        let Some(record) = view.body(Height(height))? else { continue };
        for call in block_calls(&view, &record)? {
            if found.len() == count {
                return Ok(found);
            }
            if !matcher.matches(&call.trace) {
                continue;
            }
            match skip.checked_sub(1) {
                Some(left) => skip = left,
                None => found.push(call),
            }
        }
    }
    Ok(found)
}

/// The blocks that a filter names; of a fork's only those of its own, where it names no first one.
fn range(view: &ChainView, filter: &TraceFilter) -> Result<RangeInclusive<u64>, RpcError> {
    let head = view.head().number;
    let forked_at = view.fork().map(|fork| fork.number());
    let first = forked_at.map_or(0, |number| number.saturating_add(1));
    let (from, to) = (filter.from_block.unwrap_or(first), filter.to_block.unwrap_or(head));
    let is_named = filter.from_block.or(filter.to_block).is_some();
    if from > to && is_named {
        return Err(RpcError::Unfit("fromBlock is above toBlock"));
    }
    if to > head {
        return Err(RpcError::RangeAboveHead);
    }
    let below = forked_at.map_or(0, |number| to.min(number).saturating_add(1).saturating_sub(from));
    if below > MOST_BELOW {
        return Err(RpcError::Unfit(
            "block range too large, limited to 300 blocks of the forked chain",
        ));
    }
    Ok(from..=to)
}

fn transaction_opcode_gas(
    context: &Context,
    args: &mut Args,
) -> Result<Option<TransactionOpcodeGas>, RpcError> {
    let hash: B256 = args.take("hash")?;
    let view = context.view()?;
    let Some((height, index)) = view.transaction(hash)? else { return Ok(None) };
    Ok(Some(transaction_opcodes(&view, height, index)?))
}

fn block_opcode_gas(context: &Context, args: &mut Args) -> Result<BlockOpcodeGas, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    let record = context.record(&view, id)?;
    Ok(BlockOpcodeGas {
        block_hash: record.hash(),
        block_number: record.header.number,
        transactions: block_opcodes(&view, &record)?,
    })
}
