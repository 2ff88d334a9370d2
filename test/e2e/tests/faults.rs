//! Takes the disk away from a running node: it says so, and has lost nothing when there is room again.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// DEV account 0 of the usual test mnemonic.
const ACCOUNT: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// Calldata of one transaction, in bytes, and how many of them are more than the disk takes.
const CALLDATA: usize = 120_000;
const ENOUGH: usize = 2_000;

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/utnet")
}

/// A running node; killed when dropped.
struct Node {
    child: Child,
    address: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Node {
    /// Starts a node whose files may have that many KiB at most; its signal is ignored, so that a write fails as it does
    /// on a full disk, and root is not needed.
    fn start(datadir: &Path, limit: &str) -> Result<Self> {
        let mut child = Command::new("bash")
            .args(["-c", r#"trap "" XFSZ; ulimit -f "$2"; exec "$0" node --port 0 --datadir "$1""#])
            .arg(program())
            .arg(datadir)
            .arg(limit)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().context("piped")?);
        let address = loop {
            let mut line = String::new();
            ensure!(out.read_line(&mut line)? > 0, "the node did not start");
            if let Some(address) = line.trim().strip_prefix("Listening on ") {
                break address.to_owned();
            }
        };
        // It tells each request: nobody reads that, but it must not wait for a reader.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Ok(Self { child, address })
    }

    fn ask(&self, method: &str, params: &Value) -> Result<Value> {
        let body =
            json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let mut line = TcpStream::connect(&self.address)?;
        write!(
            line,
            "POST / HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        line.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("an http answer")?;
        let start = body.find('{').context("JSON")?;
        let end = body.rfind('}').context("JSON")?;
        Ok(serde_json::from_str(&body[start..=end])?)
    }

    fn head(&self) -> Result<(String, String)> {
        let block = self.ask("eth_getBlockByNumber", &json!(["latest", false]))?;
        let text = |field: &str| block["result"][field].as_str().map(str::to_owned);
        Ok((text("number").context("a number")?, text("hash").context("a hash")?))
    }

    /// Sends until blocks do not come any more.
    fn fill(&self) -> Result<()> {
        let data = format!("0x{}", "5a".repeat(CALLDATA));
        let call = json!([{"from": ACCOUNT, "to": ACCOUNT, "gas": "0xf42400", "data": data}]);
        let (mut head, mut stood) = (self.head()?, 0);
        for _ in 0..ENOUGH {
            let answer = self.ask("eth_sendTransaction", &call)?;
            let now = self.head()?;
            stood = if now == head { stood + 1 } else { 0 };
            if answer.get("error").is_some() || stood == 20 {
                return Ok(());
            }
            head = now;
        }
        anyhow::bail!("the disk is never full")
    }
}

#[test]
fn a_node_on_a_full_disk_says_so_and_goes_on_from_the_same_head_when_there_is_room() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(folder.path(), "69632")?;
    node.fill()?;
    let head = node.head()?;
    let mut node = node;
    node.child.kill()?;
    let mut said = String::new();
    node.child.stderr.take().context("piped")?.read_to_string(&mut said)?;
    drop(node);

    let again = Node::start(folder.path(), "unlimited")?;

    ensure!(said.contains("File too large"), "{said}");
    let kept = again.ask("eth_getBlockByNumber", &json!([head.0, false]))?;
    ensure!(kept["result"]["hash"] == head.1, "the head was {head:?}, now it is {kept}");
    let call = json!([{"from": ACCOUNT, "to": ACCOUNT, "value": "0x1"}]);
    again.ask("eth_sendTransaction", &call)?;
    ensure!(again.head()?.0 != head.0, "no block is made");
    Ok(())
}
