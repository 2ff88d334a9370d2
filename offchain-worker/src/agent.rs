//! Follows the chain for one operator and does what the decisions say.
//!
//! A tick reads the news, looks at everything that is not closed, and enqueues transactions under keys that name what they
//! are for: a tick that is repeated, or cut short anywhere, changes nothing twice.

mod availability;
mod batches;
mod cases;
mod challenges;
mod disputes;
mod duties;
mod environment;
mod events;
mod fault;
mod intervals;
mod jobs;
mod membership;
mod openings;
mod posting;
pub(crate) mod rentals;
mod requests;
mod sending;
mod service;
mod sweep;
mod taking;
mod working;

pub use availability::{Proof, ProofError, Round, prove};
pub use fault::Fault;

use crate::{
    compute::Runtime,
    decide::turns::Turns,
    https::Doors,
    notebook::Notebook,
    store::{BlobError, BlobStore},
};
use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::Filter;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use std::{path::PathBuf, sync::Arc};
use utnet_client::{
    BlockRef, CallError, Chain, Clock, CursorError, LogCursor, News, Outbox, OutboxError, RpcError,
    StorageError, call_contract,
};
use utnet_jobs::remote::FetchError;
use utnet_messages::{Escrow, SealError};
use utnet_primitives::{Contracts, Epoch, Height, Seconds, SystemContract};
use working::Bench;

/// Blocks that one tick reads: some two seconds' worth.
const BLOCKS_AT_ONCE: usize = 256;

/// Which chain, which contracts, which operator.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The operator's account.
    pub operator: Address,
    /// `JobEscrow`.
    pub jobs: Address,
    /// `ResultRollup`.
    pub rollup: Address,
    /// `Committee`.
    pub committee: Address,
    /// `OrderBook`.
    pub orders: Address,
    /// `RpoiEscrow`.
    pub escrow: Address,
    /// `PociRegistry`.
    pub registry: Address,
    /// `BeaconHistory`.
    pub beacons: Address,
    /// `Availability`.
    pub availability: Address,
    /// `EnvironmentProof`.
    pub environment: Address,
    /// `ChipChallenges`.
    pub challenges: Address,
    /// `IntervalCourt`.
    pub court: Address,
    /// `Vault`.
    pub vault: Address,
}

impl Home {
    /// The contracts at their addresses in genesis.
    pub fn new(chain_id: u64, operator: Address) -> Self {
        Self::on(&Contracts::genesis(), chain_id, operator)
    }

    /// The contracts where they were deployed.
    pub fn on(contracts: &Contracts, chain_id: u64, operator: Address) -> Self {
        Self {
            chain_id,
            operator,
            jobs: contracts.address(SystemContract::JobEscrow),
            rollup: contracts.address(SystemContract::ResultRollup),
            committee: contracts.address(SystemContract::Committee),
            orders: contracts.address(SystemContract::OrderBook),
            escrow: contracts.address(SystemContract::RpoiEscrow),
            registry: contracts.address(SystemContract::PociRegistry),
            beacons: contracts.address(SystemContract::BeaconHistory),
            availability: contracts.address(SystemContract::Availability),
            environment: contracts.address(SystemContract::EnvironmentProof),
            challenges: contracts.address(SystemContract::ChipChallenges),
            court: contracts.address(SystemContract::IntervalCourt),
            vault: contracts.address(SystemContract::Vault),
        }
    }

    /// The escrow that sealed messages are bound to.
    pub const fn sealing(&self) -> Escrow {
        Escrow { chain_id: self.chain_id, address: self.escrow }
    }
}

/// What the person who runs the worker has chosen.
#[derive(Clone, Debug)]
pub struct Choices {
    /// Folder of chip folders; without one there are no proofs of availability.
    pub chips: Option<PathBuf>,
    /// Blocks in an epoch, as the genesis file says.
    pub epoch_blocks: u64,
    /// Score for renters, 1 to 100.
    pub renter_score: u8,
    /// Jobs that are computed at the same time.
    pub parallel_jobs: usize,
    /// Wei from which a job is taken that is neither a renter's nor under an order of ours.
    pub least_price: u128,
    /// Seats in committees that the operator's stake answers for; none: it is not drawn.
    pub committee_seats: u8,
    /// How long what is closed is remembered, and files that nobody needs are kept.
    pub keep: Seconds,
    /// Where renters and committees find the job port.
    pub url: String,
    /// SHA-256 of the job port's certificate.
    pub cert_fingerprint: B256,
    /// Deliberate error, for tests only.
    pub fault: Option<Fault>,
}

impl Choices {
    /// What posted batches say about where their results are: `URL#sha256=FINGERPRINT`.
    pub fn pointer(&self) -> String {
        format!("{}#sha256={}", self.url, hex::encode(self.cert_fingerprint))
    }
}

/// Why a tick was cut short; the next one begins anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The node gave no answer.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// A view function gave no answer.
    #[error(transparent)]
    Call(Box<CallError>),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The outbox failed.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The cursor cannot go on.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The blob store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// An access could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A proof of availability could not be made.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A poster does not serve its results.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The contract names a state that this version does not know.
    #[error(transparent)]
    State(#[from] utnet_bindings::states::OutOfRange),
}

impl AgentError {
    /// Whether nothing will get better until somebody has looked at the disk, or at the chain.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Storage(_) => true,
            Self::Outbox(error) => error.is_fatal(),
            Self::Cursor(error) => error.is_fatal(),
            _ => false,
        }
    }
}

impl From<CallError> for AgentError {
    fn from(error: CallError) -> Self {
        Self::Call(Box::new(error))
    }
}

/// The parts that the agent is made of.
#[derive(Debug)]
pub struct Parts<C> {
    /// The chain.
    pub chain: C,
    /// Where it works and for whom.
    pub home: Home,
    /// Its memory.
    pub notebook: Notebook,
    /// Its queue of transactions; somebody else drives it.
    pub outbox: Outbox,
    /// Inputs and results.
    pub blobs: BlobStore,
    /// What computes.
    pub runtime: Arc<Runtime>,
    /// The operator's key.
    pub signer: PrivateKeySigner,
    /// The doors that rentals open; the job port reads them.
    pub doors: Doors,
    /// What was chosen.
    pub choices: Choices,
    /// The time on this machine, for the age of files.
    pub clock: Arc<dyn Clock>,
}

/// Works for one operator.
#[derive(Debug)]
pub struct Agent<C> {
    parts: Parts<C>,
    cursor: LogCursor,
    bench: Bench,
    /// Which jobs are looked at next.
    turns: Turns,
    /// Which of the open cases is looked at next.
    next_case: usize,
    /// Epoch in which suspended chips were last looked for.
    looked: Option<Epoch>,
    /// Epoch in which the stake for seats was last looked at.
    counted_seats: Option<Epoch>,
    /// Chain time of the last look.
    now: Seconds,
    /// Chain time of the last sweep of this process.
    swept_at: Option<Seconds>,
}

impl<C: Chain> Agent<C> {
    /// Prepares an agent; it goes on where the notebook stops.
    ///
    /// # Errors
    /// [`AgentError::Storage`] when the database fails.
    pub fn new(parts: Parts<C>, start: Height) -> Result<Self, AgentError> {
        let home = &parts.home;
        let filter = Filter::new().address(vec![
            home.jobs,
            home.rollup,
            home.committee,
            home.orders,
            home.escrow,
            home.registry,
            home.challenges,
            home.court,
        ]);
        let db = Arc::clone(parts.notebook.database());
        let cursor = LogCursor::open(db, "worker", start, filter)?;
        let bench = Bench::new(parts.choices.parallel_jobs);
        Ok(Self {
            parts,
            cursor,
            bench,
            turns: Turns::default(),
            next_case: 0,
            looked: None,
            counted_seats: None,
            now: Seconds(0),
            swept_at: None,
        })
    }

    /// Reads the chain again from the start on, also what was read before: nothing that was done is done twice.
    ///
    /// # Errors
    /// [`AgentError::Storage`] when the database fails.
    pub fn read_again(&self) -> Result<(), AgentError> {
        if let Some(last) = self.cursor.restart()? {
            tracing::warn!(from = %self.cursor.start(), last = %last.number, "reading the chain again, as --start-height says");
        }
        Ok(())
    }

    /// Looks once and does everything that is due.
    ///
    /// # Errors
    /// [`AgentError`]; what was done before it stays done.
    pub async fn tick(&mut self) -> Result<(), AgentError> {
        let followed = self.follow().await;
        let head = self.parts.chain.head().await?;
        self.now = now(&head);
        self.collect()?;
        let shown = self.attend_to_state(&head).await;
        if followed.is_err() {
            // What else is done, is done about what the logs say.
            return worst([shown, followed]);
        }
        worst([shown, self.attend_to_records(&head).await])
    }

    /// What needs nothing but the chain's state. One that is in trouble must not keep the others from their deadlines.
    async fn attend_to_state(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        worst([
            // A chip that is off the line need not be named in later proofs.
            self.attend_service().await,
            self.attend_availability(head).await,
            // Its window is the shorter one, and three that are missed suspend.
            self.attend_openings(head).await,
            self.attend_environment(head).await,
        ])
    }

    /// What was noted from the logs, each apart as well.
    async fn attend_to_records(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        worst([
            self.attend_challenges(head).await,
            self.attend_intervals(head).await,
            self.attend_rentals(head).await,
            self.attend_duties(head).await,
            self.attend_requests().await,
            self.attend_jobs(head).await,
            self.attend_disputes(head).await,
            self.attend_batches(head).await,
            self.attend_seats().await,
            self.sweep(head).await,
        ])
    }

    /// Reads the blocks that the cursor has not seen, so many at most: after an outage deadlines do not wait for all.
    async fn follow(&self) -> Result<(), AgentError> {
        for _ in 0..BLOCKS_AT_ONCE {
            let news = self.cursor.next(&self.parts.chain).await?;
            if news == News::Nothing {
                return Ok(());
            }
            let txn = self.parts.notebook.begin()?;
            if let News::Block { block, logs } = &news {
                let least_price = self.parts.choices.least_price;
                events::note(&txn, &self.parts.home, least_price, logs, now(block))?;
            }
            // A block that is gone leaves its records: nothing is done that the chain's state does not ask for.
            self.cursor.accept_in(&txn, &news)?;
            txn.commit().map_err(StorageError::from)?;
        }
        Ok(())
    }

    /// Calls a view function.
    async fn view<T: SolCall + Sync>(
        &self,
        to: Address,
        call: &T,
    ) -> Result<T::Return, AgentError> {
        Ok(call_contract(&self.parts.chain, to, call).await?)
    }

    /// Waits for everything that is being computed and notes the results.
    ///
    /// # Errors
    /// [`AgentError`] when a result cannot be noted.
    pub async fn settle(&mut self) -> Result<(), AgentError> {
        self.bench.wait().await;
        self.collect()
    }
}

/// The trouble that is told: the first fatal one, else the first.
fn worst(tried: impl IntoIterator<Item = Result<(), AgentError>>) -> Result<(), AgentError> {
    let mut troubles: Vec<_> = tried.into_iter().filter_map(Result::err).collect();
    let worst = troubles.iter().position(AgentError::is_fatal).unwrap_or(0);
    if troubles.is_empty() { Ok(()) } else { Err(troubles.swap_remove(worst)) }
}

/// Chain time.
const fn now(head: &BlockRef) -> Seconds {
    head.timestamp
}
