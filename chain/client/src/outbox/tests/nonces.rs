//! Takes nonces away, and the blocks that would tell by whom.

use super::*;

#[tokio::test]
async fn a_nonce_that_a_foreign_transaction_used_is_replaced_once_that_is_final() {
    let world = World::new(Faults::default());
    world.enqueue(1);
    world.turn().await;
    world.is_overtaken().await;
    assert_eq!(world.executed(), [7]);

    world.run_to_the_end().await;

    assert_eq!(world.executed(), [7, 1]);
}

/// A node that removes blocks refuses to tell of a transaction that no kept block has: that used to end every tick.
#[tokio::test]
async fn a_nonce_whose_fate_the_node_has_removed_is_settled_and_not_used_again() {
    let world = World::new(Faults::default());
    let lost = world.enqueue(1);
    world.turn().await;
    for _ in 0..10 {
        world.chain.mine();
    }
    world.chain.prune(Height(5));
    let next = world.enqueue(2);

    world.run_to_the_end().await;

    let failed = world.status(lost);
    let Status::Failed { failure: Failure::OutcomeUnknown { .. }, is_final: true } = failed else {
        panic!("{failed:?}")
    };
    assert!(matches!(world.status(next), Status::Mined { .. }));
    assert_eq!(world.executed(), [1, 2]);
}

#[tokio::test]
async fn a_receipt_that_was_seen_and_then_removed_is_final() {
    let world = World::new(Faults::default());
    let key = world.enqueue(1);
    world.turn().await;
    world.chain.mine();
    world.turn().await;
    for _ in 0..10 {
        world.chain.mine();
    }
    world.chain.prune(Height(5));

    world.run_to_the_end().await;

    assert!(matches!(world.status(key), Status::Mined { is_final: true, .. }));
}

#[tokio::test]
async fn an_earlier_attempt_is_found_though_the_node_cannot_tell_of_the_latest() {
    let world = World::new(Faults::default());
    let key = world.enqueue(1);
    world.turn().await;
    world.clock.advance(Duration::from_secs(15));
    world.chain.set_faults(Faults { forgotten: 100, ..Faults::default() });
    world.turn().await;
    assert_eq!(world.flight().attempts.len(), 2);
    world.chain.prune(Height(1));
    world.chain.mine();

    world.run_to_the_end().await;

    assert!(matches!(world.status(key), Status::Mined { is_final: true, .. }));
}

#[tokio::test]
async fn a_nonce_that_a_reorganisation_gave_back_is_not_given_up() {
    let world = World::new(Faults::default());
    world.enqueue(1);
    world.turn().await;
    world.is_overtaken().await;
    world.turn().await;

    world.chain.reorganise(1, true);
    world.turn().await;

    let flight = world.flight();
    assert_eq!((flight.nonce, flight.lost_at), (0, None));
    world.run_to_the_end().await;
    assert_eq!(world.executed(), [1]);
}

#[tokio::test]
async fn a_gap_below_our_nonces_is_filled_with_an_empty_transaction() {
    let world = World::new(Faults::default());
    world.enqueue(1);
    world.run_to_the_end().await;
    world.enqueue(2);
    world.turn().await;
    world.chain.forget_pool();

    world.chain.reorganise(usize::MAX, true);
    world.run_to_the_end().await;

    let executed = world.chain.executed();
    assert_eq!(executed.len(), 2);
    assert!(executed[0].input.is_empty());
    assert_eq!(world.executed(), [2]);
}
