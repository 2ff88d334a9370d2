//! Draws values of every stored type from a seed.

use alloy_consensus::{
    EthereumReceipt, EthereumTxEnvelope, Header, SignableTransaction, TxEip1559, TxEip2930,
    TxEip4844, TxEip7702, TxLegacy, TxType,
};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip4895::Withdrawal,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, Log, LogData, Signature, TxKind, U256};
use alloy_trie::{BranchNodeCompact, Nibbles, TrieMask};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use utnet_db::{Account, Bytecode, Receipt, TransactionSigned};

/// A source of values that is the same on every machine.
pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

pub(crate) fn hash(rng: &mut ChaCha8Rng) -> B256 {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes.into()
}

pub(crate) fn address(rng: &mut ChaCha8Rng) -> Address {
    let mut bytes = [0; 20];
    rng.fill_bytes(&mut bytes);
    bytes.into()
}

/// A number of any size, small ones as often as large ones.
pub(crate) fn number(rng: &mut ChaCha8Rng) -> u64 {
    rng.next_u64() >> rng.random_range(0..64)
}

pub(crate) fn wei(rng: &mut ChaCha8Rng) -> u128 {
    u128::from(number(rng)) << rng.random_range(0..32)
}

pub(crate) fn word(rng: &mut ChaCha8Rng) -> U256 {
    U256::from_be_bytes(hash(rng).0) >> rng.random_range(0..256)
}

pub(crate) fn bytes(rng: &mut ChaCha8Rng, most: usize) -> Bytes {
    let mut bytes = vec![0; rng.random_range(0..=most)];
    rng.fill_bytes(&mut bytes);
    bytes.into()
}

fn maybe<T>(rng: &mut ChaCha8Rng, draw: impl FnOnce(&mut ChaCha8Rng) -> T) -> Option<T> {
    if rng.random() { Some(draw(rng)) } else { None }
}

fn some<T>(rng: &mut ChaCha8Rng, most: usize, draw: impl Fn(&mut ChaCha8Rng) -> T) -> Vec<T> {
    (0..rng.random_range(0..=most)).map(|_| draw(rng)).collect()
}

pub(crate) fn account(rng: &mut ChaCha8Rng) -> Account {
    Account { nonce: number(rng), balance: word(rng), bytecode_hash: maybe(rng, hash) }
}

pub(crate) fn code(rng: &mut ChaCha8Rng) -> Bytecode {
    let mut code = bytes(rng, 600).to_vec();
    // 0xef opens other formats than plain code.
    if code.first() == Some(&0xef) {
        code.clear();
    }
    Bytecode::new_raw(code.into())
}

pub(crate) fn header(rng: &mut ChaCha8Rng) -> Header {
    let modern: bool = rng.random();
    let later = |rng: &mut ChaCha8Rng| modern.then(|| number(rng));
    Header {
        parent_hash: hash(rng),
        ommers_hash: hash(rng),
        beneficiary: address(rng),
        state_root: hash(rng),
        transactions_root: hash(rng),
        receipts_root: hash(rng),
        logs_bloom: Bloom::repeat_byte(rng.random()),
        difficulty: word(rng),
        number: number(rng),
        gas_limit: number(rng),
        gas_used: number(rng),
        timestamp: number(rng),
        extra_data: bytes(rng, 32),
        mix_hash: hash(rng),
        nonce: B64::from(rng.next_u64()),
        base_fee_per_gas: later(rng),
        withdrawals_root: modern.then(|| hash(rng)),
        blob_gas_used: later(rng),
        excess_blob_gas: later(rng),
        parent_beacon_block_root: modern.then(|| hash(rng)),
        requests_hash: modern.then(|| hash(rng)),
        ..Header::default()
    }
}

fn signature(rng: &mut ChaCha8Rng) -> Signature {
    Signature::new(word(rng), word(rng), rng.random())
}

fn access_list(rng: &mut ChaCha8Rng) -> AccessList {
    AccessList(some(rng, 3, |rng| AccessListItem {
        address: address(rng),
        storage_keys: some(rng, 3, hash),
    }))
}

fn kind(rng: &mut ChaCha8Rng) -> TxKind {
    maybe(rng, address).map_or(TxKind::Create, TxKind::Call)
}

fn legacy(rng: &mut ChaCha8Rng) -> TxLegacy {
    TxLegacy {
        chain_id: maybe(rng, number),
        nonce: number(rng),
        gas_price: wei(rng),
        gas_limit: number(rng),
        to: kind(rng),
        value: word(rng),
        input: bytes(rng, 200),
    }
}

fn eip2930(rng: &mut ChaCha8Rng) -> TxEip2930 {
    TxEip2930 {
        chain_id: number(rng),
        nonce: number(rng),
        gas_price: wei(rng),
        gas_limit: number(rng),
        to: kind(rng),
        value: word(rng),
        access_list: access_list(rng),
        input: bytes(rng, 200),
    }
}

fn eip1559(rng: &mut ChaCha8Rng) -> TxEip1559 {
    TxEip1559 {
        chain_id: number(rng),
        nonce: number(rng),
        gas_limit: number(rng),
        max_fee_per_gas: wei(rng),
        max_priority_fee_per_gas: wei(rng),
        to: kind(rng),
        value: word(rng),
        access_list: access_list(rng),
        input: bytes(rng, 200),
    }
}

fn eip4844(rng: &mut ChaCha8Rng) -> TxEip4844 {
    TxEip4844 {
        chain_id: number(rng),
        nonce: number(rng),
        gas_limit: number(rng),
        max_fee_per_gas: wei(rng),
        max_priority_fee_per_gas: wei(rng),
        to: address(rng),
        value: word(rng),
        access_list: access_list(rng),
        blob_versioned_hashes: some(rng, 3, hash),
        max_fee_per_blob_gas: wei(rng),
        input: bytes(rng, 200),
    }
}

fn eip7702(rng: &mut ChaCha8Rng) -> TxEip7702 {
    TxEip7702 {
        chain_id: number(rng),
        nonce: number(rng),
        gas_limit: number(rng),
        max_fee_per_gas: wei(rng),
        max_priority_fee_per_gas: wei(rng),
        to: address(rng),
        value: word(rng),
        access_list: access_list(rng),
        authorization_list: some(rng, 2, authorization),
        input: bytes(rng, 200),
    }
}

fn authorization(rng: &mut ChaCha8Rng) -> SignedAuthorization {
    let inner = Authorization { chain_id: word(rng), address: address(rng), nonce: number(rng) };
    SignedAuthorization::new_unchecked(inner, rng.random_range(0..2), word(rng), word(rng))
}

pub(crate) fn transaction(rng: &mut ChaCha8Rng) -> TransactionSigned {
    let by = signature(rng);
    match rng.random_range(0..5) {
        0 => EthereumTxEnvelope::Legacy(legacy(rng).into_signed(by)),
        1 => EthereumTxEnvelope::Eip2930(eip2930(rng).into_signed(by)),
        2 => EthereumTxEnvelope::Eip1559(eip1559(rng).into_signed(by)),
        3 => EthereumTxEnvelope::Eip4844(eip4844(rng).into_signed(by)),
        _ => EthereumTxEnvelope::Eip7702(eip7702(rng).into_signed(by)),
    }
}

pub(crate) fn receipt(rng: &mut ChaCha8Rng) -> Receipt {
    let kinds =
        [TxType::Legacy, TxType::Eip2930, TxType::Eip1559, TxType::Eip4844, TxType::Eip7702];
    EthereumReceipt {
        tx_type: kinds[rng.random_range(0..kinds.len())],
        success: rng.random(),
        cumulative_gas_used: number(rng),
        logs: some(rng, 3, |rng| Log {
            address: address(rng),
            data: LogData::new_unchecked(some(rng, 4, hash), bytes(rng, 100)),
        }),
    }
}

pub(crate) fn withdrawal(rng: &mut ChaCha8Rng) -> Withdrawal {
    Withdrawal {
        index: number(rng),
        validator_index: number(rng),
        address: address(rng),
        amount: number(rng),
    }
}

pub(crate) fn path(rng: &mut ChaCha8Rng) -> Nibbles {
    Nibbles::from_nibbles(some(rng, 64, |rng| rng.random_range(0..16)))
}

pub(crate) fn branch(rng: &mut ChaCha8Rng) -> BranchNodeCompact {
    let state: u16 = rng.random();
    let hashes = state & rng.random::<u16>();
    let tree = state & rng.random::<u16>();
    let children = (0..hashes.count_ones()).map(|_| hash(rng)).collect();
    BranchNodeCompact::new(
        TrieMask::new(state),
        TrieMask::new(tree),
        TrieMask::new(hashes),
        children,
        None,
    )
}
