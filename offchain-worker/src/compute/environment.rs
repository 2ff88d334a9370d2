//! Describes this machine's kernels, and says whether a job's wishes are met here.
//!
//! The kernels name what bit-equal floats depend on besides the environment: library, threads and instruction set.

use super::{Refusal, Task};
use alloy_primitives::B256;
use utnet_jobs::{environment::environment_of, params::Params, sha256};

/// The kernels of PyTorch jobs on this machine, in words: their SHA-256 is the specification's `kernelProfile`.
pub fn kernels() -> String {
    format!(
        r#"{{"instructions":"{}","library":"libtorch 2.11.0 cpu","threads":1,"version":1}}"#,
        instructions()
    )
}

#[cfg(target_arch = "x86_64")]
fn instructions() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "x86_64 avx512"
    } else if std::arch::is_x86_feature_detected!("avx2") {
        "x86_64 avx2"
    } else {
        "x86_64"
    }
}

#[cfg(not(target_arch = "x86_64"))]
const fn instructions() -> &'static str {
    std::env::consts::ARCH
}

/// Says whether a job's wishes are met here; zero wishes nothing.
///
/// # Errors
/// [`Refusal::Environment`] with both hashes.
pub fn check(params: &Params, task: &Task) -> Result<(), Refusal> {
    meets("environment", task.environment, sha256(environment_of(params).as_bytes()))?;
    match params {
        Params::Wasm(_) => meets("kernels", task.kernels, B256::ZERO),
        Params::TorchInfer(_) | Params::TorchTrain(_) => {
            meets("kernels", task.kernels, sha256(kernels().as_bytes()))
        }
    }
}

fn meets(what: &'static str, wanted: B256, offered: B256) -> Result<(), Refusal> {
    if wanted == B256::ZERO || wanted == offered {
        Ok(())
    } else {
        Err(Refusal::Environment { what, wanted, offered })
    }
}
