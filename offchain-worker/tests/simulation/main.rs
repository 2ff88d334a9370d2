//! Plays the worker against a chain in memory that loses requests, answers and processes: everything happens once.

mod chips;
mod rentals;
mod rounds;
mod world;

use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use std::collections::BTreeMap;
use utnet_bindings::{JobEscrow, ResultRollup, states::RequestState};
use utnet_client::simulation::Faults;
use utnet_messages::SecretKey;
use utnet_primitives::{Height, Seconds};
use utnet_worker::records::{
    BatchRecord, CaseRecord, DutyRecord, JobRecord, PostedRecord, TrialRecord,
};
use world::{Desk, LEAST_PRICE, World};

/// Seeds to play; `SEED=n` plays one.
#[expect(clippy::disallowed_methods, reason = "a failing seed is passed back this way")]
fn seeds() -> Vec<u64> {
    match std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => vec![seed],
        None => (1..=12).collect(),
    }
}

fn storm(seed: u64) -> Faults {
    Faults { seed, lost_requests: 6, lost_answers: 10, crashes: 10, forgotten: 10 }
}

/// How often each function was executed for each first argument.
fn executed<T: SolCall>(world: &World) -> BTreeMap<B256, usize> {
    let mut count = BTreeMap::new();
    for done in world.chain.executed() {
        if done.input.starts_with(&T::SELECTOR) {
            let first = B256::from_slice(&done.input[4..36]);
            *count.entry(first).or_default() += 1;
        }
    }
    count
}

#[tokio::test]
async fn every_job_is_committed_revealed_posted_and_settled_once_whatever_breaks() {
    for seed in seeds() {
        let mut world = World::new(storm(seed));
        let desk = Desk::new();
        let jobs = [world.open_job(&desk, 1), world.open_job(&desk, 2), world.open_job(&desk, 3)];

        world.play(&desk, seed, |world| jobs.iter().all(|job| world.is_paid(*job))).await;

        for job in jobs {
            assert_eq!(executed::<JobEscrow::commitResultCall>(&world)[&job], 1, "seed {seed}");
            assert_eq!(executed::<JobEscrow::revealResultCall>(&world)[&job], 1, "seed {seed}");
            assert_eq!(executed::<JobEscrow::settleCall>(&world)[&job], 1, "seed {seed}");
            assert_eq!(world.times_settled(job), 1, "seed {seed}");
        }
    }
}

/// The salt outlives the process: what is opened is what was committed.
#[tokio::test]
async fn every_round_is_committed_and_opened_once_whatever_breaks() {
    for seed in seeds() {
        let mut world = World::new(storm(seed));
        let desk = Desk::with_chips();

        world.play(&desk, seed, |world| world.rounds_opened() >= 4).await;

        let trials = desk.records::<TrialRecord>();
        assert!(trials.len() <= 5, "rounds are forgotten, seed {seed}: {trials:?}");
    }
}

#[tokio::test]
async fn every_bond_is_fetched_back_once() {
    for seed in seeds() {
        let mut world = World::new(storm(seed));
        let desk = Desk::new();
        let job = world.open_job(&desk, 1);

        world.play(&desk, seed, |world| world.is_paid(job) && world.bonds_out() == 0).await;

        let finalised = executed::<ResultRollup::finaliseCall>(&world);
        assert_eq!(finalised.len(), world.batches(), "seed {seed}");
        assert!(finalised.values().all(|times| *times == 1), "seed {seed}");
    }
}

/// A request that lay in the same block as its batch used to be closed as somebody else's, and the leaf fell.
#[tokio::test]
async fn data_that_is_asked_for_in_the_block_of_its_batch_is_served_once() {
    for seed in seeds() {
        let mut world = World::new(storm(seed));
        let desk = Desk::new();
        world.ask_at_once();
        let job = world.open_job(&desk, 1);

        world.play(&desk, seed, |world| world.is_paid(job) && world.bonds_out() == 0).await;
        world.play(&desk, seed, |world| world.requests(RequestState::Open) == 0).await;

        assert_eq!(world.requests(RequestState::Served), world.batches(), "seed {seed}");
    }
}

/// One manifest that was lost used to let all later requests lapse, and their bonds burn.
#[tokio::test]
async fn a_request_that_cannot_be_served_does_not_hold_up_the_others() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    for nonce in 1..=2 {
        let job = world.open_job(&desk, nonce);
        world.play(&desk, 0, |world| world.is_revealed(job)).await;
    }
    let batches = desk.records::<BatchRecord>().into_iter();
    let first = batches.min_by_key(|batch| batch.id).expect("two batches");
    desk.lose(&first.leaves[0].result_root);
    world.ask_at_once();
    world.ask_for_data();

    world.play(&desk, 0, |world| world.requests(RequestState::Served) == 1).await;

    assert_eq!(world.requests(RequestState::Open), 1);
}

#[tokio::test]
async fn a_job_whose_files_never_come_is_left_alone() {
    let mut world = World::new(Faults::default());
    let (desk, elsewhere) = (Desk::new(), Desk::new());
    world.open_job(&elsewhere, 1);

    for _ in 0..20 {
        world.round(&desk).await;
    }

    assert!(world.chain.executed().is_empty());
}

/// The first batch is announced when its places cannot be revealed any more.
#[tokio::test]
async fn a_result_whose_place_is_revealed_too_late_is_posted_again_and_paid() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    world.delay_first_news();
    let job = world.open_job(&desk, 1);

    world.play(&desk, 0, |world| world.is_paid(job) && world.bonds_out() == 0).await;

    assert_eq!(world.batches(), 2);
    assert_eq!(world.times_settled(job), 1);
}

/// Anybody used to have what lies in the store computed, posted and paid for by the worker.
#[tokio::test]
async fn a_strangers_job_that_pays_too_little_is_not_taken() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    world.open_priced_job(&desk, 1, 0);
    world.open_priced_job(&desk, 2, LEAST_PRICE - 1);
    let paid = world.open_priced_job(&desk, 3, LEAST_PRICE);

    world.play(&desk, 0, |world| world.is_paid(paid)).await;

    assert_eq!(executed::<JobEscrow::commitResultCall>(&world).len(), 1);
    assert_eq!(desk.records::<JobRecord>().len(), 1);
}

/// Thousands of jobs whose files never come used to be asked about in every tick, before anything else.
#[tokio::test]
async fn five_thousand_waiting_jobs_cost_no_question_and_hold_up_no_hand_over() {
    let mut world = World::new(Faults::default());
    let (desk, elsewhere) = (Desk::new(), Desk::new());
    world.open_jobs(&elsewhere, 5_000);
    let rental = world.open_rental(&SecretKey::generate().public());

    for _ in 0..5 {
        world.round(&desk).await;
    }

    assert_eq!(desk.records::<JobRecord>().len(), 5_000);
    assert!(world.handover(rental).is_some());
    assert_eq!(world.looks(), 0);
}

/// Whoever might choose the moment of the draw used to choose who sits.
#[tokio::test]
async fn a_committee_that_nobody_draws_is_drawn_once_by_a_worker_whom_it_does_not_concern() {
    let mut world = World::new(storm(3));
    let desk = Desk::new();
    let cases = [1, 2, 3, 4, 5, 6].map(B256::repeat_byte);
    cases.iter().for_each(|subject| world.open_case(*subject));

    world.play(&desk, 3, |world| cases.iter().all(|subject| world.is_drawn(subject))).await;
}

/// The first block that the node had removed used to end every look.
#[tokio::test]
async fn a_worker_that_was_away_longer_than_its_node_keeps_blocks_works_again() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    world.round(&desk).await;
    world.stay_away(50);
    world.chain.prune(Height(40));
    let job = world.open_job(&desk, 1);

    world.play(&desk, 0, |world| world.is_paid(job)).await;
}

#[tokio::test]
async fn what_needs_no_logs_is_done_though_none_can_be_read() {
    let mut world = World::new(Faults::default());
    let desk = Desk::with_chips();
    world.chain.prune(Height(u64::MAX));

    world.play(&desk, 0, |world| world.rounds_opened() >= 1).await;
}

/// All blocks used to be read before anything was done.
#[tokio::test]
async fn after_an_outage_what_is_due_is_done_before_all_blocks_are_read() {
    let mut world = World::new(Faults::default());
    let desk = Desk::with_chips();
    world.round(&desk).await;
    let job = world.open_job(&desk, 1);
    world.stay_away(1_000);

    world.round(&desk).await;

    assert!(desk.records::<TrialRecord>().iter().any(|trial| trial.answer.is_some()));
    assert!(desk.read_up_to() < Some(Height(500)), "{:?}", desk.read_up_to());
    world.play(&desk, 0, |world| world.is_paid(job)).await;
}

#[tokio::test]
async fn what_is_still_open_is_not_forgotten_however_old_it_is() {
    let mut world = World::new(Faults::default());
    let mut desk = Desk::new();
    desk.keep = Seconds(1);
    world.seat(B256::repeat_byte(1));
    world.open_case(B256::repeat_byte(2));
    world.round(&desk).await;

    for _ in 0..700 {
        world.round(&desk).await;
    }

    assert_eq!(desk.records::<DutyRecord>().len(), 1);
    assert_eq!(desk.records::<CaseRecord>().len(), 1);
}

/// Records used to be kept for ever, and all of them were read with every look.
#[tokio::test]
async fn what_is_closed_is_forgotten_after_a_while_and_not_done_again() {
    let mut world = World::new(Faults::default());
    let mut desk = Desk::new();
    desk.keep = Seconds(30);
    let job = world.open_job(&desk, 1);
    world.play(&desk, 0, |world| world.is_paid(job) && world.bonds_out() == 0).await;
    let executed = world.chain.executed().len();

    for _ in 0..700 {
        world.round(&desk).await;
    }

    assert!(desk.records::<JobRecord>().is_empty());
    assert!(desk.records::<BatchRecord>().is_empty());
    assert!(desk.records::<PostedRecord>().is_empty());
    assert_eq!(world.chain.executed().len(), executed);
}
