//! Rents chips of the operator, and disputes that they were there.

use crate::{
    executed, seeds, storm,
    world::{Desk, World},
};
use alloy_primitives::{B256, U256};
use utnet_bindings::{
    IntervalCourt, JobEscrow, RpoiEscrow,
    states::{DisputeState, RentalState},
};
use utnet_client::simulation::Faults;
use utnet_messages::{Sealed, SecretKey, open_handover};
use utnet_primitives::{RentalId, Seconds};
use utnet_worker::records::{IntervalRecord, JobProgress, JobRecord};

#[tokio::test]
async fn access_is_sealed_once_opens_the_door_while_the_rental_runs_and_never_after() {
    let mut world = World::new(storm(7));
    let desk = Desk::new();
    let key = SecretKey::generate();
    let rental = world.open_rental(&key.public());

    world.play(&desk, 7, |world| world.handover(rental).is_some()).await;
    let (enc, ciphertext) = world.handover(rental).expect("just seen");
    let home = desk.home();
    let access =
        open_handover(&Sealed { enc, ciphertext }, &home.sealing(), rental, home.operator, &key)
            .expect("sealed to us by the operator");

    world.set_rental(rental, RentalState::Active);
    world.play(&desk, 7, |_| desk.doors.find(&access.secret) == Some(rental)).await;
    world.set_rental(rental, RentalState::Ended);
    world.play(&desk, 7, |_| desk.doors.find(&access.secret).is_none()).await;

    assert_eq!(executed::<RpoiEscrow::commitHandoverCall>(&world)[&rental.0], 1);
}

#[tokio::test]
async fn an_operator_whom_nobody_asks_commits_and_reveals_by_itself() {
    let mut world = World::new(storm(9));
    let desk = Desk::new();
    let rental = world.open_rental(&SecretKey::generate().public());
    world.set_rental(rental, RentalState::Ended);

    world.play(&desk, 9, |world| world.commitment(rental) != B256::ZERO).await;
    world.set_rental(rental, RentalState::Revealing);
    world.play(&desk, 9, |world| world.score(rental) != 0).await;

    assert_eq!(world.score(rental), 80);
    assert_eq!(executed::<RpoiEscrow::commitRatingCall>(&world)[&rental.0], 1);
    assert_eq!(executed::<RpoiEscrow::revealCall>(&world)[&rental.0], 1);
}

/// The first offer used to be the only one: with any unknown words of the node the operator lost its bond.
#[tokio::test]
async fn access_is_handed_over_though_the_node_has_a_hiccup() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    world.chain.refuse_next(-32_603, "internal error");
    let rental = world.open_rental(&SecretKey::generate().public());

    world.play(&desk, 0, |world| world.handover(rental).is_some()).await;

    assert_eq!(executed::<RpoiEscrow::commitHandoverCall>(&world)[&rental.0], 1);
}

#[tokio::test]
async fn access_whose_transaction_was_given_up_is_handed_over_with_another() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    world.chain.refuse_next(-32_000, "exceeds block gas limit");
    let rental = world.open_rental(&SecretKey::generate().public());

    world.play(&desk, 0, |world| world.handover(rental).is_some()).await;

    assert_eq!(executed::<RpoiEscrow::commitHandoverCall>(&world)[&rental.0], 1);
    assert_eq!(world.chain.executed().len(), 2, "one of them empty");
}

/// One that the node could tell nothing about used to keep all later ones from their hand-overs.
#[tokio::test]
async fn a_rental_that_fails_does_not_hold_up_the_others() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    let key = SecretKey::generate().public();
    world.announce(RentalId(B256::repeat_byte(4)), &key);
    let rental = world.open_rental(&key);

    world.play(&desk, 0, |world| world.handover(rental).is_some()).await;
}

/// A rental of some seconds used to pay for any number of jobs until it was settled, and those of before went on after that.
#[tokio::test]
async fn a_job_that_its_rental_pays_for_is_begun_while_that_runs_and_at_no_other_time() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    let rental = world.open_rental(&SecretKey::generate().public());
    world.play(&desk, 0, |world| world.handover(rental).is_some()).await;
    let commits = |world: &World| executed::<JobEscrow::commitResultCall>(world).len();

    let early = world.open_rented_job(&desk, 1, rental);
    rounds(&mut world, &desk).await;
    assert_eq!(commits(&world), 0, "before it runs");

    world.set_rental(rental, RentalState::Active);
    world.play(&desk, 0, |world| world.is_paid(early)).await;

    world.set_rental(rental, RentalState::Ended);
    let late = world.open_rented_job(&desk, 2, rental);
    rounds(&mut world, &desk).await;
    world.set_rental(rental, RentalState::Settled);
    rounds(&mut world, &desk).await;
    assert_eq!(commits(&world), 1, "after its end");
    let late = desk.records::<JobRecord>().into_iter().find(|job| job.id.0 == late);
    assert!(matches!(late.expect("noted").progress, JobProgress::Declined { .. }));
}

async fn rounds(world: &mut World, desk: &Desk) {
    for _ in 0..10 {
        world.round(desk).await;
    }
}

/// A running rental with an interval in dispute.
async fn disputed(world: &mut World, desk: &Desk, seed: u64) -> RentalId {
    let rental = world.open_rental(&SecretKey::generate().public());
    world.play(desk, seed, |world| world.handover(rental).is_some()).await;
    world.set_rental(rental, RentalState::Active);
    world.dispute(rental, Seconds(2), Seconds(5));
    rental
}

/// Nobody used to answer: every renter had its whole rent back.
#[tokio::test]
async fn a_disputed_interval_is_contradicted_once_and_a_silent_renter_poked_once_whatever_breaks() {
    for seed in seeds() {
        let mut world = World::new(storm(seed));
        let desk = Desk::new();
        let rental = disputed(&mut world, &desk, seed).await;

        world.play(&desk, seed, |world| world.dispute_state(rental) != DisputeState::Open).await;
        world.play(&desk, seed, |world| world.dispute_state(rental) == DisputeState::None).await;

        let contested = executed::<IntervalCourt::contestCall>(&world);
        assert_eq!(contested[&rental.0], 1, "seed {seed}");
    }
}

#[tokio::test]
async fn an_interval_that_the_registry_knows_as_missed_is_not_contradicted() {
    never_contradicted(0).await;
}

/// The renter disputes before the registry knows; a bond that was sent at once was lost two epochs later.
#[tokio::test]
async fn an_interval_that_the_registry_comes_to_know_as_missed_is_not_contradicted() {
    never_contradicted(2).await;
}

async fn never_contradicted(known_after: u64) {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    world.lose_chips(known_after);
    let rental = disputed(&mut world, &desk, 0).await;

    for _ in 0..300 {
        world.round(&desk).await;
    }

    assert!(executed::<IntervalCourt::contestCall>(&world).is_empty());
    assert_eq!(world.dispute_state(rental), DisputeState::Open);
    let outcomes = desk.records::<IntervalRecord>().into_iter().map(|it| it.outcome);
    assert_eq!(outcomes.collect::<Vec<_>>(), [Some("not contradicted".to_owned())]);
}

/// What the registry does not come to know in time is answered all the same.
#[tokio::test]
async fn an_interval_that_the_registry_knows_too_late_is_contradicted_in_time() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    world.lose_chips(1_000);
    let rental = disputed(&mut world, &desk, 0).await;

    world.play(&desk, 0, |world| world.dispute_state(rental) == DisputeState::Contested).await;
}

#[tokio::test]
async fn a_bond_that_cannot_be_paid_is_told_and_paid_when_it_is_there() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    let rental = disputed(&mut world, &desk, 0).await;
    world.chain.set_balance(U256::from(10));

    for _ in 0..5 {
        world.round(&desk).await;
    }
    assert!(desk.records::<IntervalRecord>().iter().all(|it| it.is_told));
    assert_eq!(world.dispute_state(rental), DisputeState::Open);

    world.chain.set_balance(U256::MAX);
    world.play(&desk, 0, |world| world.dispute_state(rental) == DisputeState::Contested).await;
}
