//! Prints ns, gas and ns per gas of every precompile, all measured in turns: the table of `docs/precompiles.md`.
//!
//! `cargo bench -p utnet-precompiles --bench ratios`. Other work on the machine only ever adds
//! time, so each case counts with the least of many short turns, and all cases take turns.

#[path = "../gas/cases.rs"]
mod cases;

use std::{
    hint::black_box,
    io::{self, Write},
    time::{Duration, Instant},
};

/// Turns per case.
const TURNS: u32 = 60;

/// A turn repeats short work up to this time.
const TURN: Duration = Duration::from_millis(1);

fn main() -> io::Result<()> {
    let cases = cases::all();
    let mut least = vec![Duration::MAX; cases.len()];
    for _ in 0..TURNS {
        for (case, least) in cases.iter().zip(&mut least) {
            *least = (*least).min(turn(&case.work));
        }
    }
    let per_gas = |time: &Duration, gas: u64| time.as_secs_f64() * 1e9 / gas as f64;
    let unit = per_gas(&least[0], 3_000);
    let mut out = io::stdout().lock();
    writeln!(out, "| call | us | gas | ns per gas | of ecrecover's |\n|---|---|---|---|---|")?;
    for (case, time) in cases.iter().zip(&least) {
        let micros = time.as_secs_f64() * 1e6;
        match case.gas {
            Some(gas) => {
                let ns = per_gas(time, gas);
                let name = &case.name;
                writeln!(out, "| {name} | {micros:.1} | {gas} | {ns:.2} | {:.2} |", ns / unit)?;
            }
            None => writeln!(out, "| {} | {micros:.1} | | | |", case.name)?,
        }
    }
    Ok(())
}

/// The time of one run, as the mean of as many as fit into a turn.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn turn(work: &dyn Fn() -> u8) -> Duration {
    let start = Instant::now();
    let mut runs = 0;
    while runs == 0 || start.elapsed() < TURN {
        black_box(work());
        runs += 1;
    }
    start.elapsed() / runs
}
