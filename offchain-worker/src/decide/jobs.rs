//! Decides what a job needs next.

use crate::records::{JobProgress, JobRecord};
use utnet_bindings::states::JobState;
use utnet_primitives::Seconds;

/// What was seen of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its state on the chain.
    pub state: JobState,
    /// Chain time.
    pub now: Seconds,
    /// Whether program, input and parameters are in the store.
    pub has_files: bool,
    /// Whether it is being computed now.
    pub is_running: bool,
    /// Where its batch stands; `None` if it is in none.
    pub batch: Option<BatchStanding>,
}

/// Where a batch stands for one of its leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchStanding {
    /// Not final.
    Open,
    /// Final, and the leaf stands.
    Final,
    /// The leaf was overturned.
    Fallen,
}

/// What a job needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// Its result.
    Compute,
    /// `commitResult`.
    Commit,
    /// `revealResult`.
    Reveal,
    /// A place in the next batch.
    Queue,
    /// `settle`.
    Settle,
    /// Nothing, ever.
    Close(&'static str),
}

/// The next step of one job.
pub fn next_step(record: &JobRecord, seen: &Seen) -> Step {
    let is_late = seen.now > Seconds(record.spec.deadline);
    match (&record.progress, seen.state) {
        (JobProgress::Closed { .. } | JobProgress::Declined { .. }, _) | (_, JobState::None) => {
            Step::Wait
        }
        (_, JobState::Paid) => Step::Close("paid"),
        (_, JobState::Refunded) => Step::Close("refunded"),
        (_, JobState::Open | JobState::Committed) if is_late => Step::Close("deadline passed"),
        (JobProgress::Waiting, JobState::Open) => {
            if seen.has_files && !seen.is_running {
                Step::Compute
            } else {
                Step::Wait
            }
        }
        // Another copy of this operator, or a lost folder: the salt is not here.
        (JobProgress::Waiting, JobState::Committed | JobState::Revealed) => {
            Step::Close("committed elsewhere")
        }
        (JobProgress::Computed(_), JobState::Open) => Step::Commit,
        (JobProgress::Computed(_), JobState::Committed) => Step::Reveal,
        (JobProgress::Computed(computed), JobState::Revealed) => match seen.batch {
            None if computed.batch.is_none() => Step::Queue,
            None | Some(BatchStanding::Open) => Step::Wait,
            Some(BatchStanding::Final) => Step::Settle,
            Some(BatchStanding::Fallen) => Step::Close("overturned"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Computed;
    use alloy_primitives::B256;
    use utnet_bindings::signed::JobSpec;
    use utnet_jobs::merkle::Leaf;
    use utnet_primitives::JobId;

    fn job(progress: JobProgress) -> JobRecord {
        let spec = JobSpec { deadline: 100, ..crate::testing::spec() };
        JobRecord { id: JobId(B256::repeat_byte(1)), spec, progress }
    }

    fn computed(batch: Option<u64>) -> JobProgress {
        let leaf = Leaf { job: JobId::default(), result_root: B256::ZERO, steps: 1 };
        JobProgress::Computed(Computed { leaf, salt: B256::ZERO, revealed_at: None, batch })
    }

    fn seen(state: JobState) -> Seen {
        Seen { state, now: Seconds(50), has_files: true, is_running: false, batch: None }
    }

    #[test]
    fn a_job_is_computed_once_its_files_are_here() {
        let waiting = job(JobProgress::Waiting);
        let open = seen(JobState::Open);
        assert_eq!(next_step(&waiting, &Seen { has_files: false, ..open }), Step::Wait);
        assert_eq!(next_step(&waiting, &open), Step::Compute);
        assert_eq!(next_step(&waiting, &Seen { is_running: true, ..open }), Step::Wait);
    }

    #[test]
    fn a_result_is_committed_then_revealed_then_queued_then_settled() {
        let fresh = job(computed(None));
        assert_eq!(next_step(&fresh, &seen(JobState::Open)), Step::Commit);
        assert_eq!(next_step(&fresh, &seen(JobState::Committed)), Step::Reveal);
        assert_eq!(next_step(&fresh, &seen(JobState::Revealed)), Step::Queue);

        let batched = job(computed(Some(0)));
        let revealed = seen(JobState::Revealed);
        let standing = |batch| Seen { batch: Some(batch), ..revealed };
        assert_eq!(next_step(&batched, &standing(BatchStanding::Open)), Step::Wait);
        assert_eq!(next_step(&batched, &standing(BatchStanding::Final)), Step::Settle);
        assert!(matches!(
            next_step(&batched, &standing(BatchStanding::Fallen)),
            Step::Close("overturned")
        ));
    }

    #[test]
    fn nothing_is_done_after_the_deadline_unless_it_was_revealed() {
        let late = |state| Seen { now: Seconds(101), ..seen(state) };
        let fresh = job(computed(None));
        assert!(matches!(next_step(&fresh, &late(JobState::Open)), Step::Close(_)));
        assert!(matches!(next_step(&fresh, &late(JobState::Committed)), Step::Close(_)));
        assert_eq!(next_step(&fresh, &late(JobState::Revealed)), Step::Queue);
    }

    #[test]
    fn a_job_that_a_reorganisation_took_away_waits() {
        assert_eq!(next_step(&job(computed(None)), &seen(JobState::None)), Step::Wait);
    }
}
