//! Checks of a transaction what needs no state, before it takes the engine's time.

use super::api::{EngineError, Submission};
use crate::pool::are_blobs_proven;
use alloy_consensus::Typed2718;

/// A submission, and what is known of it without the chain.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) submission: Submission,
    /// Whether its blobs are those that its hashes and proofs name; true where there are none.
    pub(super) are_blobs_proven: bool,
}

impl From<Submission> for Offer {
    fn from(submission: Submission) -> Self {
        let are_blobs_proven = are_blobs_proven(&submission.transaction);
        Self { submission, are_blobs_proven }
    }
}

/// Checks all. Proofs of blobs, which take milliseconds each and the first one a second, on a thread of
/// their own: meanwhile blocks are made, and others answered.
pub(super) async fn offer(submissions: Vec<Submission>) -> Result<Vec<Offer>, EngineError> {
    let check = |all: Vec<Submission>| all.into_iter().map(Offer::from).collect();
    if submissions.iter().all(|submission| !submission.transaction.is_eip4844()) {
        return Ok(check(submissions));
    }
    let checked = tokio::task::spawn_blocking(move || check(submissions)).await;
    checked.map_err(|_ended| EngineError::Stopped)
}
