//! Compiles and deploys the contract of the load.

use crate::{
    http::Client,
    wallet::{Action, sign},
};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

alloy_sol_types::sol! {
    function transfer(address to, uint256 amount) external returns (bool);
    function fill(uint256 slots) external;
    function balanceOf(address account) external view returns (uint256);
    function mark(uint256 topic) external;
}

/// Deploys it from an account whose nonce is zero.
pub(crate) fn deploy(client: &mut Client, key: &PrivateKeySigner) -> Result<Address> {
    let code = compile()?;
    let action = Action { to: TxKind::Create, value: U256::ZERO, input: code, gas: 3_000_000 };
    let hash = client.ask("eth_sendRawTransaction", &json!([sign(key, 0, &action)?]))?;
    client.ask("evm_mine", &json!([]))?;
    let receipt = client.ask("eth_getTransactionReceipt", &json!([hash]))?;
    ensure!(receipt["status"] == "0x1", "the contract was not made: {receipt}");
    Ok(serde_json::from_value(receipt["contractAddress"].clone())?)
}

/// The creation code, from the compiler that the contracts use.
fn compile() -> Result<Bytes> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(here.join("tools/Load.sol"))?;
    let input = json!({
        "language": "Solidity",
        "sources": { "Load.sol": { "content": source } },
        "settings": {
            "optimizer": { "enabled": true, "runs": 200 },
            "outputSelection": { "*": { "*": ["evm.bytecode.object"] } },
        },
    });
    let mut solc = Command::new(here.join("../../scripts/solc"))
        .arg("--standard-json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    solc.stdin.take().context("stdin is piped")?.write_all(input.to_string().as_bytes())?;
    let output: Value = serde_json::from_slice(&solc.wait_with_output()?.stdout)?;
    let code = &output["contracts"]["Load.sol"]["Load"]["evm"]["bytecode"]["object"];
    let code = code.as_str().with_context(|| format!("no code: {}", output["errors"]))?;
    Ok(code.parse()?)
}
