//! Names the block as the node holds it: header, body, senders, receipts, proof of its producer.

use super::attached::Attached;
use alloy_consensus::{
    Block, BlockBody, Eip658Value, EthereumTxEnvelope, Header, ReceiptEnvelope, Sealable, Sealed,
    TxEip4844, TxEip4844WithSidecar, TxReceipt,
    transaction::{Recovered, SignerRecoverable},
};
use alloy_eips::{
    eip4895::{Withdrawal, Withdrawals},
    eip7594::BlobTransactionSidecarVariant,
};
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

    /// The block as another node would send it: to be judged.
    pub fn into_foreign(self) -> Foreign {
        let body = BlockBody {
            transactions: self.transactions.into_iter().map(Recovered::into_inner).collect(),
            ommers: self.ommers,
            withdrawals: self.withdrawals.map(Withdrawals::new),
        };
        Foreign { block: Block { header: self.header.into_inner(), body }, sidecar: self.sidecar }
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

impl Foreign {
    /// The block as it claims to be: without receipts, senders zero where none can be recovered.
    pub fn unjudged(&self) -> BlockRecord {
        let body = &self.block.body;
        let transactions = body.transactions.iter().map(|transaction| {
            let sender = transaction.recover_signer().unwrap_or_default();
            Recovered::new_unchecked(transaction.clone(), sender)
        });
        BlockRecord {
            header: self.block.header.clone().seal_slow(),
            transactions: transactions.collect(),
            receipts: Vec::new(),
            ommers: body.ommers.clone(),
            withdrawals: body.withdrawals.clone().map(Withdrawals::into_inner),
            sidecar: self.sidecar.clone(),
        }
    }
}

/// What the store writes for a block; `outside` is what dev cheats changed before it.
pub(crate) fn to_write(
    block: &BlockRecord,
    state: StateChanges,
    outside: StateChanges,
) -> BlockWrite {
    let sidecar = block.sidecar.clone();
    let attached = Attached { sidecar, roots: post_states(&block.receipts), outside };
    let (transactions, senders) =
        block.transactions.iter().cloned().map(Recovered::into_parts).unzip();
    BlockWrite {
        header: SealedHeader::new(block.header.inner().clone(), block.hash()),
        transactions,
        senders,
        receipts: block.receipts.iter().map(stored_receipt).collect(),
        withdrawals: block.withdrawals.clone().map(Withdrawals::new),
        ommers: block.ommers.clone(),
        sidecar: attached.encode(),
        state,
    }
}

/// A block as the node holds it, from what the store kept.
///
/// Stored receipts know only success or failure; where receipts carry a state root instead (before
/// Byzantium), it comes from what is attached.
pub(crate) fn restore(
    block: StoredBlock,
    receipts: Vec<utnet_db::Receipt>,
    attached: Attached,
) -> BlockRecord {
    let (header, hash) = block.header.split();
    let mut roots = attached.roots.into_iter();
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
        withdrawals: block.withdrawals.map(Withdrawals::into_inner),
        sidecar: attached.sidecar,
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

/// The state roots of receipts that carry them.
fn post_states(receipts: &[Receipt]) -> Vec<B256> {
    let outcomes = receipts.iter().map(TxReceipt::status_or_post_state);
    outcomes.filter_map(|outcome| outcome.as_post_state()).collect()
}
