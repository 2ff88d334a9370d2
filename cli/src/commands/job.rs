//! Gives a worker something to compute, follows it, fetches the result, and proves it on chain.

mod submit;

use crate::{
    amount, files,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{B256, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolValue as _;
use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use utnet_bindings::{
    Committee, JobEscrow, ResultRollup,
    states::{CaseState, ChallengeState, JobState, SeatState},
};
use utnet_client::{Clock as _, SystemClock};
use utnet_jobs::{
    manifest::Manifest,
    merkle::{self, Leaf},
    remote::Remote,
};
use utnet_primitives::{BatchId, JobId, SystemContract};

/// How often the chain is asked for a job's state.
const POLL: Duration = Duration::from_millis(200);

/// How often the chain is asked whether the beacon of a draw is there (one minute in all).
const DRAW_POLLS: u32 = 300;

#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// Upload program, input and parameters to the rented worker and open the job: its price is locked.
    Submit(submit::Submit),
    /// Show a job as the escrow keeps it.
    Show {
        /// The job.
        job: JobId,
    },
    /// Wait until a job has reached a state.
    Wait {
        /// The job.
        job: JobId,
        /// State to wait for.
        #[arg(long, default_value = "paid")]
        until: Milestone,
        /// Seconds to wait.
        #[arg(long, default_value_t = 120)]
        seconds: u32,
    },
    /// Fetch a result and check every file against the root on chain.
    Result {
        /// The job.
        job: JobId,
        /// Folder to write the files to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Tell in which batch a job's result was posted, and its path to the root.
    Leaf(Located),
    /// Let the contract check a result's path to the root of its final batch.
    Prove(Located),
    /// Dispute a result with a bond, and draw the committee whose members compute it again.
    Challenge {
        #[command(flatten)]
        located: Located,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Take the price back of a job that was not done in time, or whose result has fallen.
    Refund {
        /// The job.
        job: JobId,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Show the committee that judges a disputed result.
    Committee(Located),
    /// Ask a larger committee about a verdict, at twice its price; client or worker only, once.
    Appeal {
        #[command(flatten)]
        located: Located,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Ask the poster to show a result's manifest on chain; if it does not, the result falls.
    Request {
        #[command(flatten)]
        located: Located,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Wait for the verdict over a disputed result.
    Verdict {
        #[command(flatten)]
        located: Located,
        /// Seconds to wait.
        #[arg(long, default_value_t = 120)]
        seconds: u32,
    },
}

/// How far a job may be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Milestone {
    /// The result is revealed.
    Revealed,
    /// The result stands in a posted batch.
    Posted,
    /// The worker is paid.
    Paid,
    /// The client has its price back.
    Refunded,
}

#[derive(Debug, Args)]
pub(crate) struct Located {
    /// The job.
    job: JobId,
}

impl Job {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        let session = Session::connect(site).await?;
        match self {
            Self::Submit(submit) => submit.run(&session).await,
            Self::Show { job } => show(&session, job).await,
            Self::Wait { job, until, seconds } => wait(&session, job, until, seconds).await,
            Self::Result { job, out } => result(&session, job, &out).await,
            Self::Leaf(located) => Ok(located.find(&session).await?.report()),
            Self::Prove(located) => prove(&session, &located).await,
            Self::Challenge { located, from } => challenge(&session, &located, &from).await,
            Self::Refund { job, from } => refund(&session, job, &from).await,
            Self::Committee(located) => seats(&session, &located).await,
            Self::Appeal { located, from } => appeal(&session, &located, &from).await,
            Self::Request { located, from } => request(&session, &located, &from).await,
            Self::Verdict { located, seconds } => verdict(&session, &located, seconds).await,
        }
    }
}

async fn job_of(session: &Session, job: JobId) -> Result<JobEscrow::Job> {
    session.read(SystemContract::JobEscrow, &JobEscrow::jobOfCall { job: job.into() }).await
}

async fn show(session: &Session, id: JobId) -> Result<Value> {
    let job = job_of(session, id).await?;
    Ok(json!({
        "job": id,
        "state": JobState::try_from(job.state)?,
        "client": job.client,
        "worker": job.worker,
        "price": amount::show(U256::from(job.price)),
        "deadline": job.deadline,
        "resultRoot": job.resultRoot,
    }))
}

async fn refund(session: &Session, job: JobId, from: &KeySource) -> Result<Value> {
    let call = JobEscrow::refundCall { job: job.into() };
    session.send(&from.signer()?, SystemContract::JobEscrow, U256::ZERO, &call).await?;
    show(session, job).await
}

async fn seats(session: &Session, located: &Located) -> Result<Value> {
    let place = located.find(session).await?;
    committee(session, subject_of(&place)).await
}

async fn wait(session: &Session, id: JobId, until: Milestone, seconds: u32) -> Result<Value> {
    let wanted = match until {
        Milestone::Posted => return wait_for_batch(session, id, seconds).await,
        Milestone::Revealed => JobState::Revealed,
        Milestone::Paid => JobState::Paid,
        Milestone::Refunded => JobState::Refunded,
    };
    for _ in 0..seconds.saturating_mul(5) {
        let state = JobState::try_from(job_of(session, id).await?.state)?;
        if state >= wanted {
            ensure!(
                state == wanted || wanted == JobState::Revealed,
                "job {id} ended as {state:?}, not as {wanted:?}"
            );
            return show(session, id).await;
        }
        SystemClock.sleep(POLL).await;
    }
    bail!("job {id} was not {wanted:?} within {seconds} s")
}

async fn wait_for_batch(session: &Session, id: JobId, seconds: u32) -> Result<Value> {
    for _ in 0..seconds.saturating_mul(5) {
        if let Ok(place) = (Located { job: id }).find(session).await {
            return Ok(place.report());
        }
        SystemClock.sleep(POLL).await;
    }
    bail!("no batch with job {id} was posted within {seconds} s")
}

async fn result(session: &Session, id: JobId, out: &Path) -> Result<Value> {
    let place = Located { job: id }.find(session).await?;
    let root = job_of(session, id).await?.resultRoot;
    ensure!(root == place.leaf.result_root, "batch {} holds another result", place.batch);
    let manifest_bytes = place.worker.blob(place.batch, &root).await?;
    let manifest: Manifest =
        Manifest::decode(&manifest_bytes).context("the result's manifest has another form")?;
    fs::create_dir_all(out)?;
    let mut names = Vec::new();
    for file in &manifest.files {
        ensure!(is_plain_name(&file.name), "the result names a file {:?}", file.name);
        let bytes = place.worker.blob(place.batch, &file.sha256).await?;
        fs::write(out.join(&file.name), &bytes)?;
        names.push(json!({ "name": file.name, "bytes": bytes.len() }));
    }
    files::write_json(&out.join("manifest.json"), &manifest)?;
    Ok(json!({
        "job": id,
        "resultRoot": root,
        "files": names,
        "metrics": manifest.metrics,
        "dir": out,
    }))
}

/// A file name that stays in its folder.
fn is_plain_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain)
}

/// A result's place: batch, index, and the path to the root.
pub(crate) struct Place {
    worker: Remote,
    batch: BatchId,
    index: u64,
    leaf: Leaf,
    path: Vec<B256>,
}

impl Place {
    fn report(&self) -> Value {
        json!({
            "batch": self.batch,
            "index": self.index,
            "job": self.leaf.job,
            "resultRoot": self.leaf.result_root,
            "steps": self.leaf.steps,
            "path": self.path,
        })
    }

    fn leaf(&self) -> ResultRollup::ResultLeaf {
        ResultRollup::ResultLeaf {
            job: self.leaf.job.into(),
            resultRoot: self.leaf.result_root,
            steps: self.leaf.steps,
        }
    }
}

impl Located {
    /// Asks the server of each batch of the job's worker for its leaves, newest first; the root on chain vouches for them.
    /// Others' batches are not asked: their servers have nothing to say about this job, and could take their time.
    async fn find(&self, session: &Session) -> Result<Place> {
        let worker = job_of(session, self.job).await?.worker;
        let posted =
            session.events::<ResultRollup::RootPosted>(SystemContract::ResultRollup, None).await?;
        let own = posted.into_iter().rev().filter(|(batch, _)| batch.poster == worker);
        for (batch, _) in own {
            // A server that is gone hides only its own batches.
            let Ok((worker, leaves)) = leaves_of(&batch).await else { continue };
            if let Some(index) = leaves.iter().position(|leaf| leaf.job == self.job) {
                return place(worker, &batch, &leaves, index);
            }
        }
        bail!("no posted batch holds a result of job {}", self.job)
    }
}

async fn leaves_of(batch: &ResultRollup::RootPosted) -> Result<(Remote, Vec<Leaf>)> {
    let worker = Remote::from_pointer(&batch.dataPointer)?;
    let dossier = worker.dossier(BatchId(batch.batch)).await?;
    Ok((worker, dossier.leaves))
}

fn place(
    worker: Remote,
    batch: &ResultRollup::RootPosted,
    leaves: &[Leaf],
    index: usize,
) -> Result<Place> {
    let hashes: Vec<_> = leaves.iter().map(Leaf::hash).collect();
    ensure!(
        merkle::root(&hashes) == Some(batch.root),
        "the server of batch {} serves other leaves",
        batch.batch
    );
    let leaf = *leaves.get(index).context("no such leaf")?;
    let path = merkle::path(&hashes, index).context("no such leaf")?;
    Ok(Place { worker, batch: BatchId(batch.batch), index: u64::try_from(index)?, leaf, path })
}

async fn prove(session: &Session, located: &Located) -> Result<Value> {
    let place = located.find(session).await?;
    let call = ResultRollup::proveResultCall {
        batch: place.batch.into(),
        leaf: place.leaf(),
        index: U256::from(place.index),
        path: place.path.clone(),
    };
    let proven = session.read(SystemContract::ResultRollup, &call).await?;
    ensure!(proven, "batch {} is not final yet, or the result has fallen", place.batch);
    Ok(
        json!({ "job": located.job, "batch": place.batch, "index": place.index, "isProven": proven }),
    )
}

/// What the committee is asked about.
fn subject_of(place: &Place) -> B256 {
    keccak256((place.batch.0, U256::from(place.index)).abi_encode_params())
}

async fn challenge(session: &Session, located: &Located, from: &KeySource) -> Result<Value> {
    let place = located.find(session).await?;
    let rollup = SystemContract::ResultRollup;
    let bond: u128 = session.read(rollup, &ResultRollup::challengeBondCall {}).await?;
    let price: u128 = session.read(rollup, &ResultRollup::challengePriceCall {}).await?;
    let call = ResultRollup::challengeCall {
        batch: place.batch.into(),
        leaf: place.leaf(),
        index: U256::from(place.index),
        path: place.path.clone(),
    };
    let signer = from.signer()?;
    let sent = session.send(&signer, rollup, U256::from(price), &call).await?;
    let subject = sent
        .event::<ResultRollup::LeafChallenged>()
        .context("the rollup announced no challenge")?
        .subject;
    draw(session, &signer, subject).await?;
    Ok(json!({
        "batch": place.batch,
        "index": place.index,
        "bond": amount::show(U256::from(bond)),
        "price": amount::show(U256::from(price)),
        "committee": committee(session, subject).await?,
        "transaction": sent.hash,
        "gasUsed": sent.gas_used,
    }))
}

async fn case_of(session: &Session, subject: B256) -> Result<Committee::Case> {
    session.read(SystemContract::Committee, &Committee::caseOfCall { subject }).await
}

/// Draws who computes again, once the beacon that decides is there; the workers may be faster.
async fn draw(session: &Session, signer: &PrivateKeySigner, subject: B256) -> Result<()> {
    let waiting = case_of(session, subject).await?;
    let is_drawn =
        |case: &Committee::Case| case.round > waiting.round || case.state != waiting.state;
    for _ in 0..DRAW_POLLS {
        if session.head().await? >= waiting.drawHeight {
            break;
        }
        SystemClock.sleep(POLL).await;
    }
    if is_drawn(&case_of(session, subject).await?) {
        return Ok(());
    }
    let call = Committee::drawCall { subject };
    match session.send(signer, SystemContract::Committee, U256::ZERO, &call).await {
        Ok(_drawn) => Ok(()),
        Err(_) if is_drawn(&case_of(session, subject).await?) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A case and the members of its latest committee.
async fn committee(session: &Session, subject: B256) -> Result<Value> {
    let case = case_of(session, subject).await?;
    let call = Committee::seatsOfCall { subject, round: case.round };
    let seats: Vec<Committee::Seat> = session.read(SystemContract::Committee, &call).await?;
    let mut members = Vec::new();
    for seat in seats {
        let state = SeatState::try_from(seat.state)?;
        let verdict = (state == SeatState::Revealed).then_some(seat.word);
        let (member, weight) = (seat.member, seat.weight);
        members.push(
            json!({ "member": member, "weight": weight, "state": state, "verdict": verdict }),
        );
    }
    Ok(json!({
        "subject": subject,
        "state": CaseState::try_from(case.state)?,
        "round": case.round,
        "isAppealed": case.isAppealed,
        "deadline": case.deadline,
        "agreeing": case.agreeing,
        "weight": case.weight,
        "members": members,
    }))
}

async fn appeal(session: &Session, located: &Located, from: &KeySource) -> Result<Value> {
    let subject = subject_of(&located.find(session).await?);
    let contract = SystemContract::Committee;
    let seats: u8 = session.read(contract, &Committee::appealSeatsCall {}).await?;
    let price: u128 = session.read(contract, &Committee::priceOfCall { seats }).await?;
    let value = U256::from(price).saturating_mul(U256::from(2));
    let (signer, call) = (from.signer()?, Committee::appealCall { subject });
    session.send(&signer, contract, value, &call).await?;
    draw(session, &signer, subject).await?;
    committee(session, subject).await
}

async fn request(session: &Session, located: &Located, from: &KeySource) -> Result<Value> {
    let place = located.find(session).await?;
    let rollup = SystemContract::ResultRollup;
    let fee: u128 = session.read(rollup, &ResultRollup::dataFeeCall {}).await?;
    let (batch, index) = (place.batch.into(), U256::from(place.index));
    let call = ResultRollup::requestDataCall { batch, index };
    let sent = session.send(&from.signer()?, rollup, U256::from(fee), &call).await?;
    let asked =
        sent.event::<ResultRollup::DataRequested>().context("the rollup announced no request")?;
    Ok(json!({
        "batch": place.batch,
        "index": place.index,
        "fee": amount::show(U256::from(fee)),
        "deadline": asked.deadline,
    }))
}

async fn verdict(session: &Session, located: &Located, seconds: u32) -> Result<Value> {
    let place = located.find(session).await?;
    let call =
        ResultRollup::challengeOfCall { batch: place.batch.into(), index: U256::from(place.index) };
    for _ in 0..seconds.saturating_mul(5) {
        let challenge = session.read(SystemContract::ResultRollup, &call).await?;
        let state = ChallengeState::try_from(challenge.state)?;
        if state >= ChallengeState::Upheld {
            let claim = (challenge.resultRoot, U256::from(challenge.steps));
            return Ok(json!({
                "batch": place.batch,
                "index": place.index,
                "state": state,
                "claimed": keccak256(claim.abi_encode_params()),
                "found": challenge.found,
                "committee": committee(session, subject_of(&place)).await?,
            }));
        }
        SystemClock.sleep(POLL).await;
    }
    bail!("no verdict within {seconds} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_cannot_name_a_file_outside_its_folder() {
        assert!(is_plain_name("losses.json"));
        for name in ["", "../x", "/etc/passwd", ".bashrc", "a/b"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }
}
