//! Reads what the person who runs the worker typed: flags, and a file for those that are always the same.

use crate::{
    agent::Fault,
    compute::{Limits, torch::TraceShape},
};
use clap::{Args, Parser, Subcommand};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use utnet_primitives::Height;

/// Does the jobs the chain asks for and reports results; keeps chips registered and available.
#[derive(Debug, Parser)]
#[command(name = "utnet-worker", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the worker can be told to do.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Work for one operator until told to stop.
    Run(Box<RunArgs>),
    /// Do one job here and print its root; needs no chain.
    RunJob(RunJobArgs),
    /// Put files into a blob store and print their SHA-256.
    Blob(BlobArgs),
    /// Print what jobs run in, and the hashes by which a job can insist on it.
    Environment,
    /// Write a tensor file (safetensors) for a torch-infer job.
    Tensor(TensorArgs),
    /// Make a TorchScript module by tracing a small network; needs PyTorch.
    Trace(TraceArgs),
}

/// Settings of `run`; each may also stand in the TOML file that `--config` names, flags win.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunArgs {
    /// TOML file with the same names as these flags.
    #[arg(long)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// JSON-RPC of a node, http:// or ws://.
    #[arg(long)]
    pub rpc: Option<String>,
    /// Folder of the worker: database, blobs, certificate.
    #[arg(long)]
    pub datadir: Option<PathBuf>,
    /// The operator's key: 64 hex digits, readable by its owner only.
    #[arg(long)]
    pub key_file: Option<PathBuf>,
    /// Folder of chip folders; without it nothing is proven available.
    #[arg(long)]
    pub chips: Option<PathBuf>,
    /// Where the job port listens [default: 127.0.0.1:0, the same port again after a restart].
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// How others reach the job port [default: https:// and the address it listens on].
    #[arg(long)]
    pub url: Option<String>,
    /// Blocks in an epoch, as in the genesis file [default: 16].
    #[arg(long)]
    pub epoch_blocks: Option<u64>,
    /// Score for renters, 1 to 100 [default: 80].
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub renter_score: Option<u8>,
    /// Jobs computed at the same time [default: 1].
    #[arg(long)]
    pub parallel_jobs: Option<usize>,
    /// Longest file that a renter may bring, in bytes [default: 67108864].
    #[arg(long)]
    pub longest_blob: Option<usize>,
    /// Wall time after which a WASM job is killed, in seconds [default: 600].
    #[arg(long)]
    pub kill_after: Option<u64>,
    /// First block to read [default: 0].
    #[arg(long)]
    pub start_height: Option<u64>,
    /// TEST DIAL, never for real work: commits deliberately wrong results.
    #[arg(long, value_enum)]
    pub fault: Option<Fault>,
}

/// Arguments of `run-job`.
#[derive(Debug, Args)]
pub struct RunJobArgs {
    /// JSON: `{"program","input","params","class","seed"}`, files by SHA-256; see docs/protocol.md, section 6.
    #[arg(long)]
    pub spec: PathBuf,
    /// Folder of files under their SHA-256.
    #[arg(long)]
    pub blobs: PathBuf,
    /// Folder for the result: files under their SHA-256, and `manifest.json`.
    #[arg(long)]
    pub out: PathBuf,
}

/// Arguments of `blob`.
#[derive(Debug, Args)]
pub struct BlobArgs {
    /// Folder of files under their SHA-256.
    #[arg(long)]
    pub blobs: PathBuf,
    /// Files to put there.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

/// Arguments of `tensor`.
#[derive(Debug, Args)]
pub struct TensorArgs {
    /// File to write.
    #[arg(long)]
    pub out: PathBuf,
    /// Lengths, outermost first.
    #[arg(long, value_delimiter = ',', required = true)]
    pub shape: Vec<i64>,
    /// Numbers, row by row.
    #[arg(long, value_delimiter = ',', required = true, allow_hyphen_values = true)]
    pub values: Vec<f32>,
}

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// File to write.
    #[arg(long)]
    pub out: PathBuf,
    /// Width of the input.
    #[arg(long, default_value_t = 4)]
    pub inputs: u32,
    /// Width of the hidden layer.
    #[arg(long, default_value_t = 16)]
    pub hidden: u32,
    /// Width of the output.
    #[arg(long, default_value_t = 3)]
    pub outputs: u32,
    /// Seed of the weights.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

impl TraceArgs {
    /// The network's shape.
    pub const fn shape(&self) -> TraceShape {
        TraceShape {
            inputs: self.inputs,
            hidden: self.hidden,
            outputs: self.outputs,
            seed: self.seed,
        }
    }
}

/// Settings of `run` with nothing left open.
#[derive(Clone, Debug)]
pub struct Settings {
    /// JSON-RPC of a node.
    pub rpc: String,
    /// Folder of the worker.
    pub datadir: PathBuf,
    /// The operator's key.
    pub key_file: PathBuf,
    /// Folder of chip folders.
    pub chips: Option<PathBuf>,
    /// Where the job port listens.
    pub listen: SocketAddr,
    /// How others reach the job port.
    pub url: Option<String>,
    /// Blocks in an epoch.
    pub epoch_blocks: u64,
    /// Score for renters.
    pub renter_score: u8,
    /// Jobs computed at the same time.
    pub parallel_jobs: usize,
    /// Longest file that a renter may bring, in bytes.
    pub longest_blob: usize,
    /// What is spent on one job at most.
    pub limits: Limits,
    /// First block to read.
    pub start: Height,
    /// Deliberate error.
    pub fault: Option<Fault>,
}

/// Why the settings are not usable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or names an unknown setting.
    #[error("{path}: {source}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A setting without a default is missing.
    #[error("--{flag} is needed, as a flag or in the file of --config")]
    Missing {
        /// The flag.
        flag: &'static str,
    },
    /// A score out of range in the file.
    #[error("renter-score is {score}, not within 1 and 100")]
    Score {
        /// The score.
        score: u8,
    },
}

impl RunArgs {
    /// Fills what the flags leave open from the file, then from the defaults.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn settle(self) -> Result<Settings, SettingsError> {
        let file = self.config.as_ref().map(read).transpose()?.unwrap_or_default();
        let missing = |flag| SettingsError::Missing { flag };
        let renter_score = self.renter_score.or(file.renter_score).unwrap_or(80);
        if !(1..=100).contains(&renter_score) {
            return Err(SettingsError::Score { score: renter_score });
        }
        let kill_after = self.kill_after.or(file.kill_after).map(Duration::from_secs);
        let defaults = Limits::default();
        Ok(Settings {
            rpc: self.rpc.or(file.rpc).ok_or_else(|| missing("rpc"))?,
            datadir: self.datadir.or(file.datadir).ok_or_else(|| missing("datadir"))?,
            key_file: self.key_file.or(file.key_file).ok_or_else(|| missing("key-file"))?,
            chips: self.chips.or(file.chips),
            listen: self.listen.or(file.listen).unwrap_or_else(|| ([127, 0, 0, 1], 0).into()),
            url: self.url.or(file.url),
            epoch_blocks: self.epoch_blocks.or(file.epoch_blocks).unwrap_or(16),
            renter_score,
            parallel_jobs: self.parallel_jobs.or(file.parallel_jobs).unwrap_or(1),
            longest_blob: self.longest_blob.or(file.longest_blob).unwrap_or(64 << 20),
            limits: Limits { kill_after: kill_after.unwrap_or(defaults.kill_after), ..defaults },
            start: Height(self.start_height.or(file.start_height).unwrap_or(0)),
            fault: self.fault.or(file.fault),
        })
    }
}

fn read(path: &PathBuf) -> Result<RunArgs, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::File { path: path.clone(), source })?;
    toml::from_str(&text)
        .map_err(|source| SettingsError::Form { path: path.clone(), source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("worker.toml");
        let text = "rpc = 'http://a'\ndatadir = 'd'\nkey-file = 'k'\nrenter-score = 50\n";
        std::fs::write(&path, text).expect("written");

        let flags =
            RunArgs { config: Some(path), rpc: Some("http://b".into()), ..RunArgs::default() };
        let settings = flags.settle().expect("complete");

        assert_eq!((settings.rpc.as_str(), settings.renter_score), ("http://b", 50));
        assert_eq!(settings.epoch_blocks, 16);
    }

    #[test]
    fn a_missing_setting_is_named() {
        let refused = RunArgs::default().settle();
        assert!(matches!(refused, Err(SettingsError::Missing { flag: "rpc" })));
    }

    #[test]
    fn the_flags_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
