//! Describes what jobs run in, so that a job can insist on it by hash.
//!
//! The environment names runtimes and their versions: the same everywhere for one release of the worker.

use crate::params::Params;

/// Description of the environment of WASM jobs; canonical JSON.
pub const WASM_ENVIRONMENT: &str = r#"{"runtime":"wasmtime 48","system":"wasi preview1: arguments, stdin, stdout, stderr, seeded random, clock at zero","version":1}"#;

/// Description of the environment of PyTorch jobs; canonical JSON.
pub const TORCH_ENVIRONMENT: &str = r#"{"runtime":"libtorch 2.11.0 cpu","version":1}"#;

/// What runs the job, in words: its SHA-256 is the specification's `environmentHash`.
pub const fn environment_of(params: &Params) -> &'static str {
    match params {
        Params::Wasm(_) => WASM_ENVIRONMENT,
        Params::TorchInfer(_) | Params::TorchTrain(_) => TORCH_ENVIRONMENT,
    }
}
