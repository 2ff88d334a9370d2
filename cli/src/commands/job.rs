//! Gives a worker something to compute, follows it, fetches the result, and proves it on chain.

mod place;
mod question;
mod submit;

use crate::{
    amount, files,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::U256;
use anyhow::{Context as _, Result, bail, ensure};
use clap::{Subcommand, ValueEnum};
use place::{Located, Place};
use question::Question;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use utnet_bindings::{JobEscrow, ResultRollup, states::JobState};
use utnet_client::{Clock as _, SystemClock};
use utnet_jobs::manifest::Manifest;
use utnet_primitives::{JobId, SystemContract};

/// How often the chain is asked for a job's state.
const POLL: Duration = Duration::from_millis(200);

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
    /// Tell at which place of which batch a job's result was posted, and its path to the root.
    Leaf(Located),
    /// Let the contract check a result's path to the root of its final batch.
    Prove(Located),
    /// Take the price back of a job that was not done in time, or whose result has fallen.
    Refund {
        /// The job.
        job: JobId,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Dispute a result, or ask for its data.
    #[command(flatten)]
    Question(Question),
}

/// How far a job may be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Milestone {
    /// The result and its place in a posted batch are revealed.
    Revealed,
    /// The same, and tell the place.
    Posted,
    /// The worker is paid.
    Paid,
    /// The client has its price back.
    Refunded,
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
            Self::Question(question) => question.run(&session).await,
            Self::Refund { job, from } => refund(&session, job, &from).await,
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

async fn wait(session: &Session, id: JobId, until: Milestone, seconds: u32) -> Result<Value> {
    let wanted = match until {
        Milestone::Revealed | Milestone::Posted => JobState::Revealed,
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
            return match until {
                Milestone::Posted => Ok(Located::of(id).name(session).await?.report(id)),
                _ => show(session, id).await,
            };
        }
        SystemClock.sleep(POLL).await;
    }
    bail!("job {id} was not {wanted:?} within {seconds} s")
}

async fn result(session: &Session, id: JobId, out: &Path) -> Result<Value> {
    let place = Located::of(id).find(session).await?;
    let root = job_of(session, id).await?.resultRoot;
    let batch = place.place.batch;
    ensure!(root == place.leaf.result_root, "batch {batch} holds another result");
    let manifest_bytes = place.worker.blob(batch, &root).await?;
    let manifest: Manifest =
        Manifest::decode(&manifest_bytes).context("the result's manifest has another form")?;
    fs::create_dir_all(out)?;
    let mut names = Vec::new();
    for file in &manifest.files {
        ensure!(is_plain_name(&file.name), "the result names a file {:?}", file.name);
        let bytes = place.worker.blob(batch, &file.sha256).await?;
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

async fn prove(session: &Session, located: &Located) -> Result<Value> {
    let place = located.find(session).await?;
    let Place { batch, index } = place.place;
    let call = ResultRollup::proveResultCall {
        batch: batch.into(),
        leaf: place.leaf(),
        index: U256::from(index),
        path: place.path.clone(),
    };
    let proven = session.read(SystemContract::ResultRollup, &call).await?;
    ensure!(proven, "batch {batch} is not final yet, or the result has fallen");
    Ok(json!({ "job": located.job, "batch": batch, "index": index, "isProven": proven }))
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
