//! Starts nodes, asks them, and ends them.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Lines, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
};
use tempfile::NamedTempFile;

pub(crate) const ALICE: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
pub(crate) const BOB: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

/// A program that the test needs; its absence is the test's failure, with what to do.
fn needed(path: &str, remedy: &str) -> Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    ensure!(path.exists(), "{} is missing: {remedy}", path.display());
    Ok(path)
}

pub(crate) fn utnet() -> Result<PathBuf> {
    needed("target/release/utnet", "cargo build --release -p utnet-cli")
}

/// What `utnet` does with a command line that ends by itself.
pub(crate) fn utnet_with(args: &[&str]) -> Result<Output> {
    Ok(Command::new(utnet()?).args(args).stdin(Stdio::null()).output()?)
}

/// What `utnet` finds with a command line that must succeed.
pub(crate) fn found(args: &[&str]) -> Result<Value> {
    let run = utnet_with(&[&["--json"], args].concat())?;
    ensure!(run.status.success(), "{args:?}: {}", said(&run.stderr));
    serde_json::from_slice(&run.stdout).with_context(|| format!("{args:?}: {}", said(&run.stdout)))
}

/// What `utnet` says of a command line that must fail, with exit code 1.
pub(crate) fn refused(args: &[&str]) -> Result<String> {
    let run = utnet_with(args)?;
    let text = said(&run.stderr);
    ensure!(run.status.code() == Some(1), "{args:?}: {:?}: {text}", run.status);
    Ok(text)
}

/// What a node says that must not start, with these flags.
pub(crate) fn refused_node(flags: &[&str]) -> Result<String> {
    let log = NamedTempFile::new()?;
    let mut command = Command::new(utnet()?);
    command.args(["node", "--port", "0"]).args(flags).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(log.reopen()?).spawn()?;
    let output = child.stdout.take().context("stdout is piped")?;
    let (banner, address) = until_listening(&mut BufReader::new(output).lines());
    if address.is_some() {
        child.kill()?;
    }
    let (status, text) = (child.wait()?, fs::read_to_string(log.path())?);
    ensure!(status.code() == Some(1), "{command:?}: {status}\n{banner}\n{text}");
    Ok(text)
}

pub(crate) fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A node that dies with the test.
pub(crate) struct Node {
    child: Child,
    pub(crate) address: String,
    /// What it printed before it listened.
    pub(crate) banner: String,
    log: NamedTempFile,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have died already; there is nobody to tell.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Node {
    /// A plain node of ours on a free port.
    pub(crate) fn start(flags: &[&str]) -> Result<Self> {
        Self::under_poci(&[&["--no-poci"], flags].concat())
    }

    /// Our node as it comes.
    pub(crate) fn under_poci(flags: &[&str]) -> Result<Self> {
        Self::spawn(Command::new(utnet()?).arg("node").args(flags))
    }

    /// A plain node that takes a bound of its files' length for a fault, not for its end.
    pub(crate) fn deaf_to_long_files(flags: &[&str]) -> Result<Self> {
        let script = "trap '' XFSZ; exec \"$0\" node --no-poci \"$@\"";
        Self::spawn(Command::new("bash").args(["-c", script]).arg(utnet()?).args(flags))
    }

    /// The real anvil on a free port.
    pub(crate) fn anvil(flags: &[&str]) -> Result<Self> {
        let anvil = needed("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil", "npm ci")?;
        Self::spawn(Command::new(anvil).args(flags))
    }

    fn spawn(command: &mut Command) -> Result<Self> {
        let log = NamedTempFile::new()?;
        command.args(["--port", "0"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.stderr(log.reopen()?).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let (banner, address) = until_listening(&mut lines);
        // Reads on, so that the node never waits for a full pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let Some(address) = address else {
            let log = fs::read_to_string(log.path())?;
            bail!("{command:?} ended before it listened: {:?}\n{banner}\n{log}", child.wait()?);
        };
        Ok(Self { child, address, banner, log })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on stderr so far.
    pub(crate) fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.log.path())?)
    }

    /// Sends a signal by its name and waits for the end.
    pub(crate) fn end(&mut self, signal: &str) -> Result<ExitStatus> {
        self.signal(signal)?;
        Ok(self.child.wait()?)
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let id = self.id().to_string();
        ensure!(Command::new("kill").args(["-s", signal, &id]).status()?.success());
        Ok(())
    }

    /// Stops it where it is, until it gets the signal CONT.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal("STOP")?;
        let status = format!("/proc/{}/status", self.id());
        // Its threads stop one after the other.
        while !fs::read_to_string(&status)?.contains("State:\tT") {}
        Ok(())
    }

    /// The result of a method that must succeed.
    pub(crate) fn ask(&self, method: &str, params: Value) -> Result<Value> {
        let answer = self.answer(method, params)?;
        ensure!(answer.get("error").is_none(), "{method}: {answer}");
        Ok(answer["result"].clone())
    }

    /// The message of a method that must fail.
    pub(crate) fn refusal(&self, method: &str, params: Value) -> Result<String> {
        let answer = self.answer(method, params)?;
        let message = answer["error"]["message"].as_str();
        Ok(message.with_context(|| format!("{method} should fail: {answer}"))?.to_owned())
    }

    /// Sends a transaction and makes its block, for a node that makes none by itself; its receipt.
    pub(crate) fn send(&self, transaction: &Value) -> Result<Value> {
        let hash = self.ask("eth_sendTransaction", json!([transaction]))?;
        self.ask("evm_mine", json!([]))?;
        let receipt = self.ask("eth_getTransactionReceipt", json!([hash]))?;
        ensure!(receipt["status"] == "0x1", "{transaction}: {receipt}\n{}", self.log()?);
        Ok(receipt)
    }

    pub(crate) fn height(&self) -> Result<u64> {
        number(&self.ask("eth_blockNumber", json!([]))?)
    }

    fn answer(&self, method: &str, params: Value) -> Result<Value> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let mut stream = TcpStream::connect(&self.address)?;
        write!(stream, "{}", post(&request.to_string(), "Connection: close\r\n"))?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let (_, body) = text.split_once("\r\n\r\n").context("HTTP has a body")?;
        serde_json::from_str(body).with_context(|| format!("{method}: {text}"))
    }
}

/// A request over HTTP, with more headers.
pub(crate) fn post(body: &str, headers: &str) -> String {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

fn until_listening(lines: &mut Lines<BufReader<ChildStdout>>) -> (String, Option<String>) {
    let mut banner = String::new();
    for line in lines.map_while(Result::ok) {
        if let Some(address) = line.strip_prefix("Listening on ") {
            return (banner, Some(address.to_owned()));
        }
        banner.push_str(&line);
        banner.push('\n');
    }
    (banner, None)
}

/// A quantity as a number.
pub(crate) fn number(value: &Value) -> Result<u64> {
    let text = value.as_str().with_context(|| format!("{value} is no quantity"))?;
    Ok(u64::from_str_radix(text.trim_start_matches("0x"), 16)?)
}

/// The path of a folder, as a flag takes it.
pub(crate) fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the path is text")
}
