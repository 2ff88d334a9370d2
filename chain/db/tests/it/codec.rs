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
        ("header", b256!("0xaefc1e51f6bb6076ad35d73eb24b7d6a9e3c01cf1f8352e90b10fa15a9da6a11")),
        (
            "transaction",
            b256!("0xd1b9eaa53d28777062b87f464cf4d26fa723e62aa69ac63344002e3d3c593e9f"),
        ),
        ("receipt", b256!("0xe2cc3b9d57d58012a04b2ec3018ffdf5b64f5c4ce0d91cdf279efa7eab686e16")),
        ("indices", b256!("0xbd4af7b063dd2673968ea29e867ea40b6555a79ec11d1001235ea89752db541e")),
        ("ommers", b256!("0x91483296bd66fa4ded2de7f6c327847cfffcbe774ec2c644c03e62215d85dd37")),
        (
            "withdrawals",
            b256!("0x4e3f6a31b15e68f1ed7976f778fb21ea6b5af8277d3c93dc2dd7c2ec3d662763"),
        ),
        ("number", b256!("0x6fb541100968927ed772a3e4eb1f680e20527139e358280358b21123fa3c4757")),
        ("bytes", b256!("0x8b4904bc2059b9f03aa1037b5aaaee3dbba3abbb9dce66238d32e1aa0eaae37c")),
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
        ("hash", b256!("0x7bddb0f7556152e9193eb632049a49d0d5e4a00de7f64f90a623c6c4ad3975d8")),
        ("address", b256!("0xa36e4ed727f9c9e4e4617e591fa821cadce57991b33ab9076cbabed5e0e7b0ea")),
        ("account", b256!("0x59e525486af0bcc9e3eab56923743c06c0c006c9d536a4d8d7af6307f56cff16")),
        ("code", b256!("0x7ec789ab6bbb62e30e937f85f0703d602b8d802e07e6cc1f61a680d10f11a1d4")),
        ("slot", b256!("0x16cbc76143fe07950bcbb89cc412f561c249fdf167d268ae879a06425a6337ce")),
        (
            "account before",
            b256!("0xa067b82eae3c413b50ccb2ae2d18eb1100d71a56d3534a6377d441758c8f22df"),
        ),
        ("blocks", b256!("0x6dce32df71510dc73cb1777a927d966ad5ab0cfe8834dc028a1bd84f1a97b074")),
        ("branch", b256!("0xbaab1ff873165d1c10e7ce95925115f72e5723cce85cfc365bf6159070e90799")),
        (
            "storage branch",
            b256!("0x37713bce39d6d7eac1f4d8fce86f4cdb1cf9ee6b95340f11ce9234b641063825"),
        ),
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
        ("number", b256!("0xd4653079c511049bc99c38fa22ec6387105b91cfbb517bc4d217cdfe4ab3f5a6")),
        ("hash", b256!("0xe0ab425cb1a8308dc40bbb0645cb11e5b3010cbca8984dd1e1a5728972702d66")),
        ("address", b256!("0x03b9d3d722a613af26519bba43c7abfa1a2b5d6b033e3773e7091d1c64bd1a48")),
        (
            "block and address",
            b256!("0xa8614ca10d577b847a90be14e8535952de0c31c67aa56a2e9628b122eb479672"),
        ),
        (
            "account shard",
            b256!("0xc0379ac3f2863127f4416bde7f5005378ce0d6b8f267decc59efb19c892c60e9"),
        ),
        ("slot shard", b256!("0x9a84f6ebbb537668aa0a70d3deaf69553835283db9bf604b457b244f1aaeeeb1")),
        ("path", b256!("0x798e3a3542fdea52806a3e6a6e2e98fe8b823eafad2c7b2339d65a51f5b448f7")),
        (
            "padded path",
            b256!("0x4e0f716aa231a2c13866d8ba0b71fd58af66f699e79c82382bcf76880d0dda26"),
        ),
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
