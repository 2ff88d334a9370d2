//! Runs one PyTorch job in a process of its own, and survives whatever that does.
//!
//! The process is the worker's own program with a hidden subcommand. Its standard input is a socket, on which it gets the
//! job and answers, both in frames; its environment is empty but for the library path, and it inherits no other file. Wall
//! time is measured here, everything else is given up over there (`child`).

use super::{TorchError, frames};
use crate::compute::{Limits, Output};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, Read, Write},
    net::Shutdown,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Once, mpsc},
    thread,
    time::Duration,
};
use utnet_jobs::params::TrainParams;

/// Longest order or answer without its files, in bytes.
pub(super) const LONGEST_HEAD: u64 = 1 << 20;

/// How much of its stderr is told, in bytes.
const LAST_WORDS: usize = 1_024;

/// Looks at a process that has closed its line, and the time between two.
const LOOKS: u32 = 400;
const PAUSE: Duration = Duration::from_millis(5);

/// How PyTorch is started.
#[derive(Clone, Debug)]
pub struct Process {
    /// The worker's program.
    pub program: PathBuf,
    /// `LD_LIBRARY_PATH`, for builds that find libtorch by it.
    pub library_path: Option<OsString>,
}

/// What PyTorch is to do; program and input follow.
#[derive(Debug, Serialize, Deserialize)]
pub enum Order {
    /// Run a TorchScript module.
    Infer,
    /// Train a character model.
    Train {
        /// How.
        recipe: TrainParams,
        /// Seed of all chance.
        seed: u64,
    },
}

/// What the process answers; the files follow in the order of their names.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// It is done.
    Done {
        /// Names of the files.
        files: Vec<String>,
        /// Figures by name.
        metrics: BTreeMap<String, i64>,
        /// Steps.
        steps: u64,
        /// Whether the kernel keeps the process away from files.
        is_confined: bool,
    },
    /// It will not be done.
    Refused(String),
    /// Nobody can do it: there are more tensors than a result may have.
    TooManyOutputs,
}

impl Process {
    /// Does one job.
    ///
    /// # Errors
    /// [`TorchError`]: there is no result. Whatever the process did, this one goes on.
    pub fn run(
        &self,
        order: &Order,
        program: Vec<u8>,
        input: Vec<u8>,
        limits: &Limits,
    ) -> Result<Output, TorchError> {
        if !super::is_available() {
            return Err(TorchError::NotBuilt);
        }
        let head = serde_json::to_vec(order).map_err(io::Error::from)?;
        let (line, theirs) = UnixStream::pair()?;
        let mut running = Running(self.command(limits, theirs).spawn()?);
        let (stderr, mut out, most) =
            (running.0.stderr.take(), line.try_clone()?, limits.output_bytes);
        let last_words = aside(move || stderr.map(tail).unwrap_or_default())?;
        // It may die before it has read everything: what counts is its answer.
        aside(move || send(&mut out, &[head, program, input]))?;
        let hears = line.try_clone()?;
        let answer = aside(move || receive(hears, most))?;
        let answered = answer.recv_timeout(limits.kill_after);
        // Ends the threads, whoever may hold the other end.
        drop(line.shutdown(Shutdown::Both));
        match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(_cut_off)) => {
                let how = running.end()?;
                let last_words = last_words.recv_timeout(PAUSE * LOOKS).unwrap_or_default();
                Err(TorchError::Crashed { how, last_words })
            }
            Err(_late) => Err(TorchError::Killed { after: limits.kill_after }),
        }
    }

    fn command(&self, limits: &Limits, line: UnixStream) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(super::child::SUBCOMMAND)
            .arg(format!("--memory={}", limits.torch_memory_bytes))
            .arg(format!("--output={}", limits.output_bytes))
            .arg(format!("--seconds={}", limits.kill_after.as_secs().saturating_add(1)))
            .env_clear()
            .envs(self.library_path.iter().map(|path| ("LD_LIBRARY_PATH", path)))
            .current_dir("/")
            .stdin(OwnedFd::from(line))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }
}

/// The process; it dies with this.
struct Running(Child);

impl Running {
    /// How it ended; one that has closed its line and lives on is killed.
    fn end(&mut self) -> io::Result<ExitStatus> {
        for _ in 0..LOOKS {
            if let Some(how) = self.0.try_wait()? {
                return Ok(how);
            }
            thread::sleep(PAUSE);
        }
        self.0.kill()?;
        self.0.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

/// Does something on a thread that nobody waits for: a line to a process may stay open longer than that.
fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<mpsc::Receiver<T>> {
    let (done, result) = mpsc::channel();
    thread::Builder::new().name("torch-line".to_owned()).spawn(move || drop(done.send(work())))?;
    Ok(result)
}

fn send(line: &mut impl Write, frames: &[Vec<u8>]) -> io::Result<()> {
    frames.iter().try_for_each(|frame| frames::write(line, frame))
}

/// The answer; an error when the line ended before it was complete.
fn receive(mut line: impl Read, most: u64) -> io::Result<Result<Output, TorchError>> {
    let head = frames::read(&mut line, LONGEST_HEAD)?;
    let (names, metrics, steps) = match serde_json::from_slice(&head)? {
        Answer::Refused(reason) => return Ok(Err(TorchError::Refused(reason))),
        Answer::TooManyOutputs => return Ok(Err(TorchError::TooManyOutputs)),
        Answer::Done { files, metrics, steps, is_confined } => {
            warn_unless(is_confined);
            (files, metrics, steps)
        }
    };
    let (mut files, mut left) = (BTreeMap::new(), most);
    for name in names {
        let bytes = frames::read(&mut line, left)?;
        left = left.saturating_sub(bytes.len() as u64);
        files.insert(name, bytes);
    }
    Ok(Ok(Output { files, metrics, steps }))
}

fn warn_unless(is_confined: bool) {
    static ONCE: Once = Once::new();
    if !is_confined {
        ONCE.call_once(|| {
            tracing::warn!(
                "this kernel has no Landlock: PyTorch jobs run apart, with limits, but could read this user's files; \
                 run the worker as a user of its own, or on Linux 5.13 or newer"
            );
        });
    }
}

/// The end of what was written, for a person; control characters are not passed on.
fn tail(mut line: impl Read) -> String {
    let (mut kept, mut piece) = (Vec::new(), [0; 4_096]);
    while let Ok(count @ 1..) = line.read(&mut piece) {
        kept.extend_from_slice(piece.get(..count).unwrap_or_default());
        kept.drain(..kept.len().saturating_sub(LAST_WORDS));
    }
    let text = String::from_utf8_lossy(&kept);
    let words: Vec<_> = text.split(|c: char| c.is_control() || c.is_whitespace()).collect();
    let text = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if text.is_empty() { text } else { format!(": {text}") }
}
