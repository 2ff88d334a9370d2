//! Says what was measured where and when, so that a table can be read without the run, and what it took of
//! the machine.

use anyhow::{Context, Result};
use std::{fs, process::Command, time::Duration};

/// Prints it to standard output.
#[expect(clippy::print_stdout, reason = "it heads the table")]
pub(crate) fn print() -> Result<()> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    println!("`scripts/bench/node {}`, {}.", words.join(" "), said("date", "-u")?);
    println!("{} cores ({}), Linux {}.", cores()?, processor()?, said("uname", "-r")?);
    println!("The load generator ran on the same machine. Load at the end: {}.\n", load()?);
    Ok(())
}

fn said(program: &str, argument: &str) -> Result<String> {
    let output = Command::new(program).arg(argument).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn cores() -> Result<usize> {
    Ok(std::thread::available_parallelism()?.get())
}

fn processor() -> Result<String> {
    let all = fs::read_to_string("/proc/cpuinfo")?;
    let line = all.lines().find(|line| line.starts_with("model name"));
    let (_, name) = line.and_then(|line| line.split_once(':')).context("no model name")?;
    Ok(name.trim().to_owned())
}

/// Processes that wanted a core, on average over one, five and fifteen minutes.
fn load() -> Result<String> {
    let all = fs::read_to_string("/proc/loadavg")?;
    Ok(all.split_whitespace().take(3).collect::<Vec<_>>().join(", "))
}

/// How long a process had a core so far, in hundredths of a second: less than time it depends on what else
/// the machine does.
pub(crate) fn core_time(pid: u32) -> Result<Duration> {
    let all = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // What follows the name, which may hold anything.
    let (_, rest) = all.rsplit_once(')').context("no name")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    Ok(Duration::from_millis(10 * ticks.sum::<Result<u64, _>>()?))
}
