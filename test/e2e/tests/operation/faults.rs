//! Faults on demand, on a chain whose chips seal.

use super::process::{Node, found, number, text};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Blocks until the draw, which reads the line of an epoch ago, finds chips that were registered.
const FIRST: u64 = 30;
/// Blocks in which each of two chips is drawn, but for a chance of 1 in 2^24; so few that nobody is
/// suspended yet because no worker proves that the chips are there.
const MANY: u64 = 24;

/// A node with two chips of one operator, whose power is on the line; the first has the VRF key.
fn sealing() -> Result<(Node, tempfile::TempDir, Vec<Value>)> {
    let folder = tempfile::tempdir()?;
    let (chips, batch) = (folder.path().join("chips"), folder.path().join("batch.json"));
    let (chips, batch) = (text(&chips)?, text(&batch)?);
    let made = found(&["chip", "new", "--dir", chips, "--count", "2"])?;
    let node = Node::under_poci(&["--faults", "--chips", chips])?;
    let url = node.url();
    let utnet = |args: &[&str]| found(&[&["--rpc", &url], args].concat());
    let vendor = utnet(&["key", "address", "--from", "dev:0"])?;
    let vendor = vendor["address"].as_str().context("it is text")?.to_owned();
    utnet(&["vendor", "batch", "--chips", chips, "--vendor", &vendor, "--out", batch])?;
    utnet(&["vendor", "post", "--batch", batch, "--from", "dev:0"])?;
    utnet(&["chip", "register", "--chips", chips, "--batch", batch, "--from", "dev:1"])?;
    node.ask("anvil_mine", json!([FIRST]))?;
    let ids = made["chips"].as_array().context("they are listed")?.clone();
    Ok((node, folder, ids))
}

/// Who would make the next blocks: chips, or null for the genesis sealer. The blocks are taken back.
fn producers(node: &Node) -> Result<Vec<Value>> {
    let before = node.height()?;
    let snapshot = node.ask("evm_snapshot", json!([]))?;
    node.ask("anvil_mine", json!([MANY]))?;
    let chip = |height| -> Result<Value> {
        let draw = node.ask("utn_draw", json!([height]))?;
        ensure!(number(&draw["height"])? == height, "{draw}");
        Ok(draw["chip"].clone())
    };
    let chips = (before + 1..=before + MANY).map(chip).collect();
    ensure!(node.ask("evm_revert", json!([snapshot]))? == true);
    chips
}

#[test]
fn a_dropped_chip_makes_no_blocks_until_it_is_found_again() -> Result<()> {
    let (node, _folder, chips) = sealing()?;
    let both = producers(&node)?;
    ensure!(both.contains(&chips[0]) && both.contains(&chips[1]), "{both:?}");

    node.ask("utn_faultDropChip", json!([chips[1], true]))?;
    let without = producers(&node)?;
    node.ask("utn_faultDropChip", json!([chips[1], false]))?;
    let again = producers(&node)?;

    ensure!(without.contains(&chips[0]) && !without.contains(&chips[1]), "{without:?}");
    let turn = both.iter().position(|chip| *chip == chips[1]).context("it was drawn")?;
    ensure!(without[..turn] == both[..turn], "nothing changes before its turn");
    ensure!(again == both, "the same draws have the same outcome: {again:?} {both:?}");
    Ok(())
}

#[test]
fn without_the_chip_that_speaks_for_its_operator_the_genesis_sealer_steps_in() -> Result<()> {
    let (node, _folder, chips) = sealing()?;
    let before = producers(&node)?;

    node.ask("utn_faultDropChip", json!([chips[0]]))?;

    ensure!(!before.contains(&Value::Null), "{before:?}");
    ensure!(producers(&node)?.iter().all(Value::is_null));
    Ok(())
}
