//! Breaks the relayer in every place that can break, and counts what reached the escrow.

use crate::support::{
    account, answer, chain, clock, end, escrow, is_question, key, operator, outbox, ratings,
    relayer, reveal, sealed,
};
use std::{sync::Arc, time::Duration};
use utnet_bindings::RpoiEscrow::pokeCall;
use utnet_client::{
    CallRequest, Dispatcher, Intent, IntentKey, ManualClock, Outbox, Policy,
    simulation::{Faults, RecordingChain},
};
use utnet_messages::{InboxMessage, Sealed, SecretKey};
use utnet_relayer::{NotAccepted, ProcessError, Progress, Relayer};

struct World {
    chain: RecordingChain,
    clock: ManualClock,
    secret: SecretKey,
    outbox: Outbox,
}

impl World {
    fn new(faults: Faults) -> Self {
        Self {
            chain: chain(faults),
            clock: clock(),
            secret: SecretKey::generate(),
            outbox: outbox(),
        }
    }

    fn relayer(&self) -> Relayer<RecordingChain> {
        relayer(&self.chain, &self.clock, &self.secret, &self.outbox)
    }

    fn seal(&self, message: &InboxMessage) -> Sealed {
        sealed(message, &self.secret.public())
    }

    fn state(&self, sealed: &Sealed) -> (String, Option<String>) {
        let view = self.relayer().view(sealed.id()).expect("readable").expect("known");
        (view.state.to_owned(), view.reason)
    }

    /// One life of the process: it checks one message, sends what is due, and dies.
    async fn live(&self) {
        let relayer = self.relayer();
        if let Err(error) = relayer.process_next().await {
            assert!(matches!(error, ProcessError::Chain(_)), "{error}");
        }
        let dispatcher = Dispatcher::start(
            &self.outbox,
            self.chain.clone(),
            account(),
            Arc::new(self.clock.clone()),
            Policy::default(),
        );
        let Ok(mut dispatcher) = dispatcher.await else { return };
        self.chain.turn(&mut dispatcher).await;
    }

    async fn run_to_the_end(&self) {
        for turn in 0.. {
            assert!(turn < 500, "still at work: {:?}", self.outbox.active());
            self.live().await;
            self.clock.advance(Duration::from_secs(1));
            self.chain.mine();
            let is_idle = self.relayer().inbox().waiting().expect("readable") == 0;
            if is_idle && self.outbox.active().expect("readable").is_empty() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn both_halves_reach_the_escrow() {
    let world = World::new(Faults::default());
    let message = ratings(1, &operator());
    let sealed = world.seal(&message);
    world.relayer().receive(&sealed).expect("good");
    assert_eq!(world.state(&sealed).0, "received");

    world.run_to_the_end().await;

    assert_eq!(world.state(&sealed).0, "mined");
    let [executed] = world.chain.executed().try_into().expect("one transaction");
    assert_eq!(executed.to, escrow().address.into());
    assert_eq!(executed.input, message.to_calldata());
}

#[tokio::test]
async fn a_half_that_no_party_signed_is_rejected_and_costs_nothing() {
    let world = World::new(Faults::default());
    let sealed = world.seal(&ratings(1, &key(9)));
    world.relayer().receive(&sealed).expect("good form");

    world.run_to_the_end().await;

    let (state, reason) = world.state(&sealed);
    assert_eq!(state, "rejected");
    assert!(reason.expect("given").contains("operatorSignature"));
    assert!(world.chain.executed().is_empty());
}

#[tokio::test]
async fn a_rental_that_the_escrow_does_not_know_is_rejected_by_name() {
    let world = World::new(Faults::default());
    let sealed = world.seal(&end(200));
    world.relayer().receive(&sealed).expect("good form");
    world.run_to_the_end().await;
    let (state, reason) = world.state(&sealed);
    assert_eq!((state.as_str(), reason.expect("given").contains("rental")), ("rejected", true));
}

#[tokio::test]
async fn only_what_opens_a_commitment_is_submitted_as_a_reveal() {
    let world = World::new(Faults::default());
    let (right, wrong) = (world.seal(&reveal(1, 90)), world.seal(&reveal(1, 89)));
    world.relayer().receive(&wrong).expect("good form");
    world.relayer().receive(&right).expect("good form");
    world.run_to_the_end().await;
    assert_eq!(world.state(&wrong).0, "rejected");
    assert_eq!(world.state(&right).0, "mined");
    assert_eq!(world.chain.executed().len(), 1);
}

#[tokio::test]
async fn a_word_that_came_too_early_may_be_sent_again() {
    let world = World::new(Faults::default());
    let too_early = |request: &CallRequest| {
        if is_question(request) { answer(request) } else { Err("execution reverted".to_owned()) }
    };
    world.chain.answer_calls(too_early);
    let (first, second) = (world.seal(&end(1)), world.seal(&end(1)));
    world.relayer().receive(&first).expect("good");
    world.run_to_the_end().await;
    assert_eq!(world.state(&first).0, "failed");

    world.chain.answer_calls(answer);
    world.relayer().receive(&second).expect("good");
    world.run_to_the_end().await;

    assert_eq!(world.state(&second).0, "mined");
    assert_eq!(world.chain.executed().len(), 1);
}

#[tokio::test]
async fn one_word_sealed_twice_is_one_transaction() {
    let world = World::new(Faults::default());
    let (first, second) = (world.seal(&end(1)), world.seal(&end(1)));
    assert_ne!(first.id(), second.id());
    for sealed in [&first, &second, &first] {
        world.relayer().receive(sealed).expect("good");
    }
    world.run_to_the_end().await;
    assert_eq!(world.chain.executed().len(), 1);
    assert_eq!(world.state(&first).0, "mined");
    assert_eq!(world.state(&second).0, "mined");
}

#[tokio::test]
async fn a_message_for_another_relayer_is_not_accepted() {
    let world = World::new(Faults::default());
    let elsewhere = sealed(&end(1), &SecretKey::generate().public());
    let refused = world.relayer().receive(&elsewhere);
    assert!(matches!(refused, Err(NotAccepted::Unreadable(_))));
    assert_eq!(world.relayer().process_next().await.expect("idle"), Progress::Idle);
}

#[tokio::test]
async fn a_full_inbox_says_so() {
    let world = World::new(Faults::default());
    for _ in 0..20 {
        world.relayer().receive(&world.seal(&end(1))).expect("room");
    }
    let refused = world.relayer().receive(&world.seal(&end(1)));
    assert!(matches!(refused, Err(NotAccepted::Full { waiting: 20 })));
}

#[tokio::test]
async fn whatever_breaks_each_accepted_message_is_submitted_exactly_once() {
    for seed in 0..25 {
        let faults =
            Faults { seed, lost_requests: 10, lost_answers: 15, crashes: 15, forgotten: 10 };
        let world = World::new(faults);
        let messages: Vec<_> = (1..=8).map(end).collect();
        for message in &messages {
            world.relayer().receive(&world.seal(message)).expect("good");
            world.live().await;
            if seed % 3 == 0 {
                world.chain.mine();
                world.chain.reorganise(1, seed % 2 == 0);
            }
        }
        world.run_to_the_end().await;
        let executed: Vec<_> = world.chain.executed().into_iter().map(|done| done.input).collect();
        let expected: Vec<_> = messages.iter().map(InboxMessage::to_calldata).collect();
        assert_eq!(executed, expected, "SEED={seed}");
    }
}

#[tokio::test]
async fn the_oldest_submitted_messages_are_forgotten_with_their_transactions() {
    let world = World::new(Faults::default());
    let messages: Vec<_> = (1..=5).map(|number| world.seal(&end(number))).collect();
    for message in &messages {
        world.relayer().receive(message).expect("good");
        world.run_to_the_end().await;
    }

    let is_known = |sealed: &Sealed| world.relayer().view(sealed.id()).expect("readable").is_some();
    let known: Vec<_> = messages.iter().map(is_known).collect();

    // There is room for three.
    assert_eq!(known, [false, false, true, true, true]);
    assert_eq!(world.chain.executed().len(), 5);
}

/// A party may seal its one word again and again, for free: each time it was remembered for ever.
#[tokio::test]
async fn one_word_that_is_sealed_again_and_again_takes_no_more_room() {
    let world = World::new(Faults::default());
    let mut last = None;
    for _ in 0..8 {
        let sealed = world.seal(&end(1));
        world.relayer().receive(&sealed).expect("good");
        world.live().await;
        last = Some(sealed);
    }
    world.run_to_the_end().await;

    assert_eq!(world.state(&last.expect("eight")).0, "mined");
    assert_eq!(world.chain.executed().len(), 1);
}

#[tokio::test]
async fn a_relayer_that_gets_nothing_through_takes_no_more_on() {
    let world = World::new(Faults::default());
    let intent = Intent::call(escrow().address, &pokeCall { rental: Default::default() });
    let txn = world.outbox.database().begin_write().expect("in memory");
    for number in 0..1_024_u64 {
        let key = IntentKey::of(&[&number.to_be_bytes()]);
        world.outbox.enqueue_in(&txn, key, &intent).expect("stored");
    }
    txn.commit().expect("in memory");
    let sealed = world.seal(&end(1));
    world.relayer().receive(&sealed).expect("there is room for it");

    let progress = world.relayer().process_next().await.expect("nothing fails");

    assert_eq!(progress, Progress::Idle);
    assert_eq!(world.state(&sealed).0, "received");
}
