//! Writes blocks, transactions and receipts in the form that the execution APIs define.

use crate::execution::{BlockRecord, Receipt, Transaction};
use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_eips::eip4895::Withdrawals;
use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{B256, U256};
use alloy_rlp::Encodable;
use alloy_rpc_types_eth::{
    Block, BlockTransactions, Header, Log, Transaction as RpcTransaction, TransactionInfo,
    TransactionReceipt,
};

/// A transaction as answers show it.
pub(super) type TransactionObject = RpcTransaction<Transaction>;
/// A block as answers show it.
pub(super) type BlockObject = Block<TransactionObject>;
/// A receipt as answers show it.
pub(super) type ReceiptObject = TransactionReceipt<alloy_consensus::ReceiptEnvelope<Log>>;

/// The header with its hash and the block's size in bytes.
pub(super) fn header(record: &BlockRecord) -> Header {
    Header::from_consensus(record.header.clone(), None, Some(U256::from(size(record))))
}

/// The block with whole transactions, or their hashes.
pub(super) fn block(record: &BlockRecord, full: bool) -> BlockObject {
    let transactions = if full {
        let all = (0..record.transactions.len()).filter_map(|index| transaction(record, index));
        BlockTransactions::Full(all.collect())
    } else {
        BlockTransactions::Hashes(hashes(record).collect())
    };
    Block {
        header: header(record),
        uncles: record.ommers.iter().map(alloy_consensus::Header::hash_slow).collect(),
        transactions,
        withdrawals: record.withdrawals.clone().map(Withdrawals::new),
    }
}

/// The hashes of a block's transactions.
pub(super) fn hashes(record: &BlockRecord) -> impl Iterator<Item = B256> + '_ {
    record.transactions.iter().map(|transaction| *transaction.tx_hash())
}

/// One transaction of a block; `None` above the last.
pub(super) fn transaction(record: &BlockRecord, index: usize) -> Option<TransactionObject> {
    let transaction = record.transactions.get(index)?;
    let info = TransactionInfo {
        hash: Some(*transaction.tx_hash()),
        index: u64::try_from(index).ok(),
        block_hash: Some(record.hash()),
        block_number: Some(record.header.number),
        base_fee: record.header.base_fee_per_gas,
        block_timestamp: Some(record.header.timestamp),
    };
    let mut object = RpcTransaction::from_transaction(transaction.clone(), info);
    object.effective_gas_price = Some(transaction.effective_gas_price(info.base_fee));
    Some(object)
}

/// A transaction that no block holds yet.
pub(super) fn pooled(transaction: Recovered<Transaction>) -> TransactionObject {
    RpcTransaction::from_transaction(transaction, TransactionInfo::default())
}

/// All receipts of a block.
pub(super) fn receipts(record: &BlockRecord, blobs: Option<BlobParams>) -> Vec<ReceiptObject> {
    let mut used_before = 0;
    let mut logs_before = 0;
    let pairs = record.transactions.iter().zip(&record.receipts).enumerate();
    pairs
        .map(|(index, (transaction, receipt))| {
            let place = Place { record, index, used_before, logs_before, blobs };
            used_before = receipt.cumulative_gas_used();
            logs_before += receipt.logs().len();
            place.receipt(transaction, receipt)
        })
        .collect()
}

/// All logs of a block.
pub(super) fn logs(record: &BlockRecord, removed: bool) -> Vec<Log> {
    let mut logs_before = 0;
    let pairs = record.transactions.iter().zip(&record.receipts).enumerate();
    pairs
        .flat_map(|(index, (transaction, receipt))| {
            let place = Place { record, index, used_before: 0, logs_before, blobs: None };
            logs_before += receipt.logs().len();
            place.logs(*transaction.tx_hash(), receipt, removed)
        })
        .collect()
}

/// Where in a block a receipt stands.
struct Place<'a> {
    record: &'a BlockRecord,
    index: usize,
    used_before: u64,
    logs_before: usize,
    blobs: Option<BlobParams>,
}

impl Place<'_> {
    fn receipt(&self, transaction: &Recovered<Transaction>, receipt: &Receipt) -> ReceiptObject {
        let header = &self.record.header;
        let hash = *transaction.tx_hash();
        let mut logs = self.logs(hash, receipt, false).into_iter();
        let blob_gas_used = transaction.blob_gas_used();
        TransactionReceipt {
            inner: receipt.clone().map_logs(|log| {
                logs.next().unwrap_or_else(|| Log { inner: log, ..Default::default() })
            }),
            transaction_hash: hash,
            transaction_index: u64::try_from(self.index).ok(),
            block_hash: Some(header.hash()),
            block_number: Some(header.number),
            gas_used: receipt.cumulative_gas_used().saturating_sub(self.used_before),
            effective_gas_price: transaction.effective_gas_price(header.base_fee_per_gas),
            blob_gas_used,
            blob_gas_price: blob_gas_used.and_then(|_| header.blob_fee(self.blobs?)),
            from: transaction.signer(),
            to: transaction.to(),
            contract_address: transaction
                .kind()
                .is_create()
                .then(|| transaction.signer().create(transaction.nonce())),
        }
    }

    fn logs(&self, transaction: B256, receipt: &Receipt, removed: bool) -> Vec<Log> {
        let header = &self.record.header;
        let numbered = receipt.logs().iter().enumerate();
        numbered
            .map(|(index, log)| Log {
                inner: log.clone(),
                block_hash: Some(header.hash()),
                block_number: Some(header.number),
                block_timestamp: Some(header.timestamp),
                transaction_hash: Some(transaction),
                transaction_index: u64::try_from(self.index).ok(),
                log_index: u64::try_from(self.logs_before + index).ok(),
                removed,
            })
            .collect()
    }
}

/// Bytes of the block in RLP.
fn size(record: &BlockRecord) -> usize {
    let list = |payload: usize| {
        alloy_rlp::Header { list: true, payload_length: payload }.length() + payload
    };
    let transactions = record.transactions.iter().map(|tx| tx.inner().length()).sum();
    let ommers = record.ommers.iter().map(Encodable::length).sum();
    let withdrawals =
        record.withdrawals.as_ref().map_or(0, |all| list(all.iter().map(Encodable::length).sum()));
    list(record.header.inner().length() + list(transactions) + list(ommers) + withdrawals)
}
