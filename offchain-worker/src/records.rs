//! Names what the worker remembers of jobs, batches, rentals, duties and chips.

mod availability;
mod intervals;

pub use availability::{ChallengeRecord, KeyRecord, LeavesRecord, SignedPlace};
pub use intervals::IntervalRecord;

use crate::notebook::Record;
use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};
use utnet_bindings::signed::JobSpec;
use utnet_jobs::{merkle::Leaf, port::spec_hex};
use utnet_primitives::{BatchId, Epoch, JobId, RentalId, Seconds};

/// A job that was given to this operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// What is to be computed.
    #[serde(with = "spec_hex")]
    pub spec: JobSpec,
    /// How far it is.
    pub progress: JobProgress,
    /// Why it is done.
    #[serde(default)]
    pub terms: Terms,
}

/// Why a job is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Terms {
    /// It pays, or is under an order of ours.
    #[default]
    Job,
    /// Its rental pays: it is begun while that runs, and at no other time.
    Rental,
}

/// How far a job is on this side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobProgress {
    /// Not computed.
    Waiting,
    /// Computed; the salt of its commitment was drawn together with it.
    Computed(Computed),
    /// Will not be done.
    Declined {
        /// Why.
        reason: String,
        /// When, in chain time.
        at: Seconds,
    },
    /// Nothing is left to do.
    Closed {
        /// How it ended.
        outcome: String,
        /// When, in chain time.
        at: Seconds,
    },
}

/// A computed job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computed {
    /// Its leaf.
    pub leaf: Leaf,
    /// Salt of the commitment.
    pub salt: B256,
    /// When it was first seen ready for a batch, in chain time.
    pub ready_at: Option<Seconds>,
    /// Number of the latest batch that holds it.
    pub batch: Option<u64>,
    /// Batches before that, whose place could not be revealed in time.
    #[serde(default)]
    pub passed: u8,
    /// Whether the chain knows result and place.
    #[serde(default)]
    pub is_revealed: bool,
}

impl Computed {
    /// A result that nobody knows of yet.
    pub const fn new(leaf: Leaf, salt: B256) -> Self {
        Self { leaf, salt, ready_at: None, batch: None, passed: 0, is_revealed: false }
    }
}

/// A batch that this operator posts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// Count of this worker's batches before it.
    pub number: u64,
    /// What it holds.
    pub leaves: Vec<Leaf>,
    /// Root over the leaves.
    pub root: B256,
    /// Where leaves and results are served, at most 256 bytes.
    pub pointer: String,
    /// Wei sent with it.
    pub bond: U256,
    /// Its id, once the chain has said it.
    pub id: Option<BatchId>,
    /// When its bond was seen back, in chain time.
    pub closed_at: Option<Seconds>,
}

/// A rental of this operator's chips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RentalRecord {
    /// Its id.
    pub id: RentalId,
    /// Who rents.
    pub renter: Address,
    /// The renter's key for the sealed hand-over, 65 bytes.
    pub renter_key: Bytes,
    /// Bearer secret, once it was drawn; gone again when the rental is closed.
    pub secret: Option<B256>,
    /// Since when nothing is left to do, in chain time.
    pub closed_at: Option<Seconds>,
}

/// What opens this operator's commitment to its rating of a renter. Kept once: the job port and the agent both ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingRecord {
    /// The rental.
    pub rental: RentalId,
    /// 1 to 100.
    pub score: u8,
    /// Salt of the commitment.
    pub salt: B256,
}

/// A batch that anybody posted, as far as a judge of it needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedRecord {
    /// Its id.
    pub id: BatchId,
    /// Who posted it.
    pub poster: Address,
    /// Root over its leaves.
    pub root: B256,
    /// Number of leaves.
    pub leaves: u32,
    /// Where leaves and results are served.
    pub pointer: String,
    /// When, in chain time.
    pub noted_at: Seconds,
}

/// A leaf that somebody disputes: what a committee is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeRecord {
    /// The committee's subject.
    pub subject: B256,
    /// The batch.
    pub batch: BatchId,
    /// Which leaf.
    pub index: u64,
    /// What the leaf claims.
    pub result_root: B256,
    /// Steps that the leaf claims.
    pub steps: u64,
    /// How it ended.
    pub outcome: Option<String>,
    /// When it began, in chain time.
    pub noted_at: Seconds,
}

/// A case before a committee, whomever it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// What the committee is asked about.
    pub subject: B256,
    /// Whether it has ended.
    pub is_closed: bool,
    /// When it was opened, in chain time.
    pub noted_at: Seconds,
}

/// A seat of this operator in a committee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRecord {
    /// What the committee is asked about.
    pub subject: B256,
    /// Number of the committee in its case.
    pub round: u8,
    /// Salt of the commitment.
    pub salt: B256,
    /// The verdict: what this worker's own run found, or the reason why it found nothing.
    pub found: Option<B256>,
    /// Whether the latest try failed because the poster does not serve its data.
    pub is_unserved: bool,
    /// How it ended.
    pub outcome: Option<String>,
    /// When it was drawn, in chain time.
    pub noted_at: Seconds,
}

/// A round of the environment proof that this operator plays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// The epoch in which operators commit.
    pub round: Epoch,
    /// SHA-256 of the drawn program.
    pub program: B256,
    /// What its input is made of.
    pub seed: B256,
    /// Salt of the commitment.
    pub salt: B256,
    /// What this worker's own runtime found.
    pub answer: Option<B256>,
    /// Why it found nothing.
    pub trouble: Option<String>,
}

/// A request for the data of a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The batch.
    pub batch: BatchId,
    /// Which leaf.
    pub index: u64,
    /// How it ended.
    pub outcome: Option<String>,
    /// When it was made, in chain time.
    pub noted_at: Seconds,
}

/// What a rental has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// The rental.
    pub rental: RentalId,
    /// All its files, in bytes.
    pub bytes: u64,
}

/// What must survive a restart, once per folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The port that pointers in posted batches name.
    pub port: u16,
}

impl Record for JobRecord {
    const KIND: &'static str = "job";
    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

impl Record for BatchRecord {
    const KIND: &'static str = "batch";
    fn key(&self) -> Vec<u8> {
        self.number.to_be_bytes().to_vec()
    }
}

impl Record for RentalRecord {
    const KIND: &'static str = "rental";
    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

impl Record for RatingRecord {
    const KIND: &'static str = "rating";
    fn key(&self) -> Vec<u8> {
        self.rental.0.to_vec()
    }
}

impl Record for PostedRecord {
    const KIND: &'static str = "posted";
    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

impl Record for DisputeRecord {
    const KIND: &'static str = "dispute";
    fn key(&self) -> Vec<u8> {
        self.subject.to_vec()
    }
}

impl Record for CaseRecord {
    const KIND: &'static str = "case";
    fn key(&self) -> Vec<u8> {
        self.subject.to_vec()
    }
}

impl Record for DutyRecord {
    const KIND: &'static str = "seat";
    fn key(&self) -> Vec<u8> {
        [self.subject.as_slice(), &[self.round]].concat()
    }
}

impl Record for TrialRecord {
    const KIND: &'static str = "trial";
    fn key(&self) -> Vec<u8> {
        self.round.0.to_be_bytes().to_vec()
    }
}

impl Record for RequestRecord {
    const KIND: &'static str = "request";
    fn key(&self) -> Vec<u8> {
        [self.batch.0.as_slice(), &self.index.to_be_bytes()].concat()
    }
}

impl Record for UsageRecord {
    const KIND: &'static str = "usage";
    fn key(&self) -> Vec<u8> {
        self.rental.0.to_vec()
    }
}

impl Record for Settings {
    const KIND: &'static str = "settings";
    fn key(&self) -> Vec<u8> {
        Vec::new()
    }
}
