//! Names the block as the node holds it: header, body, senders, receipts, proof of its producer.

use alloy_consensus::{
    EthereumTxEnvelope, Header, ReceiptEnvelope, Sealed, TxEip4844, TxEip4844WithSidecar,
    transaction::Recovered,
};
use alloy_eips::{eip4895::Withdrawal, eip7594::BlobTransactionSidecarVariant};
use alloy_primitives::{B256, Bytes};
use utnet_primitives::Height;

/// A transaction as a block holds it: blob transactions without their sidecar.
pub type Transaction = EthereumTxEnvelope<TxEip4844>;

/// A transaction as the pool holds it: blob transactions with their sidecar.
pub type PooledTransaction =
    EthereumTxEnvelope<TxEip4844WithSidecar<BlobTransactionSidecarVariant>>;

/// A receipt with its bloom; before Byzantium with a state root in place of the status.
pub type Receipt = ReceiptEnvelope;

/// A block of the chain with all that the node keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    /// The header with its hash.
    pub header: Sealed<Header>,
    /// The transactions with their senders.
    pub transactions: Vec<Recovered<Transaction>>,
    /// One receipt per transaction.
    pub receipts: Vec<Receipt>,
    /// Uncles; empty since the merge.
    pub ommers: Vec<Header>,
    /// Withdrawals; `None` before Shanghai.
    pub withdrawals: Option<Vec<Withdrawal>>,
    /// Proof of the producer under POCI.
    pub sidecar: Option<Bytes>,
}

impl BlockRecord {
    /// The number of the block.
    pub fn height(&self) -> Height {
        Height(self.header.number)
    }

    /// The hash of the block.
    pub fn hash(&self) -> B256 {
        self.header.hash()
    }
}

/// A block made elsewhere, not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Header and body, as RLP carries them.
    pub block: alloy_consensus::Block<Transaction>,
    /// Proof of the producer under POCI.
    pub sidecar: Option<Bytes>,
}
