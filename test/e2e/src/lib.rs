//! Starts the real binaries for the stories beside it, one file per story.

pub mod forge;
pub mod hardhat;
pub mod http;
pub mod stories;

use anyhow::{Context, Result, ensure};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Key of the first dev account.
pub const ALICE_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// The first dev account.
pub const ALICE: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// The second dev account.
pub const BOB: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/// How long the node has to print what a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file that a test needs, by its path in the repository.
///
/// # Errors
/// When it is not there; the remedy says how to get it.
pub fn needed(path: &str, remedy: &str) -> Result<PathBuf> {
    let path = root().join(path);
    let found = path.canonicalize();
    found.with_context(|| format!("{} is missing: {remedy}", path.display()))
}

/// A file of the repository.
///
/// # Errors
/// When it is not there.
pub fn ours(path: &str) -> Result<PathBuf> {
    needed(path, "it is part of the repository")
}

/// The standard output of a program that must succeed.
///
/// # Errors
/// When it does not start, or fails; with all that it printed.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} does not start"))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed\n{text}\n{errors}");
    Ok(text)
}

/// Asks the node at a URL with cast.
///
/// # Errors
/// When cast is missing or fails.
pub fn cast(url: &str, args: &[&str]) -> Result<String> {
    let cast = needed("node_modules/@foundry-rs/cast-linux-amd64/bin/cast", "npm ci")?;
    run(Command::new(cast).args(args).args(["--rpc-url", url]))
}

/// A node that dies with the test.
#[derive(Debug)]
pub struct Node {
    child: Child,
    address: String,
    folder: tempfile::TempDir,
    printed: Arc<Printed>,
}

/// What the node has printed so far.
#[derive(Debug, Default)]
struct Printed {
    so_far: Mutex<SoFar>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct SoFar {
    text: String,
    has_ended: bool,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have died already; there is nobody to tell.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Node {
    /// A node with the flags of a dev chain.
    ///
    /// # Errors
    /// When the binary is missing or ends before it listens.
    pub fn start() -> Result<Self> {
        Self::with(&[])
    }

    /// A node with more flags.
    ///
    /// # Errors
    /// When the binary is missing or ends before it listens.
    pub fn with(flags: &[&str]) -> Result<Self> {
        let binary = needed("target/release/utnet", "cargo build --release -p utnet-cli")?;
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(binary)
            .args(["node", "--port", "0", "--ipc"])
            .arg(folder.path().join("node.ipc"))
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let printed = Arc::new(Printed::default());
        let keeper = Arc::clone(&printed);
        // Reads on to the end, so that the node never waits for a full pipe.
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| keeper.add(&line));
            keeper.end();
        });
        let mut node = Self { child, address: String::new(), folder, printed };
        let line = node.wait_for("Listening on ")?;
        node.address = line.trim_start_matches("Listening on ").to_owned();
        Ok(node)
    }

    /// Where it answers HTTP.
    pub fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it answers WebSocket.
    pub fn ws(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// The path of its Unix socket.
    pub fn ipc(&self) -> String {
        self.folder.path().join("node.ipc").display().to_string()
    }

    /// All that it has printed.
    pub fn text(&self) -> String {
        self.printed.lock().text.clone()
    }

    /// Waits until it has printed a line that holds `part`; that line.
    ///
    /// # Errors
    /// When it ends before, or that takes more than a minute; with all that was printed.
    pub fn wait_for(&self, part: &str) -> Result<String> {
        let find = |so_far: &SoFar| {
            so_far.text.lines().find(|line| line.contains(part)).map(str::to_owned)
        };
        let is_open = |so_far: &mut SoFar| find(so_far).is_none() && !so_far.has_ended;
        let waited = self.printed.more.wait_timeout_while(self.printed.lock(), PATIENCE, is_open);
        let (so_far, _) = waited.unwrap_or_else(PoisonError::into_inner);
        find(&so_far).with_context(|| format!("no line with {part:?} in\n{}", so_far.text))
    }

    /// Runs one of the scripts in `tools` with the node's addresses as arguments.
    ///
    /// # Errors
    /// When it fails.
    pub fn script(&self, name: &str) -> Result<String> {
        run(&mut self.script_command(name)?)
    }

    /// The command that runs such a script.
    ///
    /// # Errors
    /// When the script or what it imports is missing.
    pub fn script_command(&self, name: &str) -> Result<Command> {
        needed("node_modules/viem", "npm ci")?;
        let mut command = Command::new("node");
        command.arg(ours(&format!("test/e2e/tools/{name}"))?);
        command.args([self.http(), self.ws(), self.ipc()]);
        Ok(command)
    }

    /// Asks the node with cast.
    ///
    /// # Errors
    /// When cast is missing or fails.
    pub fn cast(&self, args: &[&str]) -> Result<String> {
        cast(&self.http(), args)
    }
}

impl Printed {
    fn lock(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &str) {
        let mut so_far = self.lock();
        so_far.text.push_str(line);
        so_far.text.push('\n');
        self.more.notify_all();
    }

    fn end(&self) {
        self.lock().has_ended = true;
        self.more.notify_all();
    }
}
