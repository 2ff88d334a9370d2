//! Says what this worker spends on one job at most, and refuses jobs that ask for more.

use super::{Refusal, Task, environment, wasm::WasmRequest};
use std::time::Duration;
use utnet_jobs::{
    manifest::Class,
    params::{Params, WasmParams},
};

/// What this worker spends on one job at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Length of a parameters' file, in bytes.
    pub params_bytes: u64,
    /// Length of a WASM module, in bytes: compiling it costs no fuel.
    pub module_bytes: u64,
    /// WASM fuel.
    pub fuel: u64,
    /// Linear memory of a WASM guest, in bytes.
    pub memory_bytes: u64,
    /// Address space of the process that runs PyTorch, in bytes; the library itself takes half a gibibyte of it.
    pub torch_memory_bytes: u64,
    /// All output files together, in bytes.
    pub output_bytes: u64,
    /// Optimiser steps.
    pub train_steps: u64,
    /// Wall time after which a job is killed: a switch against accidents, never a measure.
    pub kill_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            params_bytes: 1 << 20,
            module_bytes: 16 << 20,
            fuel: 1_000_000_000_000,
            memory_bytes: 1 << 30,
            torch_memory_bytes: 8 << 30,
            output_bytes: 64 << 20,
            train_steps: 100_000,
            kill_after: Duration::from_secs(600),
        }
    }
}

impl Limits {
    /// Says whether this worker takes such a job.
    ///
    /// # Errors
    /// [`Refusal`] with the reason.
    pub fn check(&self, params: &Params, task: &Task) -> Result<(), Refusal> {
        environment::check(params, task)?;
        match params {
            Params::Wasm(wasm) => {
                within("fuel", wasm.fuel, self.fuel)?;
                within("memory", wasm.memory_bytes, self.memory_bytes)?;
                within("output", wasm.output_bytes, self.output_bytes)
            }
            Params::TorchInfer(_) => refuse_exact(params, task.class),
            Params::TorchTrain(train) => {
                refuse_exact(params, task.class)?;
                within("training", train.steps, self.train_steps)?;
                within("interval", train.every, u64::MAX)?;
                within("batch", train.batch.into(), 4_096)?;
                within("context", train.context.into(), 512)?;
                within("embedding", train.embedding.into(), 1_024)?;
                within("hidden layer", train.hidden.into(), 4_096)
            }
        }
    }

    /// The run that a job's parameters ask for.
    pub(super) fn request(&self, params: &WasmParams, task: &Task, stdin: Vec<u8>) -> WasmRequest {
        WasmRequest {
            args: params.args.clone(),
            stdin,
            seed: task.seed,
            fuel: params.fuel,
            memory_bytes: params.memory_bytes,
            output_bytes: params.output_bytes,
            kill_after: self.kill_after,
        }
    }
}

const fn refuse_exact(params: &Params, class: Class) -> Result<(), Refusal> {
    match class {
        Class::Exact => Err(Refusal::Class { kind: params.kind(), class }),
        Class::Reproducible | Class::Approximate => Ok(()),
    }
}

/// Refuses what is nothing, or more than there is.
pub(super) const fn within(what: &'static str, asked: u64, limit: u64) -> Result<(), Refusal> {
    if asked >= 1 && asked <= limit {
        Ok(())
    } else {
        Err(Refusal::OutOfRange { what, asked, limit })
    }
}
