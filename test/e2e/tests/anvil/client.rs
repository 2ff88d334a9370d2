//! Starts either node on a free port and asks it, one request per connection.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub(crate) const ALICE: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
pub(crate) const BOB: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

/// The clock of both nodes: the timestamp of genesis.
pub(crate) const START: u64 = 1_800_000_000;

/// A node that dies with the test.
pub(crate) struct Node {
    child: Child,
    address: String,
    name: &'static str,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have died already; there is nobody to tell.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A program that the test needs; its absence is the test's failure, with what to do.
fn needed(path: &str, remedy: &str) -> Result<PathBuf> {
    let path = root().join(path);
    ensure!(path.exists(), "{} is missing: {remedy}", path.display());
    Ok(path)
}

impl Node {
    /// Our node on a plain chain that makes blocks when told.
    pub(crate) fn ours(flags: &[&str]) -> Result<Self> {
        Self::default_ours(&[&["--no-poci", "--no-mining"], flags].concat())
    }

    /// Our node as it comes, under POCI.
    pub(crate) fn default_ours(flags: &[&str]) -> Result<Self> {
        let binary = needed("target/release/utnet", "cargo build --release -p utnet-cli")?;
        let mut command = Command::new(binary);
        command.arg("node").args(flags);
        Self::start("utnet", command)
    }

    pub(crate) fn anvil(flags: &[&str]) -> Result<Self> {
        let binary = needed("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil", "npm ci")?;
        let mut command = Command::new(binary);
        command.args(["--hardfork", "osaka", "--no-mining"]).args(flags);
        Self::start("anvil", command)
    }

    fn start(name: &'static str, mut command: Command) -> Result<Self> {
        let mut child = command.args(["--port", "0"]).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let listening =
            lines.find_map(|line| line.ok()?.strip_prefix("Listening on ").map(str::to_owned));
        // Reads on, so that the node never waits for a full pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = listening.with_context(|| format!("{name} ended before it listened"))?;
        Ok(Self { child, address, name })
    }

    /// The result of a method that must succeed.
    pub(crate) fn ask(&self, method: &str, params: Value) -> Result<Value> {
        let answer = self.exchange(method, params)?;
        match answer.get("result") {
            Some(result) => Ok(result.clone()),
            None => bail!("{} answers {method} with {answer}", self.name),
        }
    }

    /// Sends a transaction and makes its block; answers with its hash.
    pub(crate) fn send(&self, request: &Value) -> Result<Value> {
        let hash = self.ask("eth_sendTransaction", json!([request]))?;
        self.ask("evm_mine", json!([]))?;
        Ok(hash)
    }

    /// The whole answer to a method, be it a result or an error.
    pub(crate) fn exchange(&self, method: &str, params: Value) -> Result<Value> {
        let body =
            json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8(answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
        ensure!(!head.to_lowercase().contains("transfer-encoding: chunked"), "a chunked answer");
        Ok(serde_json::from_str(body)?)
    }

    /// Asks the node to end, as Ctrl-C does, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        ensure!(Command::new("kill").args(["-INT", &id]).status()?.success());
        self.child.wait()?;
        Ok(())
    }
}
