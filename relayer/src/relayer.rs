//! Takes messages in, checks them against the chain and hands them to the outbox.

use crate::{
    Rejection, Verdict,
    inbox::{Inbox, Record, Room, Stage, Stored},
    judge,
};
use alloy_primitives::{B256, Bytes, TxHash};
use alloy_sol_types::SolInterface;
use redb::{Database, WriteTransaction};
use serde::Serialize;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Notify;
use utnet_bindings::RpoiEscrow::{RpoiEscrowErrors, rentalOfCall};
use utnet_client::{
    BlockRef, CallError, Chain, Clock, Failure, Intent, IntentKey, Outbox, OutboxError, RpcError,
    Status, StorageError, call_contract,
};
use utnet_messages::{Escrow, OpenError, PublicKey, Sealed, SecretKey, open_inbox};

/// Transactions that one message may cost, when each is mined and reverts.
const MOST_ATTEMPTS: u32 = 3;

/// Transactions under way at once: more messages wait, and then are turned away, until these are through. A relayer
/// without coins must not fill its disk.
const MOST_UNSETTLED: u64 = 1_024;

/// Longest sealed message: ratings take about 1,100 bytes.
const MOST_CIPHERTEXT_BYTES: usize = 4_096;

/// What a relayer is made of.
#[derive(Debug)]
pub struct Setup<C> {
    /// The chain.
    pub chain: C,
    /// The escrow that messages are for.
    pub escrow: Escrow,
    /// The inbox's key.
    pub secret: SecretKey,
    /// Where messages are kept; the outbox must live in the same database.
    pub outbox: Outbox,
    /// How much is kept.
    pub room: Room,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Carries messages for one escrow. What is decided here is stored before it is done.
#[derive(Debug)]
pub struct Relayer<C> {
    chain: C,
    escrow: Escrow,
    secret: SecretKey,
    inbox: Inbox,
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    received: Notify,
    /// A message could not be stored: the database may take no more.
    is_in_doubt: AtomicBool,
}

/// Why a message was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAccepted {
    /// It is too long to be one of ours.
    #[error("field ciphertext: {bytes} bytes, at most {most} are allowed")]
    TooLong {
        /// Length of the ciphertext.
        bytes: usize,
        /// Longest ciphertext.
        most: usize,
    },
    /// It does not open, or holds nothing that we know.
    #[error(transparent)]
    Unreadable(#[from] OpenError),
    /// Too many messages wait: try again later.
    #[error("{waiting} messages wait already")]
    Full {
        /// How many.
        waiting: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a waiting message was not dealt with; it still waits.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The rental could not be read.
    #[error("reading the rental")]
    Chain(#[source] Box<CallError>),
    /// The outbox failed.
    #[error("handing over to the outbox")]
    Outbox(#[from] OutboxError),
    /// The database failed.
    #[error("the inbox")]
    Storage(#[from] StorageError),
}

impl ProcessError {
    /// Whether nothing will get better until somebody has looked at the disk.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        match self {
            Self::Chain(_) => false,
            Self::Outbox(error) => error.is_fatal(),
            Self::Storage(_) => true,
        }
    }
}

/// Whether there was a message to deal with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// One message was submitted or rejected.
    One,
    /// Nothing waits.
    Idle,
}

/// Where a message stands, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// The message.
    pub id: B256,
    /// `received`, `rejected`, `submitted`, `mined`, `failed` or `forgotten`.
    pub state: &'static str,
    /// Why it was rejected or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The latest transaction that carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_hash: Option<TxHash>,
    /// Whether the state can still change.
    pub is_final: bool,
}

impl<C: Chain> Relayer<C> {
    /// Puts a relayer together; it goes on with what its database holds.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn new(setup: Setup<C>) -> Result<Self, StorageError> {
        let Setup { chain, escrow, secret, outbox, room, clock } = setup;
        let db: Arc<Database> = Arc::clone(outbox.database());
        let inbox = Inbox::open(db, room)?;
        let (received, is_in_doubt) = (Notify::new(), AtomicBool::new(false));
        Ok(Self { chain, escrow, secret, inbox, outbox, clock, received, is_in_doubt })
    }

    /// The key that messages are sealed to.
    pub fn public_key(&self) -> PublicKey {
        self.secret.public()
    }

    /// The escrow that messages are for.
    pub const fn escrow(&self) -> &Escrow {
        &self.escrow
    }

    /// The queue of transactions.
    pub const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The accepted messages.
    pub const fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// The newest block that the node shows.
    ///
    /// # Errors
    /// [`RpcError`] when the node is unreachable.
    pub async fn head(&self) -> Result<BlockRef, RpcError> {
        self.chain.head().await
    }

    /// Opens a message, checks its form and stores it, durably. The same bytes again change nothing.
    ///
    /// # Errors
    /// [`NotAccepted`] when it does not open, is malformed, or there is no room.
    pub fn receive(&self, sealed: &Sealed) -> Result<Stored, NotAccepted> {
        let bytes = sealed.ciphertext.len();
        if bytes > MOST_CIPHERTEXT_BYTES {
            return Err(NotAccepted::TooLong { bytes, most: MOST_CIPHERTEXT_BYTES });
        }
        open_inbox(sealed, &self.escrow, &self.secret)?;
        let stored = self.inbox.store(sealed, self.clock.now()).inspect_err(|_failed| {
            self.is_in_doubt.store(true, Ordering::Relaxed);
            self.received.notify_one();
        });
        match stored? {
            Stored::Full => Err(NotAccepted::Full { waiting: self.inbox.waiting()? }),
            stored => {
                self.received.notify_one();
                Ok(stored)
            }
        }
    }

    /// Completes when a message may have come since the last look.
    pub async fn received(&self) {
        self.received.notified().await;
    }

    /// Deals with the message that waits longest.
    ///
    /// # Errors
    /// [`ProcessError`]; the message still waits.
    pub async fn process_next(&self) -> Result<Progress, ProcessError> {
        if self.is_in_doubt.swap(false, Ordering::Relaxed) {
            self.inbox.probe()?;
        }
        if self.outbox.unsettled()? >= MOST_UNSETTLED {
            return Ok(Progress::Idle);
        }
        let Some((id, sealed)) = self.inbox.oldest_waiting()? else { return Ok(Progress::Idle) };
        let message = match open_inbox(&sealed, &self.escrow, &self.secret) {
            Ok(message) => message,
            // It opened when it came: the key was changed since.
            Err(error) => return self.reject(id, error.to_string()),
        };
        let call = rentalOfCall::from((message.rental().0,));
        let rental = call_contract(&self.chain, self.escrow.address, &call)
            .await
            .map_err(|error| ProcessError::Chain(Box::new(error)))?;
        match judge(&message, &self.escrow, &rental) {
            Verdict::Reject(rejection) => self.reject(id, rejection.to_string()),
            Verdict::Submit(calldata) => self.submit(id, calldata),
        }
    }

    /// Where a message stands; `None` if it never came.
    ///
    /// # Errors
    /// [`OutboxError::Storage`] when the database fails.
    pub fn view(&self, id: B256) -> Result<Option<View>, OutboxError> {
        let Some(Record { stage, .. }) = self.inbox.find(id)? else { return Ok(None) };
        Ok(Some(match stage {
            Stage::Waiting(_) => View::new(id, "received"),
            Stage::Rejected(reason) => {
                View { reason: Some(reason), is_final: true, ..View::new(id, "rejected") }
            }
            Stage::Submitted(key) => View::of_submitted(id, self.outbox.status(key)?),
        }))
    }

    fn reject(&self, id: B256, reason: String) -> Result<Progress, ProcessError> {
        tracing::info!(%id, reason, "rejected");
        self.inbox.reject(id, reason)?;
        Ok(Progress::One)
    }

    fn submit(&self, id: B256, calldata: Bytes) -> Result<Progress, ProcessError> {
        let Some(key) = self.find_key(&calldata)? else {
            let rejection = Rejection::Exhausted { attempts: MOST_ATTEMPTS };
            return self.reject(id, rejection.to_string());
        };
        let intent = Intent {
            to: self.escrow.address.into(),
            value: Default::default(),
            input: calldata,
            gas: None,
        };
        let txn = self.outbox.database().begin_write().map_err(StorageError::from)?;
        self.outbox.enqueue_in(&txn, key, &intent)?;
        self.inbox.mark_submitted_in(&txn, id, key)?;
        self.forget_surplus(&txn)?;
        txn.commit().map_err(StorageError::from)?;
        self.outbox.wake();
        tracing::info!(%id, %key, "submitted");
        Ok(Progress::One)
    }

    /// Forgets the oldest submitted messages with their transactions, until one is still under way. Should somebody send
    /// such a message again, the escrow has moved on and estimating it fails: it costs nothing.
    fn forget_surplus(&self, txn: &WriteTransaction) -> Result<(), StorageError> {
        while let Some((_, key)) = self.inbox.surplus_in(txn)? {
            if !self.outbox.forget_in(txn, key)? {
                break;
            }
            self.inbox.forget_oldest_in(txn)?;
        }
        Ok(())
    }

    /// The key under which this calldata is under way, or may be tried: the same message sealed twice is one
    /// transaction, but one that came too early and reverted may be sent again.
    fn find_key(&self, calldata: &Bytes) -> Result<Option<IntentKey>, OutboxError> {
        for attempt in 0..MOST_ATTEMPTS {
            let escrow = self.escrow.address;
            let key =
                IntentKey::of(&[b"inbox", escrow.as_slice(), calldata, &attempt.to_be_bytes()]);
            match self.outbox.status(key)? {
                Some(Status::Failed { failure: Failure::WouldRevert { .. }, .. }) => {
                    self.outbox.retry(key)?;
                    return Ok(Some(key));
                }
                Some(Status::Failed { is_final: true, .. }) => {}
                _ => return Ok(Some(key)),
            }
        }
        Ok(None)
    }
}

impl View {
    const fn new(id: B256, state: &'static str) -> Self {
        Self { id, state, reason: None, tx_hash: None, is_final: false }
    }

    fn of_submitted(id: B256, status: Option<Status>) -> Self {
        match status {
            // The same word, sealed again, is older and was forgotten with its transaction.
            None => Self { is_final: true, ..Self::new(id, "forgotten") },
            Some(Status::Queued) => Self::new(id, "submitted"),
            Some(Status::Sent { hash }) => {
                Self { tx_hash: Some(hash), ..Self::new(id, "submitted") }
            }
            Some(Status::Mined { hash, is_final, .. }) => {
                Self { tx_hash: Some(hash), is_final, ..Self::new(id, "mined") }
            }
            Some(Status::Failed { failure, is_final }) => {
                let tx_hash = match &failure {
                    Failure::Reverted { hash } | Failure::Cancelled { hash } => Some(*hash),
                    _ => None,
                };
                let reason = Some(explain(&failure));
                Self { reason, tx_hash, is_final, ..Self::new(id, "failed") }
            }
        }
    }
}

/// A failure in words; the escrow's own errors by name.
fn explain(failure: &Failure) -> String {
    let data = match failure {
        Failure::WouldRevert { data, .. } => data.as_ref(),
        _ => None,
    };
    match data.map(|data| RpoiEscrowErrors::abi_decode(data)) {
        Some(Ok(error)) => format!("it would revert: {error:?}"),
        _ => failure.to_string(),
    }
}
