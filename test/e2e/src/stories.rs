//! Plays stories that are told in Python, one at a time.

use crate::{needed, ours, run};
use anyhow::Result;
use std::{
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Runs a Python script of the repository; what it printed.
///
/// # Errors
/// When a program that it starts is missing, or it fails; with its output.
pub fn python(script: &str, args: &[&str]) -> Result<String> {
    for program in ["utnet", "utnet-relayer", "utnet-worker"] {
        needed(&format!("target/release/{program}"), "cargo build --release --workspace")?;
    }
    run(Command::new("python3").arg(ours(script)?).args(args))
}

/// One story at a time: windows of some seconds must not close because two stories share two cores.
static STAGE: Mutex<()> = Mutex::new(());

/// Waits for the stage.
pub fn stage() -> MutexGuard<'static, ()> {
    STAGE.lock().unwrap_or_else(PoisonError::into_inner)
}
