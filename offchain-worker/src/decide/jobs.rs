//! Decides what a job needs next.

use crate::records::{Computed, JobProgress, JobRecord};
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
    /// On its way to the chain.
    Unposted,
    /// Not final.
    Open {
        /// Last second, inclusive, in which the leaf's place may be revealed.
        reveal_until: Seconds,
    },
    /// Final, and the leaf stands.
    Final,
    /// The leaf was overturned.
    Fallen,
}

/// Batches that one result is posted in at most: each ties up a bond.
pub const MOST_BATCHES: u8 = 8;

/// What a job needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// Its result.
    Compute,
    /// `commitResult`.
    Commit,
    /// A place in the next batch.
    Queue,
    /// `revealResult`, with the place.
    Reveal,
    /// Another batch: in this one it is too late to reveal the place.
    Repost,
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
        (JobProgress::Computed(computed), JobState::Committed) => place(computed, seen),
        (JobProgress::Computed(_), JobState::Revealed) => match seen.batch {
            Some(BatchStanding::Final) => Step::Settle,
            Some(BatchStanding::Fallen) => Step::Close("overturned"),
            None | Some(BatchStanding::Unposted | BatchStanding::Open { .. }) => Step::Wait,
        },
    }
}

/// A place in a batch, and its reveal while others have time to ask about it.
fn place(computed: &Computed, seen: &Seen) -> Step {
    match seen.batch {
        None if computed.batch.is_none() => Step::Queue,
        None | Some(BatchStanding::Unposted) => Step::Wait,
        Some(BatchStanding::Fallen) => Step::Close("overturned"),
        Some(BatchStanding::Open { reveal_until }) if seen.now <= reveal_until => Step::Reveal,
        Some(_) if computed.passed.saturating_add(1) < MOST_BATCHES => Step::Repost,
        Some(_) => Step::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Terms;
    use alloy_primitives::B256;
    use utnet_bindings::signed::JobSpec;
    use utnet_jobs::merkle::Leaf;
    use utnet_primitives::JobId;

    fn job(progress: JobProgress) -> JobRecord {
        let spec = JobSpec { deadline: 100, ..crate::testing::spec() };
        JobRecord { id: JobId(B256::repeat_byte(1)), spec, progress, terms: Terms::Job }
    }

    fn computed(batch: Option<u64>, passed: u8) -> JobRecord {
        let leaf = Leaf { job: JobId::default(), result_root: B256::ZERO, steps: 1 };
        let fresh = Computed::new(leaf, B256::ZERO);
        job(JobProgress::Computed(Computed { batch, passed, ..fresh }))
    }

    fn seen(state: JobState) -> Seen {
        Seen { state, now: Seconds(50), has_files: true, is_running: false, batch: None }
    }

    fn standing(state: JobState, batch: BatchStanding) -> Seen {
        Seen { batch: Some(batch), ..seen(state) }
    }

    const fn open(reveal_until: u64) -> BatchStanding {
        BatchStanding::Open { reveal_until: Seconds(reveal_until) }
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
    fn a_result_is_committed_then_posted_then_revealed_with_its_place_then_settled() {
        let fresh = computed(None, 0);
        assert_eq!(next_step(&fresh, &seen(JobState::Open)), Step::Commit);
        assert_eq!(next_step(&fresh, &seen(JobState::Committed)), Step::Queue);

        let placed = computed(Some(0), 0);
        let committed = |batch| next_step(&placed, &standing(JobState::Committed, batch));
        assert_eq!(committed(BatchStanding::Unposted), Step::Wait);
        assert_eq!(committed(open(50)), Step::Reveal);
        let revealed = |batch| next_step(&placed, &standing(JobState::Revealed, batch));
        assert_eq!(revealed(open(50)), Step::Wait);
        assert_eq!(revealed(BatchStanding::Final), Step::Settle);
        assert_eq!(revealed(BatchStanding::Fallen), Step::Close("overturned"));
    }

    #[test]
    fn a_place_that_it_is_too_late_to_reveal_is_given_up_for_another_a_few_times() {
        for batch in [open(49), BatchStanding::Final] {
            let late = standing(JobState::Committed, batch);
            assert_eq!(next_step(&computed(Some(0), 0), &late), Step::Repost);
            assert_eq!(next_step(&computed(Some(9), MOST_BATCHES - 1), &late), Step::Wait);
        }
        let fallen = standing(JobState::Committed, BatchStanding::Fallen);
        assert_eq!(next_step(&computed(Some(0), 0), &fallen), Step::Close("overturned"));
    }

    #[test]
    fn nothing_is_done_after_the_deadline_unless_it_was_revealed() {
        let late = |state| Seen { now: Seconds(101), ..standing(state, BatchStanding::Final) };
        let placed = computed(Some(0), 0);
        assert!(matches!(next_step(&placed, &late(JobState::Open)), Step::Close(_)));
        assert!(matches!(next_step(&placed, &late(JobState::Committed)), Step::Close(_)));
        assert_eq!(next_step(&placed, &late(JobState::Revealed)), Step::Settle);
    }

    #[test]
    fn a_job_that_a_reorganisation_took_away_waits() {
        assert_eq!(next_step(&computed(None, 0), &seen(JobState::None)), Step::Wait);
    }
}
