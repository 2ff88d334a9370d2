//! Encodes what belongs to a block besides header, transactions and receipts.

use alloy_consensus::Header;
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, TxNumber};
use bytes::{Buf, BufMut};
use reth_codecs::{Compact, impl_compression_for_compact};
use reth_primitives_traits::Account;

/// Which transactions a block has: `count` of them from `first` on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Compact)]
pub struct StoredBlockBodyIndices {
    /// Number of the first transaction, also when there is none.
    pub first_tx_num: TxNumber,
    /// How many transactions.
    pub tx_count: u64,
}

impl StoredBlockBodyIndices {
    /// Numbers of the transactions.
    pub const fn tx_range(self) -> std::ops::Range<TxNumber> {
        self.first_tx_num..self.next_tx_num()
    }

    /// Number of the first transaction after this block.
    pub const fn next_tx_num(self) -> TxNumber {
        self.first_tx_num.saturating_add(self.tx_count)
    }
}

/// Ommers of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Compact)]
pub struct StoredBlockOmmers {
    /// Their headers.
    pub ommers: Vec<Header>,
}

/// Withdrawals of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Compact)]
pub struct StoredBlockWithdrawals {
    /// In the order of their index.
    pub withdrawals: Withdrawals,
}

/// An account as it was before a block; `None` when it did not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountBeforeTx {
    /// The account.
    pub address: Address,
    /// Its state before the block.
    pub info: Option<Account>,
}

impl Compact for AccountBeforeTx {
    fn to_compact<B>(&self, buf: &mut B) -> usize
    where
        B: BufMut + AsMut<[u8]>,
    {
        buf.put_slice(self.address.as_slice());
        20 + self.info.map_or(0, |account| account.to_compact(buf))
    }

    fn from_compact(mut buf: &[u8], len: usize) -> (Self, &[u8]) {
        let mut address = [0; 20];
        buf.copy_to_slice(&mut address);
        let left = len.saturating_sub(address.len());
        let (info, buf) = if left == 0 {
            (None, buf)
        } else {
            let (account, buf) = Account::from_compact(buf, left);
            (Some(account), buf)
        };
        (Self { address: address.into(), info }, buf)
    }
}

impl_compression_for_compact!(
    StoredBlockBodyIndices,
    StoredBlockOmmers,
    StoredBlockWithdrawals,
    AccountBeforeTx
);
