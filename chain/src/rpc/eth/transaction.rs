//! Answers where transactions are and what became of them.

use crate::{
    execution::{At, BlockRecord, ChainView},
    pool::PooledEntry,
    rpc::{
        Context,
        args::Args,
        error::RpcError,
        objects::{self, ReceiptObject, TransactionObject},
        signers::without_sidecar,
        table::methods,
        values::Small,
    },
};
use alloy_consensus::{BlockHeader, Transaction as _};
use alloy_eips::{BlockId, BlockNumberOrTag, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, Bytes};
use alloy_rpc_types_eth::Index;
use std::sync::Arc;
use utnet_primitives::{Height, Seconds};

methods! {
    now "eth_getTransactionByHash", Ethereum, "Shows a transaction, of a block or of the pool: `hash`." => by_hash;
    now "eth_getTransactionByBlockNumberAndIndex", Ethereum, "Shows a transaction: `number or tag, index`." => by_number_and_index;
    now "eth_getTransactionByBlockHashAndIndex", Ethereum, "Shows a transaction: `hash, index`." => by_hash_and_index;
    work "eth_getTransactionBySenderAndNonce", Reth, "Finds a transaction: `address, nonce`." => by_sender_and_nonce;
    now "eth_getTransactionReceipt", Ethereum, "Shows the receipt of a mined transaction: `hash`." => receipt;
    now "eth_getRawTransactionByHash" | "debug_getRawTransaction", Geth, "Shows a transaction's bytes: `hash`." => raw_by_hash;
    now "eth_getRawTransactionByBlockNumberAndIndex", Geth, "Shows a transaction's bytes: `number or tag, index`." => raw_by_number;
    now "eth_getRawTransactionByBlockHashAndIndex", Geth, "Shows a transaction's bytes: `hash, index`." => raw_by_block_hash;
    now "eth_pendingTransactions", Geth, "Lists the pool's transactions that a block could take now." => pending;
}

impl Context {
    /// The pool's transactions that the next block could take, in the order in which it would.
    pub(in crate::rpc) fn ready(&self) -> Vec<Arc<PooledEntry>> {
        self.chain.pool_view().ready()
    }

    /// The block that holds a transaction, without receipts where these are not kept, and its index there.
    pub(in crate::rpc) fn find_mined(
        &self,
        hash: B256,
    ) -> Result<Option<(BlockRecord, usize)>, RpcError> {
        let view = self.view()?;
        let Some((height, index)) = self.find_place(&view, hash)? else { return Ok(None) };
        Ok(view.body(height)?.map(|record| (record, index)))
    }

    /// Where a mined transaction stands. One that waits in the pool is in no block: it was not removed
    /// with old ones, and a forked chain need not be asked.
    fn find_place(
        &self,
        view: &ChainView,
        hash: B256,
    ) -> Result<Option<(Height, usize)>, RpcError> {
        Ok(match view.own_transaction(hash)? {
            None if self.chain.pool_view().find(&hash).is_some() => None,
            None => view.transaction(hash)?,
            found => found,
        })
    }

    /// The receipt of a mined transaction.
    pub(in crate::rpc) fn find_receipt(
        &self,
        hash: B256,
    ) -> Result<Option<ReceiptObject>, RpcError> {
        let view = self.view()?;
        let Some((height, index)) = self.find_place(&view, hash)? else { return Ok(None) };
        let Some(record) = view.block(height)? else { return Ok(None) };
        let blobs = self.chain.spec().blob_params(Seconds(record.header.timestamp()));
        Ok(objects::receipts(&record, blobs).into_iter().nth(index))
    }
}

fn by_hash(context: &Context, args: &mut Args) -> Result<Option<TransactionObject>, RpcError> {
    let hash: B256 = args.take("hash")?;
    if let Some((record, index)) = context.find_mined(hash)? {
        return Ok(objects::transaction(&record, index));
    }
    let pooled = context.chain.pool_view().find(&hash);
    Ok(pooled.map(|entry| objects::pooled(without_sidecar(entry.transaction.clone()))))
}

fn by_number_and_index(
    context: &Context,
    args: &mut Args,
) -> Result<Option<TransactionObject>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    indexed(context, tag.into(), args.take("index")?)
}

fn by_hash_and_index(
    context: &Context,
    args: &mut Args,
) -> Result<Option<TransactionObject>, RpcError> {
    let hash: B256 = args.take("hash")?;
    indexed(context, hash.into(), args.take("index")?)
}

fn indexed(
    context: &Context,
    id: BlockId,
    index: Index,
) -> Result<Option<TransactionObject>, RpcError> {
    Ok(context.find_block(id)?.and_then(|record| objects::transaction(&record, index.0)))
}

fn by_sender_and_nonce(
    context: &Context,
    args: &mut Args,
) -> Result<Option<TransactionObject>, RpcError> {
    let (sender, Small(nonce)): (Address, Small) = (args.take("address")?, args.take("nonce")?);
    let found = context.find_by_nonce(sender, nonce)?;
    Ok(found.and_then(|(record, index)| objects::transaction(&record, index)))
}

impl Context {
    /// The block and index of a sender's transaction with a nonce. Searches by halving: the first
    /// block after which the account's nonce is above the one asked for; a forked chain's node is asked for those
    /// below.
    pub(in crate::rpc) fn find_by_nonce(
        &self,
        sender: Address,
        nonce: u64,
    ) -> Result<Option<(BlockRecord, usize)>, RpcError> {
        let view = self.view()?;
        let nonce_after = |height| -> Result<u64, RpcError> {
            let account = view.state(At::After(Height(height)))?.account(sender)?;
            Ok(account.map(|account| account.nonce).unwrap_or_default())
        };
        let (mut low, mut high) = (view.state_from()?.0, view.head().number);
        if nonce_after(high)? <= nonce {
            return Ok(None);
        }
        if nonce_after(low)? > nonce {
            // Before the first state that is kept: refused, unless that is the first block's.
            low = view.first().0;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if nonce_after(middle)? > nonce { high = middle } else { low = middle + 1 }
        }
        let Some(record) = view.body(Height(low))? else { return Ok(None) };
        let mut transactions = record.transactions.iter();
        let index = transactions.position(|tx| tx.signer() == sender && tx.nonce() == nonce);
        Ok(index.map(|index| (record, index)))
    }
}

fn receipt(context: &Context, args: &mut Args) -> Result<Option<ReceiptObject>, RpcError> {
    context.find_receipt(args.take("hash")?)
}

fn raw_by_hash(context: &Context, args: &mut Args) -> Result<Option<Bytes>, RpcError> {
    let hash: B256 = args.take("hash")?;
    if let Some((record, index)) = context.find_mined(hash)? {
        return Ok(raw(&record, index));
    }
    let pooled = context.chain.pool_view().find(&hash);
    Ok(pooled.map(|entry| entry.transaction.encoded_2718().into()))
}

fn raw_by_number(context: &Context, args: &mut Args) -> Result<Option<Bytes>, RpcError> {
    let tag: BlockNumberOrTag = args.take("block")?;
    let index: Index = args.take("index")?;
    Ok(context.find_block(tag.into())?.and_then(|record| raw(&record, index.0)))
}

fn raw_by_block_hash(context: &Context, args: &mut Args) -> Result<Option<Bytes>, RpcError> {
    let hash: B256 = args.take("hash")?;
    let index: Index = args.take("index")?;
    Ok(context.find_block(hash.into())?.and_then(|record| raw(&record, index.0)))
}

fn raw(record: &BlockRecord, index: usize) -> Option<Bytes> {
    record.transactions.get(index).map(|transaction| transaction.encoded_2718().into())
}

fn pending(context: &Context, _: &mut Args) -> Result<Vec<TransactionObject>, RpcError> {
    let ready = context.ready();
    Ok(ready
        .iter()
        .map(|entry| objects::pooled(without_sidecar(entry.transaction.clone())))
        .collect())
}
