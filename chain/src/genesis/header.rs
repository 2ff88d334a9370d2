//! Computes the header of block 0.

use super::ChainSpec;
use alloy_consensus::{Header, constants::EMPTY_WITHDRAWALS};
use alloy_eips::{eip1559::INITIAL_BASE_FEE, eip7685::EMPTY_REQUESTS_HASH};
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{B256, U256};
use alloy_trie::{TrieAccount, root::state_root_unhashed};

/// The header of block 0, with the fields that its forks bring.
pub(super) fn genesis_header(spec: &ChainSpec) -> Header {
    let genesis = &spec.genesis;
    let time = genesis.timestamp;
    let number = genesis.number.unwrap_or_default();
    let base_fee_per_gas = spec
        .is_london_active_at_block(number)
        .then(|| genesis.base_fee_per_gas.unwrap_or_else(|| u128::from(INITIAL_BASE_FEE)))
        .map(|fee| u64::try_from(fee).unwrap_or(u64::MAX));
    let is_cancun = spec.is_cancun_active_at_timestamp(time);
    Header {
        number,
        parent_hash: genesis.parent_hash.unwrap_or_default(),
        beneficiary: genesis.coinbase,
        state_root: state_root(spec),
        difficulty: genesis.difficulty,
        gas_limit: genesis.gas_limit,
        timestamp: time,
        extra_data: genesis.extra_data.clone(),
        mix_hash: genesis.mix_hash,
        nonce: genesis.nonce.to_be_bytes().into(),
        base_fee_per_gas,
        withdrawals_root: spec.is_shanghai_active_at_timestamp(time).then_some(EMPTY_WITHDRAWALS),
        blob_gas_used: is_cancun.then(|| genesis.blob_gas_used.unwrap_or_default()),
        excess_blob_gas: is_cancun.then(|| genesis.excess_blob_gas.unwrap_or_default()),
        parent_beacon_block_root: is_cancun.then_some(B256::ZERO),
        requests_hash: spec.is_prague_active_at_timestamp(time).then_some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

/// The root of the allocated accounts.
fn state_root(spec: &ChainSpec) -> B256 {
    let accounts = spec.genesis.alloc.iter().map(|(address, account)| {
        let storage = account
            .storage
            .iter()
            .flatten()
            .map(|(slot, value)| (*slot, U256::from_be_bytes(value.0)))
            .filter(|(_, value)| !value.is_zero());
        let trie_account = TrieAccount {
            nonce: account.nonce.unwrap_or_default(),
            balance: account.balance,
            storage_root: alloy_trie::root::storage_root_unhashed(storage),
            code_hash: account.code_hash().unwrap_or(alloy_trie::KECCAK_EMPTY),
        };
        (*address, trie_account)
    });
    state_root_unhashed(accounts)
}
