//! Runs the real program, kills it at the worst moment, and counts what reached the escrow.

use crate::support::{chain, client, end, escrow, operator, ratings, sealed};
use serde_json::{Value, json};
use std::{
    future::Future,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use utnet_client::simulation::{Faults, RecordingChain, serve};
use utnet_messages::PublicKey;

/// The program of this crate.
const PROGRAM: &str = env!("CARGO_BIN_EXE_utnet-relayer");

/// Longer than any of this takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running relayer; killed when dropped.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    /// Starts the program and waits for the line that says where it listens.
    fn start(rpc: &str, datadir: &Path) -> Self {
        Self::start_as(command(datadir, "run"), rpc)
    }

    fn start_as(mut command: Command, rpc: &str) -> Self {
        let mut child = command
            .args(["--log", "error", "--most-waiting", "100000"])
            .args(["--rpc", rpc, "--escrow", &escrow().address.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("one line");
        let address = line.strip_prefix("Listening on ").expect("says where");
        Self { child, url: format!("http://{}/v1", address.trim()) }
    }

    async fn get(&self, path: &str) -> Value {
        let sent = client().get(format!("{}{path}", self.url)).send();
        sent.await.expect("answered").json().await.expect("json")
    }

    async fn post(&self, body: Value) -> String {
        self.try_to_post(body).await.expect("accepted")
    }

    /// The message's id; `None` when it is not accepted.
    async fn try_to_post(&self, body: Value) -> Option<String> {
        let sent = client().post(format!("{}/inbox", self.url)).json(&body).send();
        let answer: Value = sent.await.ok()?.json().await.ok()?;
        answer["id"].as_str().map(str::to_owned)
    }

    /// What it said last, and how it ended.
    fn end(mut self) -> (String, ExitStatus) {
        let mut said = String::new();
        let stderr = self.child.stderr.as_mut().expect("piped");
        stderr.read_to_string(&mut said).expect("text");
        (said, self.child.wait().expect("ours"))
    }

    /// Makes blocks until the message has come that far.
    async fn wait_for(&self, chain: &RecordingChain, id: &str, state: &str) -> Value {
        patiently(async {
            loop {
                let view = self.get(&format!("/inbox/{id}")).await;
                if view["state"] == state {
                    return view;
                }
                chain.mine();
            }
        })
        .await
    }

    /// SIGTERM, and what the program makes of it.
    fn terminate(mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.expect("kill is there").success());
        self.child.wait().expect("ours")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if it is dead already, and then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn patiently<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("does not take that long")
}

fn command(datadir: &Path, name: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg(name).arg("--datadir").arg(datadir);
    command
}

/// A data folder with new keys.
fn init() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let made = command(dir.path(), "init").output().expect("the program was built");
    assert!(made.status.success(), "{made:?}");
    dir
}

#[test]
fn without_keys_it_says_how_to_make_them_and_leaves_no_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("relayer");

    let ended = command(&folder, "run").output().expect("the program was built");

    let said = String::from_utf8(ended.stderr).expect("text");
    assert_eq!(ended.status.code(), Some(1));
    assert!(said.contains("run utnet-relayer init first"), "{said}");
    assert!(!folder.exists());
}

async fn key(relayer: &Running) -> PublicKey {
    serde_json::from_value(relayer.get("/key").await["key"].clone()).expect("a point")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_send_and_note_it_submits_exactly_once() {
    let (dir, chain) = (init(), chain(Faults { crashes: 100, ..Faults::default() }));
    let (address, _server) = serve(chain.clone()).await.expect("a free port");
    let rpc = format!("http://{address}");

    let relayer = Running::start(&rpc, dir.path());
    let message = end(1);
    let id = relayer.post(json!(sealed(&message, &key(&relayer).await))).await;
    // The chain has the transaction, and the program will never get an answer.
    patiently(chain.crashed()).await;
    drop(relayer);
    chain.set_faults(Faults::default());
    let relayer = Running::start(&rpc, dir.path());
    let view = relayer.wait_for(&chain, &id, "mined").await;

    let [executed] = chain.executed().try_into().expect("exactly one transaction");
    assert_eq!(executed.input, message.to_calldata());
    assert_eq!(view["txHash"], executed.hash.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_right_after_it_accepted_it_still_submits() {
    let (dir, chain) = (init(), chain(Faults::default()));
    let (address, _server) = serve(chain.clone()).await.expect("a free port");
    let rpc = format!("ws://{address}");

    let relayer = Running::start(&rpc, dir.path());
    let public = key(&relayer).await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(relayer.post(json!(sealed(&end(number), &public))).await);
    }
    drop(relayer);
    let relayer = Running::start(&rpc, dir.path());
    for id in &ids {
        relayer.wait_for(&chain, id, "mined").await;
    }

    let executed: Vec<_> = chain.executed().into_iter().map(|done| done.input).collect();
    let expected: Vec<_> = (1..=5).map(|number| end(number).to_calldata()).collect();
    assert_eq!(executed, expected);
}

/// The program on a disk that takes so many KiB: the limit on the length of files, with its signal ignored, is what a full
/// disk is without root.
fn on_small_disk(datadir: &Path, kib: &str) -> Command {
    let mut command = Command::new("bash");
    let script = r#"trap "" XFSZ; ulimit -f "$2"; exec "$0" run --datadir "$1" "${@:3}""#;
    command.args(["-c", script]).arg(PROGRAM).arg(datadir).arg(kib);
    command
}

/// What was left of the database used to be "invalid data" for ever after.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_on_a_full_disk_leaves_nothing_in_the_way_of_the_next() {
    let (dir, chain) = (init(), chain(Faults::default()));
    let (address, _server) = serve(chain).await.expect("a free port");
    let rpc = format!("http://{address}");
    let mut full = on_small_disk(dir.path(), "1000");
    full.args(["--rpc", &rpc, "--escrow", &escrow().address.to_string()]);

    let refused = tokio::task::spawn_blocking(move || full.output()).await.expect("no panic");
    let relayer = Running::start(&rpc, dir.path());

    let said = String::from_utf8_lossy(&refused.expect("bash is there").stderr).into_owned();
    assert!(said.contains("relayer.redb") && said.contains("File too large"), "{said}");
    assert_eq!(relayer.get("/health").await["node"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_it_stops_says_why_and_has_lost_nothing_that_it_accepted() {
    let (dir, chain) = (init(), chain(Faults::default()));
    let (address, _server) = serve(chain.clone()).await.expect("a free port");
    let rpc = format!("http://{address}");

    let relayer = Running::start_as(on_small_disk(dir.path(), "4096"), &rpc);
    let (public, mut accepted) = (key(&relayer).await, Vec::new());
    // Without a node the messages wait, and pile up.
    chain.set_faults(Faults { lost_requests: 100, ..Faults::default() });
    let message = ratings(1, &operator());
    while let Some(id) = relayer.try_to_post(json!(sealed(&message, &public))).await {
        accepted.push(id);
        assert!(accepted.len() < 20_000, "4 MiB are never full");
    }
    let (said, ended) = relayer.end();
    chain.set_faults(Faults::default());
    let relayer = Running::start(&rpc, dir.path());

    assert_eq!(ended.code(), Some(1));
    assert!(said.contains("File too large"), "{said}");
    for id in &accepted {
        assert!(relayer.get(&format!("/inbox/{id}")).await["state"].is_string(), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contracts_of_another_chain_are_refused() {
    let (dir, chain) = (init(), chain(Faults::default()));
    let (address, _server) = serve(chain).await.expect("a free port");
    let contracts = dir.path().join("contracts.json");
    std::fs::write(&contracts, r#"{"chainId": 1, "contracts": {}}"#).expect("ours");
    let mut run = command(dir.path(), "run");
    run.args(["--rpc", &format!("http://{address}"), "--contracts"]).arg(contracts);

    let refused = tokio::task::spawn_blocking(move || run.output()).await.expect("no panic");

    let said = String::from_utf8_lossy(&refused.expect("built").stderr).into_owned();
    assert!(said.contains("contracts.json is of chain 1, the node of chain"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_gracefully() {
    let (dir, chain) = (init(), chain(Faults::default()));
    let (address, _server) = serve(chain).await.expect("a free port");
    let relayer = Running::start(&format!("http://{address}"), dir.path());
    let status = command(dir.path(), "status").output().expect("the program was built");
    assert!(String::from_utf8_lossy(&status.stdout).contains("\"node\":true"), "{status:?}");

    assert!(relayer.terminate().success());

    let status = command(dir.path(), "status").output().expect("the program was built");
    assert!(!status.status.success());
}

#[test]
fn keys_are_made_once_and_never_shown() {
    let dir = init();
    let file = std::fs::read_to_string(dir.path().join("account.key")).expect("made");
    let again = command(dir.path(), "init").output().expect("the program was built");
    assert!(again.status.success());
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(said.contains("Account 0x") && !said.contains(file.trim()));
    let kept = std::fs::read_to_string(dir.path().join("account.key")).expect("kept");
    assert_eq!(kept, file);
}

#[test]
fn without_keys_it_says_which_file_is_missing() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut child = command(dir.path(), "run")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    let mut said = String::new();
    let stderr = child.stderr.as_mut().expect("piped");
    stderr.read_to_string(&mut said).expect("text");
    assert!(!child.wait().expect("ours").success());
    assert!(said.contains("account.key"), "{said}");
}
