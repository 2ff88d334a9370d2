//! What is paid after a block's transactions.

use crate::process::{ALICE, Node};
use anyhow::{Result, ensure};
use serde_json::json;

#[test]
fn a_contract_that_ended_and_is_paid_in_the_same_block_has_no_slots() -> Result<()> {
    let node = Node::start(&["--hardfork", "london", "--no-mining"])?;
    let miner = "0x00000000000000000000000000000000000000c0";
    let (zero, one) = (format!("0x{:064x}", 0), format!("0x{:064x}", 1));
    // Ends in favour of its caller.
    node.ask("anvil_setCode", json!([miner, "0x33ff"]))?;
    node.ask("anvil_setStorageAt", json!([miner, "0x0", one]))?;
    node.ask("anvil_setCoinbase", json!([miner]))?;
    node.ask("evm_mine", json!([]))?;
    ensure!(node.ask("eth_getStorageAt", json!([miner, "0x0", "latest"]))? == one);
    node.ask("eth_sendTransaction", json!([{"from": ALICE, "to": miner, "gas": "0x186a0"}]))?;

    node.ask("evm_mine", json!([]))?;

    ensure!(node.ask("eth_getCode", json!([miner, "latest"]))? == "0x");
    ensure!(node.ask("eth_getBalance", json!([miner, "latest"]))? != "0x0", "the reward");
    ensure!(node.ask("eth_getStorageAt", json!([miner, "0x0", "latest"]))? == zero);
    Ok(())
}
