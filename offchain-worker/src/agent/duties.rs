//! Judges: fetches what a poster serves, runs the job again and answers with what it found.

use super::{
    Agent, AgentError,
    jobs::task_of,
    now,
    working::{Purpose, Trouble, Work},
};
use crate::{
    compute::Refusal,
    decide::duties::{Seen, Step, next_step},
    records::{DutyRecord, PostedRecord},
    store::BlobStore,
};
use alloy_primitives::{B256, U256};
use utnet_bindings::{
    ResultRollup::{answerCall, challengeOfCall},
    signed::{SolStruct, job_escrow_domain},
    states::ChallengeState,
};
use utnet_client::{BlockRef, Chain, Intent};
use utnet_jobs::{
    merkle,
    remote::{FetchError, Remote},
};
use utnet_primitives::Seconds;

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_duties(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        let open = self.parts.notebook.all::<DutyRecord>()?.into_iter();
        for duty in open.filter(|duty| duty.outcome.is_none()) {
            let seen = self.look_at_duty(&duty, head).await?;
            match next_step(&duty, &seen) {
                Step::Wait => {}
                Step::Execute if self.is_busy(Purpose::Duty(duty.batch, duty.index)) => {}
                Step::Execute => self.execute(&duty)?,
                Step::Answer => self.answer(&duty)?,
                Step::Close(outcome) => {
                    let outcome = Some(outcome.to_owned());
                    self.parts.notebook.put(&DutyRecord { outcome, ..duty })?;
                }
            }
        }
        Ok(())
    }

    async fn look_at_duty(&self, duty: &DutyRecord, head: &BlockRef) -> Result<Seen, AgentError> {
        let home = &self.parts.home;
        let call = challengeOfCall { batch: duty.batch.0, index: U256::from(duty.index) };
        let challenge = self.view(home.rollup, &call).await?;
        Ok(Seen {
            state: ChallengeState::try_from(challenge.state)?,
            referee: challenge.referee,
            operator: home.operator,
            deadline: Seconds(challenge.deadline),
            now: now(head),
            is_running: self.is_running(Purpose::Duty(duty.batch, duty.index)),
        })
    }

    fn answer(&self, duty: &DutyRecord) -> Result<(), AgentError> {
        let Some(found) = duty.found else { return Ok(()) };
        let index = U256::from(duty.index);
        let call = answerCall { batch: duty.batch.0, index, foundRoot: found };
        let words: [&[u8]; 3] = [b"answer", duty.batch.0.as_slice(), &duty.index.to_be_bytes()];
        self.send(&words, &Intent::call(self.parts.home.rollup, &call))
    }

    fn execute(&mut self, duty: &DutyRecord) -> Result<(), AgentError> {
        let known = self.parts.notebook.find::<PostedRecord>(duty.batch.0.as_slice())?;
        let Some(posted) = known else { return Ok(()) };
        let search = Search {
            posted,
            index: duty.index,
            domain: job_escrow_domain(self.parts.home.chain_id, self.parts.home.jobs),
            blobs: self.parts.blobs.clone(),
        };
        self.start(Purpose::Duty(duty.batch, duty.index), search.fetch());
        Ok(())
    }
}

/// What a referee looks for, and where.
struct Search {
    posted: PostedRecord,
    index: u64,
    domain: alloy_sol_types::Eip712Domain,
    blobs: BlobStore,
}

impl Search {
    /// Brings program, input, parameters and the claimed manifest; believes nothing that does not hash to its name.
    async fn fetch(self) -> Result<Work, Trouble> {
        let remote = Remote::from_pointer(&self.posted.pointer)?;
        let dossier = remote.dossier(self.posted.id).await?;
        let hashes: Vec<B256> = dossier.leaves.iter().map(merkle::Leaf::hash).collect();
        let place = usize::try_from(self.index).unwrap_or(usize::MAX);
        let (Some(leaf), Some(spec)) = (dossier.leaves.get(place), dossier.specs.get(place)) else {
            return Err(FetchError::NotWhatWasPosted.into());
        };
        let is_posted = merkle::root(&hashes) == Some(self.posted.root)
            && spec.0.eip712_signing_hash(&self.domain) == leaf.job.0;
        let task = is_posted.then(|| task_of(leaf.job, &spec.0)).flatten();
        let Some(task) = task else { return Err(FetchError::NotWhatWasPosted.into()) };
        for hash in [task.program, task.input, task.params] {
            if hash != B256::ZERO && !self.blobs.has(&hash) {
                let bytes = remote.blob(self.posted.id, &hash).await?;
                keep(&self.blobs, hash, bytes).await?;
            }
        }
        self.fetch_claim(&remote, &leaf.result_root).await;
        let (blobs, claimed) = (self.blobs, Some(leaf.result_root));
        Ok(Work { task, blobs, fault: None, claimed })
    }

    /// The claimed manifest matters for approximate results only; without it they differ.
    async fn fetch_claim(&self, remote: &Remote, root: &B256) {
        let kept = match remote.blob(self.posted.id, root).await {
            Ok(bytes) => keep(&self.blobs, *root, bytes).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, %root, "the claimed manifest is not served");
        }
    }
}

/// Writes beside the tasks that wait for the network.
async fn keep(blobs: &BlobStore, hash: B256, bytes: Vec<u8>) -> Result<(), Trouble> {
    let blobs = blobs.clone();
    let kept = tokio::task::spawn_blocking(move || blobs.put_as(hash, &bytes)).await;
    kept.map_err(|_cut| Trouble::Cut)?.map_err(|error| Refusal::from(error).into())
}
