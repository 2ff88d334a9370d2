//! Breaks the outbox in every place that can break, and counts what the chain executed.

mod nonces;
mod refusals;

use super::*;
use crate::{
    Chain, Fees, ManualClock,
    simulation::{Faults, RecordingChain},
};
use alloy_primitives::{B256, Bytes, TxKind, U256};
use alloy_signer_local::PrivateKeySigner;
use std::time::Duration;
use utnet_primitives::{Gas, Height, Seconds};

const CHAIN_ID: u64 = 31_337;

/// In wei.
const ONE: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// A sender, its chain and its clock; the sender may die and come back.
struct World {
    chain: RecordingChain,
    clock: ManualClock,
    outbox: Outbox,
    signer: PrivateKeySigner,
    policy: Policy,
}

impl World {
    fn new(faults: Faults) -> Self {
        let signer = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).expect("in the group");
        Self {
            chain: RecordingChain::new(CHAIN_ID, faults),
            clock: ManualClock::at(Seconds(1_000)),
            outbox: Outbox::in_memory(signer.address()).expect("in memory"),
            signer,
            policy: Policy::default(),
        }
    }

    fn enqueue(&self, number: u8) -> IntentKey {
        let key = key(number);
        self.outbox.enqueue(key, &intent(number)).expect("stored");
        key
    }

    async fn dispatcher(&self) -> Dispatcher<RecordingChain> {
        loop {
            let clock = Arc::new(self.clock.clone());
            let started = Dispatcher::start(
                &self.outbox,
                self.chain.clone(),
                self.signer.clone(),
                clock,
                self.policy,
            );
            match started.await {
                Ok(dispatcher) => return dispatcher,
                Err(error) => assert!(error.is_retryable(), "{error}"),
            }
        }
    }

    /// One turn of a sender that dies when the chain says so; what it had in memory is gone then.
    async fn turn(&self) {
        self.chain.turn(&mut self.dispatcher().await).await;
    }

    /// The oldest intent that is under way.
    fn flight(&self) -> Flight {
        let (_, entry) = self.outbox.active().expect("readable").remove(0);
        let Stage::InFlight(flight) = entry.stage else { panic!("{entry:?}") };
        flight
    }

    /// A sender of the same account, on the same chain, with an outbox of its own, that was faster: ours is forgotten.
    async fn is_overtaken(&self) {
        self.chain.forget_pool();
        let stranger = Self { chain: self.chain.clone(), ..Self::new(Faults::default()) };
        stranger.enqueue(7);
        stranger.turn().await;
        self.chain.mine();
    }

    /// Turns and blocks until everything is final.
    async fn run_to_the_end(&self) {
        for _ in 0..600 {
            self.turn().await;
            self.clock.advance(Duration::from_secs(1));
            self.chain.mine();
            if self.outbox.active().expect("readable").is_empty() {
                return;
            }
        }
        panic!("still active: {:?}", self.outbox.active());
    }

    fn status(&self, key: IntentKey) -> Status {
        self.outbox.status(key).expect("readable").expect("stored")
    }

    /// Numbers of the executed intents, in the order of execution.
    fn executed(&self) -> Vec<u8> {
        let own = self.chain.executed().into_iter().filter(|done| !done.input.is_empty());
        own.map(|done| done.input[0]).collect()
    }
}

fn key(number: u8) -> IntentKey {
    IntentKey::of(&[b"test", &[number]])
}

fn intent(number: u8) -> Intent {
    Intent {
        to: TxKind::Call(Address::repeat_byte(0xaa)),
        value: U256::ZERO,
        input: Bytes::copy_from_slice(&[number]),
        gas: Some(Gas(50_000)),
    }
}

#[tokio::test]
async fn an_intent_is_sent_mined_and_final() {
    let world = World::new(Faults::default());
    let key = world.enqueue(1);
    assert_eq!(world.status(key), Status::Queued);

    world.turn().await;
    assert!(matches!(world.status(key), Status::Sent { .. }));
    world.chain.mine();
    world.turn().await;
    assert!(matches!(world.status(key), Status::Mined { is_final: false, .. }));
    world.run_to_the_end().await;

    assert!(matches!(world.status(key), Status::Mined { is_final: true, .. }));
    assert_eq!(world.executed(), [1]);
}

#[tokio::test]
async fn the_same_key_twice_is_sent_once() {
    let world = World::new(Faults::default());
    world.enqueue(1);
    world.enqueue(1);
    world.run_to_the_end().await;
    world.enqueue(1);
    world.run_to_the_end().await;
    assert_eq!(world.executed(), [1]);
}

#[tokio::test]
async fn one_key_cannot_name_two_intents() {
    let world = World::new(Faults::default());
    world.enqueue(1);
    let refused = world.outbox.enqueue(key(1), &intent(2));
    assert!(matches!(refused, Err(OutboxError::OtherIntent { .. })));
}

#[tokio::test]
async fn restart_between_send_and_note_does_not_send_twice() {
    let world = World::new(Faults { crashes: 100, ..Faults::default() });
    world.enqueue(1);
    world.enqueue(2);

    world.turn().await;
    let flight = world.flight();
    assert_eq!(flight.latest().offered_at, None);
    assert_eq!(world.chain.pooled(), 1);
    world.run_to_the_end().await;

    assert_eq!(world.executed(), [1, 2]);
}

#[tokio::test]
async fn a_signed_transaction_is_stored_before_it_is_sent() {
    let world = World::new(Faults { lost_requests: 0, crashes: 100, ..Faults::default() });
    world.enqueue(1);
    world.turn().await;
    let flight = world.flight();
    world.chain.mine();
    assert_eq!(world.chain.executed()[0].hash, flight.latest().hash);
}

#[tokio::test]
async fn a_cheap_transaction_gets_higher_fees_after_the_deadline() {
    let world = World::new(Faults::default());
    let key = world.enqueue(1);
    world.turn().await;
    let dear = Fees { base_fee: 10_000_000_000, tip: 1_000_000_000 };
    world.chain.set_fees(dear);
    world.chain.mine();
    assert!(world.executed().is_empty());

    world.clock.advance(Duration::from_secs(15));
    world.turn().await;

    let flight = world.flight();
    let [first, second] = flight.attempts.as_slice() else { panic!("{flight:?}") };
    assert!(second.max_fee * 10 >= first.max_fee * 11);
    assert!(second.tip * 10 >= first.tip * 11);
    world.run_to_the_end().await;
    assert!(matches!(world.status(key), Status::Mined { .. }));
    assert_eq!(world.executed(), [1]);
}

#[tokio::test]
async fn fees_never_rise_above_the_ceiling() {
    let mut world = World::new(Faults::default());
    world.policy.most_fee = 3_500_000_000;
    world.enqueue(1);
    world.turn().await;
    world.chain.set_fees(Fees { base_fee: 10_000_000_000, tip: 1_000_000_000 });
    for _ in 0..100 {
        world.clock.advance(Duration::from_secs(10));
        world.turn().await;
    }
    let flight = world.flight();
    assert!(flight.attempts.iter().all(|attempt| attempt.max_fee <= 3_500_000_000));
}

#[tokio::test]
async fn a_transaction_that_the_pool_forgot_is_sent_again() {
    let world = World::new(Faults::default());
    world.enqueue(1);
    world.turn().await;
    world.chain.forget_pool();
    world.run_to_the_end().await;
    assert_eq!(world.executed(), [1]);
}

#[tokio::test]
async fn a_reorganisation_that_loses_a_transaction_gets_it_again() {
    let world = World::new(Faults::default());
    let key = world.enqueue(1);
    world.turn().await;
    world.chain.mine();
    world.turn().await;
    assert!(matches!(world.status(key), Status::Mined { is_final: false, .. }));

    world.chain.reorganise(1, true);
    world.turn().await;
    assert!(matches!(world.status(key), Status::Sent { .. }));
    world.run_to_the_end().await;

    assert_eq!(world.executed(), [1]);
}

#[tokio::test]
async fn an_intent_that_would_revert_is_refused_without_a_nonce() {
    let world = World::new(Faults::default());
    world.chain.answer_calls(|_request| Err("execution reverted".to_owned()));
    let bad = key(9);
    world.outbox.enqueue(bad, &Intent { gas: None, ..intent(9) }).expect("stored");
    let good = world.enqueue(1);
    world.run_to_the_end().await;

    let refused = world.status(bad);
    let Status::Failed { failure: Failure::WouldRevert { .. }, is_final: true } = refused else {
        panic!("{refused:?}")
    };
    assert!(matches!(world.status(good), Status::Mined { .. }));
    assert_eq!(world.chain.executed()[0].nonce, 0);
}

#[tokio::test]
async fn a_refused_intent_may_be_tried_again() {
    let world = World::new(Faults::default());
    world.chain.answer_calls(|_request| Err("execution reverted".to_owned()));
    world.outbox.enqueue(key(1), &Intent { gas: None, ..intent(1) }).expect("stored");
    world.run_to_the_end().await;
    world.chain.answer_calls(|_request| Ok(Bytes::new()));

    assert_eq!(world.outbox.retry(key(1)).expect("known"), Status::Queued);
    world.run_to_the_end().await;

    assert_eq!(world.executed(), [1]);
}

#[tokio::test]
async fn an_outbox_stays_with_its_chain() {
    let world = World::new(Faults::default());
    drop(world.dispatcher().await);
    let elsewhere = RecordingChain::new(1, Faults::default());
    let clock = Arc::new(world.clock.clone());
    let moved =
        Dispatcher::start(&world.outbox, elsewhere, world.signer.clone(), clock, Policy::default());
    let refused = moved.await.expect_err("another chain");
    assert!(matches!(refused, OutboxError::Storage(StorageError::OtherChain { .. })));
}

#[tokio::test]
async fn an_account_has_one_dispatcher_at_a_time() {
    let world = World::new(Faults::default());
    let _first = world.dispatcher().await;
    let clock = Arc::new(world.clock.clone());
    let second = Dispatcher::start(
        &world.outbox,
        world.chain.clone(),
        world.signer.clone(),
        clock,
        Policy::default(),
    );
    assert!(matches!(second.await, Err(OutboxError::AlreadyDriven { .. })));
}

#[tokio::test]
async fn settle_returns_when_the_receipt_is_there() {
    let world = World::new(Faults::default());
    let key = world.enqueue(1);
    let mut dispatcher = world.dispatcher().await;
    let chain = world.chain.clone();
    let miner = async move {
        loop {
            chain.mine();
            tokio::task::yield_now().await;
        }
    };
    let status = tokio::select! {
        status = dispatcher.settle(key) => status.expect("no faults"),
        () = miner => panic!("never ends"),
    };
    assert!(matches!(status, Status::Mined { .. }));
}

/// Everything breaks at once: lost requests, lost answers, deaths, forgetful pools, reorganisations.
#[tokio::test]
async fn whatever_breaks_everything_is_executed_exactly_once_and_in_order() {
    let all: Vec<u8> = (1..=12).collect();
    for seed in seeds() {
        let faults =
            Faults { seed, lost_requests: 8, lost_answers: 15, crashes: 15, forgotten: 15 };
        let world = World::new(faults);
        for (turn, number) in all.iter().enumerate() {
            world.enqueue(*number);
            world.turn().await;
            world.clock.advance(Duration::from_secs(2));
            if turn % 3 != 0 {
                world.chain.mine();
            }
            if turn % 5 == 4 {
                world.chain.reorganise(1, seed.is_multiple_of(2));
            }
        }
        world.run_to_the_end().await;
        assert_eq!(world.executed(), all, "SEED={seed}");
        let fillers = world.chain.executed().len() - all.len();
        assert_eq!(fillers, 0, "SEED={seed}");
    }
}

#[tokio::test]
async fn a_database_on_disk_resumes_where_the_process_died() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("outbox.redb");
    let mut world = World::new(Faults { crashes: 100, ..Faults::default() });
    for number in 1..=3 {
        // The file is closed and opened again, as after a kill.
        world.outbox = Outbox::in_memory(world.signer.address()).expect("in memory");
        let db = Arc::new(Database::create(&path).expect("a file of our own"));
        world.outbox = Outbox::open(db, world.signer.address()).expect("a new outbox");
        world.enqueue(number);
        world.turn().await;
        world.chain.mine();
    }
    world.run_to_the_end().await;
    assert_eq!(world.executed(), [1, 2, 3]);
}

#[test]
fn a_step_depends_on_nothing_but_its_arguments() {
    let attempt = Attempt {
        hash: B256::ZERO,
        raw: Bytes::new(),
        max_fee: 100,
        tip: 10,
        purpose: Purpose::Intent,
        sent_at: Some(Seconds(100)),
        offered_at: Some(Seconds(100)),
    };
    let flight = |attempt: Attempt| Flight::new(5, Gas(1), attempt);
    let entry = |flight| Entry { sequence: 0, intent: intent(1), stage: Stage::InFlight(flight) };
    let policy = Policy::default();
    let step = |entry: &Entry, mined_nonce, now| {
        next_step(key(1), entry, &Seen { mined_nonce, head: Height(9), now }, &policy)
    };
    let sent = entry(flight(attempt.clone()));
    let unsent = entry(flight(Attempt { sent_at: None, offered_at: None, ..attempt }));
    assert_eq!(step(&unsent, 5, Seconds(100)), Step::Send(key(1)));
    assert_eq!(step(&sent, 5, Seconds(101)), Step::Wait);
    assert_eq!(step(&sent, 5, Seconds(105)), Step::Send(key(1)));
    assert_eq!(step(&sent, 5, Seconds(115)), Step::Bump(key(1)));
    assert_eq!(step(&sent, 6, Seconds(101)), Step::Look { key: key(1), gives_up: false });
}

#[test]
fn a_replacement_raises_both_fees_by_ten_percent_rounded_up() {
    let last = Attempt {
        hash: B256::ZERO,
        raw: Bytes::new(),
        max_fee: 11,
        tip: 0,
        purpose: Purpose::Intent,
        sent_at: None,
        offered_at: None,
    };
    let policy = Policy { bump_percent: 1, ..Policy::default() };
    let asked = Fees { base_fee: 0, tip: 0 };
    assert_eq!(policy.bumped(&last, &asked), Some((13, 1)));
}

/// All seeds of the default run, or the one that a failure printed.
fn seeds() -> Vec<u64> {
    #[expect(clippy::disallowed_methods, reason = "SEED=… repeats a failed run")]
    let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    given.map_or_else(|| (0..40).collect(), |seed| vec![seed])
}

#[tokio::test]
async fn the_simulated_chain_links_its_blocks() {
    let chain = RecordingChain::new(CHAIN_ID, Faults::default());
    let (first, second) = (chain.mine(), chain.mine());
    assert_eq!(second.parent_hash, first.hash);
    assert_eq!(chain.head().await.expect("no faults"), second);
}

#[tokio::test]
async fn only_what_is_final_can_be_forgotten() {
    let world = World::new(Faults::default());
    let key = world.enqueue(1);
    let forget = || {
        let txn = world.outbox.database().begin_write().expect("in memory");
        let is_gone = world.outbox.forget_in(&txn, key).expect("readable");
        txn.commit().expect("in memory");
        is_gone
    };
    assert!(!forget());

    world.run_to_the_end().await;

    assert!(forget());
    assert_eq!(world.outbox.status(key).expect("readable"), None);
}
