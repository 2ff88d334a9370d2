//! Plays the owner of a wallet in a real browser: connect, add the network, sign, send, watch.

use anyhow::{Context, Result, ensure};
use e2e::{ALICE, Node, needed};

#[test]
fn a_page_reaches_the_node_through_a_wallet() -> Result<()> {
    needed("node_modules/playwright-core", "npm ci")?;
    let browser = std::path::Path::new("/usr/bin/chromium");
    ensure!(browser.exists(), "{} is missing: apt-get install chromium", browser.display());
    let node = Node::start()?;

    let said = node.script("wallet/story.mjs")?;

    let counter = said.lines().find_map(|line| line.strip_prefix("wallet: ok "));
    let counter = counter.with_context(|| format!("the story did not end well\n{said}"))?;
    ensure!(node.cast(&["call", counter, "count()(uint256)"])? == "7");
    ensure!(node.cast(&["nonce", ALICE])? == "2");
    Ok(())
}
