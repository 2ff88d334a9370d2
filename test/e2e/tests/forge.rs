//! Lets forge loose on the real node: create, script with broadcast, tests on a fork of it.

use anyhow::{Context, Result, ensure};
use e2e::{ALICE, ALICE_KEY, Node, forge::Project, run};

fn create(node: &Node, project: &Project) -> Result<String> {
    let url = node.http();
    let said = run(&mut project.forge(&[
        "create",
        "src/Counter.sol:Counter",
        "--broadcast",
        "--rpc-url",
        &url,
        "--private-key",
        ALICE_KEY,
    ]))?;
    let line = said.lines().find_map(|line| line.strip_prefix("Deployed to: "));
    line.map(str::to_owned).with_context(|| format!("no address in\n{said}"))
}

#[test]
fn forge_creates_a_contract() -> Result<()> {
    let node = Node::start()?;
    let project = Project::new(&["Counter.sol"])?;

    let counter = create(&node, &project)?;

    ensure!(node.cast(&["call", &counter, "count()(uint256)"])? == "0");
    ensure!(node.cast(&["nonce", ALICE])? == "1");
    Ok(())
}

#[test]
fn forge_broadcasts_a_script() -> Result<()> {
    let node = Node::start()?;
    let project = Project::new(&["Counter.sol", "Deploy.s.sol"])?;

    let script = ["script", "src/Deploy.s.sol:Deploy", "--broadcast", "--rpc-url", &node.http()];
    run(&mut project.forge(&script))?;

    let counter = node.cast(&["compute-address", ALICE, "--nonce", "0"])?;
    let counter = counter.rsplit(' ').next().context("an address is printed")?;
    ensure!(node.cast(&["call", counter, "count()(uint256)"])? == "5");
    Ok(())
}

#[test]
fn forge_tests_on_a_fork_and_leaves_the_node_as_it_was() -> Result<()> {
    let node = Node::start()?;
    let project = Project::new(&["Counter.sol", "Fork.t.sol"])?;
    let counter = create(&node, &project)?;
    let add = ["send", &counter, "add(uint256)", "5", "--private-key", ALICE_KEY];
    node.cast(&add)?;

    let said = run(project
        .forge(&["test", "--fork-url", &node.http(), "--match-contract", "ForkTest"])
        .env("COUNTER", &counter))?;

    ensure!(said.contains("3 tests passed, 0 failed"), "{said}");
    ensure!(node.cast(&["call", &counter, "count()(uint256)"])? == "5");
    ensure!(node.cast(&["block-number"])? == "2");
    Ok(())
}

#[test]
fn forge_says_by_its_exit_code_that_a_test_on_a_fork_failed() -> Result<()> {
    let node = Node::start()?;
    let project = Project::new(&["Counter.sol", "Fork.t.sol"])?;
    let counter = create(&node, &project)?;

    let tested = project
        .forge(&["test", "--fork-url", &node.http(), "--match-test", "test_reads"])
        .env("COUNTER", &counter)
        .output()?;

    ensure!(!tested.status.success(), "nobody added anything: the test must fail");
    Ok(())
}
