//! Keeps accepted messages, sealed as they came, until they are submitted or rejected.

use alloy_primitives::B256;
use redb::{Database, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utnet_client::{
    IntentKey, StorageError,
    storage::{self, JsonTable},
};
use utnet_messages::Sealed;
use utnet_primitives::Seconds;

type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// id(32) → JSON of the [`Record`].
const RECORDS: Table = TableDefinition::new("inbox-records");

/// sequence(8, big-endian) → id(32) as JSON, while a message waits for its check.
const WAITING: Table = TableDefinition::new("inbox-waiting");

/// sequence(8, big-endian) → id(32) as JSON of rejected messages, the oldest of which are forgotten.
const REJECTED: Table = TableDefinition::new("inbox-rejected");

/// The same of messages that went to the outbox.
const SUBMITTED: Table = TableDefinition::new("inbox-submitted");

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Unchecked messages at once, at most.
    pub waiting: u64,
    /// Rejected messages that are remembered, and as many submitted ones: anybody can send the former for free, and a
    /// party may seal the same word again and again.
    pub remembered: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self { waiting: 1_024, remembered: 10_000 }
    }
}

/// A message and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it came.
    pub received_at: Seconds,
    /// Order of arrival.
    pub sequence: u64,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Not yet checked against the chain.
    Waiting(Sealed),
    /// Will not be submitted.
    Rejected(String),
    /// In the outbox, under this key.
    Submitted(IntentKey),
}

/// Whether a message was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is new, and durable now.
    New,
    /// The same bytes were here before.
    Known,
    /// Too many messages wait.
    Full,
}

/// The accepted messages of a relayer.
#[derive(Clone, Debug)]
pub struct Inbox {
    db: Arc<Database>,
    room: Room,
}

impl Inbox {
    /// The inbox in a database.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn open(db: Arc<Database>, room: Room) -> Result<Self, StorageError> {
        let txn = db.begin_write()?;
        for table in [RECORDS, WAITING, REJECTED, SUBMITTED] {
            txn.open_table(table)?;
        }
        txn.commit()?;
        Ok(Self { db, room })
    }

    /// Stores a message, durably, if there is room and it is new.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn store(&self, sealed: &Sealed, now: Seconds) -> Result<Stored, StorageError> {
        let id = sealed.id();
        let txn = self.db.begin_write()?;
        {
            let mut records = txn.open_table(RECORDS)?;
            if records.get(id.as_slice())?.is_some() {
                return Ok(Stored::Known);
            }
            let mut waiting = txn.open_table(WAITING)?;
            if waiting.len()? >= self.room.waiting {
                return Ok(Stored::Full);
            }
            let (rejected, submitted) = (txn.open_table(REJECTED)?, txn.open_table(SUBMITTED)?);
            let sequence = next_sequence([&waiting, &rejected, &submitted])?;
            let stage = Stage::Waiting(sealed.clone());
            let record = Record { received_at: now, sequence, stage };
            storage::write(&mut records, id.as_slice(), &record)?;
            storage::write(&mut waiting, &sequence.to_be_bytes(), &id)?;
        }
        txn.commit()?;
        Ok(Stored::New)
    }

    /// The message that waits longest.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn oldest_waiting(&self) -> Result<Option<(B256, Sealed)>, StorageError> {
        let txn = self.db.begin_read()?;
        let waiting = txn.open_table(WAITING)?;
        let Some((_, id)) = waiting.first()? else { return Ok(None) };
        let id: B256 = serde_json::from_slice(id.value())?;
        let record: Option<Record> = storage::read(&txn.open_table(RECORDS)?, id.as_slice())?;
        Ok(match record.map(|record| record.stage) {
            Some(Stage::Waiting(sealed)) => Some((id, sealed)),
            _ => None,
        })
    }

    /// Where a message stands; `None` if it never came or was rejected long ago.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn find(&self, id: B256) -> Result<Option<Record>, StorageError> {
        storage::read(&self.db.begin_read()?.open_table(RECORDS)?, id.as_slice())
    }

    /// Messages that wait.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn waiting(&self) -> Result<u64, StorageError> {
        Ok(self.db.begin_read()?.open_table(WAITING)?.len()?)
    }

    /// Marks a waiting message as submitted, together with whatever else is in the transaction.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn mark_submitted_in(
        &self,
        txn: &WriteTransaction,
        id: B256,
        key: IntentKey,
    ) -> Result<(), StorageError> {
        if let Some(sequence) = settle(txn, id, Stage::Submitted(key))? {
            storage::write(&mut txn.open_table(SUBMITTED)?, &sequence.to_be_bytes(), &id)?;
        }
        Ok(())
    }

    /// The oldest submitted message and its key, if more are remembered than there is room for.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn surplus_in(
        &self,
        txn: &WriteTransaction,
    ) -> Result<Option<(B256, IntentKey)>, StorageError> {
        let submitted = txn.open_table(SUBMITTED)?;
        if submitted.len()? <= self.room.remembered {
            return Ok(None);
        }
        let Some((_, id)) = submitted.first()? else { return Ok(None) };
        let id: B256 = serde_json::from_slice(id.value())?;
        let record: Option<Record> = storage::read(&txn.open_table(RECORDS)?, id.as_slice())?;
        Ok(match record.map(|record| record.stage) {
            Some(Stage::Submitted(key)) => Some((id, key)),
            _ => None,
        })
    }

    /// Forgets the oldest submitted message.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn forget_oldest_in(&self, txn: &WriteTransaction) -> Result<(), StorageError> {
        pop_oldest(txn, SUBMITTED)
    }

    /// Whether the database still takes a write.
    ///
    /// # Errors
    /// [`StorageError`] when it does not.
    pub fn probe(&self) -> Result<(), StorageError> {
        Ok(self.db.begin_write()?.commit()?)
    }

    /// Marks a waiting message as rejected, and forgets the oldest rejected one if there are too many.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn reject(&self, id: B256, reason: String) -> Result<(), StorageError> {
        let txn = self.db.begin_write()?;
        if let Some(sequence) = settle(&txn, id, Stage::Rejected(reason))? {
            storage::write(&mut txn.open_table(REJECTED)?, &sequence.to_be_bytes(), &id)?;
            if txn.open_table(REJECTED)?.len()? > self.room.remembered {
                pop_oldest(&txn, REJECTED)?;
            }
        }
        Ok(txn.commit()?)
    }
}

/// Takes a message off the waiting list; its sequence, or `None` if it does not wait.
fn settle(txn: &WriteTransaction, id: B256, stage: Stage) -> Result<Option<u64>, StorageError> {
    let mut records: JsonTable<'_> = txn.open_table(RECORDS)?;
    let Some(record) = storage::read::<Record>(&records, id.as_slice())? else { return Ok(None) };
    if !matches!(record.stage, Stage::Waiting(_)) {
        return Ok(None);
    }
    let sequence = record.sequence;
    storage::write(&mut records, id.as_slice(), &Record { stage, ..record })?;
    txn.open_table(WAITING)?.remove(sequence.to_be_bytes().as_slice())?;
    Ok(Some(sequence))
}

/// Takes the oldest message off a list, and forgets it.
fn pop_oldest(txn: &WriteTransaction, list: Table) -> Result<(), StorageError> {
    let mut list = txn.open_table(list)?;
    let oldest = list.pop_first()?.map(|(_, id)| serde_json::from_slice::<B256>(id.value()));
    if let Some(oldest) = oldest.transpose()? {
        txn.open_table(RECORDS)?.remove(oldest.as_slice())?;
    }
    Ok(())
}

/// Above everything on the lists, so that all stay in the order of arrival.
fn next_sequence(lists: [&JsonTable<'_>; 3]) -> Result<u64, StorageError> {
    let mut highest = None;
    for list in lists {
        let last = list.last()?;
        let last = last.and_then(|(key, _)| key.value().try_into().ok().map(u64::from_be_bytes));
        highest = highest.max(last);
    }
    Ok(highest.map_or(0, |sequence: u64| sequence.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Bytes;

    fn inbox(waiting: u64) -> Inbox {
        let room = Room { waiting, remembered: 2 };
        Inbox::open(storage::in_memory().expect("in memory"), room).expect("empty")
    }

    fn sealed(number: u8) -> Sealed {
        Sealed { enc: Bytes::copy_from_slice(&[number]), ciphertext: Bytes::new() }
    }

    #[test]
    fn messages_wait_in_the_order_of_their_arrival() {
        let inbox = inbox(10);
        for number in 1..=3 {
            inbox.store(&sealed(number), Seconds(1)).expect("stored");
        }
        for number in 1..=3 {
            let (id, found) = inbox.oldest_waiting().expect("readable").expect("waits");
            assert_eq!(found, sealed(number));
            inbox.reject(id, "no".to_owned()).expect("stored");
        }
        assert_eq!(inbox.oldest_waiting().expect("readable"), None);
    }

    #[test]
    fn the_same_bytes_are_stored_once() {
        let inbox = inbox(10);
        assert_eq!(inbox.store(&sealed(1), Seconds(1)).expect("stored"), Stored::New);
        assert_eq!(inbox.store(&sealed(1), Seconds(2)).expect("stored"), Stored::Known);
        assert_eq!(inbox.waiting().expect("readable"), 1);
    }

    #[test]
    fn a_full_inbox_takes_nothing_more() {
        let inbox = inbox(1);
        inbox.store(&sealed(1), Seconds(1)).expect("stored");
        assert_eq!(inbox.store(&sealed(2), Seconds(1)).expect("stored"), Stored::Full);
    }

    #[test]
    fn only_the_newest_rejected_messages_are_remembered() {
        let inbox = inbox(10);
        for number in 1..=4 {
            inbox.store(&sealed(number), Seconds(1)).expect("stored");
            inbox.reject(sealed(number).id(), "no".to_owned()).expect("stored");
        }
        let is_known = |number| inbox.find(sealed(number).id()).expect("readable").is_some();
        assert_eq!([1, 2, 3, 4].map(is_known), [false, false, true, true]);
    }

    #[test]
    fn a_rejected_message_keeps_its_reason_and_loses_its_contents() {
        let inbox = inbox(10);
        inbox.store(&sealed(1), Seconds(1)).expect("stored");
        inbox.reject(sealed(1).id(), "because".to_owned()).expect("stored");
        let record = inbox.find(sealed(1).id()).expect("readable").expect("known");
        assert_eq!(record.stage, Stage::Rejected("because".to_owned()));
    }
}
