//! Lets hardhat 3 loose on the real node, which it knows as an external network.

use anyhow::{Context, Result, ensure};
use e2e::{Node, hardhat::Project, run};

fn story(flags: &[&str], plain: bool) -> Result<()> {
    let node = Node::with(flags)?;
    let project = Project::new(&["Counter.sol"])?;

    let mut hardhat = project.hardhat(&["run", "scripts/story.js", "--network", "utnet"])?;
    hardhat.env("NODE_URL", node.http());
    if plain {
        hardhat.env("PLAIN_ETHEREUM", "yes");
    }
    let said = run(&mut hardhat)?;

    let address = said.lines().find_map(|line| line.strip_prefix("hardhat: ok "));
    let address = address.with_context(|| format!("the story did not end well\n{said}"))?;
    ensure!(node.cast(&["call", address, "count()(uint256)"])? == "8");
    Ok(())
}

#[test]
fn hardhat_deploys_ignites_and_moves_a_chain_with_poci() -> Result<()> {
    story(&[], false)
}

#[test]
fn hardhat_sets_coinbase_and_randomness_too_where_poci_does_not() -> Result<()> {
    story(&["--no-poci"], true)
}
