//! Runs transactions, blocks and calls under geth's tracers.

use crate::{
    execution::{
        ChainView, Sandbox, Transaction, intermediate_roots, recover_all, trace_block, trace_call,
        trace_foreign, trace_transaction,
    },
    rpc::{
        Context,
        args::Args,
        error::RpcError,
        eth::{call::Bundles, request::to_paid_env},
        table::methods,
    },
};
use alloy_consensus::{BlockHeader, Sealable};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use alloy_rpc_types_eth::{StateContext, TransactionRequest};
use alloy_rpc_types_trace::geth::{
    GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace, TraceResult,
};
use utnet_primitives::Height;

methods! {
    work "debug_traceTransaction", Ethereum, "Traces a mined transaction: `hash, options` (callTracer, prestateTracer, flatCallTracer, 4byteTracer, muxTracer, noopTracer, erc7562Tracer, or struct logs)." => transaction;
    work "debug_traceCall", Geth, "Traces a call: `transaction, block, options` with stateOverrides, blockOverrides and txIndex." => call;
    work "debug_traceCallMany", Reth, "Traces calls after one another on one state: `bundles, {blockNumber, transactionIndex}, options`." => call_many;
    work "debug_traceBlockByNumber", Ethereum, "Traces all transactions of a block: `number or tag, options`." => block_by_number;
    work "debug_traceBlockByHash", Ethereum, "Traces all transactions of a block: `hash, options`." => block_by_hash;
    work "debug_traceBlock", Geth, "Traces all transactions of a block whose parent is on the chain: `RLP, options`." => block_by_rlp;
    work "debug_intermediateRoots", Geth, "Lists the state roots after each transaction of a block: `hash`." => roots;
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
    let mut sandbox = prepare(context, block, &options)?;
    let transaction = to_paid_env(&request, &sandbox)?;
    Ok(trace_call(&mut sandbox, transaction, options.tracing_options)?.0)
}

/// The state in which calls are traced: that of a block, or inside it before one of its transactions.
fn prepare(
    context: &Context,
    block: Option<BlockId>,
    options: &GethDebugTracingCallOptions,
) -> Result<Sandbox, RpcError> {
    let mut sandbox = match options.tx_index {
        Some(index) => context.inside(block, index)?.relaxed(),
        None => context.sandbox(block, None, None)?,
    };
    if let Some(overrides) = &options.block_overrides {
        sandbox = sandbox.with_block(overrides);
    }
    match &options.state_overrides {
        Some(state) => Ok(sandbox.with_state(state)?),
        None => Ok(sandbox),
    }
}

impl Context {
    /// The state inside a block, before its transaction `index`.
    pub(in crate::rpc) fn inside(
        &self,
        block: Option<BlockId>,
        index: u64,
    ) -> Result<Sandbox, RpcError> {
        let view = self.view()?;
        let record = self.record(&view, block.unwrap_or_default())?;
        let before = usize::try_from(index).unwrap_or(usize::MAX);
        if before > record.transactions.len() {
            return Err(RpcError::Unfit("the block has no transaction of that index"));
        }
        if record.header.number() == view.spec().header.number() {
            return Ok(Sandbox::on(&view, crate::execution::At::After(record.height()))?);
        }
        Ok(Sandbox::before_transaction(&view, record.height(), before)
            .map_err(crate::execution::TraceError::from)?)
    }
}

fn call_many(context: &Context, args: &mut Args) -> Result<Vec<Vec<GethTrace>>, RpcError> {
    let bundles: Bundles = args.take("bundles")?;
    let place: StateContext = args.find("context")?.unwrap_or_default();
    let mut options: GethDebugTracingCallOptions = args.find("options")?.unwrap_or_default();
    let index = place.transaction_index.and_then(|index| index.index());
    if let (None, Some(index)) = (options.tx_index, index) {
        options.tx_index = u64::try_from(index).ok();
    }
    let mut sandbox = prepare(context, place.block_number, &options)?;
    let mut answers = Vec::with_capacity(bundles.len());
    for bundle in bundles {
        if let Some(overrides) = &bundle.block_override {
            sandbox = sandbox.with_block(overrides);
        }
        let mut traces = Vec::with_capacity(bundle.transactions.len());
        for request in &bundle.transactions {
            let transaction = to_paid_env(request, &sandbox)?;
            let tracing = options.tracing_options.clone();
            let (trace, changes) = trace_call(&mut sandbox, transaction, tracing)?;
            sandbox.commit(changes);
            traces.push(trace);
        }
        answers.push(traces);
    }
    Ok(answers)
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

fn block_by_rlp(context: &Context, args: &mut Args) -> Result<Vec<TraceResult>, RpcError> {
    let rlp: Bytes = args.take("block")?;
    let options: Option<GethDebugTracingOptions> = args.find("options")?;
    let decoded = alloy_consensus::Block::<Transaction>::decode(&mut rlp.as_ref())
        .map_err(RpcError::MalformedBlock)?;
    let view = context.view()?;
    let header = decoded.header.seal_slow();
    if let Some(height) = view.height_of(header.hash())? {
        // As the chain ran it: impersonated senders cannot be recovered.
        return block(&view, height, options);
    }
    let parent = header.parent_hash;
    view.height_of(parent)?.ok_or(RpcError::UnknownHash(parent))?;
    let transactions =
        recover_all(&decoded.body.transactions).map_err(|_forged| RpcError::NoSender)?;
    Ok(trace_foreign(&view, &header, &transactions, options.unwrap_or_default())?)
}

fn roots(context: &Context, args: &mut Args) -> Result<Vec<B256>, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    Ok(intermediate_roots(&view, &context.record(&view, id)?)?)
}
