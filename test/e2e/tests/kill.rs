//! Kills the node with SIGKILL under load, again and again on one folder: every block and every
//! transaction that a client was told of is there afterwards, and the whole store is sound.

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};
use utnet_db::{OpenOptions, Store};

/// Clients that send at the same time, each from an account of its own.
const CLIENTS: usize = 3;

/// A chain on which transactions make blocks, or time does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mining {
    Instant,
    Interval,
}

/// What a client was told.
#[derive(Clone, Debug)]
enum Told {
    /// The transaction was taken; where transactions make blocks, it is in one.
    Transaction(Value),
    /// A block is on the chain.
    Block(Value, Value),
}

/// How many kills: `UTNET_KILLS`, or few enough for every day.
fn kills() -> usize {
    let asked = std::env::var_os("UTNET_KILLS").and_then(|text| text.to_str()?.parse().ok());
    asked.unwrap_or(20)
}

/// `SEED`, or always the same.
fn seed() -> u64 {
    std::env::var_os("SEED").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(2_026)
}

fn binary() -> Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/utnet");
    ensure!(path.exists(), "{} is missing: cargo build --release -p utnet-cli", path.display());
    Ok(path)
}

/// A running node.
struct Node {
    child: Child,
    address: String,
    took: Duration,
}

fn spawn(folder: &Path, mining: Mining) -> Result<(Child, BufReader<ChildStdout>)> {
    let mut command = Command::new(binary()?);
    command.args(["node", "--port", "0", "--datadir"]).arg(folder);
    if mining == Mining::Interval {
        command.args(["--block-time", "0.01"]);
    }
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("stdout is piped")?;
    Ok((child, BufReader::new(output)))
}

#[expect(clippy::disallowed_methods, reason = "the time of a start is what is measured")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

impl Node {
    fn start(folder: &Path, mining: Mining) -> Result<Self> {
        let begun = now();
        let (child, output) = spawn(folder, mining)?;
        let mut lines = output.lines();
        let address = lines
            .find_map(|line| line.ok()?.strip_prefix("Listening on ").map(str::to_owned))
            .context("the node ended before it listened")?;
        let took = begun.elapsed();
        // Reads on, so that the node never waits for a full pipe.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(Self { child, address, took })
    }

    fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// A connection that is kept.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: &str) -> Result<Self> {
        Ok(Self(BufReader::new(TcpStream::connect(address)?)))
    }

    fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let body = body.to_string();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.0.get_mut().write_all((head + &body).as_bytes())?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            ensure!(self.0.read_line(&mut line)? > 0, "the connection ended");
            let line = line.trim().to_ascii_lowercase();
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse()?;
            }
            if line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer)?;
        let answer: Value = serde_json::from_slice(&answer)?;
        ensure!(answer["error"].is_null(), "{method}: {answer}");
        Ok(answer["result"].clone())
    }
}

/// Sends and asks until the node is gone.
fn load(address: &str, account: usize, told: &Sender<Told>) -> Result<()> {
    let mut client = Client::connect(address)?;
    let accounts = client.call("eth_accounts", &json!([]))?;
    let (from, to) = (&accounts[account], &accounts[account + 5]);
    loop {
        let transaction = json!([{ "from": from, "to": to, "value": "0x1", "gas": "0x5208" }]);
        let hash = client.call("eth_sendTransaction", &transaction)?;
        told.send(Told::Transaction(hash.clone()))?;
        let receipt = client.call("eth_getTransactionReceipt", &json!([hash]))?;
        if receipt.is_object() {
            told.send(Told::Block(receipt["blockHash"].clone(), receipt["blockNumber"].clone()))?;
        }
        let head = client.call("eth_getBlockByNumber", &json!(["latest", false]))?;
        told.send(Told::Block(head["hash"].clone(), head["number"].clone()))?;
    }
}

/// Lets clients work until one of them was given the `count`th answer, then kills at once.
fn work_and_kill(node: Node, count: usize) -> Result<Vec<Told>> {
    let (sender, receiver): (_, Receiver<Told>) = channel();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|account| {
            let (address, told) = (node.address.clone(), sender.clone());
            thread::spawn(move || load(&address, account, &told))
        })
        .collect();
    drop(sender);
    let mut told: Vec<Told> = receiver.iter().take(count).collect();
    node.kill()?;
    told.extend(receiver);
    for client in clients {
        // It ends with the node, by an error that says so.
        let ended = client.join().map_err(|_panic| anyhow::anyhow!("a client panicked"))?;
        ensure!(ended.is_err());
    }
    ensure!(
        told.len() >= count,
        "the clients gave up after {} answers: is the node there?",
        told.len()
    );
    Ok(told)
}

fn check(client: &mut Client, told: &Told, mining: Mining) -> Result<()> {
    match told {
        // The pool is in memory: a transaction is kept from its block on.
        Told::Transaction(_) if mining == Mining::Interval => {}
        Told::Transaction(hash) => {
            let found = client.call("eth_getTransactionReceipt", &json!([hash]))?;
            ensure!(found["status"] == "0x1", "transaction {hash} is lost: {found}");
        }
        Told::Block(hash, number) => {
            let found = client.call("eth_getBlockByNumber", &json!([number, false]))?;
            ensure!(found["hash"] == *hash, "block {number} {hash} is lost: {}", found["hash"]);
        }
    }
    Ok(())
}

/// Reads the whole store without the node.
fn check_store(folder: &Path) -> Result<()> {
    let store = Store::open(folder, OpenOptions::default())?;
    store.view()?.verify()?;
    Ok(())
}

/// Kills a node while it starts, after some lines of its output.
fn kill_while_it_starts(folder: &Path, mining: Mining, lines: usize) -> Result<()> {
    let (mut child, output) = spawn(folder, mining)?;
    output.lines().take(lines).for_each(drop);
    child.kill()?;
    child.wait()?;
    Ok(())
}

fn kill_again_and_again(mining: Mining, kills: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed());
    let mut all: Vec<Told> = Vec::new();
    let mut slowest = Duration::ZERO;
    for _ in 0..kills {
        if rng.random_bool(0.1) {
            kill_while_it_starts(folder.path(), mining, rng.random_range(0..40))?;
        }
        let node = Node::start(folder.path(), mining)?;
        if !all.is_empty() {
            slowest = slowest.max(node.took);
        }
        let mut client = Client::connect(&node.address)?;
        for told in all.iter().rev().take(100) {
            check(&mut client, told, mining)?;
        }
        all.extend(work_and_kill(node, rng.random_range(1..60))?);
        if rng.random_bool(0.3) {
            check_store(folder.path())?;
        }
    }
    let node = Node::start(folder.path(), mining)?;
    let mut client = Client::connect(&node.address)?;
    for told in &all {
        check(&mut client, told, mining)?;
    }
    node.kill()?;
    check_store(folder.path())?;
    let text = format!("{kills} kills, {} answers kept, slowest restart {slowest:?}\n", all.len());
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

#[test]
fn a_node_killed_at_any_moment_keeps_all_it_told_when_transactions_make_blocks() -> Result<()> {
    kill_again_and_again(Mining::Instant, kills()).with_context(|| format!("SEED={}", seed()))
}

#[test]
fn a_node_killed_at_any_moment_keeps_all_it_told_when_time_makes_blocks() -> Result<()> {
    kill_again_and_again(Mining::Interval, kills()).with_context(|| format!("SEED={}", seed()))
}
