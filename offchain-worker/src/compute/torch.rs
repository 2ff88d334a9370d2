//! Runs PyTorch jobs on the CPU: one thread, fixed seeds, deterministic kernels.
//!
//! A TorchScript file is a program of somebody else's, and libtorch was not made to confine one. So each job runs in a
//! process of its own ([`process`]), which gives up what it does not need before it reads anything ([`child`]); what is in
//! this file runs there. Without the cargo feature `torch` every job of this kind is declined with a reason.

pub mod child;
mod frames;
pub mod process;
pub mod safetensors;

#[cfg(feature = "torch")]
mod infer;
#[cfg(feature = "torch")]
mod model;
#[cfg(feature = "torch")]
mod operators;
#[cfg(feature = "torch")]
mod train;

#[cfg(all(test, feature = "torch"))]
mod tests;

use super::Output;
#[cfg(feature = "torch")]
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use utnet_jobs::params::TrainParams;

/// Why PyTorch gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TorchError {
    /// The cargo feature is off.
    #[error(
        "this worker was built without PyTorch: run scripts/libtorch, then build with --features torch"
    )]
    NotBuilt,
    /// The text is too short to train and to hold out.
    #[error("a text of {bytes} bytes is too short: training needs {needed}")]
    TextTooShort {
        /// Length of the input.
        bytes: usize,
        /// Least length.
        needed: usize,
    },
    /// The input is no safetensors file.
    #[error(transparent)]
    Input(#[from] safetensors::Malformed),
    /// A figure is infinite or not a number.
    #[error("{figure} is not finite")]
    NotFinite {
        /// Which figure.
        figure: &'static str,
    },
    /// The module answered something else than tensors.
    #[error("module answers something else than tensors of numbers")]
    NoTensors,
    /// The module answered more tensors than a result may have.
    #[error("module answers more than {} tensors", utnet_jobs::manifest::MOST_OUTPUTS)]
    TooManyOutputs,
    /// The result is longer than this worker keeps.
    #[error("a result of {bytes} bytes is longer than {limit}")]
    TooMuchOutput {
        /// Length of all files.
        bytes: u64,
        /// Longest.
        limit: u64,
    },
    /// The process that runs PyTorch refused the job; in its words.
    #[error("PyTorch: {0}")]
    Refused(String),
    /// The process that runs PyTorch died on the job.
    #[error("the PyTorch process died ({how}){last_words}")]
    Crashed {
        /// Signal or exit status.
        how: std::process::ExitStatus,
        /// The end of what it wrote to stderr.
        last_words: String,
    },
    /// It ran longer than this worker allows; on an idle machine it might finish.
    #[error("the PyTorch process was killed after {} s", .after.as_secs())]
    Killed {
        /// Wall time that it had.
        after: Duration,
    },
    /// The process could not be started or spoken to.
    #[error("the PyTorch process: {0}")]
    Line(#[from] std::io::Error),
    /// libtorch refused.
    #[cfg(feature = "torch")]
    #[error("libtorch: {0}")]
    Library(#[from] tch::TchError),
}

/// Whether PyTorch jobs can be done here.
pub const fn is_available() -> bool {
    cfg!(feature = "torch")
}

/// Runs a TorchScript module over the tensors of a safetensors file.
///
/// # Errors
/// [`TorchError`]: there is no result.
#[cfg(feature = "torch")]
pub fn infer(module: &[u8], input: &[u8]) -> Result<Output, TorchError> {
    let _alone = alone(0);
    infer::infer(module, input)
}

/// Runs a TorchScript module over the tensors of a safetensors file.
///
/// # Errors
/// Always: PyTorch is not built in.
#[cfg(not(feature = "torch"))]
pub const fn infer(_module: &[u8], _input: &[u8]) -> Result<Output, TorchError> {
    Err(TorchError::NotBuilt)
}

/// Trains a character model on a text.
///
/// # Errors
/// [`TorchError`]: there is no result.
#[cfg(feature = "torch")]
pub fn train(recipe: &TrainParams, seed: u64, text: &[u8]) -> Result<Output, TorchError> {
    let _alone = alone(seed);
    train::train(recipe, seed, text)
}

/// Trains a character model on a text.
///
/// # Errors
/// Always: PyTorch is not built in.
#[cfg(not(feature = "torch"))]
pub const fn train(_recipe: &TrainParams, _seed: u64, _text: &[u8]) -> Result<Output, TorchError> {
    Err(TorchError::NotBuilt)
}

/// Shape of the network that [`trace`] makes.
#[derive(Clone, Copy, Debug)]
pub struct TraceShape {
    /// Width of the input.
    pub inputs: u32,
    /// Width of the hidden layer.
    pub hidden: u32,
    /// Width of the output.
    pub outputs: u32,
    /// Seed of the weights.
    pub seed: u64,
}

/// Makes a TorchScript module by tracing a two-layer network and writes it.
///
/// # Errors
/// [`TorchError`]: no file was written.
#[cfg(feature = "torch")]
pub fn trace(shape: &TraceShape, path: &std::path::Path) -> Result<(), TorchError> {
    let _alone = alone(shape.seed);
    infer::trace(shape, path)
}

/// Makes a TorchScript module by tracing a two-layer network and writes it.
///
/// # Errors
/// Always: PyTorch is not built in.
#[cfg(not(feature = "torch"))]
pub const fn trace(_shape: &TraceShape, _path: &std::path::Path) -> Result<(), TorchError> {
    Err(TorchError::NotBuilt)
}

/// An operator function of the environment proof that is written for PyTorch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Operator {
    /// Scaled dot-product attention.
    Attention,
    /// Convolution and pooling.
    Convolution,
}

/// Makes the TorchScript module of an operator function and writes it; the same bytes every time.
///
/// # Errors
/// [`TorchError`]: no file was written.
#[cfg(feature = "torch")]
pub fn trace_operator(operator: Operator, path: &std::path::Path) -> Result<(), TorchError> {
    let _alone = alone(0);
    operators::trace(operator, path)
}

/// Makes the TorchScript module of an operator function and writes it.
///
/// # Errors
/// Always: PyTorch is not built in.
#[cfg(not(feature = "torch"))]
pub const fn trace_operator(
    _operator: Operator,
    _path: &std::path::Path,
) -> Result<(), TorchError> {
    Err(TorchError::NotBuilt)
}

/// Takes libtorch for one job and puts it into a known state: seed and thread count are kept per process.
#[cfg(feature = "torch")]
fn alone(seed: u64) -> MutexGuard<'static, ()> {
    static BUSY: Mutex<()> = Mutex::new(());
    static THREADS: OnceLock<()> = OnceLock::new();
    let guard = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
    THREADS.get_or_init(|| {
        tch::set_num_threads(1);
        tch::set_num_interop_threads(1);
        // Without it the first runs of a module are profiled and later ones fused: other sums.
        tch::jit::set_graph_executor_optimize(false);
    });
    tch::manual_seed(seed.cast_signed());
    guard
}

/// A figure in millionths.
#[cfg(feature = "torch")]
fn micro(figure: &'static str, value: f64) -> Result<i64, TorchError> {
    let scaled = (value * 1e6).round();
    if scaled.abs() < 9e15 {
        // `{scaled}` of a whole number below 2^53 has no fraction and no exponent.
        scaled.to_string().parse().map_err(|_never| TorchError::NotFinite { figure })
    } else {
        Err(TorchError::NotFinite { figure })
    }
}
