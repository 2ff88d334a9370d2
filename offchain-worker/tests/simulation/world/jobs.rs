//! Stands for the escrow of jobs and the rollup, and asks the others what is theirs.

use super::{BOND, Batch, Contracts, WINDOW, log, operator};
use crate::rounds::view;
use alloy_primitives::{B256, Bytes, Log, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use utnet_bindings::{JobEscrow, ResultRollup, states::JobState};
use utnet_client::{CallRequest, simulation::Executed};
use utnet_jobs::merkle::{Leaf, climb};
use utnet_primitives::{Tag, tag};
use utnet_worker::agent::Home;

impl Contracts {
    pub(super) fn answer(&self, request: &CallRequest) -> Bytes {
        let input = request.input.as_ref();
        view::<JobEscrow::jobOfCall>(input, |call| self.job(&call.job))
            .or_else(|| view::<ResultRollup::isFinalCall>(input, |call| self.is_final(&call.batch)))
            .or_else(|| view::<ResultRollup::hasFallenCall>(input, |_| false))
            .or_else(|| view::<ResultRollup::postBondCall>(input, |_| BOND))
            .or_else(|| view::<ResultRollup::challengeSecondsCall>(input, |_| WINDOW))
            .or_else(|| view::<ResultRollup::batchOfCall>(input, |call| self.batch(&call.batch)))
            .or_else(|| self.rentals.answer(input, self.rounds.epoch()))
            .or_else(|| self.fleet.answer(input))
            .or_else(|| self.questions.answer(input))
            .or_else(|| self.rounds.answer(input))
            .unwrap_or_default()
    }

    fn job(&self, id: &B256) -> JobEscrow::Job {
        let job = &self.jobs[id];
        JobEscrow::Job {
            state: job.state.into(),
            tolerance: job.spec.tolerance,
            client: job.spec.client,
            worker: job.spec.worker,
            price: job.spec.price,
            deadline: job.spec.deadline,
            index: u32::try_from(job.index).expect("small"),
            word: job.word,
            resultRoot: job.root,
        }
    }

    fn is_final(&self, id: &B256) -> bool {
        self.batches.get(id).is_some_and(|batch| self.now > batch.until)
    }

    fn batch(&self, id: &B256) -> ResultRollup::Batch {
        let batch = &self.batches[id];
        ResultRollup::Batch {
            poster: operator().address(),
            leaves: batch.leaves,
            openDisputes: 0,
            isAtFault: false,
            challengeUntil: batch.until,
            requestUntil: batch.until,
            root: batch.root,
            bond: BOND,
            isBondReturned: batch.is_returned,
            isRewarded: false,
        }
    }

    /// What the contracts would do; what they would refuse makes the test fail.
    pub(super) fn apply(&mut self, executed: &Executed, home: Home) -> Option<Log> {
        let input = executed.input.as_ref();
        if let Ok(call) = JobEscrow::commitResultCall::abi_decode(input) {
            let job = self.jobs.get_mut(&call.job).expect("opened");
            assert_eq!(job.state, JobState::Open, "committed twice");
            (job.state, job.word) = (JobState::Committed, call.commitment);
        } else if let Ok(call) = JobEscrow::revealResultCall::abi_decode(input) {
            self.reveal(&call, home);
        } else if let Ok(call) = JobEscrow::settleCall::abi_decode(input) {
            self.settle(&call);
        } else if let Ok(call) = ResultRollup::postRootCall::abi_decode(input) {
            let log = self.post(&call, home);
            // News that come late.
            if self.batches.len() <= self.late_news {
                self.held.push((self.now + WINDOW, log));
            } else {
                return Some(log);
            }
        } else if let Ok(call) = ResultRollup::finaliseCall::abi_decode(input) {
            assert!(self.is_final(&call.batch), "finalised too early");
            let batch = self.batches.get_mut(&call.batch).expect("posted");
            assert!(!batch.is_returned, "fetched back twice");
            batch.is_returned = true;
        } else {
            self.rentals.apply(executed, home, self.now);
            self.fleet.apply(input);
            self.rounds.apply(input, home.operator);
            self.questions.apply(input);
        }
        None
    }

    fn reveal(&mut self, call: &JobEscrow::revealResultCall, home: Home) {
        let job = self.jobs.get_mut(&call.job).expect("opened");
        assert_eq!(job.state, JobState::Committed, "revealed twice");
        let words = (tag(Tag::ResultCommit), call.resultRoot, call.salt, home.operator, call.job);
        assert_eq!(keccak256(words.abi_encode_params()), job.word, "another result");
        let batch = &self.batches[&call.batch];
        assert!(call.index < U256::from(batch.leaves), "no such place");
        // Too late: the transaction reverts.
        if self.now <= batch.until - WINDOW / 2 {
            job.index = usize::try_from(call.index).expect("small");
            (job.state, job.word, job.root) = (JobState::Revealed, call.batch, call.resultRoot);
        }
    }

    fn post(&mut self, call: &ResultRollup::postRootCall, home: Home) -> Log {
        let id = keccak256(self.batches.len().to_be_bytes());
        let until = self.now + WINDOW;
        let (root, leaves) = (call.root, call.leaves);
        self.batches.insert(id, Batch { root, leaves, until, is_returned: false });
        let event = ResultRollup::RootPosted {
            batch: id,
            poster: home.operator,
            root,
            leaves,
            dataPointer: call.dataPointer.clone(),
            challengeUntil: until,
        };
        log(home.rollup, &event)
    }

    fn settle(&mut self, call: &JobEscrow::settleCall) {
        let named = self.jobs[&call.job].word;
        assert!(self.is_final(&named), "settled too early");
        let batch = &self.batches[&named];
        let leaf = Leaf {
            job: call.leaf.job.into(),
            result_root: call.leaf.resultRoot,
            steps: call.leaf.steps,
        };
        let index = self.jobs[&call.job].index;
        let leaves = usize::try_from(batch.leaves).expect("small");
        assert_eq!(climb(leaf.hash(), index, leaves, &call.path), Some(batch.root), "bad path");
        let job = self.jobs.get_mut(&call.job).expect("opened");
        assert_eq!(job.state, JobState::Revealed, "settled twice");
        job.state = JobState::Paid;
    }
}
