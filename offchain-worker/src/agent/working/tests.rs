//! Tests who gets a seat, and how often a job is tried.

use super::*;
use crate::{
    compute::{Limits, wasm::WasmError},
    store::BlobError,
    testing::no_torch,
};

const JOB: Purpose = Purpose::Job(JobId(B256::ZERO));
const DUTY: Purpose = Purpose::Duty(B256::ZERO, 0);

fn runtime() -> Arc<Runtime> {
    Arc::new(Runtime::new(Limits::default(), no_torch()).expect("supported"))
}

/// Starts what ends at once with a trouble, and waits for what the bench makes of it.
async fn try_once(bench: &mut Bench, trouble: Trouble) -> Trouble {
    bench.start(JOB, runtime(), async { Err::<Work, _>(trouble) });
    bench.wait().await;
    let (_, outcome) = bench.finished().expect("it has ended");
    outcome.expect_err("a trouble")
}

#[tokio::test]
async fn judgements_and_trials_have_seats_that_jobs_cannot_take() {
    let mut bench = Bench::new(1);
    for purpose in [JOB, DUTY, Purpose::Trial(Epoch(1))] {
        assert!(!bench.is_full(purpose), "{purpose:?} waits for another kind");
        bench.start(purpose, runtime(), std::future::pending::<Result<Work, Trouble>>());
        assert!(bench.is_full(purpose));
    }
}

/// A guest that never ends used to be started again for ever, in the only seat.
#[tokio::test]
async fn a_job_that_was_killed_is_tried_three_times_in_all() {
    let mut bench = Bench::new(1);
    let killed = || Trouble::Refused(Refusal::Wasm(WasmError::Killed));

    let tries = [
        try_once(&mut bench, killed()).await,
        try_once(&mut bench, killed()).await,
        try_once(&mut bench, killed()).await,
    ];

    assert_eq!(tries.each_ref().map(Trouble::is_retryable), [true, true, false]);
    assert_eq!(tries[2].to_string(), "guest was killed: it ran too long; it was tried 3 times");
}

#[tokio::test]
async fn waiting_for_a_file_spends_no_try() {
    let mut bench = Bench::new(1);
    for _ in 0..10 {
        let missing = BlobError::Missing { hash: B256::ZERO };
        let trouble = try_once(&mut bench, Trouble::Refused(missing.into())).await;
        assert!(trouble.is_retryable());
    }
}

#[test]
fn what_every_member_would_find_is_a_finding_and_what_only_this_machine_lacks_is_a_reason() {
    let verdict = |refusal: Refusal| Trouble::Refused(refusal).verdict();
    let trapped = Refusal::Wasm(WasmError::Trapped("unreachable".into()));
    assert_eq!(verdict(trapped), Some(verdict_of(B256::ZERO, 0)));
    let other = Refusal::Environment { what: "kernels", wanted: B256::ZERO, offered: B256::ZERO };
    assert_eq!(verdict(other), Some(CANNOT_RUN));
    assert_eq!(verdict(Refusal::Wasm(WasmError::Killed)), None);
    assert_eq!(Trouble::Panicked.verdict(), Some(CANNOT_RUN));
}
