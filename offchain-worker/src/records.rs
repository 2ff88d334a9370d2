//! Names what the worker remembers of jobs, batches, rentals and duties.

use crate::{merkle::Leaf, notebook::Record};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};
use utnet_bindings::signed::JobSpec;
use utnet_primitives::{BatchId, JobId, RentalId, Seconds};

/// A job that was given to this operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// What is to be computed.
    #[serde(with = "spec")]
    pub spec: JobSpec,
    /// How far it is.
    pub progress: JobProgress,
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
    },
    /// Nothing is left to do.
    Closed {
        /// How it ended.
        outcome: String,
    },
}

/// A computed job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computed {
    /// Its leaf.
    pub leaf: Leaf,
    /// Salt of the commitment.
    pub salt: B256,
    /// When the reveal was first seen, in chain time.
    pub revealed_at: Option<Seconds>,
    /// Number of the batch that holds it.
    pub batch: Option<u64>,
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
    /// Whether its bond is back.
    pub is_closed: bool,
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
    /// Bearer secret, once it was drawn.
    pub secret: Option<B256>,
    /// Whether nothing is left to do.
    pub is_closed: bool,
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

/// A batch that anybody posted, as far as a referee needs it.
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
}

/// A leaf that this operator was drawn to judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRecord {
    /// The batch.
    pub batch: BatchId,
    /// Which leaf.
    pub index: u64,
    /// What this worker's own run found.
    pub found: Option<B256>,
    /// How it ended, or why there is no answer.
    pub outcome: Option<String>,
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

impl Record for DutyRecord {
    const KIND: &'static str = "duty";
    fn key(&self) -> Vec<u8> {
        [self.batch.0.as_slice(), &self.index.to_be_bytes()].concat()
    }
}

impl Record for Settings {
    const KIND: &'static str = "settings";
    fn key(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// A specification as hex of its ABI encoding: JSON numbers end at 2^64, money does not.
pub(crate) mod spec {
    use super::{Bytes, Deserialize, JobSpec, Serialize, SolValue};
    use serde::{Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(spec: &JobSpec, to: S) -> Result<S::Ok, S::Error> {
        Bytes::from(spec.abi_encode()).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<JobSpec, D::Error> {
        let bytes = Bytes::deserialize(from)?;
        JobSpec::abi_decode_validate(&bytes).map_err(D::Error::custom)
    }
}
