//! Asks for chips, and loses them.

use crate::world::{Desk, World};
use alloy_primitives::B256;
use std::collections::BTreeMap;
use utnet_client::simulation::Faults;
use utnet_primitives::ChipId;
use utnet_worker::records::ChallengeRecord;

/// One that the node could tell nothing about used to keep all later ones from their answers.
#[tokio::test]
async fn a_challenge_that_fails_does_not_hold_up_the_others() {
    let mut world = World::new(Faults::default());
    let desk = Desk::new();
    let (unknown, over) = (ChipId(B256::repeat_byte(1)), ChipId(B256::repeat_byte(2)));
    world.challenge(unknown);
    world.challenge(over);
    world.close_challenge(over);

    for _ in 0..5 {
        world.round(&desk).await;
    }

    let records = desk.records::<ChallengeRecord>().into_iter();
    let outcomes: BTreeMap<_, _> = records.map(|record| (record.chip, record.outcome)).collect();
    assert_eq!(outcomes[&unknown], None);
    assert_eq!(outcomes[&over].as_deref(), Some("over"));
}

/// Dead chips used to stay on the line, and every proof had to name them.
#[tokio::test]
async fn chips_that_are_away_for_too_long_leave_the_line_in_bounded_batches() {
    let mut world = World::new(Faults::default());
    let desk = Desk::with_chips();
    world.register_silent(100);

    world.play(&desk, 0, |world| world.left_the_line().iter().sum::<usize>() == 100).await;

    assert_eq!(world.left_the_line(), [64, 36]);
}
