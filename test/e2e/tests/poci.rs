//! Plays proofs of availability, challenges and evidence with the real node and workers.

use anyhow::{Result, ensure};
use e2e::stories::{python, stage};

/// Plays a script of `tools` in a folder of its own; it must end with these words.
fn play(script: &str, end: &str) -> Result<()> {
    let _alone = stage();
    let folder = tempfile::tempdir()?;
    let path = folder.path().display().to_string();

    let said = python(&format!("test/e2e/tools/{script}"), &[&path])?;

    eprintln!("{said}");
    ensure!(said.ends_with(end), "{said}");
    Ok(())
}

#[test]
fn who_opens_nothing_or_a_false_leaf_earns_nothing_and_is_suspended_or_slashed() -> Result<()> {
    play("openings.py", "only what is opened is rewarded")
}

#[test]
fn a_challenged_chip_answers_and_one_that_is_away_is_suspended_and_pays_the_challenger()
-> Result<()> {
    play("challenges.py", "answered, suspended, answered late")
}

#[test]
fn a_chip_that_attests_twice_or_seals_two_blocks_of_one_height_is_slashed() -> Result<()> {
    play("evidence.py", "both liars slashed")
}

#[test]
fn a_chip_that_leaves_and_a_stake_that_is_taken_back_are_their_operator_s_money_again() -> Result<()>
{
    play("leaving.py", "bond and stake are back")
}

#[test]
fn a_worker_learns_from_the_chain_how_long_its_epochs_are() -> Result<()> {
    play("epochs.py", "proven and opened in epochs of 32 blocks")
}

#[test]
fn a_large_fleet_is_registered_proven_and_opened_for_at_most_this_much_gas() -> Result<()> {
    play("fleet.py", "chips proven and opened")
}
