//! Shows what the chain stores in raw bytes; `trace` runs transactions again under tracers, `state` reads states
//! in the middle of blocks.

pub(super) mod state;
pub(super) mod trace;

use super::{
    Context,
    args::Args,
    blocks::Target,
    error::RpcError,
    objects::{self, BlockObject},
    table::methods,
    values::Small,
};
use crate::execution::{BlockRecord, ChainView, ReadError};
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_genesis::ChainConfig;
use alloy_primitives::{B256, Bytes};
use serde::Serialize;
use std::sync::Arc;
use utnet_primitives::Height;

methods! {
    now "debug_getRawBlock", Ethereum, "Shows a block's RLP: `number, tag or hash`." => raw_block;
    now "debug_getRawHeader", Ethereum, "Shows a header's RLP: `number, tag or hash`." => raw_header;
    now "debug_getRawReceipts", Ethereum, "Shows a block's receipts as bytes: `number, tag or hash`." => raw_receipts;
    now "debug_getRawBlockAccessList", Ethereum, "Shows a block's access list as bytes (EIP-7928): `number, tag or hash`; an error, as no block has one before Amsterdam." => raw_access_list;
    now "debug_getBadBlocks", Ethereum, "Lists the blocks that were refused lately." => bad_blocks;
    now "debug_getRawTransactions", Reth, "Shows a block's transactions as bytes: `number, tag or hash`." => raw_transactions;
    now "debug_chainConfig", Reth, "Shows the genesis file's section `config`." => config;
    ask "debug_setHead", Geth, "Takes all blocks above a height back: `number`." => set_head;
    ask "debug_clearTxpool", Reth, "Empties the pool." => clear_pool;
    now "debug_freeOSMemory", Geth, "Accepted: memory is given back as it falls free." => free_memory;
}

/// The block that a raw method asks for; all of them refuse what is not there.
fn asked(
    context: &Context,
    args: &mut Args,
    read: impl FnOnce(&ChainView, Height) -> Result<Option<BlockRecord>, ReadError>,
) -> Result<BlockRecord, RpcError> {
    let id: BlockId = args.take("block")?;
    let view = context.view()?;
    let found = match context.target(&view, id)? {
        Target::Block(height) => read(&view, height)?,
        Target::Pending => None,
    };
    found.ok_or(RpcError::UnknownBlock(id))
}

fn wanted(context: &Context, args: &mut Args) -> Result<BlockRecord, RpcError> {
    asked(context, args, ChainView::body)
}

fn raw_block(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    Ok(alloy_rlp::encode(&wanted(context, args)?.into_foreign().block).into())
}

fn raw_header(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    Ok(alloy_rlp::encode(wanted(context, args)?.header.inner()).into())
}

fn raw_receipts(context: &Context, args: &mut Args) -> Result<Vec<Bytes>, RpcError> {
    let record = asked(context, args, ChainView::block)?;
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

fn config(context: &Context, _: &mut Args) -> Result<ChainConfig, RpcError> {
    Ok(context.chain.spec().genesis.config.clone())
}

async fn set_head(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Small(number) = args.take("number")?;
    let head = context.view()?.head().number;
    let depth = head.checked_sub(number).ok_or(RpcError::RangeAboveHead)?;
    context.chain.rollback(depth).await?;
    Ok(())
}

async fn clear_pool(context: Arc<Context>, _: Args) -> Result<(), RpcError> {
    Ok(context.chain.drop_transactions(None).await?)
}

fn free_memory(_: &Context, _: &mut Args) -> Result<(), RpcError> {
    Ok(())
}
