//! Finds logs, and serves the filters that clients poll.

use crate::{
    execution::{ChainView, ReadError},
    rpc::{
        Context,
        args::{Args, params},
        blocks::Target,
        error::RpcError,
        filters::{Changes, FilterId, matching_of},
        table::methods,
    },
};
use alloy_primitives::{Bloom, BloomInput, U128};
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};
use std::ops::RangeInclusive;

methods! {
    work "eth_getLogs", Ethereum, "Finds logs: `filter` by block range or hash, addresses, topics." => logs;
    now "eth_newFilter", Ethereum, "Installs a filter of logs in new blocks: `filter`." => new_filter;
    now "eth_newBlockFilter", Ethereum, "Installs a filter of new blocks' hashes." => new_block_filter;
    now "eth_newPendingTransactionFilter", Ethereum, "Installs a filter of hashes that enter the pool." => new_pending_filter;
    work "eth_getFilterChanges", Ethereum, "Shows what happened since the last poll: `filter id`." => changes;
    work "eth_getFilterLogs", Ethereum, "Finds all logs that a log filter wants: `filter id`." => filter_logs;
    now "eth_uninstallFilter", Ethereum, "Takes a filter away: `filter id`." => uninstall;
}

params! {
    U128 => "a filter id (hex)",
}

fn logs(context: &Context, args: &mut Args) -> Result<Vec<Log>, RpcError> {
    context.logs(&args.take("filter")?)
}

impl Context {
    /// The logs that a filter wants, of the blocks it names.
    pub(in crate::rpc) fn logs(&self, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        let view = self.view()?;
        let range = self.range(&view, filter)?;
        let mut found = Vec::new();
        let mut first = *range.start();
        if let Some(fork) = view.fork().filter(|fork| first <= fork.number()) {
            let last = *range.end();
            found = fork.logs(filter, first, last).map_err(ReadError::from)?;
            first = fork.number().saturating_add(1);
            if first > last {
                return Ok(found);
            }
        }
        for height in view.blocks_with_logs(first..=*range.end(), &wanted(filter))? {
            if let Some(record) = view.block(height)? {
                found.extend(matching_of(&record, filter, false));
            }
        }
        Ok(found)
    }

    fn range(&self, view: &ChainView, filter: &Filter) -> Result<RangeInclusive<u64>, RpcError> {
        let (from, to) = match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let height = view.height_of(hash)?.ok_or(RpcError::UnknownBlock(hash.into()))?;
                return Ok(height.0..=height.0);
            }
            FilterBlockOption::Range { from_block, to_block } => (from_block, to_block),
        };
        let head = view.head().number;
        let height = |tag: Option<alloy_eips::BlockNumberOrTag>| -> Result<u64, RpcError> {
            match self.find_target(view, tag.unwrap_or_default().into())? {
                Some(Target::Block(height)) => Ok(height.0),
                Some(Target::Pending) => Ok(head),
                None => Err(RpcError::RangeAboveHead),
            }
        };
        let asked = |tag: Option<alloy_eips::BlockNumberOrTag>| tag.and_then(|tag| tag.as_number());
        if matches!((asked(from), asked(to)), (Some(from), Some(to)) if from > to) {
            return Err(RpcError::Unfit("invalid block range params: fromBlock is above toBlock"));
        }
        Ok(height(from)?..=height(to)?)
    }
}

/// What the blooms of blocks must have: for each part of a filter, the bits of one of its values.
fn wanted(filter: &Filter) -> Vec<Vec<Bloom>> {
    let bloom = |bytes: &[u8]| Bloom::from(BloomInput::Raw(bytes));
    let addresses = filter.address.iter().map(|address| bloom(address.as_slice()));
    let topics = filter.topics.iter();
    let topics = topics.map(|topic| topic.iter().map(|topic| bloom(topic.as_slice())).collect());
    std::iter::once(addresses.collect()).chain(topics).collect()
}

fn new_filter(context: &Context, args: &mut Args) -> Result<FilterId, RpcError> {
    context.filters.lock().install_logs(&context.chain, args.take("filter")?)
}

fn new_block_filter(context: &Context, _: &mut Args) -> Result<FilterId, RpcError> {
    context.filters.lock().install_blocks(&context.chain)
}

fn new_pending_filter(context: &Context, _: &mut Args) -> Result<FilterId, RpcError> {
    Ok(context.filters.lock().install_pending(&context.chain))
}

fn changes(context: &Context, args: &mut Args) -> Result<Changes, RpcError> {
    let filter = context.filters.lock().ask(args.take("id")?)?;
    let mut filter = filter.lock();
    filter.poll(&context.chain)
}

fn filter_logs(context: &Context, args: &mut Args) -> Result<Vec<Log>, RpcError> {
    let filter = context.filters.lock().ask(args.take("id")?)?;
    let filter = filter.lock().logs()?;
    context.logs(&filter)
}

fn uninstall(context: &Context, args: &mut Args) -> Result<bool, RpcError> {
    Ok(context.filters.lock().uninstall(args.take("id")?))
}
