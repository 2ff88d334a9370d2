//! Reads what the person who runs the worker typed: flags, and a file for those that are always the same.

use crate::{
    agent::Fault,
    compute::{
        Limits,
        torch::{Operator, TraceShape, child, process::Process},
    },
};
use clap::{Args, Parser, Subcommand};
use serde::Deserialize;
use std::{net::SocketAddr, num::ParseIntError, path::PathBuf, str::FromStr, time::Duration};
use utnet_jobs::remote::LONGEST_BLOB;
use utnet_primitives::{Height, Seconds};

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
    /// Run one PyTorch job that comes on stdin; the worker starts this by itself.
    #[command(hide = true)]
    TorchChild(child::Bounds),
}

/// Settings of `run`; each may also stand in the TOML file that `--config` names, flags win.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunArgs {
    /// TOML file with the same names as these flags.
    #[arg(long)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// JSON-RPC of a node, http:// or ws://; needed.
    #[arg(long)]
    pub rpc: Option<String>,
    /// Where the contracts stand, as scripts/solidity/Deploy.s.sol writes it [default: as in genesis].
    #[arg(long, value_name = "FILE")]
    pub contracts: Option<PathBuf>,
    /// Folder of the worker: database, blobs, certificate; needed.
    #[arg(long)]
    pub datadir: Option<PathBuf>,
    /// The operator's key: 64 hex digits, readable by its owner only; needed.
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
    /// Blocks in an epoch: only for a node that cannot tell; where it can, another number is refused.
    #[arg(long)]
    pub epoch_blocks: Option<u64>,
    /// Score for renters, 1 to 100 [default: 80].
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub renter_score: Option<u8>,
    /// Jobs computed at the same time [default: 1].
    #[arg(long)]
    pub parallel_jobs: Option<usize>,
    /// Seats in committees that the operator's stake answers for at the same time; 0: none [default: 4].
    #[arg(long)]
    pub committee_seats: Option<u8>,
    /// Wei from which a job is taken that is neither a renter's nor under an order of this operator; 0: every job
    /// [default: 1000000000000000000].
    #[arg(long)]
    pub least_price: Option<Wei>,
    /// Longest file that a renter may bring, in bytes; committees read no longer ones [default: 67108864, the most].
    #[arg(long)]
    pub longest_blob: Option<u64>,
    /// All files that one rental may bring, in bytes [default: 1073741824].
    #[arg(long)]
    pub rental_bytes: Option<u64>,
    /// Days for which closed jobs, rentals and batches, and files that nobody needs, are kept [default: 7].
    #[arg(long)]
    pub keep_days: Option<u64>,
    /// Address space of a PyTorch job, in bytes [default: 8589934592].
    #[arg(long)]
    pub torch_memory: Option<u64>,
    /// Wall time after which a job is killed, in seconds [default: 600].
    #[arg(long)]
    pub kill_after: Option<u64>,
    /// First block to read [default: 0]. As a flag it also moves a worker that has read others; in the file it does not.
    #[arg(long)]
    pub start_height: Option<u64>,
    /// TEST DIAL, never for real work: commits deliberately wrong results or answers, or hands over no access.
    #[arg(long, value_enum)]
    pub fault: Option<Fault>,
}

/// An amount of coin, in wei; a text in the file, whose numbers end at 2^63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Wei(pub u128);

impl FromStr for Wei {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl TryFrom<String> for Wei {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
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

/// Widest layer that is traced.
const MOST_WIDTH: i64 = 4_096;

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// File to write.
    #[arg(long)]
    pub out: PathBuf,
    /// Width of the input.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=MOST_WIDTH))]
    pub inputs: u32,
    /// Width of the hidden layer.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=MOST_WIDTH))]
    pub hidden: u32,
    /// Width of the output.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=MOST_WIDTH))]
    pub outputs: u32,
    /// Seed of the weights.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// An operator function of the environment proof, instead of a network.
    #[arg(long, value_enum, conflicts_with_all = ["inputs", "hidden", "outputs", "seed"])]
    pub operator: Option<Operator>,
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
    /// Where the contracts stand, unless they do as in genesis.
    pub contracts: Option<PathBuf>,
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
    /// Blocks in an epoch, where somebody said so.
    pub epoch_blocks: Option<u64>,
    /// Score for renters.
    pub renter_score: u8,
    /// Jobs computed at the same time.
    pub parallel_jobs: usize,
    /// Seats in committees that the operator's stake answers for.
    pub committee_seats: u8,
    /// Wei from which a stranger's job is taken.
    pub least_price: Wei,
    /// Longest file that a renter may bring, in bytes.
    pub longest_blob: u64,
    /// All files that one rental may bring, in bytes.
    pub rental_bytes: u64,
    /// How long what is closed is kept.
    pub keep: Seconds,
    /// What is spent on one job at most.
    pub limits: Limits,
    /// First block to read.
    pub start: Height,
    /// Whether that also holds for a worker that has read others.
    pub is_moved: bool,
    /// Deliberate error.
    pub fault: Option<Fault>,
}

/// What a stranger's job pays at least, unless the operator says otherwise: 1 UNC.
const LEAST_PRICE: Wei = Wei(1_000_000_000_000_000_000);

/// Longest url: with the certificate's fingerprint it must fit the 256 bytes of a batch's pointer.
const LONGEST_URL: usize = 180;

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
    /// A number out of range.
    #[error("--{flag} is {given}, not within {least} and {most}")]
    Range {
        /// The flag.
        flag: &'static str,
        /// What was given.
        given: u64,
        /// Least.
        least: u64,
        /// Most.
        most: u64,
    },
    /// Renters and committees could not use it.
    #[error("--url is {url}: https://HOST:PORT of at most {LONGEST_URL} bytes is needed")]
    Url {
        /// What was given.
        url: String,
    },
}

impl SettingsError {
    /// Whether other words on the command line mend it.
    pub const fn is_typed(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Range { .. } | Self::Url { .. })
    }
}

impl RunArgs {
    /// Fills what the flags leave open from the file, then from the defaults.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn settle(self) -> Result<Settings, SettingsError> {
        let file = self.config.as_ref().map(read).transpose()?.unwrap_or_default();
        let missing = |flag| SettingsError::Missing { flag };
        let limits = limits(&self, &file);
        let settings = Settings {
            rpc: self.rpc.or(file.rpc).ok_or_else(|| missing("rpc"))?,
            contracts: self.contracts.or(file.contracts),
            datadir: self.datadir.or(file.datadir).ok_or_else(|| missing("datadir"))?,
            key_file: self.key_file.or(file.key_file).ok_or_else(|| missing("key-file"))?,
            chips: self.chips.or(file.chips),
            listen: self.listen.or(file.listen).unwrap_or_else(|| ([127, 0, 0, 1], 0).into()),
            url: self.url.or(file.url),
            epoch_blocks: self.epoch_blocks.or(file.epoch_blocks),
            renter_score: self.renter_score.or(file.renter_score).unwrap_or(80),
            parallel_jobs: self.parallel_jobs.or(file.parallel_jobs).unwrap_or(1),
            committee_seats: self.committee_seats.or(file.committee_seats).unwrap_or(4),
            least_price: self.least_price.or(file.least_price).unwrap_or(LEAST_PRICE),
            longest_blob: self.longest_blob.or(file.longest_blob).unwrap_or(LONGEST_BLOB as u64),
            rental_bytes: self.rental_bytes.or(file.rental_bytes).unwrap_or(1 << 30),
            keep: days(self.keep_days.or(file.keep_days).unwrap_or(7)),
            limits,
            is_moved: self.start_height.is_some(),
            start: Height(self.start_height.or(file.start_height).unwrap_or(0)),
            fault: self.fault.or(file.fault),
        };
        settings.check().map(|()| settings)
    }
}

const DAY: Seconds = Seconds(86_400);

const fn days(days: u64) -> Seconds {
    Seconds(days.saturating_mul(DAY.0))
}

fn limits(flags: &RunArgs, file: &RunArgs) -> Limits {
    let defaults = Limits::default();
    let kill_after = flags.kill_after.or(file.kill_after).map(Duration::from_secs);
    Limits {
        kill_after: kill_after.unwrap_or(defaults.kill_after),
        torch_memory_bytes: flags
            .torch_memory
            .or(file.torch_memory)
            .unwrap_or(defaults.torch_memory_bytes),
        ..defaults
    }
}

impl Settings {
    fn check(&self) -> Result<(), SettingsError> {
        let jobs = u64::try_from(self.parallel_jobs).unwrap_or(u64::MAX);
        let ranges = [
            ("renter-score", u64::from(self.renter_score), 1, 100),
            ("epoch-blocks", self.epoch_blocks.unwrap_or(1), 1, 1 << 32),
            ("keep-days", self.keep.0 / DAY.0, 1, 1 << 32),
            ("parallel-jobs", jobs, 1, 1_024),
            ("longest-blob", self.longest_blob, 1, LONGEST_BLOB as u64),
            ("rental-bytes", self.rental_bytes, self.longest_blob, 1 << 50),
            ("kill-after", self.limits.kill_after.as_secs(), 1, 1 << 32),
            ("torch-memory", self.limits.torch_memory_bytes, 2 << 30, 1 << 50),
        ];
        for (flag, given, least, most) in ranges {
            if !(least..=most).contains(&given) {
                return Err(SettingsError::Range { flag, given, least, most });
            }
        }
        let is_usable = |url: &String| {
            url.starts_with("https://")
                && url.len() <= LONGEST_URL
                && url.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match self.url.as_ref().filter(|url| !is_usable(url)) {
            Some(url) => Err(SettingsError::Url { url: url.clone() }),
            None => Ok(()),
        }
    }
}

/// How this program starts itself again for PyTorch; also after its file was replaced.
pub fn torch_process() -> Process {
    Process { program: "/proc/self/exe".into(), library_path: std::env::var_os("LD_LIBRARY_PATH") }
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
        let text = "rpc = 'http://a'\ndatadir = 'd'\nkey-file = 'k'\nrenter-score = 50\nleast-price = '20000000000000000000'\n";
        std::fs::write(&path, text).expect("written");

        let flags =
            RunArgs { config: Some(path), rpc: Some("http://b".into()), ..RunArgs::default() };
        let settings = flags.settle().expect("complete");

        assert_eq!((settings.rpc.as_str(), settings.renter_score), ("http://b", 50));
        assert_eq!(settings.epoch_blocks, None);
        assert_eq!(settings.least_price, Wei(20_000_000_000_000_000_000));
    }

    #[test]
    fn a_number_out_of_range_and_a_url_that_nobody_could_use_are_refused() {
        let complete = RunArgs {
            rpc: Some("http://a".into()),
            datadir: Some("d".into()),
            key_file: Some("k".into()),
            ..RunArgs::default()
        };
        let longer = RunArgs { longest_blob: Some((64 << 20) + 1), ..complete.clone() };
        let refused = longer.settle().expect_err("no committee reads it").to_string();
        assert_eq!(refused, "--longest-blob is 67108865, not within 1 and 67108864");
        let epochless = RunArgs { epoch_blocks: Some(0), ..complete.clone() };
        let refused = epochless.settle().expect_err("no epoch has no block").to_string();
        assert_eq!(refused, "--epoch-blocks is 0, not within 1 and 4294967296");
        let forgetful = RunArgs { keep_days: Some(0), ..complete.clone() };
        let refused = forgetful.settle().expect_err("open seats need their salts").to_string();
        assert_eq!(refused, "--keep-days is 0, not within 1 and 4294967296");
        let bad = ["http://a:1", "https://a b", "https://\u{e4}"].map(str::to_owned);
        for url in bad.into_iter().chain([format!("https://{}", "a".repeat(200))]) {
            let refused = RunArgs { url: Some(url), ..complete.clone() }.settle();
            assert!(matches!(refused, Err(SettingsError::Url { .. })));
        }
        complete.settle().expect("good");
    }

    #[test]
    fn a_missing_setting_is_named() {
        let refused = RunArgs::default().settle();
        let refused = refused.expect_err("no node");
        assert_eq!(refused.to_string(), "--rpc is needed, as a flag or in the file of --config");
        assert!(refused.is_typed());
    }

    #[test]
    fn the_flags_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
