//! Forgets what nobody can ask for any more, so that a worker's folder does not grow for ever.
//!
//! Records go a while after they were closed, with their transactions in the outbox; files go when no record names them
//! and nobody has brought them for as long. `docs/formats.md` says what is kept how long.

use super::{Agent, AgentError, now};
use crate::{
    decide::jobs::MOST_BATCHES,
    notebook::{Record, remove_in},
    records::{
        BatchRecord, CaseRecord, ChallengeRecord, Computed, DisputeRecord, DutyRecord,
        IntervalRecord, JobProgress, JobRecord, PostedRecord, RatingRecord, RentalRecord,
        RequestRecord, UsageRecord,
    },
    store::BlobStore,
};
use alloy_primitives::B256;
use redb::WriteTransaction;
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};
use utnet_bindings::states::{CaseState, DisputeState};
use utnet_client::{BlockRef, Chain, StorageError};
use utnet_jobs::{manifest::Manifest, merkle::Leaf};
use utnet_primitives::Seconds;

/// More committees than one case ever has.
const MOST_ROUNDS: u8 = 8;

/// Chain time between two sweeps.
const PAUSE: Seconds = Seconds(600);

impl JobRecord {
    const fn closed_at(&self) -> Option<Seconds> {
        match self.progress {
            JobProgress::Closed { at, .. } | JobProgress::Declined { at, .. } => Some(at),
            JobProgress::Waiting | JobProgress::Computed(_) => None,
        }
    }
}

impl<C: Chain> Agent<C> {
    pub(super) async fn sweep(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        let now = now(head);
        if self.swept_at.is_some_and(|at| now < at.saturating_add(PAUSE)) {
            return Ok(());
        }
        self.swept_at = Some(now);
        let kept_for = self.parts.choices.keep;
        self.forget_closed(now.saturating_sub(kept_for))?;
        let (blobs, named) = (self.parts.blobs.clone(), self.named()?);
        let before = self.parts.clock.now().saturating_sub(kept_for);
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(before.0);
        let swept =
            tokio::task::spawn_blocking(move || blobs.sweep(&with_results(named, &blobs), before));
        match swept.await {
            Ok(Ok(0)) => {}
            Ok(swept) => tracing::info!(files = swept?, "old files removed"),
            Err(error) => tracing::error!(%error, "removing old files failed"),
        }
        Ok(())
    }

    fn forget_closed(&self, before: Seconds) -> Result<(), AgentError> {
        let is_old = |closed: Option<Seconds>| closed.is_some_and(|at| at < before);
        let notebook = &self.parts.notebook;
        let txn = notebook.begin()?;
        for job in notebook.all::<JobRecord>()?.iter().filter(|job| is_old(job.closed_at())) {
            for passed in 0..MOST_BATCHES {
                self.forget_in(&txn, &[b"reveal", job.id.0.as_slice(), &[passed]])?;
            }
            self.forget(&txn, job, &[b"commit", b"settle"])?;
        }
        for rental in notebook.all::<RentalRecord>()?.iter().filter(|it| is_old(it.closed_at)) {
            let words: [&[u8]; 3] = [b"handover", b"rate", b"reveal-rating"];
            self.forget(&txn, rental, &words)?;
            self.forget_pokes(&txn, rental)?;
            remove_in::<RatingRecord>(&txn, &rental.key())?;
            remove_in::<UsageRecord>(&txn, &rental.key())?;
        }
        for batch in notebook.all::<BatchRecord>()?.iter().filter(|it| is_old(it.closed_at)) {
            if let Some(id) = batch.id {
                self.forget_in(&txn, &[b"finalise", id.0.as_slice()])?;
            }
            self.forget(&txn, batch, &[b"post"])?;
        }
        self.forget_disputes(&txn, before)?;
        self.forget_intervals(&txn, before)?;
        for asked in notebook
            .all::<ChallengeRecord>()?
            .iter()
            .filter(|it| is_over(it.noted_at, &it.outcome, before))
        {
            let number = asked.number.to_be_bytes();
            self.forget_in(&txn, &[b"answer", asked.chip.0.as_slice(), &number])?;
            remove_in::<ChallengeRecord>(&txn, &asked.key())?;
        }
        for posted in notebook.all::<PostedRecord>()?.iter().filter(|it| it.noted_at < before) {
            remove_in::<PostedRecord>(&txn, &posted.key())?;
        }
        Ok(txn.commit().map_err(StorageError::from)?)
    }

    /// Disputes, seats and requests.
    fn forget_disputes(&self, txn: &WriteTransaction, before: Seconds) -> Result<(), AgentError> {
        let notebook = &self.parts.notebook;
        for duty in notebook
            .all::<DutyRecord>()?
            .iter()
            .filter(|it| is_over(it.noted_at, &it.outcome, before))
        {
            for word in [b"commit-verdict".as_slice(), b"reveal-verdict"] {
                self.forget_in(txn, &[word, duty.subject.as_slice(), &[duty.round]])?;
            }
            for state in 0..=u8::from(CaseState::Undecided) {
                for word in [b"draw".as_slice(), b"poke-case"] {
                    let place = [duty.round, state];
                    self.forget_in(txn, &[word, duty.subject.as_slice(), &place])?;
                }
            }
            remove_in::<DutyRecord>(txn, &duty.key())?;
        }
        for dispute in notebook
            .all::<DisputeRecord>()?
            .iter()
            .filter(|it| is_over(it.noted_at, &it.outcome, before))
        {
            self.forget_in(txn, &[b"resolve", dispute.subject.as_slice()])?;
            remove_in::<DisputeRecord>(txn, &dispute.key())?;
        }
        for case in
            notebook.all::<CaseRecord>()?.iter().filter(|it| it.is_closed && it.noted_at < before)
        {
            let waiting = u8::from(CaseState::Waiting);
            for round in 0..=MOST_ROUNDS {
                self.forget_in(txn, &[b"draw", case.subject.as_slice(), &[round, waiting]])?;
            }
            remove_in::<CaseRecord>(txn, &case.key())?;
        }
        for request in notebook
            .all::<RequestRecord>()?
            .iter()
            .filter(|it| is_over(it.noted_at, &it.outcome, before))
        {
            let index = request.index.to_be_bytes();
            self.forget_in(txn, &[b"serve", request.batch.0.as_slice(), &index])?;
            remove_in::<RequestRecord>(txn, &request.key())?;
        }
        Ok(())
    }

    fn forget_intervals(&self, txn: &WriteTransaction, before: Seconds) -> Result<(), AgentError> {
        let closed = self.parts.notebook.all::<IntervalRecord>()?.into_iter();
        for it in closed.filter(|it| is_over(it.noted_at, &it.outcome, before)) {
            let (rental, from) = (it.rental.0.as_slice(), it.from.0.to_be_bytes());
            self.forget_in(txn, &[b"contest", rental, &from])?;
            for state in 0..=u8::from(DisputeState::Judging) {
                self.forget_in(txn, &[b"poke-interval", rental, &from, &[state]])?;
            }
            remove_in::<IntervalRecord>(txn, &it.key())?;
        }
        Ok(())
    }

    /// Forgets a record, and the transactions that each of these words named for it.
    fn forget<R: Record>(
        &self,
        txn: &WriteTransaction,
        record: &R,
        words: &[&[u8]],
    ) -> Result<(), AgentError> {
        for word in words {
            self.forget_in(txn, &[word, &record.key()])?;
        }
        Ok(remove_in::<R>(txn, &record.key())?)
    }

    /// A rental is poked once in each state that it waits in.
    fn forget_pokes(
        &self,
        txn: &WriteTransaction,
        rental: &RentalRecord,
    ) -> Result<(), AgentError> {
        for state in 0..=u8::from(utnet_bindings::states::RentalState::Cancelled) {
            self.forget_in(txn, &[b"poke", rental.id.0.as_slice(), &[state]])?;
        }
        Ok(())
    }

    /// Files that records name, and the results whose manifests name more.
    fn named(&self) -> Result<Named, AgentError> {
        let (jobs, batches) =
            (self.parts.notebook.all::<JobRecord>()?, self.parts.notebook.all::<BatchRecord>()?);
        let inputs = jobs
            .iter()
            .flat_map(|job| [job.spec.programHash, job.spec.inputHash, job.spec.paramsHash]);
        let computed = jobs.iter().filter_map(|job| match job.progress {
            JobProgress::Computed(Computed { leaf, .. }) => Some(leaf),
            _ => None,
        });
        let leaves = batches.iter().flat_map(|batch| batch.leaves.iter().copied());
        let results = computed.chain(leaves).map(|leaf: Leaf| leaf.result_root).collect();
        Ok(Named { inputs: inputs.collect(), results })
    }
}

/// Whether something ended, and was seen first before a time: what is open is never forgotten.
const fn is_over(noted_at: Seconds, outcome: &Option<String>, before: Seconds) -> bool {
    outcome.is_some() && noted_at.0 < before.0
}

/// What records name.
struct Named {
    inputs: BTreeSet<B256>,
    results: BTreeSet<B256>,
}

/// All files that are wanted; a result that does not read names nothing more.
fn with_results(named: Named, blobs: &BlobStore) -> BTreeSet<B256> {
    let manifests = named
        .results
        .iter()
        .filter_map(|root| blobs.read(root).ok().and_then(|bytes| Manifest::decode(&bytes).ok()));
    let files: Vec<_> = manifests.flat_map(|it| it.files).map(|file| file.sha256).collect();
    named.inputs.into_iter().chain(named.results).chain(files).collect()
}
