//! Judges: fetches what a poster serves, runs the job again, commits to what it found and opens it.

use super::{
    Agent, AgentError,
    jobs::task_of,
    now,
    working::{Claim, Purpose, Trouble, Work},
    worst,
};
use crate::{
    compute::Refusal,
    decide::duties::{LAST_CALL, Seen, Step, next_step},
    records::{DisputeRecord, DutyRecord, PostedRecord},
    store::BlobStore,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;
use std::time::Duration;
use tokio::time::timeout;
use utnet_bindings::{
    Committee::{caseOfCall, commitCall, revealCall, seatsOfCall},
    signed::{SolStruct, job_escrow_domain},
    states::{CaseState, SeatState},
};
use utnet_client::{BlockRef, Chain, Intent};
use utnet_jobs::{
    merkle,
    remote::{FetchError, Remote},
};
use utnet_primitives::{Seconds, Tag, tag};

/// The reason of a member on whose machine a job cannot be run, or who does not know what is asked.
pub(super) const CANNOT_RUN: B256 = B256::ZERO;

/// The reason of a member who was not served the data.
const NOT_SERVED: B256 = B256::with_last_byte(1);

/// Time before the last call in which a member that was not served notes that.
const NOTING: Seconds = Seconds(2);

/// What a member says that found a result.
pub(super) fn verdict_of(root: B256, steps: u64) -> B256 {
    keccak256((root, U256::from(steps)).abi_encode_params())
}

/// What a member commits to: `keccak256(abi.encode(tag, subject, round, member, verdict, salt))`.
fn verdict_commitment(duty: &DutyRecord, member: Address, verdict: B256) -> B256 {
    let words =
        (tag(Tag::Verdict), duty.subject, U256::from(duty.round), member, verdict, duty.salt);
    keccak256(words.abi_encode_params())
}

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_duties(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        let open = self.parts.notebook.all::<DutyRecord>()?.into_iter();
        let mut tried = Vec::new();
        for duty in open.filter(|duty| duty.outcome.is_none()) {
            tried.push(self.attend_duty(duty, head).await);
        }
        worst(tried)
    }

    /// One that fails must not keep the others from their deadlines.
    async fn attend_duty(&mut self, duty: DutyRecord, head: &BlockRef) -> Result<(), AgentError> {
        let seen = self.look_at_duty(&duty, head).await?;
        match next_step(&duty, &seen) {
            Step::Wait => Ok(()),
            Step::Execute if self.is_busy(Purpose::Duty(duty.subject, duty.round)) => Ok(()),
            Step::Execute => self.execute(duty, seen.deadline.saturating_sub(seen.now)),
            Step::Abstain => {
                let reason = if duty.is_unserved { NOT_SERVED } else { CANNOT_RUN };
                tracing::warn!(subject = %duty.subject, %reason, "no finding in time");
                Ok(self.parts.notebook.put(&DutyRecord { found: Some(reason), ..duty })?)
            }
            Step::Commit => self.commit_verdict(&duty),
            Step::Reveal => self.reveal_verdict(&duty),
            Step::Close(outcome) => {
                let outcome = Some(outcome.to_owned());
                Ok(self.parts.notebook.put(&DutyRecord { outcome, ..duty })?)
            }
        }
    }

    async fn look_at_duty(&self, duty: &DutyRecord, head: &BlockRef) -> Result<Seen, AgentError> {
        let (home, subject) = (&self.parts.home, duty.subject);
        let case = self.view(home.committee, &caseOfCall { subject }).await?;
        let seats = self.view(home.committee, &seatsOfCall { subject, round: duty.round }).await?;
        let seat = seats.iter().find(|seat| seat.member == home.operator);
        Ok(Seen {
            state: CaseState::try_from(case.state)?,
            round: case.round,
            seat: seat.map(|seat| SeatState::try_from(seat.state)).transpose()?,
            deadline: Seconds(case.deadline),
            now: now(head),
            is_running: self.is_running(Purpose::Duty(subject, duty.round)),
        })
    }

    fn commit_verdict(&self, duty: &DutyRecord) -> Result<(), AgentError> {
        let Some(found) = duty.found else { return Ok(()) };
        let home = &self.parts.home;
        let commitment = verdict_commitment(duty, home.operator, found);
        let words: [&[u8]; 3] = [b"commit-verdict", duty.subject.as_slice(), &[duty.round]];
        let call = commitCall { subject: duty.subject, commitment };
        self.send(&words, &Intent::call(home.committee, &call))
    }

    fn reveal_verdict(&self, duty: &DutyRecord) -> Result<(), AgentError> {
        let Some(verdict) = duty.found else { return Ok(()) };
        let words: [&[u8]; 3] = [b"reveal-verdict", duty.subject.as_slice(), &[duty.round]];
        let call = revealCall { subject: duty.subject, verdict, salt: duty.salt };
        self.send(&words, &Intent::call(self.parts.home.committee, &call))
    }

    /// Fetches and executes. The case's own deadline ends the fetching, early enough to say who did not serve.
    fn execute(&mut self, duty: DutyRecord, left: Seconds) -> Result<(), AgentError> {
        let notebook = &self.parts.notebook;
        let Some(dispute) = notebook.find::<DisputeRecord>(duty.subject.as_slice())? else {
            // Somebody else's question, which this version cannot answer.
            let found = Some(CANNOT_RUN);
            return Ok(notebook.put(&DutyRecord { found, ..duty })?);
        };
        let known = notebook.find::<PostedRecord>(dispute.batch.0.as_slice())?;
        let Some(posted) = known else { return Ok(()) };
        let search = Search {
            posted,
            index: dispute.index,
            domain: job_escrow_domain(self.parts.home.chain_id, self.parts.home.jobs),
            blobs: self.parts.blobs.clone(),
        };
        let left = left.saturating_sub(LAST_CALL).saturating_sub(NOTING);
        let left = Duration::from_secs(left.0.max(1));
        self.start(Purpose::Duty(duty.subject, duty.round), async move {
            timeout(left, search.fetch()).await.unwrap_or_else(|_late| Err(FetchError::Slow.into()))
        });
        Ok(())
    }
}

/// What a member looks for, and where.
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
        let claimed = Some(Claim { root: leaf.result_root, steps: leaf.steps });
        Ok(Work { task, blobs: self.blobs, fault: None, claimed })
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;

    /// Both worked out with `cast` from the text of docs/protocol.md, section 2.
    #[test]
    fn a_commitment_is_what_the_committee_opens() {
        let duty = DutyRecord {
            subject: B256::repeat_byte(1),
            round: 2,
            salt: B256::repeat_byte(3),
            found: None,
            is_unserved: false,
            outcome: None,
            noted_at: Seconds(0),
        };
        let verdict = verdict_of(B256::repeat_byte(4), 5);
        assert_eq!(
            verdict,
            b256!("63a362d5c1ad8f3e3888dfd780c6467e91c22a171fcbf4a9db6034bdccc63bb2")
        );
        assert_eq!(
            verdict_commitment(&duty, Address::repeat_byte(6), verdict),
            b256!("6e54e3546ba3bc8e54538137d6b6f40ba51311218b533bd43d875c995183669b")
        );
    }
}
