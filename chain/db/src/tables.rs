//! Lists the tables: reth's names, keys and values, and four of our own.

use crate::{
    codec::{
        self, AccountBeforeTx, BlockNumberAddress, BlockNumberList, SectionBit, ShardedKey,
        StorageShardedKey, StorageTrieEntry, StoredBlockBodyIndices, StoredBlockOmmers,
        StoredBlockWithdrawals, StoredNibbles, StoredNibblesSubKey,
    },
    error::DbError,
    traits::{DupSort, Table},
};
use alloy_consensus::{EthereumReceipt, EthereumTxEnvelope, Header, TxEip4844};
use alloy_primitives::{Address, B256, BlockNumber, Bytes, TxHash, TxNumber};
use alloy_trie::BranchNodeCompact;
use reth_primitives_traits::{Account, Bytecode, StorageEntry};

/// A signed transaction as stored: EIP-4844 ones without their blobs.
pub type TransactionSigned = EthereumTxEnvelope<TxEip4844>;

/// A receipt as stored: type, outcome, cumulative gas, logs; the bloom is recomputed.
pub type Receipt = EthereumReceipt;

macro_rules! tables {
    (@dup) => { false };
    (@dup $len:expr) => { true };
    (@len) => { None };
    (@len $len:expr) => { Some($len) };
    ($($(#[doc = $doc:literal])+ $name:ident: $key:ty => $value:ty $(, dup $subkey:ty, $len:literal)?;)+) => {
        /// Which table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum TableId {
            $($(#[doc = $doc])+ $name,)+
        }

        impl TableId {
            /// All tables.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Name in the file.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// Bytes of a key, for tables in which one key has many values; `None` for the others.
            pub const fn dup_key_len(self) -> Option<usize> {
                match self { $(Self::$name => tables!(@len $($len)?),)+ }
            }

            /// Decodes an entry of this table.
            pub(crate) fn decode(self, key: &[u8], value: &[u8]) -> Result<(), DbError> {
                match self {
                    $(Self::$name => {
                        codec::decode_key::<$name>(key)?;
                        codec::decode_value::<$name>(value)?;
                    })+
                }
                Ok(())
            }

            /// Position in [`TableId::ALL`].
            pub const fn index(self) -> usize {
                self as usize
            }
        }

        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Table for $name {
                const ID: TableId = TableId::$name;
                const NAME: &'static str = stringify!($name);
                const DUPSORT: bool = tables!(@dup $($len)?);
                type Key = $key;
                type Value = $value;
            }

            $(impl DupSort for $name {
                type SubKey = $subkey;
            })?
        )+
    };
}

tables! {
    /// Hash of each block of the chain.
    CanonicalHeaders: BlockNumber => B256;
    /// Number of a block by its hash.
    HeaderNumbers: B256 => BlockNumber;
    /// Headers.
    Headers: BlockNumber => Header;
    /// First transaction number and number of transactions of a block.
    BlockBodyIndices: BlockNumber => StoredBlockBodyIndices;
    /// Ommers of a block; no entry when there are none.
    BlockOmmers: BlockNumber => StoredBlockOmmers;
    /// Withdrawals of a block; no entry when the header has no withdrawals root.
    BlockWithdrawals: BlockNumber => StoredBlockWithdrawals;
    /// Transactions, numbered from genesis on without gaps.
    Transactions: TxNumber => TransactionSigned;
    /// Number of a transaction by its hash.
    TransactionHashNumbers: TxHash => TxNumber;
    /// Block of a transaction: keyed by the last transaction number of each block that has any.
    TransactionBlocks: TxNumber => BlockNumber;
    /// Senders, recovered once.
    TransactionSenders: TxNumber => Address;
    /// Receipts.
    Receipts: TxNumber => Receipt;
    /// Code by its hash; never removed.
    Bytecodes: B256 => Bytecode;
    /// Accounts now.
    PlainAccountState: Address => Account;
    /// Slots now; zero slots have no entry.
    PlainStorageState: Address => StorageEntry, dup B256, 20;
    /// Blocks that changed an account, in shards keyed by their highest block.
    AccountsHistory: ShardedKey => BlockNumberList;
    /// Blocks that changed a slot, in shards keyed by their highest block.
    StoragesHistory: StorageShardedKey => BlockNumberList;
    /// Accounts as they were before a block that changed them.
    AccountChangeSets: BlockNumber => AccountBeforeTx, dup Address, 8;
    /// Slots as they were before a block that changed them.
    StorageChangeSets: BlockNumberAddress => StorageEntry, dup B256, 28;
    /// Accounts now, by the hash of their address.
    HashedAccounts: B256 => Account;
    /// Slots now, by the hashes of address and slot.
    HashedStorages: B256 => StorageEntry, dup B256, 32;
    /// Inner nodes of the state trie by path; the root is not stored.
    AccountsTrie: StoredNibbles => BranchNodeCompact;
    /// Inner nodes of the storage tries by hash of address and path; roots are not stored.
    StoragesTrie: B256 => StorageTrieEntry, dup StoredNibblesSubKey, 32;
    /// Ours: storage root by hash of address; no entry when the storage is empty.
    StorageRoots: B256 => B256;
    /// Ours: sealing data of a block that the header only commits to.
    Sidecars: BlockNumber => Bytes;
    /// Ours: which of 4,096 blocks have a bit in their blooms.
    LogSections: SectionBit => Bytes;
    /// Ours: facts about the database itself, by name.
    Meta: String => Bytes;
}
