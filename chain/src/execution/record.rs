//! Names the block as the node holds it: header, body, senders, receipts, proof of its producer.

use crate::genesis::ChainSpec;
use alloy_consensus::{
    Eip658Value, EthereumTxEnvelope, Header, ReceiptEnvelope, Sealed, TxEip4844,
    TxEip4844WithSidecar, TxReceipt, transaction::Recovered,
};
use alloy_eips::{
    eip4895::{Withdrawal, Withdrawals},
    eip7594::BlobTransactionSidecarVariant,
};
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{B256, Bytes};
use utnet_db::{BlockWrite, SealedHeader, StateChanges, StoredBlock};
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

/// What the store writes for a block.
///
/// Stored receipts know only success or failure. Where receipts carry a state root instead (before
/// Byzantium) the roots, 32 bytes each, take the place of the sidecar, which such blocks lack.
pub(crate) fn to_write(block: &BlockRecord, state: StateChanges) -> BlockWrite {
    let sidecar = block.sidecar.clone().or_else(|| post_states(&block.receipts));
    let (transactions, senders) =
        block.transactions.iter().cloned().map(Recovered::into_parts).unzip();
    BlockWrite {
        header: SealedHeader::new(block.header.inner().clone(), block.hash()),
        transactions,
        senders,
        receipts: block.receipts.iter().map(stored_receipt).collect(),
        withdrawals: block.withdrawals.clone().map(Withdrawals::new),
        ommers: block.ommers.clone(),
        sidecar,
        state,
    }
}

/// A block as the node holds it, from what the store kept.
pub(crate) fn restore(
    spec: &ChainSpec,
    block: StoredBlock,
    receipts: Vec<utnet_db::Receipt>,
    sidecar: Option<Bytes>,
) -> BlockRecord {
    let (header, hash) = block.header.split();
    let has_roots = !spec.is_byzantium_active_at_block(header.number);
    let roots = sidecar.iter().filter(|_| has_roots).flat_map(|roots| roots.chunks_exact(32));
    let mut roots = roots.map(B256::from_slice);
    let receipts = receipts.into_iter().map(|receipt| {
        let status = match roots.next() {
            Some(root) => Eip658Value::PostState(root),
            None => Eip658Value::Eip658(receipt.success),
        };
        let body = alloy_consensus::Receipt {
            status,
            cumulative_gas_used: receipt.cumulative_gas_used,
            logs: receipt.logs,
        };
        ReceiptEnvelope::from_typed(receipt.tx_type, body)
    });
    BlockRecord {
        header: Sealed::new_unchecked(header, hash),
        receipts: receipts.collect(),
        transactions: block
            .transactions
            .into_iter()
            .zip(block.senders)
            .map(|(transaction, sender)| Recovered::new_unchecked(transaction, sender))
            .collect(),
        ommers: block.ommers,
        withdrawals: block.withdrawals.map(|withdrawals| withdrawals.into_inner()),
        sidecar: sidecar.filter(|_| !has_roots),
    }
}

fn stored_receipt(receipt: &Receipt) -> utnet_db::Receipt {
    utnet_db::Receipt {
        tx_type: receipt.tx_type(),
        success: receipt.status(),
        cumulative_gas_used: receipt.cumulative_gas_used(),
        logs: receipt.logs().to_vec(),
    }
}

/// The state roots of receipts that carry them; `None` if none does.
fn post_states(receipts: &[Receipt]) -> Option<Bytes> {
    let roots: Vec<u8> = receipts
        .iter()
        .filter_map(|receipt| receipt.status_or_post_state().as_post_state())
        .flat_map(|root| root.0)
        .collect();
    (!roots.is_empty()).then(|| roots.into())
}
