//! Checks a whole store against itself: every entry, hashes, links, indices, tries, histories.

use super::View;
use crate::{
    error::DbError,
    provider::{
        blocks::{self, need},
        history, logs,
    },
    pruning::History,
    state::StateChanges,
    tables::{
        AccountChangeSets, AccountsHistory, AccountsTrie, CanonicalHeaders, HashedAccounts,
        HashedStorages, HeaderNumbers, Headers, LogSections, PlainAccountState, PlainStorageState,
        Receipts, StorageChangeSets, StoragesHistory, TableId, TransactionHashNumbers,
        Transactions,
    },
    traits::{DbCursorRO, DbDupCursorRO, DbTx, RawCursor, RawTx, Table},
    trie,
};
use alloy_primitives::{BlockNumber, TxNumber, keccak256};
use reth_primitives_traits::StorageEntry;

/// What else a block must satisfy: the chain knows what its headers commit to.
pub type BlockCheck<'a> = &'a dyn Fn(&View, BlockNumber) -> Result<(), DbError>;

/// Faults that are collected at most.
const MOST: usize = 100;

/// Earlier blocks whose state is computed from the histories.
const SAMPLES: u64 = 8;

/// Something that is wrong in a store.
#[derive(Debug)]
pub struct Fault {
    /// The block it concerns, if it is about one.
    pub block: Option<BlockNumber>,
    /// What is wrong.
    pub error: DbError,
}

fn same<T: Table>(is_same: bool) -> Result<(), DbError> {
    if is_same { Ok(()) } else { Err(DbError::Contradiction { table: T::NAME }) }
}

impl View {
    /// Checks everything and returns the first fault; see [`View::check`].
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn verify(&self) -> Result<(), DbError> {
        let first = self.check(&|_, _| Ok(())).into_iter().next();
        first.map_or(Ok(()), |fault| Err(fault.error))
    }

    /// Checks every entry, every kept block and the latest state: headers hash to what is stored and
    /// link to their parents, hashes lead back to blocks and transactions, the hashed state is the
    /// plain one, every node of the tries is that of the hashed state, the state has the root of
    /// the head, histories and change sets name the same blocks and lead to the roots of earlier
    /// ones, the index of logs says what the blooms do; and what `also` asks of each block. Reads
    /// everything. Empty when all is well.
    pub fn check(&self, also: BlockCheck<'_>) -> Vec<Fault> {
        let mut faults = Vec::new();
        for table in TableId::ALL {
            note(&mut faults, None, self.check_table(*table));
        }
        self.check_blocks(also, &mut faults);
        for check in [
            Self::check_indices,
            Self::check_hashed,
            Self::check_tries,
            Self::check_head,
            Self::check_kept,
            Self::check_account_history,
            Self::check_slot_history,
            Self::check_samples,
            Self::check_logs,
        ] {
            note(&mut faults, None, check(self));
        }
        faults
    }

    /// Looks at both ends of every table, at the head and at its state: what a start needs.
    pub(super) fn glance(&self) -> Result<(), DbError> {
        for table in TableId::ALL {
            let mut cursor = self.tx().cursor_raw(*table)?;
            for entry in [RawCursor::first_raw, RawCursor::last_raw] {
                if let Some((key, value)) = entry(&mut cursor)? {
                    table.decode(&key, &value)?;
                }
            }
        }
        let Some(genesis) = self.genesis_number()? else { return Ok(()) };
        self.check_block(self.head_number()?, genesis)?;
        self.check_head()
    }

    fn check_table(&self, table: TableId) -> Result<(), DbError> {
        self.dump(table, |key, value| table.decode(key, value))
    }

    fn check_blocks(&self, also: BlockCheck<'_>, faults: &mut Vec<Fault>) {
        let range = self.genesis_number().and_then(|genesis| {
            let genesis = genesis.ok_or(DbError::Empty)?;
            Ok((genesis, self.head_number()?))
        });
        let (genesis, head) = match range {
            Ok(range) => range,
            Err(error) => return note(faults, None, Err(error)),
        };
        // A fork begins later, on what may be another chain's header, of another shape.
        if genesis == 0 {
            note(faults, Some(genesis), self.check_hash(genesis));
        }
        for number in genesis..=head {
            if faults.len() >= MOST {
                return;
            }
            let result = self.check_block(number, genesis);
            note(faults, Some(number), result.and_then(|()| also(self, number)));
        }
    }

    fn check_block(&self, number: BlockNumber, genesis: BlockNumber) -> Result<(), DbError> {
        let header = need::<CanonicalHeaders, _>(self.header(number)?)?;
        if number != genesis {
            self.check_hash(number)?;
            same::<Headers>(self.hash(number - 1)? == Some(header.parent_hash))?;
        }
        blocks::indices(self.tx(), number)?;
        if self.has(History::Receipts, number)? {
            self.receipts(number)?;
        }
        if self.has(History::Bodies, number)? {
            self.block(number)?;
            self.sidecar(number)?;
        }
        Ok(())
    }

    /// A header is the one that its hash names.
    fn check_hash(&self, number: BlockNumber) -> Result<(), DbError> {
        let header = need::<CanonicalHeaders, _>(self.header(number)?)?;
        same::<Headers>(header.header().hash_slow() == header.hash())
    }

    /// Hashes lead to the blocks and transactions that have them.
    fn check_indices(&self) -> Result<(), DbError> {
        let mut blocks = 0;
        for entry in self.tx().cursor_read::<CanonicalHeaders>()?.walk(None)? {
            let (number, hash) = entry?;
            blocks += 1;
            same::<HeaderNumbers>(self.number(hash)? == Some(number))?;
        }
        same::<HeaderNumbers>(self.tx().entries::<HeaderNumbers>()? == blocks)?;
        let mut transactions = 0;
        for entry in self.tx().cursor_read::<Transactions>()?.walk(None)? {
            let (id, transaction) = entry?;
            transactions += 1;
            let found = self.tx().get::<TransactionHashNumbers>(*transaction.tx_hash())?;
            same::<TransactionHashNumbers>(found == Some(id))?;
        }
        let indexed = self.tx().entries::<TransactionHashNumbers>()?;
        same::<TransactionHashNumbers>(indexed == transactions)
    }

    /// The hashed tables hold what the plain ones do.
    fn check_hashed(&self) -> Result<(), DbError> {
        let tx = self.tx();
        for entry in tx.cursor_read::<PlainAccountState>()?.walk(None)? {
            let (address, account) = entry?;
            let hashed = tx.get::<HashedAccounts>(keccak256(address))?;
            same::<HashedAccounts>(hashed == Some(account))?;
        }
        let mut hashed = tx.cursor_dup_read::<HashedStorages>()?;
        for entry in tx.cursor_read::<PlainStorageState>()?.walk(None)? {
            let (address, slot) = entry?;
            let key = keccak256(slot.key);
            let found = hashed.seek_by_key_subkey(keccak256(address), key)?;
            same::<HashedStorages>(found == Some(StorageEntry { key, value: slot.value }))?;
        }
        let accounts = tx.entries::<PlainAccountState>()? == tx.entries::<HashedAccounts>()?;
        same::<HashedAccounts>(accounts)?;
        let slots = tx.entries::<PlainStorageState>()? == tx.entries::<HashedStorages>()?;
        same::<HashedStorages>(slots)
    }

    fn check_tries(&self) -> Result<(), DbError> {
        same::<AccountsTrie>(trie::is_sound(self.tx())?)
    }

    fn check_head(&self) -> Result<(), DbError> {
        self.check_root_of(self.head_number()?)
    }

    /// The histories lead to the states that earlier headers name.
    fn check_samples(&self) -> Result<(), DbError> {
        let first = self.kept()?.state;
        let length = self.head_number()?.saturating_sub(first);
        for sample in 0..SAMPLES.min(length) {
            let part = u128::from(length) * u128::from(sample) / u128::from(SAMPLES);
            self.check_root_of(first.saturating_add(u64::try_from(part).unwrap_or(length)))?;
        }
        Ok(())
    }

    fn check_root_of(&self, number: BlockNumber) -> Result<(), DbError> {
        // What stands before the first block may be another chain's state, of which a part is kept.
        if self.genesis_number()? == Some(number) {
            return Ok(());
        }
        let header = need::<Headers, _>(self.header(number)?)?;
        let computed = self.at(number)?.state_root(&StateChanges::default())?;
        let declared = header.state_root;
        if computed == declared {
            Ok(())
        } else {
            Err(DbError::StateRoot { number, computed, declared })
        }
    }

    /// The lists of blocks that changed an account name those that noted what it was before.
    fn check_account_history(&self) -> Result<(), DbError> {
        let tx = self.tx();
        let mut noted = 0;
        for entry in tx.cursor_read::<AccountChangeSets>()?.walk(None)? {
            let (number, before) = entry?;
            same::<AccountsHistory>(history::is_listed(tx, before.address, number)?)?;
            noted += 1;
        }
        let mut listed = 0;
        for entry in tx.cursor_read::<AccountsHistory>()?.walk(None)? {
            listed += entry?.1.len();
        }
        same::<AccountsHistory>(noted == listed)
    }

    fn check_slot_history(&self) -> Result<(), DbError> {
        let tx = self.tx();
        let mut noted = 0;
        for entry in tx.cursor_read::<StorageChangeSets>()?.walk(None)? {
            let (at, before) = entry?;
            let is_listed = history::is_slot_listed(tx, at.1, before.key, at.0)?;
            same::<StoragesHistory>(is_listed)?;
            noted += 1;
        }
        let mut listed = 0;
        for entry in tx.cursor_read::<StoragesHistory>()?.walk(None)? {
            listed += entry?.1.len();
        }
        same::<StoragesHistory>(noted == listed)
    }

    /// Nothing is left of what is said to be gone.
    fn check_kept(&self) -> Result<(), DbError> {
        let (tx, kept) = (self.tx(), self.kept()?);
        let (genesis, head) = (self.genesis_number()?.ok_or(DbError::Empty)?, self.head_number()?);
        let changed = tx.cursor_read::<AccountChangeSets>()?.first()?.map(|(number, _)| number);
        same::<AccountChangeSets>(changed.is_none_or(|number| number > kept.state))?;
        let changed = tx.cursor_read::<StorageChangeSets>()?.first()?.map(|(at, _)| at.0);
        same::<StorageChangeSets>(changed.is_none_or(|number| number > kept.state))?;
        let after = blocks::indices(tx, genesis)?.next_tx_num();
        let least = |first| -> Result<_, DbError> {
            if first > head {
                Ok(TxNumber::MAX)
            } else {
                Ok(blocks::indices(tx, first)?.first_tx_num)
            }
        };
        let (receipts, bodies) = (least(kept.receipts)?, least(kept.bodies)?);
        same::<Receipts>(first_from::<Receipts>(tx, after)?.is_none_or(|id| id >= receipts))?;
        same::<Transactions>(first_from::<Transactions>(tx, after)?.is_none_or(|id| id >= bodies))
    }

    fn check_logs(&self) -> Result<(), DbError> {
        same::<LogSections>(logs::is_sound(self.tx())?)
    }
}

/// The first transaction from `id` on that a table has.
fn first_from<T: Table<Key = TxNumber>>(
    tx: &impl DbTx,
    id: TxNumber,
) -> Result<Option<TxNumber>, DbError> {
    Ok(tx.cursor_read::<T>()?.seek(id)?.map(|(found, _)| found))
}

fn note(faults: &mut Vec<Fault>, block: Option<BlockNumber>, result: Result<(), DbError>) {
    if let Err(error) = result
        && faults.len() < MOST
    {
        faults.push(Fault { block, error });
    }
}
