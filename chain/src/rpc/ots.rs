//! Answers what Otterscan, an explorer, asks: blocks in pages, call trees, and the history of an address.

use super::{
    Context,
    args::Args,
    error::RpcError,
    objects::{self, BlockObject, TransactionObject},
    table::methods,
    values::Small,
};
use crate::execution::{
    BlockRecord, ChainView, appearances, call_tree, creator, internal_operations, issuance,
    revert_output,
};
use alloy_consensus::{Transaction, Typed2718};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rpc_types_eth::{BlockTransactions, Header};
use alloy_rpc_types_trace::otterscan::{
    BlockDetails, ContractCreator, InternalIssuance, InternalOperation, OtsBlock,
    OtsBlockTransactions, OtsReceipt, OtsTransactionReceipt, TraceEntry, TransactionsWithReceipts,
};
use utnet_primitives::{Height, Seconds};

methods! {
    now "ots_getApiLevel", Otterscan, "Tells the version of these methods: 8." => level;
    now "ots_hasCode", Otterscan, "Tells whether an account has code: `address, block`." => has_code;
    work "ots_getInternalOperations", Otterscan, "Lists payments, creations and self-destructs inside a transaction: `hash`." => operations;
    work "ots_traceTransaction", Otterscan, "Lists all calls of a transaction, depth first: `hash`." => trace;
    work "ots_getTransactionError", Otterscan, "Shows what a reverted transaction returned: `hash`." => error;
    now "ots_getBlockDetails", Otterscan, "Shows a block without its transactions, with issuance and fees: `number or tag`." => details;
    now "ots_getBlockDetailsByHash", Otterscan, "Shows a block without its transactions, with issuance and fees: `hash`." => details_by_hash;
    now "ots_getBlockTransactions", Otterscan, "Shows a page of a block's transactions and receipts, pages counted from the block's end: `number, page, transactions in a page`." => page;
    work "ots_searchTransactionsBefore", Otterscan, "Finds transactions in which an address appears, newest first: `address, block (0: from the head), how many`." => before;
    work "ots_searchTransactionsAfter", Otterscan, "Finds the next transactions in which an address appears, newest first: `address, block (0: from the first), how many`." => after;
    work "ots_getTransactionBySenderAndNonce", Otterscan, "Finds a transaction's hash: `address, nonce`." => by_sender_and_nonce;
    work "ots_getContractCreator", Otterscan, "Tells who made a contract, and in which transaction: `address`." => contract_creator;
}

/// Most transactions that one page of a search may have.
const LARGEST_PAGE: usize = 1_000;

fn level(_: &Context, _: &mut Args) -> Result<u64, RpcError> {
    Ok(8)
}

fn has_code(context: &Context, args: &mut Args) -> Result<bool, RpcError> {
    let address = args.take("address")?;
    Ok(!context.state(args.find("block")?)?.code(address)?.is_empty())
}

/// Where a mined transaction stands; `None` when there is none.
fn place(
    context: &Context,
    args: &mut Args,
) -> Result<Option<(ChainView, Height, usize)>, RpcError> {
    let hash: B256 = args.take("hash")?;
    let view = context.view()?;
    let found = view.transaction(hash)?;
    Ok(found.map(|(height, index)| (view, height, index)))
}

fn operations(
    context: &Context,
    args: &mut Args,
) -> Result<Option<Vec<InternalOperation>>, RpcError> {
    let Some((view, height, index)) = place(context, args)? else { return Ok(None) };
    Ok(Some(internal_operations(&view, height, index)?))
}

fn trace(context: &Context, args: &mut Args) -> Result<Option<Vec<TraceEntry>>, RpcError> {
    let Some((view, height, index)) = place(context, args)? else { return Ok(None) };
    Ok(Some(call_tree(&view, height, index)?))
}

fn error(context: &Context, args: &mut Args) -> Result<Option<Bytes>, RpcError> {
    let Some((view, height, index)) = place(context, args)? else { return Ok(None) };
    Ok(Some(revert_output(&view, height, index)?.unwrap_or_default()))
}

type Details = BlockDetails<Header>;

fn details(context: &Context, args: &mut Args) -> Result<Option<Details>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    detailed(context, tag.into())
}

fn details_by_hash(context: &Context, args: &mut Args) -> Result<Option<Details>, RpcError> {
    let hash: B256 = args.take("hash")?;
    detailed(context, hash.into())
}

/// A whole block. Otterscan waits for null to say that there is none.
fn find(context: &Context, view: &ChainView, id: BlockId) -> Result<Option<BlockRecord>, RpcError> {
    match context.whole_record(view, id) {
        Err(RpcError::UnknownBlock(_)) => Ok(None),
        found => found.map(Some),
    }
}

fn detailed(context: &Context, id: BlockId) -> Result<Option<Details>, RpcError> {
    let view = context.view()?;
    let Some(record) = find(context, &view, id)? else { return Ok(None) };
    let made = issuance(&view, &record);
    let made = InternalIssuance {
        block_reward: made.block,
        uncle_reward: made.uncles,
        issuance: made.block.saturating_add(made.uncles),
    };
    Ok(Some(BlockDetails::new(objects::block(&record, false), made, fees(&record))))
}

/// What the senders of a block's transactions paid for gas, burnt or not.
fn fees(record: &BlockRecord) -> U256 {
    let mut used_before = 0;
    let pairs = record.transactions.iter().zip(&record.receipts);
    let fees = pairs.map(|(transaction, receipt)| {
        let used = receipt.cumulative_gas_used().saturating_sub(used_before);
        used_before = receipt.cumulative_gas_used();
        let price = transaction.effective_gas_price(record.header.base_fee_per_gas);
        U256::from(used).saturating_mul(U256::from(price))
    });
    fees.fold(U256::ZERO, U256::saturating_add)
}

type Page = OtsBlockTransactions<TransactionObject, Header>;

/// Pages are counted from a block's end, as Otterscan shows them: each newest first.
fn page(context: &Context, args: &mut Args) -> Result<Option<Page>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    let (Small(page), Small(size)) = (args.take("page")?, args.take("pageSize")?);
    let view = context.view()?;
    let Some(record) = find(context, &view, tag.into())? else { return Ok(None) };
    let count = record.transactions.len();
    let length = usize::try_from(size).unwrap_or(count);
    let skipped = usize::try_from(page.saturating_mul(size)).unwrap_or(count);
    let end = count.saturating_sub(skipped);
    let chosen: Vec<usize> = (end.saturating_sub(length)..end).collect();
    let (transactions, mut receipts): (_, Vec<_>) =
        shown(&view, &record, &chosen).into_iter().unzip();
    receipts.iter_mut().for_each(shorten);
    let block = BlockObject {
        transactions: BlockTransactions::Full(transactions),
        ..objects::block(&record, false)
    };
    let fullblock = OtsBlock { block, transaction_count: count };
    Ok(Some(OtsBlockTransactions { fullblock, receipts }))
}

/// Takes the logs out of a receipt: Otterscan does not want those of a page of a block, and does in a search.
fn shorten(shown: &mut OtsTransactionReceipt) {
    let receipt = &mut shown.receipt.inner;
    (receipt.logs, receipt.logs_bloom) = (None, None);
}

type Shown = (TransactionObject, OtsTransactionReceipt);

/// Some transactions of a block with their receipts.
fn shown(view: &ChainView, record: &BlockRecord, chosen: &[usize]) -> Vec<Shown> {
    let blobs = view.spec().blob_params(Seconds(record.header.timestamp));
    let receipts = objects::receipts(record, blobs);
    let one = |index: &usize| {
        let transaction = objects::transaction(record, *index)?;
        let receipt = receipts.get(*index)?.clone();
        let r#type = transaction.ty();
        let receipt = receipt.map_inner(|inner| OtsReceipt {
            status: inner.status(),
            cumulative_gas_used: inner.cumulative_gas_used(),
            logs: Some(inner.logs().to_vec()),
            logs_bloom: Some(*inner.logs_bloom()),
            r#type,
        });
        let timestamp = Some(record.header.timestamp);
        Some((transaction, OtsTransactionReceipt { receipt, timestamp }))
    };
    chosen.iter().filter_map(one).collect()
}

type History = TransactionsWithReceipts<TransactionObject>;

fn asked(args: &mut Args) -> Result<(Address, u64, usize), RpcError> {
    let address = args.take("address")?;
    let (Small(block), Small(size)) = (args.take("block")?, args.take("pageSize")?);
    let size = usize::try_from(size).unwrap_or(LARGEST_PAGE);
    Ok((address, block, size.clamp(1, LARGEST_PAGE)))
}

/// Goes down from below a block. A page ends with the block that fills it.
fn before(context: &Context, args: &mut Args) -> Result<History, RpcError> {
    let (address, block, size) = asked(args)?;
    let view = context.view()?;
    let (genesis, head) = (view.spec().header.number, view.head().number);
    let from = if block == 0 { head } else { block.saturating_sub(1).min(head) };
    let mut found = Vec::new();
    let mut height = from;
    while height > genesis && found.len() < size {
        found.extend(newest_first(&view, height, address)?);
        height -= 1;
    }
    Ok(History { first_page: from >= head, last_page: height <= genesis, ..history(found) })
}

/// Goes up from above a block; the answer is newest first all the same.
fn after(context: &Context, args: &mut Args) -> Result<History, RpcError> {
    let (address, block, size) = asked(args)?;
    let view = context.view()?;
    let (first, head) = (view.spec().header.number.saturating_add(1), view.head().number);
    let from = if block == 0 { first } else { block.saturating_add(1).max(first) };
    let mut pages = Vec::new();
    let mut height = from;
    while height <= head && pages.iter().map(Vec::len).sum::<usize>() < size {
        pages.push(newest_first(&view, height, address)?);
        height += 1;
    }
    let found = pages.into_iter().rev().flatten().collect();
    Ok(History { first_page: height > head, last_page: from <= first, ..history(found) })
}

fn newest_first(view: &ChainView, height: u64, address: Address) -> Result<Vec<Shown>, RpcError> {
    let Some(record) = view.block(Height(height))? else { return Ok(Vec::new()) };
    let mut indices = appearances(view, &record, address)?;
    indices.reverse();
    Ok(if indices.is_empty() { Vec::new() } else { shown(view, &record, &indices) })
}

/// A page of a search, wherever it stands.
fn history(found: Vec<Shown>) -> History {
    let (txs, receipts) = found.into_iter().unzip();
    TransactionsWithReceipts { txs, receipts, first_page: false, last_page: false }
}

fn by_sender_and_nonce(context: &Context, args: &mut Args) -> Result<Option<B256>, RpcError> {
    let (sender, Small(nonce)): (Address, Small) = (args.take("address")?, args.take("nonce")?);
    let found = context.find_by_nonce(sender, nonce)?;
    Ok(found.and_then(|(record, index)| Some(*record.transactions.get(index)?.tx_hash())))
}

fn contract_creator(
    context: &Context,
    args: &mut Args,
) -> Result<Option<ContractCreator>, RpcError> {
    Ok(creator(&context.view()?, args.take("address")?)?)
}
