//! Asks for what contracts refuse, and reads why.

use super::process::{Node, refused};
use anyhow::{Result, ensure};

/// Every refusal used to be called a wrong price.
#[test]
fn a_committee_for_what_nobody_disputes_is_refused_with_the_contracts_reason() -> Result<()> {
    let node = Node::under_poci(&[])?;
    let (url, rental) = (node.url(), format!("0x{}", "01".repeat(32)));

    let words = ["dispute", "appoint", &rental, "--price", "1", "--from", "dev:1"];
    let said = refused(&[&["--rpc", &url], words.as_slice()].concat())?;

    ensure!(said.contains("IntervalCourtWrongState"), "{said}");
    Ok(())
}
