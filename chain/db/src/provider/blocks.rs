//! Reads and writes blocks: headers, bodies, receipts and the indices that find them.

use crate::{
    codec::{StoredBlockBodyIndices, StoredBlockOmmers, StoredBlockWithdrawals},
    error::DbError,
    provider::kept,
    pruning::History,
    state::StateChanges,
    tables::{
        BlockBodyIndices, BlockOmmers, BlockWithdrawals, CanonicalHeaders, HeaderNumbers, Headers,
        Receipt, Receipts, Sidecars, TransactionBlocks, TransactionHashNumbers, TransactionSenders,
        TransactionSigned, Transactions,
    },
    traits::{DbCursorRO, DbTx, DbTxMut, Table},
};
use alloy_consensus::Header;
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B256, BlockNumber, Bytes, TxHash, TxNumber};
use reth_primitives_traits::SealedHeader;

/// A block to append, with everything that executing it gave.
#[derive(Clone, Debug, Default)]
pub struct BlockWrite {
    /// Header and its hash.
    pub header: SealedHeader,
    /// Transactions in order.
    pub transactions: Vec<TransactionSigned>,
    /// Sender of each transaction.
    pub senders: Vec<Address>,
    /// Receipt of each transaction.
    pub receipts: Vec<Receipt>,
    /// Withdrawals; `None` before Shanghai.
    pub withdrawals: Option<Withdrawals>,
    /// Ommers.
    pub ommers: Vec<Header>,
    /// Sealing data that the header only commits to.
    pub sidecar: Option<Bytes>,
    /// What the block changes in the state, transactions and system calls and withdrawals together.
    pub state: StateChanges,
}

/// A block as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlock {
    /// Header and its hash.
    pub header: SealedHeader,
    /// Transactions in order.
    pub transactions: Vec<TransactionSigned>,
    /// Sender of each transaction.
    pub senders: Vec<Address>,
    /// Withdrawals; `None` before Shanghai.
    pub withdrawals: Option<Withdrawals>,
    /// Ommers.
    pub ommers: Vec<Header>,
    /// Number of the first transaction, counted from genesis.
    pub first_tx_num: TxNumber,
}

/// A transaction and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTransaction {
    /// The transaction.
    pub transaction: TransactionSigned,
    /// Its sender.
    pub sender: Address,
    /// Block it is in.
    pub block_number: BlockNumber,
    /// Position in the block, from 0.
    pub index: u64,
}

/// Number and hash of the highest block; `None` before genesis.
pub(crate) fn head<TX: DbTx>(tx: &TX) -> Result<Option<(BlockNumber, B256)>, DbError> {
    tx.cursor_read::<CanonicalHeaders>()?.last()
}

/// Header of a block; `None` when not kept.
pub(crate) fn header<TX: DbTx>(
    tx: &TX,
    number: BlockNumber,
) -> Result<Option<SealedHeader>, DbError> {
    let Some(hash) = tx.get::<CanonicalHeaders>(number)? else { return Ok(None) };
    let header = need::<Headers, _>(tx.get::<Headers>(number)?)?;
    Ok(Some(SealedHeader::new(header, hash)))
}

/// A whole block; `None` when not kept.
pub(crate) fn block<TX: DbTx>(
    tx: &TX,
    number: BlockNumber,
) -> Result<Option<StoredBlock>, DbError> {
    let Some(header) = header(tx, number)? else { return Ok(None) };
    let body = indices(tx, number)?;
    Ok(Some(StoredBlock {
        transactions: range::<Transactions, _>(tx, body)?,
        senders: range::<TransactionSenders, _>(tx, body)?,
        withdrawals: tx.get::<BlockWithdrawals>(number)?.map(|stored| stored.withdrawals),
        ommers: tx.get::<BlockOmmers>(number)?.unwrap_or_default().ommers,
        first_tx_num: body.first_tx_num,
        header,
    }))
}

/// Receipts of a block; `None` when not kept.
pub(crate) fn receipts<TX: DbTx>(
    tx: &TX,
    number: BlockNumber,
) -> Result<Option<Vec<Receipt>>, DbError> {
    match tx.get::<BlockBodyIndices>(number)? {
        Some(body) => range::<Receipts, _>(tx, body).map(Some),
        None => Ok(None),
    }
}

/// A transaction by its hash.
pub(crate) fn transaction<TX: DbTx>(
    tx: &TX,
    hash: TxHash,
) -> Result<Option<StoredTransaction>, DbError> {
    let Some(id) = tx.get::<TransactionHashNumbers>(hash)? else { return Ok(None) };
    let (_, block_number) =
        need::<TransactionBlocks, _>(tx.cursor_read::<TransactionBlocks>()?.seek(id)?)?;
    let body = indices(tx, block_number)?;
    Ok(Some(StoredTransaction {
        transaction: need::<Transactions, _>(tx.get::<Transactions>(id)?)?,
        sender: need::<TransactionSenders, _>(tx.get::<TransactionSenders>(id)?)?,
        block_number,
        index: id.saturating_sub(body.first_tx_num),
    }))
}

/// Which transactions a kept block has.
pub(crate) fn indices<TX: DbTx>(
    tx: &TX,
    number: BlockNumber,
) -> Result<StoredBlockBodyIndices, DbError> {
    need::<BlockBodyIndices, _>(tx.get::<BlockBodyIndices>(number)?)
}

/// Writes a block after the present head; its state is written elsewhere.
pub(crate) fn write<TX: DbTxMut>(tx: &TX, block: BlockWrite) -> Result<(), DbError> {
    let number = block.header.number;
    let before = tx.cursor_read::<BlockBodyIndices>()?.last()?;
    let first_tx_num = before.map_or(0, |(_, body)| body.next_tx_num());
    let tx_count = u64::try_from(block.transactions.len()).expect("usize has at most 64 bits");
    let body = StoredBlockBodyIndices { first_tx_num, tx_count };
    let (header, hash) = block.header.split();
    tx.put::<CanonicalHeaders>(number, hash)?;
    tx.put::<HeaderNumbers>(hash, number)?;
    tx.put::<Headers>(number, header)?;
    tx.put::<BlockBodyIndices>(number, body)?;
    if !block.ommers.is_empty() {
        tx.put::<BlockOmmers>(number, StoredBlockOmmers { ommers: block.ommers })?;
    }
    if let Some(withdrawals) = block.withdrawals {
        tx.put::<BlockWithdrawals>(number, StoredBlockWithdrawals { withdrawals })?;
    }
    if let Some(sidecar) = block.sidecar {
        tx.put::<Sidecars>(number, sidecar)?;
    }
    if let Some(last) = body.tx_range().last() {
        tx.put::<TransactionBlocks>(last, number)?;
    }
    let parts = block.transactions.into_iter().zip(block.senders).zip(block.receipts);
    for (id, ((transaction, sender), receipt)) in body.tx_range().zip(parts) {
        tx.put::<TransactionHashNumbers>(*transaction.tx_hash(), id)?;
        tx.put::<Transactions>(id, transaction)?;
        tx.put::<TransactionSenders>(id, sender)?;
        tx.put::<Receipts>(id, receipt)?;
    }
    Ok(())
}

/// Writes anew what leads to a kept block and its transactions.
pub(crate) fn index<TX: DbTxMut>(tx: &TX, number: BlockNumber) -> Result<(), DbError> {
    let hash = need::<CanonicalHeaders, _>(tx.get::<CanonicalHeaders>(number)?)?;
    tx.put::<HeaderNumbers>(hash, number)?;
    if !kept::has(tx, History::Bodies, number)? {
        return Ok(());
    }
    let body = indices(tx, number)?;
    for (id, transaction) in body.tx_range().zip(range::<Transactions, _>(tx, body)?) {
        tx.put::<TransactionHashNumbers>(*transaction.tx_hash(), id)?;
    }
    let last = body.tx_range().last();
    last.map_or(Ok(()), |last| tx.put::<TransactionBlocks>(last, number))
}

/// Removes the receipts of a block and says how many there were.
pub(crate) fn remove_receipts<TX: DbTxMut>(tx: &TX, number: BlockNumber) -> Result<u64, DbError> {
    let body = indices(tx, number)?;
    for id in body.tx_range() {
        tx.delete::<Receipts>(id, None)?;
    }
    Ok(body.tx_count)
}

/// Removes all of a block but header and receipts, and says how many transactions there were.
pub(crate) fn remove_body<TX: DbTxMut>(tx: &TX, number: BlockNumber) -> Result<u64, DbError> {
    let body = indices(tx, number)?;
    for id in body.tx_range() {
        let gone = need::<Transactions, _>(tx.get::<Transactions>(id)?)?;
        tx.delete::<TransactionHashNumbers>(*gone.tx_hash(), None)?;
        tx.delete::<Transactions>(id, None)?;
        tx.delete::<TransactionSenders>(id, None)?;
    }
    if let Some(last) = body.tx_range().last() {
        tx.delete::<TransactionBlocks>(last, None)?;
    }
    tx.delete::<BlockOmmers>(number, None)?;
    tx.delete::<BlockWithdrawals>(number, None)?;
    tx.delete::<Sidecars>(number, None)?;
    Ok(body.tx_count)
}

/// Removes a block, as far as it is there; its state is restored elsewhere.
pub(crate) fn remove<TX: DbTxMut>(tx: &TX, number: BlockNumber) -> Result<(), DbError> {
    if kept::has(tx, History::Receipts, number)? {
        remove_receipts(tx, number)?;
    }
    if kept::has(tx, History::Bodies, number)? {
        remove_body(tx, number)?;
    }
    if let Some(hash) = tx.get::<CanonicalHeaders>(number)? {
        tx.delete::<HeaderNumbers>(hash, None)?;
    }
    tx.delete::<CanonicalHeaders>(number, None)?;
    tx.delete::<Headers>(number, None)?;
    tx.delete::<BlockBodyIndices>(number, None)?;
    Ok(())
}

/// An entry that another table promises.
pub(crate) fn need<T: Table, V>(entry: Option<V>) -> Result<V, DbError> {
    entry.ok_or(DbError::Missing { table: T::NAME })
}

fn range<T: Table<Key = TxNumber>, TX: DbTx>(
    tx: &TX,
    body: StoredBlockBodyIndices,
) -> Result<Vec<T::Value>, DbError> {
    if body.tx_count == 0 {
        return Ok(Vec::new());
    }
    let mut cursor = tx.cursor_read::<T>()?;
    let mut values = Vec::new();
    for (id, entry) in body.tx_range().zip(cursor.walk(Some(body.first_tx_num))?) {
        let (found, value) = entry?;
        need::<T, _>((found == id).then_some(()))?;
        values.push(value);
    }
    let whole = u64::try_from(values.len()) == Ok(body.tx_count);
    need::<T, _>(whole.then_some(values))
}
