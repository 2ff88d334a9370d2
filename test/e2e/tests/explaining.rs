//! Sees the node explain transactions, with artifacts of the real forge and the real hardhat.

use anyhow::{Context, Result, ensure};
use e2e::{Node, forge, hardhat, needed, ours, run};
use std::{path::Path, process::Command};

/// The line of a comment in the contract.
fn line_of(comment: &str) -> Result<usize> {
    let source = std::fs::read_to_string(ours("test/e2e/tools/Explained.sol")?)?;
    let found = source.lines().position(|line| line.ends_with(&format!("// line of {comment}")));
    Ok(1 + found.with_context(|| format!("no line of {comment}"))?)
}

/// Plays the story against a node that knows these artifacts, then reads what the node printed.
fn explains(folder: &Path, artifact: &Path) -> Result<()> {
    let folder = folder.display().to_string();
    let node = Node::with(&["--artifacts", &folder, "--print-traces", "--steps-tracing"])?;

    let said = run(node.script_command("explain.mjs")?.env("ARTIFACT", artifact))?;

    let mined = said.lines().find_map(|line| line.strip_prefix("explain: ok "));
    let mined = mined.with_context(|| format!("the story did not end well\n{said}"))?;
    node.wait_for("Block Number: 3")?;
    let text = node.text();
    let printed = text.split_once(mined).context("the failed transaction is printed")?.1;
    ensure!(printed.contains("(reverted)"), "{printed}");
    ensure!(printed.contains("Error: reverted: TooHigh(asked: 13, most: 10)"), "{printed}");
    for (name, comment) in [
        ("Checks.below", "the custom error"),
        ("Inner.check", "the library's call"),
        ("Outer._pass", "the contract's call"),
        ("Outer.ask", "the private call"),
    ] {
        let (begin, end) =
            (format!("at {name} ("), format!("Explained.sol:{})", line_of(comment)?));
        let is_place = |line: &str| line.trim().starts_with(&begin) && line.ends_with(&end);
        ensure!(printed.lines().any(is_place), "no {begin}..{end} in\n{printed}");
    }
    for part in [
        "console.log:",
        "asked 7 by 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "Outer::ask(amount: 7)",
        "console::log(asked 7 by 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266)",
        "emit Asked(by: 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266, amount: 7)",
        "Inner::check(asked: 7) [staticcall]",
        "storage changes:",
        "new Outer@",
        "TooHigh(asked: 13, most: 10)",
    ] {
        ensure!(text.contains(part), "no {part:?} in\n{text}");
    }
    Ok(())
}

#[test]
fn a_node_explains_with_the_artifacts_of_forge() -> Result<()> {
    let project = forge::Project::new(&["Explained.sol"])?;
    run(&mut project.forge(&["build"]))?;
    let out = project.path().join("out");
    explains(&out, &out.join("Explained.sol/Outer.json"))
}

#[test]
fn a_node_explains_with_the_artifacts_of_forges_optimiser() -> Result<()> {
    let project = forge::Project::new(&["Explained.sol"])?;
    run(project.forge(&["build", "--optimize", "--optimizer-runs", "200"]).arg("--ast"))?;
    let out = project.path().join("out");
    explains(&out, &out.join("Explained.sol/Outer.json"))
}

#[test]
fn a_node_explains_with_the_artifacts_of_hardhat() -> Result<()> {
    let project = hardhat::Project::new(&["Explained.sol"])?;
    run(&mut project.hardhat(&["build"])?)?;
    let artifacts = project.path().join("artifacts");
    explains(&artifacts, &artifacts.join("contracts/Explained.sol/Outer.json"))
}

#[test]
fn a_node_that_is_told_to_be_quiet_prints_no_blocks() -> Result<()> {
    let node = Node::start()?;
    node.cast(&["rpc", "anvil_setLoggingEnabled", "false"])?;
    node.cast(&["rpc", "evm_mine"])?;
    node.cast(&["rpc", "anvil_setLoggingEnabled", "true"])?;

    node.cast(&["rpc", "evm_mine"])?;

    node.wait_for("Block Number: 2")?;
    ensure!(!node.text().contains("Block Number: 1"), "{}", node.text());
    Ok(())
}

#[test]
fn a_folder_of_artifacts_that_is_not_there_is_told() -> Result<()> {
    let binary = needed("target/release/utnet", "cargo build --release -p utnet-cli")?;
    let refused = Command::new(binary)
        .args(["node", "--port", "0", "--artifacts", "/nowhere/out"])
        .output()?;
    let text = String::from_utf8_lossy(&refused.stderr);
    ensure!(!refused.status.success() && text.contains("--artifacts /nowhere/out"), "{text}");
    Ok(())
}
