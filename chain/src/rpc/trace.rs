//! Traces in the form that Parity's clients introduced: flat lists of calls, found by transaction, block or address.

use super::{
    Context,
    args::{Args, params},
    error::RpcError,
    table::methods,
};
use crate::execution::{ChainView, TraceError, trace_block, trace_transaction};
use alloy_eips::BlockId;
use alloy_primitives::B256;
use alloy_rpc_types_trace::{
    filter::TraceFilter,
    geth::{FlatCallConfig, GethDebugTracingOptions, GethTrace, TraceResult, call::FlatCallFrame},
    parity::LocalizedTransactionTrace,
};
use utnet_primitives::Height;

methods! {
    work "trace_transaction", Geth, "Lists the calls of a mined transaction: `hash`." => transaction;
    work "trace_block", Geth, "Lists the calls of a block's transactions: `number, tag or hash`." => block;
    work "trace_filter", Geth, "Finds calls: `{fromBlock, toBlock, fromAddress, toAddress, after, count}`." => filter;
}

params! {
    TraceFilter => "a trace filter (fromBlock, toBlock, fromAddress, toAddress, mode, after, count)",
}

fn options() -> GethDebugTracingOptions {
    GethDebugTracingOptions::flat_call_tracer(FlatCallConfig::default())
}

fn transaction(context: &Context, args: &mut Args) -> Result<Option<FlatCallFrame>, RpcError> {
    let hash: B256 = args.take("hash")?;
    let view = context.view()?;
    let Some((height, index)) = view.transaction(hash)? else { return Ok(None) };
    Ok(Some(calls(trace_transaction(&view, height, index, options())?)))
}

/// The calls in a trace that the flat tracer made.
fn calls(trace: GethTrace) -> FlatCallFrame {
    trace.try_into_flat_call_frame().unwrap_or_default()
}

fn block(context: &Context, args: &mut Args) -> Result<FlatCallFrame, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    let height = context.height(&view, id)?;
    Ok(of_block(&view, height)?)
}

/// The calls of a block; genesis has none.
fn of_block(view: &ChainView, height: Height) -> Result<FlatCallFrame, TraceError> {
    if height.0 == view.spec().header.number {
        return Ok(FlatCallFrame::default());
    }
    let traces = trace_block(view, height, options())?.into_iter();
    Ok(traces
        .flat_map(|traced| match traced {
            TraceResult::Success { result, .. } => calls(result),
            TraceResult::Error { .. } => FlatCallFrame::default(),
        })
        .collect())
}

fn filter(context: &Context, args: &mut Args) -> Result<Vec<LocalizedTransactionTrace>, RpcError> {
    let filter: TraceFilter = args.take("filter")?;
    let view = context.view()?;
    let head = view.head().number;
    let (from, to) = (filter.from_block.unwrap_or_default(), filter.to_block.unwrap_or(head));
    if from > to {
        return Err(RpcError::Unfit("fromBlock is above toBlock"));
    }
    if to > head {
        return Err(RpcError::RangeAboveHead);
    }
    let mut skip = filter.after.unwrap_or_default();
    let count =
        filter.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let matcher = filter.matcher();
    let mut found = Vec::new();
    for height in from..=to {
        for call in of_block(&view, Height(height))? {
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
