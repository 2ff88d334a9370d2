//! What the process that runs PyTorch does: gives up everything that it does not need, reads one job, answers.
//!
//! Limits of the kernel (address space, CPU time, no file written, no core) hold everywhere on Linux.
//! Landlock, where the kernel has it, takes away all files, all TCP, and signals to others; the libraries are loaded by then.

use super::{
    Output, TorchError, frames,
    process::{Answer, LONGEST_HEAD, Order},
};
use clap::Args;
use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use rlimit::{Resource, setrlimit};
use std::{
    io::{self, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
    process, thread,
};

/// The worker's hidden subcommand for this.
pub const SUBCOMMAND: &str = "torch-child";

/// Open files at once: the line, and a few that libraries look into.
const MOST_FILES: u64 = 64;

/// Longest program or input, in bytes.
const LONGEST_FILE: u64 = 4 << 30;

/// What the process may spend.
#[derive(Debug, Args)]
pub struct Bounds {
    /// Address space, in bytes.
    #[arg(long)]
    pub memory: u64,
    /// All result files together, in bytes.
    #[arg(long)]
    pub output: u64,
    /// CPU time, in seconds.
    #[arg(long)]
    pub seconds: u64,
}

/// Does the job that comes on stdin.
///
/// # Errors
/// When the line fails; a job that fails is an answer.
pub fn serve(bounds: &Bounds) -> io::Result<()> {
    let is_confined = confine(bounds)?;
    let mut line = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let order = serde_json::from_slice(&frames::read(&mut line, LONGEST_HEAD)?)?;
    let program = frames::read(&mut line, LONGEST_FILE)?;
    let input = frames::read(&mut line, LONGEST_FILE)?;
    die_with_the_worker(line.try_clone()?)?;
    let done = obey(&order, &program, &input).and_then(|output| fitting(output, bounds.output));
    match done {
        Ok(output) => tell(&mut line, output, is_confined),
        Err(TorchError::TooManyOutputs) => {
            frames::write(&mut line, &head(&Answer::TooManyOutputs)?)
        }
        Err(refusal) => frames::write(&mut line, &head(&Answer::Refused(refusal.to_string()))?),
    }
}

fn obey(order: &Order, program: &[u8], input: &[u8]) -> Result<Output, TorchError> {
    match order {
        Order::Infer => super::infer(program, input),
        Order::Train { recipe, seed } => super::train(recipe, *seed, input),
    }
}

fn fitting(output: Output, limit: u64) -> Result<Output, TorchError> {
    let bytes = output.files.values().map(|file| file.len() as u64).sum();
    if bytes > limit { Err(TorchError::TooMuchOutput { bytes, limit }) } else { Ok(output) }
}

fn tell(line: &mut UnixStream, output: Output, is_confined: bool) -> io::Result<()> {
    let Output { files, metrics, steps } = output;
    let names = files.keys().cloned().collect();
    frames::write(line, &head(&Answer::Done { files: names, metrics, steps, is_confined })?)?;
    files.values().try_for_each(|file| frames::write(line, file))?;
    line.flush()
}

fn head(answer: &Answer) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(answer)?)
}

/// A worker that is gone closes its end: nobody waits for the answer.
fn die_with_the_worker(mut line: UnixStream) -> io::Result<()> {
    let watch = move || {
        drop(line.read(&mut [0]));
        process::exit(1);
    };
    thread::Builder::new().name("line".to_owned()).spawn(watch).map(drop)
}

/// Gives up what is not needed; says whether the kernel keeps this process away from files.
fn confine(bounds: &Bounds) -> io::Result<bool> {
    let limits = [
        (Resource::AS, bounds.memory),
        (Resource::CPU, bounds.seconds),
        (Resource::FSIZE, 0),
        (Resource::CORE, 0),
        (Resource::NOFILE, MOST_FILES),
    ];
    for (resource, most) in limits {
        setrlimit(resource, most, most)?;
    }
    Ok(!matches!(shut_out().map_err(io::Error::other)?, RulesetStatus::NotEnforced))
}

/// Takes away all that this kernel's Landlock knows, but for the chance that libtorch seeds itself with; a kernel without
/// Landlock takes nothing.
fn shut_out() -> Result<RulesetStatus, Box<dyn std::error::Error + Send + Sync>> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))?
        .handle_access(AccessNet::from_all(ABI::V6))?
        .scope(Scope::from_all(ABI::V6))?;
    let chance = PathBeneath::new(PathFd::new("/dev/urandom")?, AccessFs::ReadFile);
    Ok(rules.create()?.add_rule(chance)?.restrict_self()?.ruleset)
}
