//! Sends transactions exactly once, in order, whatever breaks in between.
//!
//! An intent is stored under a key of the caller's choice; the same key twice is the same intent. One
//! [`Dispatcher`] per account gives it a nonce, signs, stores the signed bytes, sends them, raises the fee after a
//! deadline and keeps looking until the receipt is final. Every arrow is one database transaction, so that a
//! process may die between any two:
//!
//! ```text
//! Queued → InFlight (nonce, signed bytes stored) → sent → Mined → Done
//!    ↘ Refused (never signed)       ↖ fee bumps, resends, reorganisations ↙
//! ```
//!
//! What the account cannot pay, or the node will not estimate, keeps its place in the queue and holds up nobody: the
//! intents behind it go first. If the pool refuses a signed one for want of funds for too long, its nonce goes to an empty
//! transaction.
//!
//! *Once* comes from the nonce: all bytes signed for an intent carry the same nonce, and the intent gets another
//! one only after a foreign transaction has used up the first for good. Where the node has removed the blocks that would tell,
//! the intent ends as [`Failure::OutcomeUnknown`] and is not sent again.

mod decide;
mod dispatcher;
mod entry;
mod sign;
mod store;
#[cfg(test)]
mod tests;

pub use decide::{Policy, Seen, Step, next_step, plan};
pub use dispatcher::Dispatcher;
pub use entry::{
    Attempt, Entry, Failure, Flight, Intent, IntentKey, MinedIn, Purpose, Stage, Status,
};

use crate::{RpcError, StorageError, storage};
use alloy_primitives::{Address, U256};
use redb::{Database, WriteTransaction};
use std::sync::Arc;
use store::Store;
use tokio::sync::Notify;

/// Why the outbox cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The node gave no answer, or refused where it should not.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The key was used for another intent.
    #[error("intent {key} is stored with other contents")]
    OtherIntent {
        /// The key.
        key: IntentKey,
    },
    /// Nobody stored such an intent.
    #[error("no intent {key}")]
    Unknown {
        /// The key.
        key: IntentKey,
    },
    /// The key signs for another account than the outbox's.
    #[error("the signer is {signer}, the outbox belongs to {account}")]
    OtherAccount {
        /// Account of the signer.
        signer: Address,
        /// Account of the outbox.
        account: Address,
    },
    /// Each account has one dispatcher at a time.
    #[error("account {account} has a dispatcher already")]
    AlreadyDriven {
        /// Account of the outbox.
        account: Address,
    },
    /// The account has too little for the transaction that somebody waits for.
    #[error("insufficient funds for {key}: {account} has {have} wei, it may take up to {want}")]
    Unpayable {
        /// The intent.
        key: IntentKey,
        /// The account that sends.
        account: Address,
        /// What it has, in wei.
        have: U256,
        /// Value and gas, in wei.
        want: U256,
    },
    /// The signer failed.
    #[error("signing failed")]
    Signer(#[from] alloy_signer::Error),
}

impl OutboxError {
    /// Whether the same step may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Rpc(error) if error.is_retryable())
    }

    /// Whether nothing will get better until somebody has looked at the disk: after one failed write the database
    /// takes no more until it is opened again.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Storage(_))
    }
}

/// The durable queue of one account. Cheap to clone; any clone may enqueue and ask.
#[derive(Clone, Debug)]
pub struct Outbox {
    store: Store,
    /// Wakes the dispatcher when something was enqueued.
    enqueued: Arc<Notify>,
    /// Free while nobody drives this account.
    driver: Arc<tokio::sync::Semaphore>,
}

impl Outbox {
    /// The queue of `account` in a database, which may hold other tables and other accounts too.
    ///
    /// # Errors
    /// [`OutboxError::Storage`] when the database fails.
    pub fn open(db: Arc<Database>, account: Address) -> Result<Self, OutboxError> {
        let store = Store::open(db, account)?;
        let driver = Arc::new(tokio::sync::Semaphore::new(1));
        Ok(Self { store, enqueued: Arc::default(), driver })
    }

    /// A queue that dies with the process, for a command that waits for its one transaction.
    ///
    /// # Errors
    /// [`OutboxError::Storage`] when the database fails.
    pub fn in_memory(account: Address) -> Result<Self, OutboxError> {
        Self::open(storage::in_memory()?, account)
    }

    /// The account that sends.
    #[must_use]
    pub const fn account(&self) -> Address {
        self.store.account()
    }

    /// The database, for a caller that stores more in the same transaction.
    #[must_use]
    pub const fn database(&self) -> &Arc<Database> {
        self.store.database()
    }

    /// Stores an intent, durably. The same key with the same intent changes nothing.
    ///
    /// # Errors
    /// [`OutboxError::OtherIntent`] if the key is taken; [`OutboxError::Storage`] when the database fails.
    pub fn enqueue(&self, key: IntentKey, intent: &Intent) -> Result<Status, OutboxError> {
        let txn = self.database().begin_write().map_err(StorageError::from)?;
        let status = self.enqueue_in(&txn, key, intent)?;
        txn.commit().map_err(StorageError::from)?;
        self.wake();
        Ok(status)
    }

    /// Stores an intent together with whatever else is in the transaction; call [`Self::wake`] after its commit.
    ///
    /// # Errors
    /// As [`Self::enqueue`].
    pub fn enqueue_in(
        &self,
        txn: &WriteTransaction,
        key: IntentKey,
        intent: &Intent,
    ) -> Result<Status, OutboxError> {
        self.store.enqueue_in(txn, key, intent)
    }

    /// Tells the dispatcher not to wait for its next turn.
    pub fn wake(&self) {
        self.enqueued.notify_one();
    }

    /// Where an intent stands; `None` if nobody stored it.
    ///
    /// # Errors
    /// [`OutboxError::Storage`] when the database fails.
    pub fn status(&self, key: IntentKey) -> Result<Option<Status>, OutboxError> {
        Ok(self.store.find(key)?.map(|entry| entry.status()))
    }

    /// What is stored of an intent; `None` if nobody stored it.
    ///
    /// # Errors
    /// [`OutboxError::Storage`] when the database fails.
    pub fn find(&self, key: IntentKey) -> Result<Option<Entry>, OutboxError> {
        Ok(self.store.find(key)?)
    }

    /// Puts an intent that was refused before it was ever signed back into the queue, at its end.
    ///
    /// # Errors
    /// [`OutboxError::Unknown`] for a foreign key; [`OutboxError::Storage`] when the database fails.
    pub fn retry(&self, key: IntentKey) -> Result<Status, OutboxError> {
        let status = self.store.requeue(key)?;
        self.wake();
        Ok(status)
    }

    /// Forgets an intent whose outcome is final, together with whatever else is in the transaction; says whether nothing
    /// is stored under the key now. From then on the key is a new one: only for callers who will not use it again.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn forget_in(&self, txn: &WriteTransaction, key: IntentKey) -> Result<bool, StorageError> {
        self.store.forget_in(txn, key)
    }

    /// How many intents have no final outcome.
    ///
    /// # Errors
    /// [`OutboxError::Storage`] when the database fails.
    pub fn unsettled(&self) -> Result<u64, OutboxError> {
        Ok(self.store.count_active()?)
    }

    /// All intents whose outcome is not final, in the order of their arrival.
    ///
    /// # Errors
    /// [`OutboxError::Storage`] when the database fails.
    pub fn active(&self) -> Result<Vec<(IntentKey, Entry)>, OutboxError> {
        Ok(self.store.active()?)
    }
}
