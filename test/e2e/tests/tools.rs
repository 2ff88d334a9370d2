//! Lets the tools that people use loose on the real node: viem, ethers, cast, forge.

use anyhow::{Context, Result, ensure};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const ALICE_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ALICE: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const BOB: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file that the test needs; its absence is the test's failure, with what to do.
fn needed(path: &str, remedy: &str) -> Result<PathBuf> {
    let path = root().join(path);
    ensure!(path.exists(), "{} is missing: {remedy}", path.display());
    Ok(path)
}

/// A node that dies with the test.
struct Node {
    child: Child,
    address: String,
    folder: tempfile::TempDir,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have died already; there is nobody to tell.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Node {
    fn start() -> Result<Self> {
        let binary = needed("target/release/utnet", "cargo build --release -p utnet-cli")?;
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(binary)
            .args(["node", "--port", "0", "--ipc"])
            .arg(folder.path().join("node.ipc"))
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let listening =
            lines.find_map(|line| line.ok()?.strip_prefix("Listening on ").map(str::to_owned));
        // Reads on, so that the node never waits for a full pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = listening.context("the node ended before it listened")?;
        Ok(Self { child, address, folder })
    }

    fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    fn ws(&self) -> String {
        format!("ws://{}", self.address)
    }

    fn ipc(&self) -> String {
        self.folder.path().join("node.ipc").display().to_string()
    }

    /// Runs one of the scripts beside this test.
    fn script(&self, name: &str) -> Result<String> {
        needed("node_modules/viem", "npm ci")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools").join(name);
        run(Command::new("node").arg(script).args([self.http(), self.ws(), self.ipc()]))
    }

    fn cast(&self, args: &[&str]) -> Result<String> {
        let cast = needed("node_modules/@foundry-rs/cast-linux-amd64/bin/cast", "npm ci")?;
        run(Command::new(cast).args(args).args(["--rpc-url", &self.http()]))
    }
}

/// The standard output of a program that must succeed.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} does not start"))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed\n{text}\n{errors}");
    Ok(text)
}

#[test]
fn viem_deploys_reads_watches_and_cheats() -> Result<()> {
    let node = Node::start()?;
    ensure!(node.script("viem.mjs")?.contains("viem: ok"));
    Ok(())
}

#[test]
fn ethers_works_over_http_ws_and_ipc() -> Result<()> {
    let node = Node::start()?;
    let said = node.script("ethers.mjs")?;
    for transport in ["http", "ws", "ipc"] {
        ensure!(said.contains(&format!("ethers over {transport}: ok")), "{said}");
    }
    Ok(())
}

#[test]
fn cast_sends_reads_and_traces() -> Result<()> {
    let node = Node::start()?;

    ensure!(node.cast(&["chain-id"])? == "31337");
    ensure!(node.cast(&["client"])?.starts_with("anvil/"));
    let sent =
        node.cast(&["send", BOB, "--value", "1ether", "--private-key", ALICE_KEY, "--json"])?;
    let receipt: serde_json::Value = serde_json::from_str(&sent)?;
    let hash = receipt["transactionHash"].as_str().context("a receipt has a hash")?;
    ensure!(receipt["status"] == "0x1");
    ensure!(node.cast(&["balance", BOB, "--ether"])?.starts_with("10001"));
    ensure!(node.cast(&["nonce", ALICE])? == "1");
    ensure!(node.cast(&["block", "latest", "--field", "number"])? == "1");
    ensure!(node.cast(&["estimate", BOB, "--value", "1", "--from", ALICE])? == "21000");
    node.cast(&["proof", BOB, "0x0"])?;
    node.cast(&["logs", "--from-block", "0"])?;
    node.cast(&["run", hash])?;
    let traced =
        node.cast(&["rpc", "debug_traceTransaction", hash, r#"{"tracer":"callTracer"}"#])?;
    ensure!(traced.contains("\"type\":\"CALL\""), "{traced}");
    Ok(())
}

#[test]
fn cast_speaks_over_the_unix_socket() -> Result<()> {
    let node = Node::start()?;
    let cast = needed("node_modules/@foundry-rs/cast-linux-amd64/bin/cast", "npm ci")?;
    let number = run(Command::new(cast).args(["block-number", "--rpc-url", &node.ipc()]))?;
    ensure!(number == "0", "{number}");
    Ok(())
}

#[test]
fn forge_broadcasts_a_script() -> Result<()> {
    let node = Node::start()?;
    let forge = needed("node_modules/@foundry-rs/forge-linux-amd64/bin/forge", "npm ci")?;
    let solc = needed("scripts/solc", "it is part of the repository")?;
    let project = tempfile::tempdir()?;
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools");
    std::fs::create_dir(project.path().join("src"))?;
    for file in ["Counter.sol", "Deploy.s.sol"] {
        std::fs::copy(tools.join(file), project.path().join("src").join(file))?;
    }
    let settings = format!(
        "[profile.default]\nsolc = \"{}\"\noffline = true\nauto_detect_solc = false\nevm_version = \"osaka\"\n",
        solc.canonicalize()?.display()
    );
    std::fs::write(project.path().join("foundry.toml"), settings)?;

    let script = ["script", "src/Deploy.s.sol:Deploy", "--broadcast", "--rpc-url", &node.http()];
    run(Command::new(forge.canonicalize()?).args(script).current_dir(project.path()))?;

    let counter = node.cast(&[
        "compute-address",
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "--nonce",
        "0",
    ])?;
    let counter = counter.rsplit(' ').next().context("an address is printed")?;
    ensure!(node.cast(&["call", counter, "count()(uint256)"])? == "5");
    Ok(())
}
