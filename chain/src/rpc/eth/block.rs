//! Answers what stands in blocks.

use crate::rpc::{
    Context,
    args::Args,
    blocks::Target,
    error::RpcError,
    objects::{self, BlockObject, ReceiptObject},
    table::{Reply, methods, reply},
};
use alloy_consensus::BlockHeader;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, U64};
use alloy_rpc_types_eth::{BlockTransactions, Header, Index};
use serde_json::{Value, value::RawValue};
use utnet_primitives::Seconds;

methods! {
    now "eth_blockNumber", Ethereum, "Tells the height of the head." => number;
    call "eth_getBlockByNumber", Ethereum, "Shows a block: `number or tag, whether with whole transactions`." => by_number;
    now "eth_getBlockByHash", Ethereum, "Shows a block: `hash, whether with whole transactions`." => by_hash;
    now "eth_getHeaderByNumber" | "erigon_getHeaderByNumber" | "ots_getHeaderByNumber", Geth, "Shows a header: `number or tag`." => header_by_number;
    now "eth_getHeaderByHash", Geth, "Shows a header: `hash`." => header_by_hash;
    call "eth_getBlockTransactionCountByNumber", Ethereum, "Counts a block's transactions: `number or tag`." => count_by_number;
    now "eth_getBlockTransactionCountByHash", Ethereum, "Counts a block's transactions: `hash`." => count_by_hash;
    now "eth_getBlockReceipts", Ethereum, "Lists a block's receipts: `number, tag or hash`." => receipts;
    now "eth_getBlockAccessList", Ethereum, "Shows a block's access list (EIP-7928): `number, tag or hash`; null, as no block of this chain has one before Amsterdam." => access_list;
    now "eth_getUncleCountByBlockNumber", Ethereum, "Counts a block's uncles (none since the merge): `number or tag`." => uncles_by_number;
    now "eth_getUncleCountByBlockHash", Ethereum, "Counts a block's uncles (none since the merge): `hash`." => uncles_by_hash;
    now "eth_getUncleByBlockNumberAndIndex", Ethereum, "Shows an uncle: `number or tag, index`." => uncle_by_number;
    now "eth_getUncleByBlockHashAndIndex", Ethereum, "Shows an uncle: `hash, index`." => uncle_by_hash;
}

fn number(context: &Context, _: &mut Args) -> Result<U64, RpcError> {
    Ok(U64::from(context.view()?.head().number))
}

fn by_number(context: &Context, args: &mut Args) -> Result<Box<RawValue>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    let full = args.find("full")?.unwrap_or_default();
    if tag.is_pending() { context.pending(full) } else { context.show(tag.into(), full) }
}

fn by_hash(context: &Context, args: &mut Args) -> Result<Box<RawValue>, RpcError> {
    let hash: B256 = args.take("hash")?;
    context.show(hash.into(), args.find("full")?.unwrap_or_default())
}

impl Context {
    fn show(&self, id: BlockId, full: bool) -> Reply {
        reply(&self.find_block(id)?.map(|record| objects::block(&record, full)))
    }

    /// The block that would be made now, of the pool's ready transactions.
    fn pending(&self, full: bool) -> Reply {
        let (_, proposal) = self.chain.pending()?;
        let mut block = objects::block(&proposal.block, false);
        if full {
            let transactions = proposal.block.transactions.into_iter();
            block.transactions =
                BlockTransactions::Full(transactions.map(objects::pooled).collect());
        }
        reply(&unsealed(serde_json::to_value(&block).map_err(RpcError::Unwritable)?))
    }
}

/// Blanks what a block has only once it is made, and no more, as geth: alloy's tools read the rest.
fn unsealed(mut block: Value) -> Value {
    for name in ["hash", "nonce"] {
        if let Some(field) = block.get_mut(name) {
            *field = Value::Null;
        }
    }
    block
}

fn header_by_number(context: &Context, args: &mut Args) -> Result<Option<Header>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    Ok(context.find_block(tag.into())?.as_ref().map(objects::header))
}

fn header_by_hash(context: &Context, args: &mut Args) -> Result<Option<Header>, RpcError> {
    let hash: B256 = args.take("hash")?;
    Ok(context.find_block(hash.into())?.as_ref().map(objects::header))
}

fn count_by_number(context: &Context, args: &mut Args) -> Result<Option<U64>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    if tag.is_pending() {
        let (_, proposal) = context.chain.pending()?;
        return Ok(Some(U64::from(proposal.block.transactions.len())));
    }
    Ok(context.find_block(tag.into())?.map(|record| U64::from(record.transactions.len())))
}

fn count_by_hash(context: &Context, args: &mut Args) -> Result<Option<U64>, RpcError> {
    let hash: B256 = args.take("hash")?;
    Ok(context.find_block(hash.into())?.map(|record| U64::from(record.transactions.len())))
}

fn receipts(context: &Context, args: &mut Args) -> Result<Option<Vec<ReceiptObject>>, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    let Some(Target::Block(height)) = context.find_target(&view, id)? else { return Ok(None) };
    let record = view.block(height)?;
    Ok(record.map(|record| {
        let blobs = view.spec().blob_params(Seconds(record.header.timestamp()));
        objects::receipts(&record, blobs)
    }))
}

fn access_list(context: &Context, args: &mut Args) -> Result<Option<Value>, RpcError> {
    let id: BlockId = args.take("block")?;
    context.find_block(id)?;
    Ok(None)
}

fn uncles_by_number(context: &Context, args: &mut Args) -> Result<Option<U64>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    Ok(context.find_block(tag.into())?.map(|record| U64::from(record.ommers.len())))
}

fn uncles_by_hash(context: &Context, args: &mut Args) -> Result<Option<U64>, RpcError> {
    let hash: B256 = args.take("hash")?;
    Ok(context.find_block(hash.into())?.map(|record| U64::from(record.ommers.len())))
}

fn uncle_by_number(context: &Context, args: &mut Args) -> Result<Option<BlockObject>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    uncle(context, tag.into(), args.take("index")?)
}

fn uncle_by_hash(context: &Context, args: &mut Args) -> Result<Option<BlockObject>, RpcError> {
    let hash: B256 = args.take("hash")?;
    uncle(context, hash.into(), args.take("index")?)
}

fn uncle(context: &Context, id: BlockId, index: Index) -> Result<Option<BlockObject>, RpcError> {
    let record = context.find_block(id)?;
    let ommer = record.and_then(|record| record.ommers.into_iter().nth(index.0));
    Ok(ommer.map(BlockObject::uncle_from_header))
}
