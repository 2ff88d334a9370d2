//! Builds blocks for tests of other programs; nothing is kept.

use super::{
    Context,
    args::{Args, params},
    error::RpcError,
    eth::send::decode,
    table::methods,
};
use crate::{
    engine::{Attributes, Proposal, reachable_gas_limit},
    execution::{BlockRecord, ChainView},
    pool::PooledEntry,
};
use alloy_consensus::Transaction as _;
use alloy_eips::{
    eip2718::Encodable2718,
    eip4895::{Withdrawal, Withdrawals},
    eip7594::BlobTransactionSidecarVariant,
};
use alloy_evm::{
    FromRecoveredTx,
    revm::{context::TxEnv, inspector::NoOpInspector},
};
use alloy_primitives::{Address, B256, Bloom, Bytes, U64, U256};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utnet_primitives::{Gas, Seconds};

methods! {
    work "testing_buildBlockV1", Ethereum, "Builds a block on the head, and keeps nothing: `hash of the head, payload attributes, transactions (null takes the pool's), extra data`. Under POCI it has no seal." => build;
}

/// What the block is to be made with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PayloadAttributes {
    timestamp: U64,
    prev_randao: B256,
    suggested_fee_recipient: Address,
    #[serde(default)]
    withdrawals: Vec<Withdrawal>,
    #[serde(default)]
    parent_beacon_block_root: B256,
}

params! {
    PayloadAttributes => "payload attributes (timestamp, prevRandao, suggestedFeeRecipient, withdrawals, parentBeaconBlockRoot)",
    Vec<Bytes> => "a list of signed transactions, as bytes",
}

/// A block as the engine API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    parent_hash: B256,
    fee_recipient: Address,
    state_root: B256,
    receipts_root: B256,
    logs_bloom: Bloom,
    prev_randao: B256,
    block_number: U64,
    gas_limit: U64,
    gas_used: U64,
    timestamp: U64,
    extra_data: Bytes,
    base_fee_per_gas: U256,
    block_hash: B256,
    transactions: Vec<Bytes>,
    withdrawals: Withdrawals,
    blob_gas_used: U64,
    excess_blob_gas: U64,
}

/// The blobs of a block's transactions.
#[derive(Debug, Default, Serialize)]
struct Bundle {
    commitments: Vec<Bytes>,
    proofs: Vec<Bytes>,
    blobs: Vec<Bytes>,
}

/// The answer: the block, what it pays its maker, its blobs, its requests.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    execution_payload: Payload,
    block_value: U256,
    blobs_bundle: Bundle,
    execution_requests: Vec<Bytes>,
    should_override_builder: bool,
}

fn build(context: &Context, args: &mut Args) -> Result<Envelope, RpcError> {
    let parent: B256 = args.take("parentBlockHash")?;
    let wished: PayloadAttributes = args.take("payloadAttributes")?;
    let transactions: Option<Vec<Bytes>> = args.find("transactions")?;
    let extra_data: Bytes = args.find("extraData")?.unwrap_or_default();
    let view = context.view()?;
    let attributes = attributes(context, &view, parent, &wished, extra_data)?;
    let given = transactions.map(|list| list.iter().map(entry).collect::<Result<Vec<_>, _>>());
    let given = given.transpose()?;
    let proposal = context.chain.build(&view, &attributes, &wished.withdrawals, given.clone())?;
    if let Some(given) = &given {
        check_taken(&view, &proposal, given)?;
    }
    let bundle = bundle(context, &proposal.block, given.as_deref().unwrap_or_default());
    Ok(envelope(proposal, bundle))
}

fn attributes(
    context: &Context,
    view: &ChainView,
    parent: B256,
    wished: &PayloadAttributes,
    extra_data: Bytes,
) -> Result<Attributes, RpcError> {
    let head = view.head();
    if view.height_of(parent)?.is_none() {
        return Err(RpcError::UnknownHash(parent));
    }
    if parent != head.hash() {
        return Err(RpcError::NotHead(parent));
    }
    let timestamp = Seconds(wished.timestamp.to());
    if timestamp.0 <= head.timestamp {
        return Err(RpcError::Unfit("the timestamp is not above the parent's"));
    }
    if extra_data.len() > 32 {
        return Err(RpcError::Unfit("extraData is longer than 32 bytes"));
    }
    let settings = context.chain.settings();
    Ok(Attributes {
        timestamp,
        beneficiary: wished.suggested_fee_recipient,
        beacon: wished.prev_randao,
        gas_limit: Gas(reachable_gas_limit(view.spec(), head, settings.gas_limit.0)),
        base_fee: None,
        parent_beacon_block_root: wished.parent_beacon_block_root,
        extra_data,
    })
}

fn entry(bytes: &Bytes) -> Result<Arc<PooledEntry>, RpcError> {
    let transaction = decode(bytes)?.transaction;
    let hash = *transaction.hash();
    Ok(Arc::new(PooledEntry { transaction, hash, arrival: 0 }))
}

/// Every transaction that was given must be in the block; else says why the first is not.
fn check_taken(
    view: &ChainView,
    proposal: &Proposal,
    given: &[Arc<PooledEntry>],
) -> Result<(), RpcError> {
    let taken = &proposal.block.transactions;
    let missing = given.iter().enumerate().find(|(index, entry)| {
        taken.get(*index).is_none_or(|transaction| *transaction.tx_hash() != entry.hash)
    });
    let Some((_, entry)) = missing else { return Ok(()) };
    let transaction = entry.to_block();
    let env = TxEnv::from_recovered_tx(transaction.inner(), transaction.signer());
    proposal.sandbox(view)?.run(env, NoOpInspector)?;
    Err(RpcError::DoesNotFit(entry.hash))
}

/// The blobs of the block's transactions, from those given or from the pool.
fn bundle(context: &Context, block: &BlockRecord, given: &[Arc<PooledEntry>]) -> Bundle {
    let mut bundle = Bundle::default();
    for transaction in block.transactions.iter().filter(|tx| tx.is_eip4844()) {
        let hash = transaction.tx_hash();
        let entry = given.iter().find(|entry| entry.hash == *hash);
        let own = entry.and_then(|entry| entry.sidecar().cloned().map(Arc::new));
        if let Some(sidecar) = own.or_else(|| context.chain.sidecar(hash)) {
            bundle.add(&sidecar);
        }
    }
    bundle
}

impl Bundle {
    fn add(&mut self, sidecar: &BlobTransactionSidecarVariant) {
        let bytes = |slice: &[u8]| Bytes::copy_from_slice(slice);
        let (blobs, commitments, proofs) = match sidecar {
            BlobTransactionSidecarVariant::Eip4844(old) => {
                (&old.blobs, &old.commitments, &old.proofs)
            }
            BlobTransactionSidecarVariant::Eip7594(new) => {
                (&new.blobs, &new.commitments, &new.cell_proofs)
            }
        };
        self.blobs.extend(blobs.iter().map(|blob| bytes(blob.as_slice())));
        self.commitments.extend(commitments.iter().map(|one| bytes(one.as_slice())));
        self.proofs.extend(proofs.iter().map(|proof| bytes(proof.as_slice())));
    }
}

fn envelope(proposal: Proposal, blobs_bundle: Bundle) -> Envelope {
    let block_value = value(&proposal.block);
    let block = proposal.block;
    let header = &block.header;
    let number = U64::from;
    Envelope {
        block_value,
        blobs_bundle,
        execution_requests: proposal.requests.take(),
        should_override_builder: false,
        execution_payload: Payload {
            parent_hash: header.parent_hash,
            fee_recipient: header.beneficiary,
            state_root: header.state_root,
            receipts_root: header.receipts_root,
            logs_bloom: header.logs_bloom,
            prev_randao: header.mix_hash,
            block_number: number(header.number),
            gas_limit: number(header.gas_limit),
            gas_used: number(header.gas_used),
            timestamp: number(header.timestamp),
            extra_data: header.extra_data.clone(),
            base_fee_per_gas: U256::from(header.base_fee_per_gas.unwrap_or_default()),
            block_hash: header.hash(),
            transactions: block.transactions.iter().map(|tx| tx.encoded_2718().into()).collect(),
            withdrawals: Withdrawals::new(block.withdrawals.clone().unwrap_or_default()),
            blob_gas_used: number(header.blob_gas_used.unwrap_or_default()),
            excess_blob_gas: number(header.excess_blob_gas.unwrap_or_default()),
        },
    }
}

/// What the block's maker earns from tips.
fn value(block: &BlockRecord) -> U256 {
    let base_fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut used_before = 0;
    let tips = block.transactions.iter().zip(&block.receipts).map(|(transaction, receipt)| {
        let used = receipt.cumulative_gas_used().saturating_sub(used_before);
        used_before = receipt.cumulative_gas_used();
        let tip = transaction.effective_tip_per_gas(base_fee).unwrap_or_default();
        U256::from(tip).saturating_mul(U256::from(used))
    });
    tips.fold(U256::ZERO, U256::saturating_add)
}
