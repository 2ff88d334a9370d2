//! Loads a dump when the node starts and writes one when it ends, so that no crash leaves half a file.

use super::error::NodeError;
use crate::engine::{
    Chain,
    dump::{Past, Restored, from_packed, to_json},
};
use clap::Args;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

/// Dumps of the chain, in anvil's format.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "State")]
pub(super) struct StateArgs {
    /// Load this dump at the start if it is there, and write it at the end.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["load_state", "dump_state", "init"])]
    state: Option<PathBuf>,
    /// Load this dump, of this node or of anvil, at the start.
    #[arg(long, value_name = "FILE", conflicts_with = "init")]
    load_state: Option<PathBuf>,
    /// Write a dump at the end.
    #[arg(long, value_name = "FILE")]
    dump_state: Option<PathBuf>,
    /// Seconds between dumps while the node runs.
    #[arg(short = 's', long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    state_interval: u64,
    /// Dump whole earlier states, too, so that anvil can answer for them.
    #[arg(long)]
    preserve_historical_states: bool,
}

impl StateArgs {
    /// Whether dumps are written.
    pub(super) const fn writes(&self) -> bool {
        self.state.is_some() || self.dump_state.is_some()
    }

    /// The dump to begin with.
    pub(super) fn read(&self) -> Result<Option<Restored>, NodeError> {
        let (flag, path) = match (&self.load_state, &self.state) {
            (Some(path), _) => ("--load-state", path),
            (None, Some(path)) if file(path).exists() => ("--state", path),
            _ => return Ok(None),
        };
        let path = file(path);
        let bytes = fs::read(&path).map_err(|source| NodeError::File {
            flag,
            path: path.clone(),
            source,
        })?;
        match from_packed(&bytes) {
            Ok(restored) => Ok(Some(restored)),
            Err(source) => Err(NodeError::Dump { path, source }),
        }
    }

    /// Writes dumps now and then; never ends.
    pub(super) async fn keep(&self, chain: &Chain) {
        let mut ticks = interval(Duration::from_secs(self.state_interval));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if let Err(fault) = self.write(chain).await {
                warn!(%fault, "the state was not dumped");
            }
        }
    }

    /// Writes a dump, if one is wanted.
    pub(super) async fn write(&self, chain: &Chain) -> Result<(), NodeError> {
        let (flag, path) = match (&self.dump_state, &self.state) {
            (Some(path), _) => ("--dump-state", file(path)),
            (None, Some(path)) => ("--state", file(path)),
            (None, None) => return Ok(()),
        };
        let view = chain.view()?;
        let past = if self.preserve_historical_states { Past::Both } else { Past::Ours };
        let writing = move || {
            let json = to_json(&view, past)
                .map_err(|source| NodeError::Dump { path: path.clone(), source })?;
            replace(&path, &json).map_err(|source| NodeError::File { flag, path, source })
        };
        match tokio::task::spawn_blocking(writing).await {
            Ok(written) => written,
            Err(_panic) => Err(NodeError::EngineCrashed),
        }
    }
}

/// A folder means the file `state.json` in it, as with anvil.
fn file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("state.json") } else { path.to_owned() }
}

/// Puts a new file in the place of an old one: at any moment one of them is there, whole.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        for text in ["old and long", "new"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
