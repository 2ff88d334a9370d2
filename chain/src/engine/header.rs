//! Derives the header of the next block from its parent, and the root fields from its contents.

use crate::{execution::Executed, genesis::ChainSpec};
use alloy_consensus::{
    Header,
    constants::EMPTY_OMMER_ROOT_HASH,
    proofs::{
        calculate_ommers_root, calculate_receipt_root, calculate_transaction_root,
        calculate_withdrawals_root,
    },
};
use alloy_eips::eip1559::{BaseFeeParams, GAS_LIMIT_BOUND_DIVISOR, INITIAL_BASE_FEE};
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256, Bloom, Bytes, U256};
use std::ops::RangeInclusive;
use utnet_primitives::{Gas, Seconds};

/// Least gas limit of a block (yellow paper).
const LEAST_GAS_LIMIT: u64 = 5_000;

/// What the maker of a block chooses, or POCI chooses for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Timestamp, above the parent's.
    pub timestamp: Seconds,
    /// Beneficiary.
    pub beneficiary: Address,
    /// PREVRANDAO.
    pub beacon: B256,
    /// Gas limit.
    pub gas_limit: Gas,
    /// Base fee in wei, in place of the one that follows from the parent.
    pub base_fee: Option<u64>,
    /// EIP-4788's root; zero on our chains.
    pub parent_beacon_block_root: B256,
    /// Extra data; at most 32 bytes.
    pub extra_data: Bytes,
}

/// The base fee that follows from the parent; `None` before London.
pub fn next_base_fee(spec: &ChainSpec, parent: &Header) -> Option<u64> {
    if !spec.is_london_active_at_block(parent.number.saturating_add(1)) {
        return None;
    }
    if !spec.is_london_active_at_block(parent.number) {
        return Some(INITIAL_BASE_FEE);
    }
    parent.next_block_base_fee(BaseFeeParams::ethereum())
}

/// The excess blob gas that follows from the parent; `None` before Cancun.
pub fn next_excess_blob_gas(spec: &ChainSpec, parent: &Header, timestamp: Seconds) -> Option<u64> {
    let params = spec.blob_params(timestamp)?;
    let (Some(excess), Some(used)) = (parent.excess_blob_gas, parent.blob_gas_used) else {
        return Some(0);
    };
    if spec.is_osaka_active_at_timestamp(timestamp.0) {
        let base_fee = parent.base_fee_per_gas.unwrap_or_default();
        return Some(params.next_block_excess_blob_gas_osaka(excess, used, base_fee));
    }
    let sum = excess.saturating_add(used);
    Some(sum.saturating_sub(params.target_blob_gas_per_block()))
}

/// The gas limits that may follow the parent's: less than 1/1024 away, London doubles it once.
pub(crate) fn gas_limits(spec: &ChainSpec, parent: &Header) -> RangeInclusive<u64> {
    let is_first_of_london = spec.is_london_active_at_block(parent.number.saturating_add(1))
        && !spec.is_london_active_at_block(parent.number);
    let base = parent.gas_limit.saturating_mul(if is_first_of_london { 2 } else { 1 });
    let most = (base / GAS_LIMIT_BOUND_DIVISOR).saturating_sub(1);
    base.saturating_sub(most).max(LEAST_GAS_LIMIT)..=base.saturating_add(most)
}

/// The gas limit nearest to a wished one that Ethereum's rules let follow the parent's.
pub fn reachable_gas_limit(spec: &ChainSpec, parent: &Header, wished: u64) -> u64 {
    let allowed = gas_limits(spec, parent);
    wished.max(*allowed.start()).min(*allowed.end())
}

/// The header of the next block, as far as it is known before execution.
pub(crate) fn open(spec: &ChainSpec, parent: &Header, parent_hash: B256, a: &Attributes) -> Header {
    let number = parent.number.saturating_add(1);
    let time = a.timestamp.0;
    let is_merged = spec.is_paris_active_at_block(number);
    Header {
        parent_hash,
        number,
        timestamp: time,
        beneficiary: a.beneficiary,
        mix_hash: if is_merged { a.beacon } else { B256::ZERO },
        difficulty: if is_merged {
            U256::ZERO
        } else {
            super::difficulty::next(spec, parent, a.timestamp)
        },
        gas_limit: a.gas_limit.0,
        extra_data: a.extra_data.clone(),
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        base_fee_per_gas: next_base_fee(spec, parent).map(|fee| a.base_fee.unwrap_or(fee)),
        excess_blob_gas: next_excess_blob_gas(spec, parent, a.timestamp),
        parent_beacon_block_root: spec
            .is_cancun_active_at_timestamp(time)
            .then_some(a.parent_beacon_block_root),
        ..Header::default()
    }
}

/// Fills in what execution gave.
pub(crate) fn close(
    header: &mut Header,
    spec: &ChainSpec,
    transactions: &[crate::execution::Transaction],
    executed: &Executed,
    state_root: B256,
) {
    let is_cancun = spec.is_cancun_active_at_timestamp(header.timestamp);
    let is_prague = spec.is_prague_active_at_timestamp(header.timestamp);
    header.transactions_root = calculate_transaction_root(transactions);
    header.receipts_root = calculate_receipt_root(&executed.receipts);
    header.logs_bloom = bloom(executed);
    header.gas_used = executed.gas_used;
    header.blob_gas_used = is_cancun.then_some(executed.blob_gas_used);
    header.withdrawals_root = executed.withdrawals.as_deref().map(calculate_withdrawals_root);
    header.requests_hash = is_prague.then(|| executed.requests.requests_hash());
    header.state_root = state_root;
}

/// The union of the receipts' blooms.
pub(crate) fn bloom(executed: &Executed) -> Bloom {
    let blooms = executed.receipts.iter().map(|receipt| *receipt.logs_bloom());
    blooms.fold(Bloom::ZERO, |all, one| all | one)
}

/// The root of a list of uncles.
pub(crate) fn ommers_root(ommers: &[Header]) -> B256 {
    calculate_ommers_root(ommers)
}
