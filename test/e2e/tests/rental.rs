//! Plays whole rentals with the real programs: the story, a crash in its middle, a second one, and those who lie.

use anyhow::{Context, Result, ensure};
use e2e::stories::{python, stage};
use serde_json::Value;
use std::path::Path;

/// One story in a folder; its summary.
fn story(folder: &Path, more: &[&str]) -> Result<Value> {
    let summary = folder.join("summary.json");
    let (datadir, page) = (folder.display().to_string(), summary.display().to_string());
    let mut args = vec!["--once", "--port", "0", "--datadir", &datadir, "--summary", &page];
    args.extend(more);
    python("scripts/story.py", &args)?;
    serde_json::from_slice(&std::fs::read(summary)?).context("the summary is JSON")
}

fn is_complete(summary: &Value) -> Result<()> {
    ensure!(summary["audit"]["isBalanced"] == true, "the books: {}", summary["audit"]);
    ensure!(summary["audit"]["issuedWei"].as_f64() > Some(0.0), "no reward was issued");
    ensure!(summary["audit"]["burnSinkWei"].as_f64() > Some(0.0), "no fee was burned");
    let losses = &summary["losses"];
    ensure!(losses["heldOut"].as_f64() < losses["bigram"].as_f64(), "the losses: {losses}");
    for act in
        ["disputed result", "inference order", "disputed interval", "absent chip", "dataset bought"]
    {
        ensure!(
            summary["acts"][act].is_string(),
            "no outcome of the act {act}: {}",
            summary["acts"]
        );
    }
    for rating in summary["ratings"].as_array().context("ratings are a list")? {
        ensure!(rating["ratings"].as_u64() >= Some(1), "not rated: {rating}");
    }
    Ok(())
}

#[test]
fn a_rental_settles_although_the_chain_is_killed_in_its_middle_and_a_second_one_follows()
-> Result<()> {
    let _alone = stage();
    let folder = tempfile::tempdir()?;

    let first = story(folder.path(), &["--crash"])?;
    let second = story(folder.path(), &[])?;

    is_complete(&first)?;
    is_complete(&second)?;
    ensure!(first["rental"] != second["rental"], "the second story plays a new rental");
    ensure!(first["audit"]["head"].as_u64() < second["audit"]["head"].as_u64(), "one chain");
    Ok(())
}

#[test]
fn a_worker_that_lies_is_caught_by_the_operator_that_is_drawn() -> Result<()> {
    let _alone = stage();
    let folder = tempfile::tempdir()?;

    let said = python("test/e2e/tools/wrong_worker.py", &[&folder.path().display().to_string()])?;

    ensure!(said.contains("caught: Refunded"), "{said}");
    Ok(())
}

#[test]
fn a_worker_that_shows_nothing_of_its_result_loses_it_and_the_client_is_refunded() -> Result<()> {
    let _alone = stage();
    let folder = tempfile::tempdir()?;

    let said = python("test/e2e/tools/withheld_data.py", &[&folder.path().display().to_string()])?;

    ensure!(said.contains("withheld: Refunded"), "{said}");
    Ok(())
}

#[test]
fn a_hand_over_without_an_access_is_punished_and_a_false_complaint_is_too() -> Result<()> {
    let _alone = stage();
    let folder = tempfile::tempdir()?;

    let said = python("test/e2e/tools/bad_handover.py", &[&folder.path().display().to_string()])?;

    ensure!(said.contains("both liars paid"), "{said}");
    Ok(())
}

#[test]
fn an_operator_whose_environment_answers_wrong_loses_its_rewards_until_it_answers_right()
-> Result<()> {
    let _alone = stage();
    let folder = tempfile::tempdir()?;

    let said =
        python("test/e2e/tools/wrong_environment.py", &[&folder.path().display().to_string()])?;

    ensure!(said.contains("suspended, and paid again"), "{said}");
    Ok(())
}

#[test]
fn a_rental_in_a_token_moves_no_coin_and_one_in_coin_stays_below_its_most_gas() -> Result<()> {
    let _alone = stage();
    let folder = tempfile::tempdir()?;

    let said = python("test/e2e/tools/token_rental.py", &[&folder.path().display().to_string()])?;

    ensure!(said.contains("paid in dollars"), "{said}");
    Ok(())
}

#[test]
fn chips_of_an_operator_that_was_silent_are_suspended_and_its_worker_brings_them_back() -> Result<()>
{
    let _alone = stage();
    let folder = tempfile::tempdir()?;

    let said =
        python("test/e2e/tools/silent_operator.py", &[&folder.path().display().to_string()])?;

    ensure!(said.contains("back in service"), "{said}");
    Ok(())
}
