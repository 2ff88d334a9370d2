//! Writes what a person reads about this program, and what a shell does, from its command line.

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use serde_json::Value;
use std::io::{self, Write as _};

/// Prints a shell's completions.
pub(crate) fn completions(shell: Shell, mut program: Command) -> Result<Value> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut program, "utnet", &mut text);
    print(&text)
}

/// Prints the manual page of the program, or of one of its commands.
pub(crate) fn page(command: Option<&str>, mut program: Command) -> Result<Value> {
    program.build();
    let shown = match command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name);
            let names = || program.get_subcommands().map(Command::get_name).collect::<Vec<_>>();
            let found = found.with_context(|| {
                format!("there is no command {name}: expected one of {}", names().join(", "))
            })?;
            found.clone()
        }
    };
    let mut text = Vec::new();
    Man::new(shown).render(&mut text)?;
    print(&text)
}

fn print(text: &[u8]) -> Result<Value> {
    io::stdout().lock().write_all(text)?;
    Ok(Value::Null)
}
