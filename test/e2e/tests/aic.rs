//! Deploys `AICompute` to the real node with its own script, and lets holders change a parameter by vote.

use anyhow::{Context, Result, ensure};
use e2e::{ALICE, ALICE_KEY, Node, needed, root, run};
use serde_json::Value;
use std::process::Command;

/// 1,000,000,000 AIC.
const SUPPLY: &str = "1000000000000000000000000000";

/// Seconds that the script sets: to the vote, of the vote, of the timelock.
const VOTING_DELAY: u64 = 86_400;
const VOTING_PERIOD: u64 = 432_000;
const TIMELOCK: u64 = 172_800;

/// Addresses of what the script deployed.
struct Aic {
    token: String,
    governor: String,
    access: String,
}

fn deploy(node: &Node) -> Result<Aic> {
    let forge = needed("node_modules/@foundry-rs/forge-linux-amd64/bin/forge", "npm ci")?;
    let folder = tempfile::tempdir()?;
    let url = node.http();
    run(Command::new(forge)
        .args(["script", "scripts/solidity/DeployAic.s.sol", "--broadcast"])
        .args(["--rpc-url", &url, "--private-key", ALICE_KEY])
        .current_dir(root())
        .env("UTNET_RPC_URL", &url)
        .env("FOUNDRY_OUT", folder.path().join("out"))
        .env("FOUNDRY_CACHE_PATH", folder.path().join("cache"))
        .env("FOUNDRY_BROADCAST", folder.path()))?;
    let log = folder.path().join("DeployAic.s.sol/31337/run-latest.json");
    let log: Value = serde_json::from_slice(&std::fs::read(log)?)?;
    let address = |name: &str| {
        let mut sent = log["transactions"].as_array().into_iter().flatten();
        let created = sent.find(|entry| entry["contractName"] == name);
        let address = created.and_then(|entry| entry["contractAddress"].as_str());
        address.map(str::to_owned).with_context(|| format!("{name} was not deployed"))
    };
    Ok(Aic {
        token: address("AicToken")?,
        governor: address("AicGovernor")?,
        access: address("StakeAccess")?,
    })
}

/// What cast computes without a node.
fn computed(args: &[&str]) -> Result<String> {
    let cast = needed("node_modules/@foundry-rs/cast-linux-amd64/bin/cast", "npm ci")?;
    run(Command::new(cast).args(args))
}

fn send(node: &Node, to: &str, what: &[&str]) -> Result<()> {
    node.cast(&[&["send", to], what, &["--private-key", ALICE_KEY]].concat())?;
    Ok(())
}

fn pass(node: &Node, seconds: u64) -> Result<()> {
    node.cast(&["rpc", "evm_increaseTime", &seconds.to_string()])?;
    node.cast(&["rpc", "evm_mine"])?;
    Ok(())
}

#[test]
fn holders_change_a_parameter_through_the_timelock() -> Result<()> {
    let node = Node::start()?;
    let aic = deploy(&node)?;
    let change = computed(&["calldata", "setExitSeconds(uint48)", "259200"])?;
    let (targets, calls) = (format!("[{}]", aic.access), format!("[{change}]"));
    let proposal = [targets.as_str(), "[0]", calls.as_str()];
    let hash = computed(&["keccak", "a change"])?;
    ensure!(node.cast(&["call", &aic.token, "totalSupply()(uint256)"])?.starts_with(SUPPLY));

    send(&node, &aic.token, &["delegate(address)", ALICE])?;
    let propose = [&["propose(address[],uint256[],bytes[],string)"], &proposal[..], &["a change"]];
    send(&node, &aic.governor, &propose.concat())?;
    let hashed = "hashProposal(address[],uint256[],bytes[],bytes32)(uint256)";
    let asked =
        [&["call", aic.governor.as_str(), hashed], &proposal[..], &[hash.as_str()]].concat();
    let said = node.cast(&asked)?;
    let id = said.split(' ').next().context("an id")?;
    pass(&node, VOTING_DELAY + 1)?;
    send(&node, &aic.governor, &["castVote(uint256,uint8)", id, "1"])?;
    pass(&node, VOTING_PERIOD)?;
    let queue = [&["queue(address[],uint256[],bytes[],bytes32)"], &proposal[..], &[hash.as_str()]];
    send(&node, &aic.governor, &queue.concat())?;
    let execute =
        [&["execute(address[],uint256[],bytes[],bytes32)"], &proposal[..], &[hash.as_str()]];
    ensure!(send(&node, &aic.governor, &execute.concat()).is_err(), "the timelock is not over");
    pass(&node, TIMELOCK)?;
    send(&node, &aic.governor, &execute.concat())?;

    let seconds = node.cast(&["call", &aic.access, "exitSeconds()(uint48)"])?;
    ensure!(seconds.starts_with("259200"), "{seconds}");
    Ok(())
}
