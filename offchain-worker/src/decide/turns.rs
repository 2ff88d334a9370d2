//! Decides which jobs the chain is asked about in one tick: no number of jobs makes a tick slow, and none is passed over
//! for ever.

use crate::records::{JobProgress, JobRecord};
use std::collections::BTreeSet;
use utnet_primitives::{JobId, Seconds};

/// Jobs of each kind that one tick looks at.
const MOST: [usize; 4] = [256, 64, 16, 16];

/// Kinds of jobs that are looked at, the most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Its result must be on the chain before a deadline.
    Pressing,
    /// It waits until its batch is final.
    Settling,
    /// It can be computed.
    Waiting,
    /// Its deadline has passed before it could.
    Late,
}

/// Whose turn it is. Forgotten with the process: then all begin anew.
#[derive(Debug, Default)]
pub struct Turns {
    passed: [BTreeSet<JobId>; 4],
}

impl Turns {
    /// The jobs to look at now. One that waits for its files, or for a seat, is left alone until its deadline has passed.
    pub fn pick(
        &mut self,
        records: Vec<JobRecord>,
        now: Seconds,
        can_start: impl Fn(&JobRecord) -> bool,
    ) -> Vec<JobRecord> {
        let mut lists: [Vec<JobRecord>; 4] = Default::default();
        for record in records {
            if let Some(kind) = kind_of(&record, now, &can_start) {
                lists[kind as usize].push(record);
            }
        }
        let turns = lists.into_iter().zip(&mut self.passed).zip(MOST);
        turns.flat_map(|((list, passed), most)| choose(list, passed, most)).collect()
    }
}

fn kind_of(
    record: &JobRecord,
    now: Seconds,
    can_start: impl Fn(&JobRecord) -> bool,
) -> Option<Kind> {
    match &record.progress {
        JobProgress::Closed { .. } | JobProgress::Declined { .. } => None,
        JobProgress::Computed(done) if done.is_revealed => Some(Kind::Settling),
        JobProgress::Computed(_) => Some(Kind::Pressing),
        JobProgress::Waiting if now > Seconds(record.spec.deadline) => Some(Kind::Late),
        JobProgress::Waiting => can_start(record).then_some(Kind::Waiting),
    }
}

/// Those that were not looked at in this round, the earliest deadline first.
fn choose(mut list: Vec<JobRecord>, passed: &mut BTreeSet<JobId>, most: usize) -> Vec<JobRecord> {
    if list.iter().all(|record| passed.contains(&record.id)) {
        passed.clear();
    }
    list.sort_by_key(|record| (passed.contains(&record.id), record.spec.deadline));
    list.truncate(most);
    passed.extend(list.iter().map(|record| record.id));
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Terms;
    use alloy_primitives::{B256, U256};
    use utnet_bindings::signed::JobSpec;

    fn job(number: u64, deadline: u64) -> JobRecord {
        let spec = JobSpec { deadline, ..crate::testing::spec() };
        let id = JobId(B256::from(U256::from(number)));
        JobRecord { id, spec, progress: JobProgress::Waiting, terms: Terms::Job }
    }

    fn deadlines(picked: &[JobRecord]) -> Vec<u64> {
        picked.iter().map(|record| record.spec.deadline).collect()
    }

    #[test]
    fn of_many_jobs_each_has_its_turn_and_the_earliest_deadline_is_first() {
        let all: Vec<_> = (0..40).map(|number| job(number, 139 - number)).collect();
        let mut turns = Turns::default();
        let mut pick = || turns.pick(all.clone(), Seconds(0), |_| true);
        assert_eq!(deadlines(&pick()), (100..116).collect::<Vec<_>>());
        assert_eq!(deadlines(&pick()), (116..132).collect::<Vec<_>>());
        let last: Vec<_> = (132..140).chain(100..108).collect();
        assert_eq!(deadlines(&pick()), last);
        assert_eq!(deadlines(&pick()), (100..116).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_start_is_left_alone_until_it_is_late() {
        let all = vec![job(1, 10), job(2, 20)];
        let mut turns = Turns::default();
        assert!(turns.pick(all.clone(), Seconds(10), |_| false).is_empty());
        assert_eq!(deadlines(&turns.pick(all, Seconds(11), |_| false)), [10]);
    }

    /// Many late ones used to be looked at first, until the deadlines of others had passed as well.
    #[test]
    fn however_many_are_late_one_that_can_start_has_its_turn() {
        let mut all: Vec<_> = (0..40).map(|number| job(number, 10)).collect();
        all.push(job(40, 20));
        let picked = Turns::default().pick(all, Seconds(11), |_| true);
        assert_eq!(deadlines(&picked)[0], 20);
        assert_eq!(picked.len(), 17);
    }
}
