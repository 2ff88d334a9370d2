//! Runs transactions again under tracers, and shows what the chain stores in raw bytes.

use super::{
    Context,
    args::Args,
    blocks::Target,
    error::RpcError,
    eth::request::to_env,
    objects::{self, BlockObject},
    table::methods,
};
use crate::execution::{BlockRecord, ChainView, trace_block, trace_call, trace_transaction};
use alloy_consensus::BlockHeader;
use alloy_eips::{BlockId, BlockNumberOrTag, eip2718::Encodable2718};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_rpc_types_trace::geth::{
    GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace, TraceResult,
};
use serde::Serialize;
use utnet_primitives::Height;

methods! {
    work "debug_traceTransaction", Ethereum, "Traces a mined transaction: `hash, options` (callTracer, prestateTracer, flatCallTracer, 4byteTracer, muxTracer, noopTracer, or struct logs)." => transaction;
    work "debug_traceCall", Geth, "Traces a call: `transaction, block, options` with stateOverrides and blockOverrides." => call;
    work "debug_traceBlockByNumber", Ethereum, "Traces all transactions of a block: `number or tag, options`." => block_by_number;
    work "debug_traceBlockByHash", Ethereum, "Traces all transactions of a block: `hash, options`." => block_by_hash;
    now "debug_getRawBlock", Ethereum, "Shows a block's RLP: `number, tag or hash`." => raw_block;
    now "debug_getRawHeader", Ethereum, "Shows a header's RLP: `number, tag or hash`." => raw_header;
    now "debug_getRawReceipts", Ethereum, "Shows a block's receipts as bytes: `number, tag or hash`." => raw_receipts;
    now "debug_getRawBlockAccessList", Ethereum, "Shows a block's access list as bytes (EIP-7928): `number, tag or hash`; an error, as no block has one before Amsterdam." => raw_access_list;
    now "debug_getBadBlocks", Ethereum, "Lists the blocks that were refused lately." => bad_blocks;
    now "debug_getRawTransactions", Geth, "Shows a block's transactions as bytes: `number, tag or hash`." => raw_transactions;
}

fn transaction(context: &Context, args: &mut Args) -> Result<GethTrace, RpcError> {
    let hash: B256 = args.take("hash")?;
    let options: Option<GethDebugTracingOptions> = args.find("options")?;
    let view = context.view()?;
    let (height, index) = view.transaction(hash)?.ok_or(RpcError::UnknownTransaction)?;
    Ok(trace_transaction(&view, height, index, options.unwrap_or_default())?)
}

fn call(context: &Context, args: &mut Args) -> Result<GethTrace, RpcError> {
    let request: TransactionRequest = args.take("transaction")?;
    let block: Option<BlockId> = args.find("block")?;
    let options: GethDebugTracingCallOptions = args.find("options")?.unwrap_or_default();
    let mut sandbox = context.sandbox(
        block,
        options.state_overrides.as_ref(),
        options.block_overrides.as_ref(),
    )?;
    let transaction = to_env(&request, &sandbox)?;
    Ok(trace_call(&mut sandbox, transaction, options.tracing_options)?)
}

fn block_by_number(context: &Context, args: &mut Args) -> Result<Vec<TraceResult>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    let view = context.view()?;
    let height = context.height(&view, tag.into())?;
    block(&view, height, args.find("options")?)
}

fn block_by_hash(context: &Context, args: &mut Args) -> Result<Vec<TraceResult>, RpcError> {
    let hash: B256 = args.take("hash")?;
    let view = context.view()?;
    let height = view.height_of(hash)?.ok_or(RpcError::UnknownHash(hash))?;
    block(&view, height, args.find("options")?)
}

fn block(
    view: &ChainView,
    height: Height,
    options: Option<GethDebugTracingOptions>,
) -> Result<Vec<TraceResult>, RpcError> {
    if height.0 == view.spec().header.number() {
        return Err(RpcError::GenesisHasNoTrace);
    }
    Ok(trace_block(view, height, options.unwrap_or_default())?)
}

/// The block that a raw method asks for; all of them refuse what is not there.
fn wanted(context: &Context, args: &mut Args) -> Result<BlockRecord, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    let found = match context.target(&view, id)? {
        Target::Block(height) => view.block(height)?,
        Target::Pending => None,
    };
    found.ok_or(RpcError::UnknownBlock(id))
}

fn raw_block(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    Ok(alloy_rlp::encode(&wanted(context, args)?.into_foreign().block).into())
}

fn raw_header(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    Ok(alloy_rlp::encode(wanted(context, args)?.header.inner()).into())
}

fn raw_receipts(context: &Context, args: &mut Args) -> Result<Vec<Bytes>, RpcError> {
    let record = wanted(context, args)?;
    Ok(record.receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect())
}

fn raw_transactions(context: &Context, args: &mut Args) -> Result<Vec<Bytes>, RpcError> {
    let record = wanted(context, args)?;
    Ok(record.transactions.iter().map(|transaction| transaction.encoded_2718().into()).collect())
}

fn raw_access_list(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    context.target(&view, id)?;
    Err(RpcError::NoAccessList(id))
}

/// A block that was refused.
#[derive(Debug, Serialize)]
struct BadBlock {
    block: BlockObject,
    hash: B256,
    rlp: Bytes,
}

fn bad_blocks(context: &Context, _: &mut Args) -> Result<Vec<BadBlock>, RpcError> {
    let refused = context.chain.refused_blocks();
    let shown = refused.iter().map(|foreign| {
        let record = foreign.unjudged();
        BadBlock {
            hash: record.hash(),
            rlp: alloy_rlp::encode(&foreign.block).into(),
            block: objects::block(&record, true),
        }
    });
    Ok(shown.collect())
}
