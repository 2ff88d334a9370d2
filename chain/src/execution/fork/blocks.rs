//! Shows the other chain's blocks, up to the last one that both share.

use super::{
    Fork,
    open::header_call,
    upstream::{Call, ForkError, parse},
};
use crate::execution::{BlockRecord, Receipt, Transaction};
use alloy_consensus::transaction::Recovered;
use alloy_consensus::{Header, ReceiptEnvelope, Sealed};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{B256, TxHash, U64};
use alloy_rpc_types_eth::{Block, Filter, Log, Transaction as RpcTransaction, TransactionReceipt};
use serde::Deserialize;
use serde_json::json;

const BLOCK: &str = "eth_getBlockByNumber";
const RECEIPTS: &str = "eth_getBlockReceipts";

/// Where something stands in the other chain.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    block_number: U64,
    transaction_index: U64,
}

/// The beginning of the block after the fork: the chain of our own makes it again as its first.
#[derive(Clone, Debug)]
pub struct BlockStart {
    /// The header that the block has on the other chain.
    pub header: Sealed<Header>,
    /// Its first transactions, in order.
    pub transactions: Vec<Recovered<Transaction>>,
}

/// The number of a block.
#[derive(Deserialize)]
struct Numbered {
    number: Option<U64>,
}

impl Fork {
    /// A header; `None` above the fork.
    ///
    /// # Errors
    /// When the upstream does not answer.
    pub fn header(&self, height: u64) -> Result<Option<Sealed<Header>>, ForkError> {
        if height == self.number() {
            return Ok(Some(self.head().clone()));
        }
        if height > self.number() {
            return Ok(None);
        }
        let answer = self.kept.one(header_call(height))?;
        let found: Option<alloy_rpc_types_eth::Header> = parse(BLOCK, &answer)?;
        Ok(found.map(|header| Sealed::new_unchecked(header.inner, header.hash)))
    }

    /// A whole block; `None` above the fork. Its uncles are not known beyond their hash.
    ///
    /// # Errors
    /// When the upstream does not answer, or its transactions are not Ethereum's.
    pub fn block(&self, height: u64) -> Result<Option<BlockRecord>, ForkError> {
        if height > self.number() {
            return Ok(None);
        }
        let tag = U64::from(height);
        let calls = [Call::kept(BLOCK, json!([tag, true])), Call::kept(RECEIPTS, json!([tag]))];
        let [block, receipts] =
            <[_; 2]>::try_from(self.kept.ask(&calls)?).map_err(|_fewer| ForkError::Unpaired)?;
        let block: Option<Block<RpcTransaction<Transaction>>> = parse(BLOCK, &block)?;
        let Some(block) = block else { return Ok(None) };
        let receipts: Option<Vec<TransactionReceipt<ReceiptEnvelope<Log>>>> =
            parse(RECEIPTS, &receipts)?;
        let receipt = |receipt: TransactionReceipt<ReceiptEnvelope<Log>>| -> Receipt {
            receipt.inner.map_logs(|log| log.inner)
        };
        Ok(Some(BlockRecord {
            header: Sealed::new_unchecked(block.header.inner, block.header.hash),
            transactions: block.transactions.into_transactions().map(|tx| tx.inner).collect(),
            receipts: receipts.unwrap_or_default().into_iter().map(receipt).collect(),
            ommers: Vec::new(),
            withdrawals: block.withdrawals.map(Withdrawals::into_inner),
            sidecar: None,
        }))
    }

    /// The block after the fork, up to and including a transaction.
    ///
    /// # Errors
    /// When the upstream does not answer, or the transaction is not in that block.
    pub(super) fn read_start(&self, last: TxHash) -> Result<BlockStart, ForkError> {
        let height = self.number().saturating_add(1);
        let answer = self.kept.one(Call::kept(BLOCK, json!([U64::from(height), true])))?;
        let block: Option<Block<RpcTransaction<Transaction>>> = parse(BLOCK, &answer)?;
        let absent = ForkError::NotInBlock { hash: last, number: height };
        let Some(block) = block else { return Err(absent) };
        let header = Sealed::new_unchecked(block.header.inner, block.header.hash);
        let mut transactions: Vec<_> =
            block.transactions.into_transactions().map(|tx| tx.inner).collect();
        match transactions.iter().position(|transaction| *transaction.tx_hash() == last) {
            Some(index) => transactions.truncate(index.saturating_add(1)),
            None => return Err(absent),
        }
        Ok(BlockStart { header, transactions })
    }

    /// The height of a block; `None` if it is not among those that both chains share.
    ///
    /// # Errors
    /// When the upstream does not answer.
    pub fn height_of(&self, hash: B256) -> Result<Option<u64>, ForkError> {
        const METHOD: &str = "eth_getBlockByHash";
        let answer = self.kept.one(Call::kept(METHOD, json!([hash, false])))?;
        let found: Option<Numbered> = parse(METHOD, &answer)?;
        let height = found.and_then(|block| block.number).map(|number| number.to());
        Ok(height.filter(|height| *height <= self.number()))
    }

    /// Where a transaction stands: height, and index in the block; `None` if in no shared block.
    ///
    /// # Errors
    /// When the upstream does not answer.
    pub fn transaction(&self, hash: TxHash) -> Result<Option<(u64, usize)>, ForkError> {
        const RECEIPT: &str = "eth_getTransactionReceipt";
        // Unlike the transaction itself, a receipt is there only once the block is.
        let answer = self.kept.one(Call::kept(RECEIPT, json!([hash])))?;
        let found: Option<Place> = parse(RECEIPT, &answer)?;
        let place = found.map(|place| (place.block_number, place.transaction_index));
        let place = place.map(|(height, index)| (height.to(), index.to()));
        Ok(place.filter(|(height, _)| *height <= self.number()))
    }

    /// The logs that a filter wants of shared blocks.
    ///
    /// # Errors
    /// When the upstream does not answer, or finds the range too large.
    pub fn logs(&self, filter: &Filter, from: u64, to: u64) -> Result<Vec<Log>, ForkError> {
        const METHOD: &str = "eth_getLogs";
        let filter = filter.clone().from_block(from).to_block(to.min(self.number()));
        let filter = serde_json::to_value(filter)
            .map_err(|source| ForkError::Malformed { method: METHOD, source })?;
        let answer = self.kept.one(Call::kept(METHOD, json!([filter])))?;
        parse(METHOD, &answer)
    }
}
