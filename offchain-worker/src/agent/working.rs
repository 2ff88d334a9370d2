//! Computes in the background, a few jobs at a time, and hands over what is finished.

use super::{
    Agent, AgentError, Fault,
    duties::{CANNOT_RUN, verdict_of},
};
use crate::{
    compute::{
        Outcome, Refusal, Runtime, Task,
        compare::{Verdict, compare},
    },
    records::{Computed, DutyRecord, JobProgress, JobRecord},
    store::BlobStore,
};
use alloy_primitives::B256;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
    mem::discriminant,
    sync::Arc,
};
use tokio::task::{JoinError, JoinSet};
use utnet_client::Chain;
use utnet_jobs::{manifest::Manifest, merkle::Leaf, params::Params, remote::FetchError};
use utnet_primitives::{Epoch, JobId};

#[cfg(test)]
mod tests;

/// What is computed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// Our own job.
    Job(JobId),
    /// A judgement: subject and number of the committee.
    Duty(B256, u8),
    /// A round of the environment proof.
    Trial(Epoch),
}

type Finished = (Purpose, Result<Outcome, Trouble>);

/// Why a computation gave nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the computation was cut short")]
    Cut,
    #[error("the worker has a fault that this job brings to light")]
    Panicked,
    #[error("{0}; it was tried {TRIES} times")]
    Exhausted(Box<Self>),
}

/// How often a job that was killed is tried in all: it may have been the machine's fault, but not for ever.
const TRIES: u32 = 3;

impl Trouble {
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_retryable(),
            Self::Fetch(_) | Self::Cut => true,
            Self::Panicked | Self::Exhausted(_) => false,
        }
    }

    /// What a member of a committee says for it; `None` if another try may find more.
    fn verdict(&self) -> Option<B256> {
        match self {
            // Whoever runs this job finds that it has no result.
            Self::Refused(refusal) if refusal.is_of_the_job() => Some(verdict_of(B256::ZERO, 0)),
            trouble => (!trouble.is_retryable()).then_some(CANNOT_RUN),
        }
    }

    /// Whether a try was spent: what waits for a file or for room on the disk has cost nothing.
    const fn is_costly(&self) -> bool {
        !matches!(self, Self::Refused(Refusal::Blob(_)) | Self::Fetch(_))
    }
}

/// Jobs that are being computed.
#[derive(Debug)]
pub(super) struct Bench {
    seats: usize,
    taken: BTreeSet<Purpose>,
    running: JoinSet<Finished>,
    /// Finished while somebody waited.
    finished: VecDeque<Finished>,
    /// Tries that were spent in vain.
    spent: BTreeMap<Purpose, u32>,
}

impl Bench {
    pub(super) fn new(seats: usize) -> Self {
        Self {
            seats: seats.max(1),
            taken: BTreeSet::new(),
            running: JoinSet::new(),
            finished: VecDeque::new(),
            spent: BTreeMap::new(),
        }
    }

    pub(super) fn is_running(&self, purpose: Purpose) -> bool {
        self.taken.contains(&purpose)
    }

    /// Whether there is no seat. Judgements and rounds of the environment proof have deadlines of seconds: each kind has
    /// one seat that jobs cannot take.
    pub(super) fn is_full(&self, purpose: Purpose) -> bool {
        let alike =
            self.taken.iter().filter(|taken| discriminant(*taken) == discriminant(&purpose));
        let seats = if matches!(purpose, Purpose::Job(_)) { self.seats } else { 1 };
        alike.count() >= seats
    }

    /// Waits until nothing runs.
    pub(super) async fn wait(&mut self) {
        while let Some(ended) = self.running.join_next().await {
            self.end(ended);
        }
    }

    fn end(&mut self, ended: Result<Finished, JoinError>) {
        match ended {
            Ok((purpose, outcome)) => {
                self.taken.remove(&purpose);
                let outcome = outcome.map_err(|trouble| self.count(purpose, trouble));
                self.finished.push_back((purpose, outcome));
            }
            // Whose seat it was is not known: all that runs is started again from its record.
            Err(error) => {
                tracing::error!(%error, "a computation failed");
                self.taken.clear();
            }
        }
    }

    /// Says whether a trouble is the last that is taken.
    fn count(&mut self, purpose: Purpose, trouble: Trouble) -> Trouble {
        if !trouble.is_retryable() || !trouble.is_costly() {
            return trouble;
        }
        let spent = self.spent.entry(purpose).or_default();
        *spent += 1;
        if *spent < TRIES {
            return trouble;
        }
        self.spent.remove(&purpose);
        Trouble::Exhausted(Box::new(trouble))
    }

    /// Prepares, which may take the network, then computes on a thread of its own.
    fn start(
        &mut self,
        purpose: Purpose,
        runtime: Arc<Runtime>,
        preparing: impl Future<Output = Result<impl Effort, Trouble>> + Send + 'static,
    ) {
        self.taken.insert(purpose);
        self.running.spawn(async move {
            let work = match preparing.await {
                Ok(work) => work,
                Err(trouble) => return (purpose, Err(trouble)),
            };
            let done = tokio::task::spawn_blocking(move || work.run(&runtime)).await;
            let outcome = match done {
                Ok(outcome) => outcome.map_err(Trouble::from),
                Err(error) if error.is_panic() => Err(Trouble::Panicked),
                Err(_cut_short) => Err(Trouble::Cut),
            };
            (purpose, outcome)
        });
    }

    /// The next finished one, if any.
    fn finished(&mut self) -> Option<Finished> {
        while let Some(ended) = self.running.try_join_next() {
            self.end(ended);
        }
        self.finished.pop_front()
    }
}

/// What a thread of its own does.
pub(super) trait Effort: Send + 'static {
    fn run(self, runtime: &Runtime) -> Result<Outcome, Refusal>;
}

/// What one run needs.
pub(super) struct Work {
    pub(super) task: Task,
    pub(super) blobs: BlobStore,
    pub(super) fault: Option<Fault>,
    /// What somebody else posted, for a member of a committee.
    pub(super) claimed: Option<Claim>,
}

/// What a posted leaf claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) root: B256,
    pub(super) steps: u64,
}

impl Effort for Work {
    fn run(self, runtime: &Runtime) -> Result<Outcome, Refusal> {
        let outcome = runtime.run(&self.task, &self.blobs, &self.blobs)?;
        let outcome = spoil(self.fault, outcome, &self.blobs)?;
        Ok(match self.claimed {
            Some(Claim { root, steps })
                if root != outcome.root && self.agrees(root, &outcome)? =>
            {
                Outcome { root, steps, ..outcome }
            }
            _ => outcome,
        })
    }
}

impl Work {
    /// Whether a posted result is as good as ours, by the class of the job.
    fn agrees(&self, claimed: B256, found: &Outcome) -> Result<bool, Refusal> {
        let params = Params::decode(&self.blobs.read(&self.task.params)?)?;
        let (Some(allowed), Ok(bytes)) = (params.tolerance(), self.blobs.read(&claimed)) else {
            return Ok(false);
        };
        // A manifest that does not read agrees with nothing.
        Ok(Manifest::decode(&bytes)
            .is_ok_and(|manifest| compare(&manifest, &found.manifest, allowed) == Verdict::Same))
    }
}

impl<C: Chain> Agent<C> {
    /// Computes one of our own jobs.
    pub(super) fn compute(&mut self, id: JobId, task: Task) {
        let (blobs, fault) = (self.parts.blobs.clone(), self.parts.choices.fault);
        let work = Work { task, blobs, fault, claimed: None };
        self.start(Purpose::Job(id), async { Ok(work) });
    }

    pub(super) fn start(
        &mut self,
        purpose: Purpose,
        preparing: impl Future<Output = Result<impl Effort, Trouble>> + Send + 'static,
    ) {
        self.bench.start(purpose, Arc::clone(&self.parts.runtime), preparing);
    }

    pub(super) fn is_running(&self, purpose: Purpose) -> bool {
        self.bench.is_running(purpose)
    }

    pub(super) fn is_busy(&self, purpose: Purpose) -> bool {
        self.bench.is_full(purpose)
    }

    /// Notes what was finished since the last tick.
    pub(super) fn collect(&mut self) -> Result<(), AgentError> {
        while let Some((purpose, outcome)) = self.bench.finished() {
            match purpose {
                Purpose::Job(id) => self.note_result(id, outcome)?,
                Purpose::Duty(subject, round) => self.note_judgement(subject, round, outcome)?,
                Purpose::Trial(round) => self.note_trial(round, outcome)?,
            }
        }
        Ok(())
    }

    /// Notes what a waiting job came to. One that was closed meanwhile stays closed, and a second result of one job is
    /// dropped: the salt of the first is on its way.
    fn note_result(&self, id: JobId, outcome: Result<Outcome, Trouble>) -> Result<(), AgentError> {
        let found = self.parts.notebook.find::<JobRecord>(id.0.as_slice())?;
        let waits = |record: &JobRecord| record.progress == JobProgress::Waiting;
        let Some(record) = found.filter(waits) else { return Ok(()) };
        let progress = match outcome {
            Ok(outcome) => {
                tracing::info!(job = %id, root = %outcome.root, steps = outcome.steps, "computed");
                let leaf = Leaf { job: id, result_root: outcome.root, steps: outcome.steps };
                let salt = B256::from(rand::random::<[u8; 32]>());
                JobProgress::Computed(Computed::new(leaf, salt))
            }
            Err(refusal) if refusal.is_retryable() => {
                tracing::warn!(job = %id, %refusal, "not computed, trying again");
                return Ok(());
            }
            Err(refusal) => {
                tracing::warn!(job = %id, %refusal, "declined");
                JobProgress::Declined { reason: refusal.to_string(), at: self.now }
            }
        };
        Ok(self.parts.notebook.put(&JobRecord { progress, ..record })?)
    }

    fn note_judgement(
        &self,
        subject: B256,
        round: u8,
        outcome: Result<Outcome, Trouble>,
    ) -> Result<(), AgentError> {
        let key = [subject.as_slice(), &[round]].concat();
        let known = self.parts.notebook.find::<DutyRecord>(&key)?;
        // Who gave a reason in the meantime stays with it: it is committed.
        let Some(duty) = known.filter(|duty| duty.found.is_none()) else { return Ok(()) };
        let is_unserved = matches!(outcome, Err(Trouble::Fetch(_)));
        let found = match outcome {
            Ok(outcome) => {
                tracing::info!(%subject, round, root = %outcome.root, "executed for a committee");
                Some(verdict_of(outcome.root, outcome.steps))
            }
            Err(trouble) => {
                tracing::warn!(%subject, round, %trouble, "no finding");
                trouble.verdict()
            }
        };
        Ok(self.parts.notebook.put(&DutyRecord { found, is_unserved, ..duty })?)
    }
}

/// Flips one byte of the first file that has one, and names the result anew.
fn spoil(
    fault: Option<Fault>,
    mut outcome: Outcome,
    blobs: &BlobStore,
) -> Result<Outcome, Refusal> {
    let Some(Fault::WrongResult) = fault else { return Ok(outcome) };
    for file in &mut outcome.manifest.files {
        let mut bytes = blobs.read(&file.sha256)?;
        if let Some(byte) = bytes.first_mut() {
            *byte ^= 1;
            file.sha256 = blobs.put(&bytes)?;
            break;
        }
    }
    outcome.root = blobs.put(&outcome.manifest.encode())?;
    Ok(outcome)
}
