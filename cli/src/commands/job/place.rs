//! Finds where a job's result was posted: the chain says the place, the worker's server its leaf and the path to the root.

use crate::session::Session;
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue as _;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use utnet_bindings::{JobEscrow, ResultRollup};
use utnet_jobs::{
    merkle::{self, Leaf},
    remote::Remote,
};
use utnet_primitives::{BatchId, JobId, SystemContract};

/// A job, and where its result is if not where its worker said.
#[derive(Debug, Args)]
pub(crate) struct Located {
    /// The job.
    pub(super) job: JobId,
    /// Batch of the result [default: as the worker revealed it].
    #[arg(long, requires = "index")]
    batch: Option<BatchId>,
    /// Its place in the batch [default: as the worker revealed it].
    #[arg(long, requires = "batch")]
    index: Option<u64>,
}

/// A place in a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) batch: BatchId,
    pub(super) index: u64,
}

impl Place {
    /// What a committee is asked about.
    pub(super) fn subject(self) -> B256 {
        keccak256((self.batch.0, U256::from(self.index)).abi_encode_params())
    }

    pub(super) fn report(self, job: JobId) -> Value {
        json!({ "job": job, "batch": self.batch, "index": self.index })
    }
}

/// A result at its place, as its worker's server shows it.
pub(crate) struct Shown {
    pub(super) worker: Remote,
    pub(super) place: Place,
    pub(super) leaf: Leaf,
    pub(super) path: Vec<B256>,
}

impl Shown {
    pub(super) fn report(&self) -> Value {
        json!({
            "batch": self.place.batch,
            "index": self.place.index,
            "job": self.leaf.job,
            "resultRoot": self.leaf.result_root,
            "steps": self.leaf.steps,
            "path": self.path,
        })
    }

    pub(super) fn leaf(&self) -> ResultRollup::ResultLeaf {
        ResultRollup::ResultLeaf {
            job: self.leaf.job.into(),
            resultRoot: self.leaf.result_root,
            steps: self.leaf.steps,
        }
    }
}

impl Located {
    pub(super) const fn of(job: JobId) -> Self {
        Self { job, batch: None, index: None }
    }

    /// The place; nobody but the chain is asked, so that whoever serves nothing can be asked for its data.
    pub(super) async fn name(&self, session: &Session) -> Result<Place> {
        if let (Some(batch), Some(index)) = (self.batch, self.index) {
            return Ok(Place { batch, index });
        }
        let contract = SystemContract::JobEscrow;
        let revealed =
            session.events::<JobEscrow::ResultRevealed>(contract, Some(self.job.into())).await?;
        let (event, _) = revealed.into_iter().next_back().with_context(|| {
            format!("the worker has not revealed where the result of job {} is", self.job)
        })?;
        Ok(Place { batch: BatchId(event.batch), index: event.index.try_into()? })
    }

    /// The result at its place: asks the server of that one batch; the root on chain vouches for what it says.
    pub(super) async fn find(&self, session: &Session) -> Result<Shown> {
        let place = self.name(session).await?;
        let contract = SystemContract::ResultRollup;
        let batch = Some(place.batch.into());
        let posted = session.events::<ResultRollup::RootPosted>(contract, batch).await?;
        let (posted, _) = posted.into_iter().next().context("no such batch was posted")?;
        let worker = Remote::from_pointer(&posted.dataPointer)?;
        let dossier = worker.dossier(place.batch).await.with_context(|| {
            format!(
                "the server of batch {} does not show it: ask for the data on chain, with `utnet job request {}`",
                place.batch, self.job
            )
        })?;
        let hashes: Vec<_> = dossier.leaves.iter().map(Leaf::hash).collect();
        ensure!(
            merkle::root(&hashes) == Some(posted.root),
            "the server of batch {} serves other leaves",
            place.batch
        );
        let index = usize::try_from(place.index)?;
        let leaf = *dossier.leaves.get(index).context("no such leaf")?;
        ensure!(leaf.job == self.job, "the leaf at that place is of job {}", leaf.job);
        let path = merkle::path(&hashes, index).context("no such leaf")?;
        Ok(Shown { worker, place, leaf, path })
    }
}
