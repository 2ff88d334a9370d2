//! Brings each job from its opening to its payment.

use super::{Agent, AgentError, now, working::Purpose};
use crate::{
    compute::Task,
    decide::{
        batches::{LARGEST, Queue, is_due},
        jobs::{BatchStanding, Seen, Step, next_step},
    },
    notebook::put_in,
    records::{BatchRecord, Computed, JobProgress, JobRecord},
};
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;
use utnet_bindings::{
    JobEscrow::{ResultLeaf, commitResultCall, jobOfCall, revealResultCall, settleCall},
    ResultRollup::{hasFallenCall, isFinalCall, postBondCall, postRootCall},
    signed::JobSpec,
    states::{JobState, Tolerance},
};
use utnet_client::{BlockRef, Chain, Intent, StorageError};
use utnet_jobs::{manifest::Class, merkle};
use utnet_primitives::{JobId, Seconds, Tag, tag};

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

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_jobs(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        let (mut ready, mut coming) = (Vec::new(), 0);
        for record in self.parts.notebook.all::<JobRecord>()? {
            if matches!(record.progress, JobProgress::Closed { .. } | JobProgress::Declined { .. })
            {
                continue;
            }
            let seen = self.look_at_job(&record, head).await?;
            match next_step(&record, &seen) {
                Step::Queue => ready.push(record),
                step => {
                    coming += usize::from(matches!(step, Step::Commit | Step::Reveal));
                    self.act_on_job(record, step, &seen)?;
                }
            }
        }
        self.post_batch(ready, coming, head).await
    }

    async fn look_at_job(&self, record: &JobRecord, head: &BlockRef) -> Result<Seen, AgentError> {
        let (home, blobs, spec) = (&self.parts.home, &self.parts.blobs, &record.spec);
        let job = self.view(home.jobs, &jobOfCall { job: record.id.0 }).await?;
        let has_program = spec.programHash == B256::ZERO || blobs.has(&spec.programHash);
        Ok(Seen {
            state: JobState::try_from(job.state)?,
            now: now(head),
            has_files: has_program && blobs.has(&spec.inputHash) && blobs.has(&spec.paramsHash),
            is_running: self.is_running(Purpose::Job(record.id)),
            batch: self.standing(record).await?,
        })
    }

    async fn standing(&self, record: &JobRecord) -> Result<Option<BatchStanding>, AgentError> {
        let Some((batch, index)) = self.place_of(record)? else { return Ok(None) };
        let Some(id) = batch.id else { return Ok(Some(BatchStanding::Open)) };
        let rollup = self.parts.home.rollup;
        let fallen = hasFallenCall { batch: id.0, index: U256::from(index) };
        Ok(Some(if self.view(rollup, &fallen).await? {
            BatchStanding::Fallen
        } else if self.view(rollup, &isFinalCall { batch: id.0 }).await? {
            BatchStanding::Final
        } else {
            BatchStanding::Open
        }))
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
            Step::Commit | Step::Reveal => self.commit_or_reveal(&record, seen.state),
            Step::Settle => self.settle_job(&record),
            Step::Close(outcome) => {
                tracing::info!(job = %record.id, outcome, "job closed");
                let progress = JobProgress::Closed { outcome: outcome.to_owned(), at: seen.now };
                Ok(self.parts.notebook.put(&JobRecord { progress, ..record })?)
            }
        }
    }

    fn commit_or_reveal(&self, record: &JobRecord, state: JobState) -> Result<(), AgentError> {
        let JobProgress::Computed(computed) = record.progress else { return Ok(()) };
        let (home, job) = (&self.parts.home, record.id);
        let root = computed.leaf.result_root;
        if state == JobState::Open {
            let commitment = result_commitment(root, computed.salt, home.operator, job);
            let intent = Intent::call(home.jobs, &commitResultCall { job: job.0, commitment });
            self.send(&[b"commit", job.0.as_slice()], &intent)
        } else {
            let call = revealResultCall { job: job.0, resultRoot: root, salt: computed.salt };
            self.send(&[b"reveal", job.0.as_slice()], &Intent::call(home.jobs, &call))
        }
    }

    fn settle_job(&self, record: &JobRecord) -> Result<(), AgentError> {
        let Some((batch, index)) = self.place_of(record)? else { return Ok(()) };
        let hashes: Vec<_> = batch.leaves.iter().map(merkle::Leaf::hash).collect();
        let (Some(id), Some(leaf), Some(path)) =
            (batch.id, batch.leaves.get(index), merkle::path(&hashes, index))
        else {
            return Ok(());
        };
        let call = settleCall {
            job: record.id.0,
            batch: id.0,
            leaf: ResultLeaf { job: leaf.job.0, resultRoot: leaf.result_root, steps: leaf.steps },
            index: U256::from(index),
            path,
        };
        let intent = Intent::call(self.parts.home.jobs, &call);
        self.send(&[b"settle", record.id.0.as_slice()], &intent)
    }

    /// Posts what is ready, in one transaction with the note of who is in it.
    async fn post_batch(
        &self,
        mut ready: Vec<JobRecord>,
        coming: usize,
        head: &BlockRef,
    ) -> Result<(), AgentError> {
        let oldest = self.note_reveals(&mut ready, now(head))?;
        if !is_due(&Queue { ready: ready.len(), coming, oldest, now: now(head) }) {
            return Ok(());
        }
        ready.truncate(LARGEST);
        let leaves: Vec<_> = ready.iter().filter_map(computed).map(|done| done.leaf).collect();
        let hashes: Vec<_> = leaves.iter().map(merkle::Leaf::hash).collect();
        let Some(root) = merkle::root(&hashes) else { return Ok(()) };
        let bond = self.view(self.parts.home.rollup, &postBondCall {}).await?;
        let last = self.parts.notebook.all::<BatchRecord>()?.pop();
        let number = last.map_or(0, |last| last.number.saturating_add(1));
        let batch = BatchRecord {
            number,
            leaves,
            root,
            pointer: self.parts.choices.pointer(),
            bond: U256::from(bond),
            id: None,
            closed_at: None,
        };
        let txn = self.parts.notebook.begin()?;
        for record in ready {
            let Some(done) = computed(&record) else { continue };
            let progress = JobProgress::Computed(Computed { batch: Some(number), ..done });
            put_in(&txn, &JobRecord { progress, ..record })?;
        }
        put_in(&txn, &batch)?;
        self.send_in(&txn, &[b"post", &number.to_be_bytes()], &self.posting(&batch))?;
        txn.commit().map_err(StorageError::from)?;
        self.parts.outbox.wake();
        tracing::info!(number, root = %batch.root, leaves = batch.leaves.len(), "batch made");
        Ok(())
    }

    /// The transaction that posts a batch.
    pub(super) fn posting(&self, batch: &BatchRecord) -> Intent {
        let call = postRootCall {
            root: batch.root,
            leaves: u32::try_from(batch.leaves.len()).unwrap_or(u32::MAX),
            dataPointer: batch.pointer.clone(),
        };
        Intent::call(self.parts.home.rollup, &call).with_value(batch.bond)
    }

    /// Notes since when each result waits; says since when the oldest does.
    fn note_reveals(&self, ready: &mut [JobRecord], now: Seconds) -> Result<Seconds, AgentError> {
        let mut oldest = now;
        for record in ready {
            let Some(done) = computed(record) else { continue };
            let since = done.revealed_at.unwrap_or(now);
            oldest = oldest.min(since);
            if done.revealed_at.is_none() {
                let revealed_at = Some(now);
                record.progress = JobProgress::Computed(Computed { revealed_at, ..done });
                self.parts.notebook.put(record)?;
            }
        }
        Ok(oldest)
    }
}

const fn computed(record: &JobRecord) -> Option<Computed> {
    match record.progress {
        JobProgress::Computed(computed) => Some(computed),
        _ => None,
    }
}
