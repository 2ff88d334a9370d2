//! Starts the nodes that are compared, each on a free port with a folder of its own.

use crate::http::Client;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Longest time from the start to the first answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that works longer than this on one part is killed: what waits for its answer fails then.
pub(crate) const LONGEST: Duration = Duration::from_secs(240);

/// A program that is measured, with the flags that make it comparable.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// Its column in the table.
    pub(crate) name: &'static str,
    program: PathBuf,
    flags: Vec<&'static str>,
    is_ours: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn needed(path: &str, remedy: &str) -> Result<PathBuf> {
    let path = root().join(path);
    ensure!(path.exists(), "{} is missing: {remedy}", path.display());
    Ok(path.canonicalize()?)
}

impl Peer {
    fn of_ours(name: &'static str, flags: &[&'static str]) -> Result<Self> {
        let program = needed("target/release/utnet", "cargo build --release -p utnet-cli")?;
        let flags = [&["node", "--silent"], flags].concat();
        Ok(Self { name, program, flags, is_ours: true })
    }

    /// Our node as it starts by default, on disk and process-safe.
    pub(crate) fn ours() -> Result<Self> {
        Self::of_ours("utnet", &[])
    }

    /// Our node as a plain Ethereum dev chain, on disk and process-safe.
    pub(crate) fn ours_without_poci() -> Result<Self> {
        Self::of_ours("utnet --no-poci", &["--no-poci"])
    }

    /// Our node with an fsync before each answer.
    pub(crate) fn ours_durable() -> Result<Self> {
        Self::of_ours("utnet --durable", &["--durable"])
    }

    /// Our node with a window of history of 64 blocks.
    pub(crate) fn ours_pruned() -> Result<Self> {
        let parts = ["--prune.state", "64", "--prune.receipts", "64", "--prune.bodies", "64"];
        Self::of_ours("utnet --prune", &parts)
    }

    /// Another build of our node, to compare with.
    pub(crate) fn other(program: &str) -> Result<Self> {
        let program = Path::new(program).canonicalize().context("the other build is missing")?;
        Ok(Self { program, ..Self::of_ours("other build", &[])? })
    }

    /// anvil, in memory as it always is.
    pub(crate) fn anvil() -> Result<Self> {
        let program = needed("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil", "npm ci")?;
        Ok(Self { name: "anvil", program, flags: vec!["--silent"], is_ours: false })
    }

    /// Whether it is our node.
    pub(crate) const fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// Begins a chain from a genesis file in a folder; does nothing for those that begin when they start.
    pub(crate) fn init(&self, genesis: &Path, folder: &Path) -> Result<Duration> {
        let begun = Instant::now();
        if self.is_ours {
            let mut command = Command::new(&self.program);
            command.arg("init").arg("--genesis").arg(genesis);
            command.arg("--datadir").arg(folder.join("chain"));
            ensure!(command.stdout(Stdio::null()).status()?.success(), "utnet init failed");
        }
        Ok(begun.elapsed())
    }

    /// Starts it with more flags and waits for its first answer.
    pub(crate) fn start(&self, flags: &[&str]) -> Result<Running> {
        self.start_in(tempfile::tempdir()?, flags)
    }

    /// The same in a folder that may hold a chain.
    pub(crate) fn start_in(&self, folder: tempfile::TempDir, flags: &[&str]) -> Result<Running> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = Command::new(&self.program);
        command.args(&self.flags).args(flags).args(["--port", &port.to_string()]);
        if self.is_ours {
            command.arg("--datadir").arg(folder.path().join("chain"));
        } else {
            command.arg("--cache-path").arg(folder.path());
        }
        let begun = Instant::now();
        let child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let folder = Some(folder);
        let child = Arc::new(Mutex::new(child));
        let watched = watch(Arc::clone(&child));
        let mut running =
            Running { child, address, folder, started_in: Duration::ZERO, _watched: watched };
        running.wait(begun)?;
        Ok(running)
    }
}

/// Kills a process after a while, unless what this gives goes before.
fn watch(child: Arc<Mutex<Child>>) -> Sender<()> {
    let (keep, ended) = channel();
    thread::spawn(move || {
        if ended.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
            eprintln!("   killed: no end within {LONGEST:?}");
            child.lock().expect("nobody panics with it").kill().ok();
        }
    });
    keep
}

/// A node at work; it dies with this.
#[derive(Debug)]
pub(crate) struct Running {
    child: Arc<Mutex<Child>>,
    pub(crate) address: SocketAddr,
    /// None when it was killed and its folder lives on.
    folder: Option<tempfile::TempDir>,
    /// From the start of the process to its first answer.
    pub(crate) started_in: Duration,
    _watched: Sender<()>,
}

impl Running {
    fn wait(&mut self, begun: Instant) -> Result<()> {
        while begun.elapsed() < PATIENCE {
            if let Ok(mut client) = Client::connect(self.address) {
                client.ask("eth_blockNumber", &Value::Array(Vec::new()))?;
                self.started_in = begun.elapsed();
                return Ok(());
            }
            if let Some(status) = self.child().try_wait()? {
                bail!("the node ended with {status} before it answered");
            }
            std::thread::yield_now();
        }
        bail!("the node did not answer within {PATIENCE:?}")
    }

    /// A connection of its own.
    pub(crate) fn client(&self) -> Result<Client> {
        Client::connect(self.address).context("the node does not take another connection")
    }

    /// Kills it and leaves its folder.
    pub(crate) fn kill(mut self) -> Result<tempfile::TempDir> {
        self.child().kill()?;
        self.child().wait()?;
        self.folder.take().context("the folder is taken once")
    }

    /// Where its data is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.as_ref().expect("the folder goes when the node was killed").path()
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child().id()
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().expect("nobody panics with it")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have died already; there is nobody to tell.
        self.child().kill().ok();
        self.child().wait().ok();
    }
}
