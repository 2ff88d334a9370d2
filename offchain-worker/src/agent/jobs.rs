//! Brings each job from its opening to its payment.

use super::{Agent, AgentError, now, working::Purpose, worst};
use crate::{
    compute::Task,
    decide::jobs::{BatchStanding, Seen, Step, next_step},
    https::Doors,
    records::{BatchRecord, Computed, JobProgress, JobRecord, Terms},
    store::BlobStore,
};
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;
use utnet_bindings::{
    JobEscrow::{ResultLeaf, commitResultCall, jobOfCall, revealResultCall, settleCall},
    ResultRollup::{batchOfCall, challengeSecondsCall, hasFallenCall, isFinalCall},
    signed::JobSpec,
    states::{JobState, Tolerance},
};
use utnet_client::{BlockRef, Chain, Intent};
use utnet_jobs::{manifest::Class, merkle};
use utnet_primitives::{BatchId, JobId, RentalId, Seconds, Tag, tag};

/// What a worker commits to: `keccak256(abi.encode(tag, resultRoot, salt, worker, job))`.
pub(super) fn result_commitment(
    root: B256,
    salt: B256,
    worker: alloy_primitives::Address,
    job: JobId,
) -> B256 {
    keccak256((tag(Tag::ResultCommit), root, salt, worker, job.0).abi_encode_params())
}

/// The task that a specification describes; `None` for a class that this version does not know.
pub(super) fn task_of(job: JobId, spec: &JobSpec) -> Option<Task> {
    let class = match Tolerance::try_from(spec.tolerance).ok()? {
        Tolerance::Exact => Class::Exact,
        Tolerance::Reproducible => Class::Reproducible,
        Tolerance::Approximate => Class::Approximate,
    };
    Some(Task {
        job,
        program: spec.programHash,
        input: spec.inputHash,
        params: spec.paramsHash,
        environment: spec.environmentHash,
        kernels: spec.kernelProfile,
        seed: spec.seed,
        class,
    })
}

/// Whether everything that a job names is here; its bytes are not looked at.
fn has_files(blobs: &BlobStore, spec: &JobSpec) -> bool {
    let has_program = spec.programHash == B256::ZERO || blobs.has(&spec.programHash);
    has_program && blobs.has(&spec.inputHash) && blobs.has(&spec.paramsHash)
}

/// Whether a rental that pays for a job runs: its door is open then, and at no other time.
fn is_paid_for(record: &JobRecord, doors: &Doors) -> bool {
    let rental = RentalId(record.spec.rental);
    record.terms == Terms::Job || doors.of(rental).is_some_and(|door| door.is_open)
}

/// What a job has for the next batch.
enum Pending {
    /// Its leaf.
    Ready(Box<JobRecord>),
    /// A leaf soon.
    Coming,
    /// Nothing.
    No,
}

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_jobs(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        let (mut ready, mut coming, mut tried) = (Vec::new(), 0, Vec::new());
        for record in self.jobs_in_turn(now(head))? {
            let id = record.id;
            // One that fails must not keep the others from their deadlines.
            match self.attend_job(record, head).await {
                Ok(Pending::Ready(record)) => ready.push(*record),
                Ok(Pending::Coming) => coming += 1,
                Ok(Pending::No) => {}
                Err(error) => {
                    tracing::warn!(job = %id, %error, "this job waits for the next look");
                    tried.push(Err(error));
                }
            }
        }
        tried.push(self.post_batch(ready, coming, head).await);
        worst(tried)
    }

    fn jobs_in_turn(&mut self, now: Seconds) -> Result<Vec<JobRecord>, AgentError> {
        let (blobs, doors, bench) = (&self.parts.blobs, &self.parts.doors, &self.bench);
        let can_start = |record: &JobRecord| {
            let purpose = Purpose::Job(record.id);
            !bench.is_full(purpose)
                && !bench.is_running(purpose)
                && is_paid_for(record, doors)
                && has_files(blobs, &record.spec)
        };
        Ok(self.turns.pick(self.parts.notebook.all::<JobRecord>()?, now, can_start))
    }

    async fn attend_job(
        &mut self,
        record: JobRecord,
        head: &BlockRef,
    ) -> Result<Pending, AgentError> {
        let seen = self.look_at_job(&record, head).await?;
        let record = self.note_revealed(record, seen.state)?;
        match next_step(&record, &seen) {
            Step::Queue => Ok(Pending::Ready(Box::new(record))),
            step => {
                let is_coming = step == Step::Commit;
                self.act_on_job(record, step, &seen)?;
                Ok(if is_coming { Pending::Coming } else { Pending::No })
            }
        }
    }

    /// What is revealed has no deadline any more.
    fn note_revealed(
        &self,
        mut record: JobRecord,
        state: JobState,
    ) -> Result<JobRecord, AgentError> {
        if let JobProgress::Computed(done) = &mut record.progress
            && state == JobState::Revealed
            && !done.is_revealed
        {
            done.is_revealed = true;
            self.parts.notebook.put(&record)?;
        }
        Ok(record)
    }

    async fn look_at_job(&self, record: &JobRecord, head: &BlockRef) -> Result<Seen, AgentError> {
        let job = self.view(self.parts.home.jobs, &jobOfCall { job: record.id.0 }).await?;
        let state = JobState::try_from(job.state)?;
        Ok(Seen {
            state,
            now: now(head),
            has_files: has_files(&self.parts.blobs, &record.spec),
            is_running: self.is_running(Purpose::Job(record.id)),
            batch: self.standing(record, state).await?,
        })
    }

    async fn standing(
        &self,
        record: &JobRecord,
        state: JobState,
    ) -> Result<Option<BatchStanding>, AgentError> {
        let Some((batch, index)) = self.place_of(record)? else { return Ok(None) };
        let Some(id) = batch.id else { return Ok(Some(BatchStanding::Unposted)) };
        let rollup = self.parts.home.rollup;
        let fallen = hasFallenCall { batch: id.0, index: U256::from(index) };
        Ok(Some(if self.view(rollup, &fallen).await? {
            BatchStanding::Fallen
        } else if self.view(rollup, &isFinalCall { batch: id.0 }).await? {
            BatchStanding::Final
        } else if state == JobState::Committed {
            BatchStanding::Open { reveal_until: self.reveal_until(id).await? }
        } else {
            BatchStanding::Open { reveal_until: Seconds(0) }
        }))
    }

    /// The last second in which places in a batch may be revealed: half of its first window must be left.
    async fn reveal_until(&self, batch: BatchId) -> Result<Seconds, AgentError> {
        let rollup = self.parts.home.rollup;
        let first_window = self.view(rollup, &batchOfCall { batch: batch.0 }).await?.requestUntil;
        let length = self.view(rollup, &challengeSecondsCall {}).await?;
        Ok(Seconds(first_window).saturating_sub(Seconds(length.div_ceil(2))))
    }

    fn place_of(&self, record: &JobRecord) -> Result<Option<(BatchRecord, usize)>, AgentError> {
        let JobProgress::Computed(Computed { batch: Some(number), .. }) = record.progress else {
            return Ok(None);
        };
        let batch = self.parts.notebook.find::<BatchRecord>(&number.to_be_bytes())?;
        Ok(batch.and_then(|batch| {
            let index = batch.leaves.iter().position(|leaf| leaf.job == record.id)?;
            Some((batch, index))
        }))
    }

    fn act_on_job(&mut self, record: JobRecord, step: Step, seen: &Seen) -> Result<(), AgentError> {
        match step {
            Step::Wait | Step::Queue => Ok(()),
            Step::Compute if self.is_busy(Purpose::Job(record.id)) => Ok(()),
            Step::Compute => {
                if let Some(task) = task_of(record.id, &record.spec) {
                    self.compute(record.id, task);
                }
                Ok(())
            }
            Step::Commit => self.commit(&record),
            Step::Reveal => self.reveal_place(&record),
            Step::Repost => self.give_up_place(record),
            Step::Settle => self.settle_job(&record),
            Step::Close(outcome) => {
                tracing::info!(job = %record.id, outcome, "job closed");
                let progress = JobProgress::Closed { outcome: outcome.to_owned(), at: seen.now };
                Ok(self.parts.notebook.put(&JobRecord { progress, ..record })?)
            }
        }
    }

    fn commit(&self, record: &JobRecord) -> Result<(), AgentError> {
        let Some(done) = computed(record) else { return Ok(()) };
        let (home, job) = (&self.parts.home, record.id);
        let commitment = result_commitment(done.leaf.result_root, done.salt, home.operator, job);
        let intent = Intent::call(home.jobs, &commitResultCall { job: job.0, commitment });
        self.send(&[b"commit", job.0.as_slice()], &intent)
    }

    fn reveal_place(&self, record: &JobRecord) -> Result<(), AgentError> {
        let (Some(done), Some((batch, index))) = (computed(record), self.place_of(record)?) else {
            return Ok(());
        };
        let Some(id) = batch.id else { return Ok(()) };
        let call = revealResultCall {
            job: record.id.0,
            batch: id.0,
            index: U256::from(index),
            resultRoot: done.leaf.result_root,
            salt: done.salt,
        };
        // Another place is another transaction.
        let words: [&[u8]; 3] = [b"reveal", record.id.0.as_slice(), &[done.passed]];
        self.send(&words, &Intent::call(self.parts.home.jobs, &call))
    }

    fn give_up_place(&self, record: JobRecord) -> Result<(), AgentError> {
        let Some(done) = computed(&record) else { return Ok(()) };
        tracing::warn!(job = %record.id, "too late to reveal this place: the result is posted again");
        let passed = done.passed.saturating_add(1);
        let progress = JobProgress::Computed(Computed { batch: None, passed, ..done });
        Ok(self.parts.notebook.put(&JobRecord { progress, ..record })?)
    }

    fn settle_job(&self, record: &JobRecord) -> Result<(), AgentError> {
        let Some((batch, index)) = self.place_of(record)? else { return Ok(()) };
        let hashes: Vec<_> = batch.leaves.iter().map(merkle::Leaf::hash).collect();
        let (Some(leaf), Some(path)) = (batch.leaves.get(index), merkle::path(&hashes, index))
        else {
            return Ok(());
        };
        let call = settleCall {
            job: record.id.0,
            leaf: ResultLeaf { job: leaf.job.0, resultRoot: leaf.result_root, steps: leaf.steps },
            path,
        };
        let intent = Intent::call(self.parts.home.jobs, &call);
        self.send(&[b"settle", record.id.0.as_slice()], &intent)
    }
}

pub(super) const fn computed(record: &JobRecord) -> Option<Computed> {
    match record.progress {
        JobProgress::Computed(computed) => Some(computed),
        _ => None,
    }
}
