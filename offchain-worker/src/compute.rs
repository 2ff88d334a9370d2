//! Runs one job: reads its files from a blob store, computes, keeps the result and names its root.
//!
//! Knows no chain, no clock and no network. What may differ between two runs never enters a result.

pub mod baseline;
pub mod compare;
pub mod environment;
mod limits;
pub mod torch;
pub mod trial;
pub mod wasm;

#[cfg(test)]
mod tests;

pub use limits::Limits;

use crate::store::{BlobError, BlobStore};
use alloy_primitives::B256;
use limits::within;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use torch::process::{Order, Process};
use utnet_jobs::{
    manifest::{self, Class, FileEntry, Manifest},
    params::Params,
    sha256,
};
use utnet_primitives::JobId;

/// What is to be computed, all of it by hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Task {
    /// The job's id; zero for a run without a chain.
    #[serde(default)]
    pub job: JobId,
    /// SHA-256 of the WASM module or TorchScript file; zero for training, whose program is the worker's own.
    #[serde(default)]
    pub program: B256,
    /// SHA-256 of the input file.
    pub input: B256,
    /// SHA-256 of the parameters.
    pub params: B256,
    /// SHA-256 of the environment's description; zero accepts any.
    #[serde(default)]
    pub environment: B256,
    /// SHA-256 of the kernels' description; zero accepts any.
    #[serde(default)]
    pub kernels: B256,
    /// Seed of all chance.
    #[serde(default)]
    pub seed: u64,
    /// How results are compared.
    pub class: Class,
}

/// Files and figures as a runtime hands them over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Name and bytes.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Figures by name.
    pub metrics: BTreeMap<String, i64>,
    /// Fuel or optimiser steps.
    pub steps: u64,
}

/// A finished job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// SHA-256 of the manifest.
    pub root: B256,
    /// Fuel or optimiser steps.
    pub steps: u64,
    /// What the result consists of.
    pub manifest: Manifest,
}

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A file is missing or unreadable.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The parameters are not what section 6 of the protocol describes.
    #[error("parameters are malformed: {0}")]
    Params(#[from] serde_json::Error),
    /// The job asks for nothing, or for more than this worker gives.
    #[error("{what} of {asked} is not within 1 and this worker's limit of {limit}")]
    OutOfRange {
        /// Which resource.
        what: &'static str,
        /// What the job asks for.
        asked: u64,
        /// What there is.
        limit: u64,
    },
    /// The class promises what this kind of work cannot keep.
    #[error("{kind} jobs cannot be of class {class:?}")]
    Class {
        /// Kind of work.
        kind: &'static str,
        /// Class in the specification.
        class: Class,
    },
    /// The job wants another environment or other kernels.
    #[error("job wants {what} {wanted}, this worker has {offered}")]
    Environment {
        /// "environment" or "kernels".
        what: &'static str,
        /// Hash in the specification.
        wanted: B256,
        /// Hash of what runs here.
        offered: B256,
    },
    /// The result could not be shown on chain.
    #[error("the result's manifest has {bytes} bytes, at most {} are taken", manifest::LONGEST)]
    Manifest {
        /// Its length.
        bytes: usize,
    },
    /// The guest failed.
    #[error(transparent)]
    Wasm(#[from] wasm::WasmError),
    /// PyTorch failed or is not there.
    #[error(transparent)]
    Torch(#[from] torch::TorchError),
}

impl Refusal {
    /// Whether everybody who runs the job is refused in the same way.
    pub const fn is_of_the_job(&self) -> bool {
        matches!(
            self,
            Self::Params(_)
                | Self::Class { .. }
                | Self::Manifest { .. }
                | Self::Wasm(_)
                | Self::Torch(torch::TorchError::TooManyOutputs)
        ) && !self.is_retryable()
    }

    /// Whether the same job may be tried again: a file may still come, also one that was damaged here; a machine may have
    /// been busy.
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Blob(_)
                | Self::Wasm(wasm::WasmError::Killed)
                | Self::Torch(torch::TorchError::Killed { .. } | torch::TorchError::Line(_))
        )
    }
}

/// The machinery that jobs run on; one per process.
#[derive(Debug)]
pub struct Runtime {
    limits: Limits,
    wasm: wasm::WasmRuntime,
    torch: Process,
}

impl Runtime {
    /// Prepares the runtimes; PyTorch will run in processes of its own.
    ///
    /// # Errors
    /// [`Refusal::Wasm`] when this machine cannot run compiled guests.
    pub fn new(limits: Limits, torch: Process) -> Result<Self, Refusal> {
        Ok(Self { limits, wasm: wasm::WasmRuntime::new()?, torch })
    }

    /// Does one job: files from `blobs`, result and manifest into `results`.
    ///
    /// # Errors
    /// [`Refusal`]: nothing was computed that could be committed.
    pub fn run(
        &self,
        task: &Task,
        blobs: &BlobStore,
        results: &BlobStore,
    ) -> Result<Outcome, Refusal> {
        let limits = &self.limits;
        within("parameters' length", blobs.length(&task.params)?, limits.params_bytes)?;
        let params = Params::decode(&blobs.read(&task.params)?)?;
        limits.check(&params, task)?;
        let input = blobs.read(&task.input)?;
        let output = match params {
            Params::Wasm(wanted) => {
                within("module's length", blobs.length(&task.program)?, limits.module_bytes)?;
                let module = blobs.read(&task.program)?;
                self.wasm.run(&task.program, &module, &limits.request(&wanted, task, input))?
            }
            Params::TorchInfer(_) => {
                self.torch.run(&Order::Infer, blobs.read(&task.program)?, input, limits)?
            }
            Params::TorchTrain(recipe) => {
                let order = Order::Train { recipe, seed: task.seed };
                self.torch.run(&order, Vec::new(), input, limits)?
            }
        };
        keep(task, output, results)
    }
}

/// Keeps a result whose manifest can be shown on chain; of any other nothing is written.
fn keep(task: &Task, output: Output, results: &BlobStore) -> Result<Outcome, Refusal> {
    let entry = |(name, bytes): (&String, &Vec<u8>)| FileEntry {
        bytes: bytes.len() as u64,
        name: name.clone(),
        sha256: sha256(bytes),
    };
    let files = output.files.iter().map(entry).collect();
    let manifest =
        Manifest { class: task.class, files, job: task.job, metrics: output.metrics, version: 1 };
    let encoded = manifest.encode();
    if encoded.len() > manifest::LONGEST {
        return Err(Refusal::Manifest { bytes: encoded.len() });
    }
    for bytes in output.files.values() {
        results.put(bytes)?;
    }
    let root = results.put(&encoded)?;
    Ok(Outcome { root, steps: output.steps, manifest })
}
