//! Refuses what is offered, for want of funds and for other reasons.

use super::*;

/// An intent that the account cannot pay used to end every tick: nothing behind it was ever sent.
#[tokio::test]
async fn what_the_account_cannot_pay_waits_and_holds_up_nobody() {
    let world = World::new(Faults::default());
    world.chain.set_balance(ONE);
    let dear = |number| Intent { value: ONE * U256::from(2), ..intent(number) };
    // More than may be in flight at once; half of them the node does not even estimate.
    for number in 100..120 {
        let gas = Some(Gas(50_000)).filter(|_| number % 2 == 0);
        let wanted = Intent { gas, ..dear(number) };
        world.outbox.enqueue(key(number), &wanted).expect("stored");
    }
    let others = [world.enqueue(1), world.enqueue(2)];

    for _ in 0..10 {
        world.turn().await;
        world.chain.mine();
    }
    assert_eq!(world.executed(), [1, 2]);
    assert!(others.iter().all(|key| matches!(world.status(*key), Status::Mined { .. })));
    assert_eq!(world.status(key(100)), Status::Queued);
    assert!(world.chain.executed().iter().map(|done| done.nonce).eq(0..2), "no nonce is lost");

    world.chain.set_balance(ONE * U256::from(3));
    world.run_to_the_end().await;
    assert_eq!(world.executed().len(), 22);
}

#[tokio::test]
async fn who_waits_for_an_intent_hears_that_the_account_cannot_pay() {
    let world = World::new(Faults::default());
    world.chain.set_balance(U256::from(1));
    let key = world.enqueue(1);
    let refused = world.dispatcher().await.settle(key).await.expect_err("too little");
    assert!(refused.to_string().contains("insufficient funds"), "{refused}");
}

#[tokio::test]
async fn a_nonce_whose_transaction_the_pool_refuses_for_want_of_funds_is_given_up() {
    let world = World::new(Faults::default());
    world.chain.set_balance(ONE * U256::from(3));
    let dear = key(9);
    let wanted = Intent { value: ONE * U256::from(2), ..intent(9) };
    world.outbox.enqueue(dear, &wanted).expect("stored");
    world.turn().await;
    world.chain.forget_pool();
    world.chain.set_balance(ONE);
    let next = world.enqueue(1);

    world.run_to_the_end().await;

    let refused = world.status(dear);
    assert!(
        matches!(refused, Status::Failed { failure: Failure::Cancelled { .. }, is_final: true }),
        "{refused:?}"
    );
    assert!(matches!(world.status(next), Status::Mined { .. }));
    assert_eq!(world.executed(), [1]);
}

/// One hiccup of a node used to give the nonce to an empty transaction, and the intent was never sent.
#[tokio::test]
async fn words_that_nobody_knows_are_no_reason_to_give_up() {
    let world = World::new(Faults::default());
    let key = world.enqueue(1);
    world.chain.refuse_next(-32_603, "internal error");

    world.run_to_the_end().await;

    assert!(matches!(world.status(key), Status::Mined { is_final: true, .. }));
    assert_eq!(world.executed(), [1]);
    assert_eq!(world.chain.executed().len(), 1, "no nonce is lost");
}

#[tokio::test]
async fn bytes_that_no_pool_takes_give_their_nonce_away() {
    let world = World::new(Faults::default());
    let bad = world.enqueue(9);
    world.chain.refuse_next(-32_000, "exceeds block gas limit");
    let next = world.enqueue(1);

    world.run_to_the_end().await;

    let failed = world.status(bad);
    assert!(
        matches!(failed, Status::Failed { failure: Failure::Cancelled { .. }, is_final: true }),
        "{failed:?}"
    );
    assert!(matches!(world.status(next), Status::Mined { .. }));
    assert_eq!(world.executed(), [1]);
}
