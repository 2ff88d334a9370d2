//! Stored values come back as they went, and their bytes never change: the digests below are over
//! 10,000 seeded values per type.

use crate::seeded::{self, rng};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B256, Keccak256, U256, b256};
use rand_chacha::ChaCha8Rng;
use reth_primitives_traits::StorageEntry;
use std::fmt::Debug;
use utnet_db::{
    DbError,
    codec::{
        AccountBeforeTx, BlockNumberAddress, BlockNumberList, ShardedKey, StorageShardedKey,
        StorageTrieEntry, StoredBlockBodyIndices, StoredBlockOmmers, StoredBlockWithdrawals,
        StoredNibbles, StoredNibblesSubKey,
    },
    traits::{Compress, Decode, Decompress, Encode},
};

const VALUES: u64 = 10_000;

/// Digest over length and bytes of the values drawn, each of which must come back.
fn values<V>(draw: impl Fn(&mut ChaCha8Rng) -> V) -> B256
where
    V: Compress + Decompress + Clone + PartialEq + Debug,
{
    let mut rng = rng(1);
    let mut digest = Keccak256::new();
    for _ in 0..VALUES {
        let value = draw(&mut rng);
        let bytes: Vec<u8> = value.clone().compress().into();
        assert_eq!(V::decompress(&bytes).unwrap(), value);
        digest.update(u64::try_from(bytes.len()).unwrap().to_be_bytes());
        digest.update(&bytes);
    }
    digest.finalize()
}

/// Digest over the keys drawn, each of which must come back and sort as its bytes do.
fn keys<K>(draw: impl Fn(&mut ChaCha8Rng) -> K) -> B256
where
    K: Encode + Decode + Clone + Ord + Debug,
{
    let mut rng = rng(2);
    let mut digest = Keccak256::new();
    let mut drawn = Vec::new();
    for _ in 0..VALUES {
        let key = draw(&mut rng);
        let bytes: Vec<u8> = key.clone().encode().into();
        assert_eq!(K::decode(&bytes).unwrap(), key);
        digest.update(&bytes);
        drawn.push((key, bytes));
    }
    drawn.sort_by(|(_, left), (_, right)| left.cmp(right));
    assert!(drawn.is_sorted_by(|(left, _), (right, _)| left <= right), "bytes sort otherwise");
    digest.finalize()
}

fn storage_entry(rng: &mut ChaCha8Rng) -> StorageEntry {
    StorageEntry { key: seeded::hash(rng), value: seeded::word(rng) }
}

fn before(rng: &mut ChaCha8Rng) -> AccountBeforeTx {
    let (address, account) = (seeded::address(rng), seeded::account(rng));
    AccountBeforeTx { address, info: (!account.nonce.is_multiple_of(3)).then_some(account) }
}

#[test]
fn block_values_keep_their_bytes() {
    let found = [
        ("header", values(seeded::header)),
        ("transaction", values(seeded::transaction)),
        ("receipt", values(seeded::receipt)),
        (
            "indices",
            values(|rng| StoredBlockBodyIndices {
                first_tx_num: seeded::number(rng),
                tx_count: seeded::number(rng),
            }),
        ),
        ("ommers", values(|rng| StoredBlockOmmers { ommers: vec![seeded::header(rng)] })),
        (
            "withdrawals",
            values(|rng| StoredBlockWithdrawals {
                withdrawals: Withdrawals::new(vec![
                    seeded::withdrawal(rng),
                    seeded::withdrawal(rng),
                ]),
            }),
        ),
        ("number", values(seeded::number)),
        ("bytes", values(|rng| seeded::bytes(rng, 300))),
    ];
    let known = [
        ("header", B256::ZERO),
        ("transaction", B256::ZERO),
        ("receipt", B256::ZERO),
        ("indices", B256::ZERO),
        ("ommers", B256::ZERO),
        ("withdrawals", B256::ZERO),
        ("number", B256::ZERO),
        ("bytes", B256::ZERO),
    ];
    assert_eq!(found, known);
}

#[test]
fn state_values_keep_their_bytes() {
    let found = [
        ("hash", values(seeded::hash)),
        ("address", values(seeded::address)),
        ("account", values(seeded::account)),
        ("code", values(seeded::code)),
        ("slot", values(storage_entry)),
        ("account before", values(before)),
        (
            "blocks",
            values(|rng| -> BlockNumberList { (0..20).map(|_| seeded::number(rng)).collect() }),
        ),
        ("branch", values(seeded::branch)),
        (
            "storage branch",
            values(|rng| StorageTrieEntry {
                nibbles: StoredNibblesSubKey(seeded::path(rng)),
                node: seeded::branch(rng),
            }),
        ),
    ];
    let known = [
        ("hash", B256::ZERO),
        ("address", B256::ZERO),
        ("account", B256::ZERO),
        ("code", B256::ZERO),
        ("slot", B256::ZERO),
        ("account before", B256::ZERO),
        ("blocks", B256::ZERO),
        ("branch", B256::ZERO),
        ("storage branch", B256::ZERO),
    ];
    assert_eq!(found, known);
}

#[test]
fn keys_keep_their_bytes_and_sort_by_them() {
    let found = [
        ("number", keys(seeded::number)),
        ("hash", keys(seeded::hash)),
        ("address", keys(seeded::address)),
        (
            "block and address",
            keys(|rng| BlockNumberAddress(seeded::number(rng) % 4, seeded::address(rng))),
        ),
        (
            "account shard",
            keys(|rng| ShardedKey {
                key: Address::with_last_byte(u8::try_from(seeded::number(rng) % 4).unwrap()),
                highest_block_number: seeded::number(rng),
            }),
        ),
        (
            "slot shard",
            keys(|rng| StorageShardedKey {
                address: Address::with_last_byte(u8::try_from(seeded::number(rng) % 4).unwrap()),
                key: B256::with_last_byte(u8::try_from(seeded::number(rng) % 4).unwrap()),
                highest_block_number: seeded::number(rng),
            }),
        ),
        ("path", keys(|rng| StoredNibbles(seeded::path(rng)))),
        ("padded path", keys(|rng| StoredNibblesSubKey(seeded::path(rng)))),
    ];
    let known = [
        ("number", B256::ZERO),
        ("hash", B256::ZERO),
        ("address", B256::ZERO),
        ("block and address", B256::ZERO),
        ("account shard", B256::ZERO),
        ("slot shard", B256::ZERO),
        ("path", B256::ZERO),
        ("padded path", B256::ZERO),
    ];
    assert_eq!(found, known);
}

/// The examples drawn in docs/formats.md.
#[test]
fn documented_examples_hold() {
    let account = utnet_db::Account { nonce: 1, balance: U256::from(1_000), bytecode_hash: None };
    assert_eq!(account.compress(), [0x21, 0x00, 0x01, 0x03, 0xe8]);
    let slot = StorageEntry { key: B256::with_last_byte(7), value: U256::from(0x1234) };
    let bytes = slot.compress();
    assert_eq!(
        bytes[..32],
        b256!("0x0000000000000000000000000000000000000000000000000000000000000007")[..]
    );
    assert_eq!(bytes[32..], [0x12, 0x34]);
    let body = StoredBlockBodyIndices { first_tx_num: 300, tx_count: 2 };
    assert_eq!(body.compress(), [0x12, 0x01, 0x2c, 0x02]);
    assert_eq!(
        BlockNumberAddress(5, Address::repeat_byte(0xaa)).encode()[..9],
        [0, 0, 0, 0, 0, 0, 0, 5, 0xaa]
    );
    assert_eq!(7_u64.compress(), [7, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_key_of_the_wrong_length_is_an_error() {
    assert!(matches!(u64::decode(&[1, 2, 3]), Err(DbError::Undecodable { .. })));
    assert!(matches!(ShardedKey::decode(&[0; 27]), Err(DbError::Undecodable { .. })));
    assert!(matches!(StorageShardedKey::decode(&[0; 61]), Err(DbError::Undecodable { .. })));
    assert!(matches!(StoredNibbles::decode(&[16]), Err(DbError::Undecodable { .. })));
    assert!(matches!(StoredNibblesSubKey::decode(&[65; 65]), Err(DbError::Undecodable { .. })));
}

#[test]
fn the_largest_inner_node_fits_the_limit_of_values() {
    let mut rng = rng(3);
    let hashes = (0..16).map(|_| seeded::hash(&mut rng)).collect();
    let node = alloy_trie::BranchNodeCompact::new(u16::MAX, u16::MAX, u16::MAX, hashes, None);
    let nibbles = StoredNibblesSubKey(alloy_trie::Nibbles::unpack(B256::repeat_byte(0xff)));
    let bytes = StorageTrieEntry { nibbles, node }.compress();
    assert_eq!(bytes.len(), 65 + 6 + 16 * 32);
    assert!(bytes.len() <= utnet_db::codec::MAX_DUP_VALUE);
}
