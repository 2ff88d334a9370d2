//! Tries this worker's own runtimes for a round of the environment proof (`docs/protocol.md`, section 10).
//!
//! The programs are part of the worker, made from sources of this repository (`offchain-worker/environment/README.md`). A
//! trial knows no blob store: program and input are in memory, and what is kept of the result is its manifest.

use super::{
    Output, Refusal, Runtime, Task,
    torch::{
        process::Order,
        safetensors::{self, Array, Numbers},
    },
};
use alloy_primitives::{B256, I256};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use std::collections::BTreeMap;
use utnet_jobs::{
    manifest::{Class, FileEntry, Manifest},
    params::WasmParams,
    sha256,
};
use utnet_primitives::{Agreement, ENVIRONMENT_PROGRAMS, JobId};

/// Fuel of a trial: some twenty times of what the program spends.
const FUEL: u64 = 10_000_000_000;

/// The figure that an approximate program is asked for.
const FIGURE: &str = "output0MeanMicro";

/// A program as it runs here.
#[derive(Debug)]
enum Code {
    /// A WASM module; the seed is its stdin.
    Wasm(&'static [u8]),
    /// A TorchScript module, and the shapes of its arguments.
    Torch(&'static [u8], &'static [&'static [i64]]),
}

/// In the order of [`ENVIRONMENT_PROGRAMS`].
const CODES: [Code; ENVIRONMENT_PROGRAMS.len()] = [
    Code::Wasm(include_bytes!("../../environment/mixing.wasm")),
    Code::Torch(include_bytes!("../../environment/attention.pt"), &[&[3, 64, 32]]),
    Code::Torch(
        include_bytes!("../../environment/convolution.pt"),
        &[&[4, 8, 32, 32], &[16, 8, 3, 3]],
    ),
];

/// A program of the catalogue and the seed that a round drew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    place: usize,
    seed: B256,
}

impl Trial {
    /// The trial of a program by its hash; `None` if this worker does not have it.
    pub fn of(program: B256, seed: B256) -> Option<Self> {
        let place = ENVIRONMENT_PROGRAMS.iter().position(|known| known.hash == program)?;
        Some(Self { place, seed })
    }

    /// The program's name.
    pub fn name(&self) -> &'static str {
        ENVIRONMENT_PROGRAMS[self.place].name
    }

    /// What a result answers: the hash of its manifest, or the figure that the program is asked for.
    pub fn answer(&self, manifest: &Manifest) -> Option<B256> {
        match ENVIRONMENT_PROGRAMS[self.place].agreement {
            Agreement::Exact => Some(sha256(&manifest.encode())),
            Agreement::Within(_) => {
                let figure = I256::try_from(*manifest.metrics.get(FIGURE)?).ok()?;
                Some(figure.into_raw().into())
            }
        }
    }

    const fn class(&self) -> Class {
        match ENVIRONMENT_PROGRAMS[self.place].agreement {
            Agreement::Exact => Class::Exact,
            Agreement::Within(_) => Class::Approximate,
        }
    }
}

impl Runtime {
    /// Runs a trial; the manifest's job is the seed.
    ///
    /// # Errors
    /// [`Refusal`]: this environment gives no answer.
    pub fn attempt(&self, trial: &Trial) -> Result<Manifest, Refusal> {
        let program = &ENVIRONMENT_PROGRAMS[trial.place];
        let output = match &CODES[trial.place] {
            Code::Wasm(module) => {
                let (params, stdin) =
                    (WasmParams { fuel: FUEL, ..WasmParams::default() }, trial.seed.to_vec());
                let request = self.limits.request(&params, &unnamed(trial), stdin);
                self.wasm.run(&program.hash, module, &request)?
            }
            Code::Torch(module, shapes) => {
                let input = tensors(trial.seed, shapes);
                self.torch.run(&Order::Infer, module.to_vec(), input, &self.limits)?
            }
        };
        Ok(manifest_of(trial, output))
    }
}

/// A task that has nothing but chance to give to a guest; its files are in memory.
fn unnamed(trial: &Trial) -> Task {
    Task {
        job: JobId(trial.seed),
        program: B256::ZERO,
        input: B256::ZERO,
        params: B256::ZERO,
        environment: B256::ZERO,
        kernels: B256::ZERO,
        seed: 0,
        class: trial.class(),
    }
}

fn manifest_of(trial: &Trial, output: Output) -> Manifest {
    let files = output.files.into_iter().map(|(name, bytes)| FileEntry {
        bytes: bytes.len() as u64,
        name,
        sha256: sha256(&bytes),
    });
    Manifest {
        class: trial.class(),
        files: files.collect(),
        job: JobId(trial.seed),
        metrics: output.metrics,
        version: 1,
    }
}

/// Arguments of a TorchScript module: `ChaCha8` under the seed, two bytes for each number, little-endian, over 32,768.
fn tensors(seed: B256, shapes: &[&[i64]]) -> Vec<u8> {
    let mut chance = ChaCha8Rng::from_seed(seed.0);
    let mut arrays = BTreeMap::new();
    for (place, shape) in shapes.iter().enumerate() {
        let count: i64 = shape.iter().product();
        let numbers = (0..count).map(|_| {
            let mut bytes = [0; 2];
            chance.fill_bytes(&mut bytes);
            f32::from(i16::from_le_bytes(bytes)) / 32_768.0
        });
        let array = Array { shape: shape.to_vec(), numbers: Numbers::Float(numbers.collect()) };
        arrays.insert(format!("argument{place}"), array);
    }
    safetensors::encode(&arrays)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compute::Limits, testing::no_torch};

    const SEED: B256 = B256::repeat_byte(7);

    #[test]
    fn every_program_is_the_one_that_the_catalogue_names() {
        for (program, code) in ENVIRONMENT_PROGRAMS.iter().zip(&CODES) {
            let (Code::Wasm(file) | Code::Torch(file, _)) = code;
            assert_eq!(sha256(file), program.hash, "{}", program.name);
        }
    }

    /// The module is what `scripts/guests` makes of its source.
    #[test]
    fn the_module_in_the_tree_is_built_from_its_source() {
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/mixing.wasm");
        let built = std::fs::read(built).expect("scripts/guests was run before");
        assert_eq!(sha256(&built), ENVIRONMENT_PROGRAMS[0].hash);
    }

    #[test]
    fn a_program_that_is_not_in_the_catalogue_is_not_tried() {
        assert_eq!(Trial::of(B256::ZERO, SEED), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_answer_and_another_one_another() {
        let runtime = Runtime::new(Limits::default(), no_torch()).expect("supported");
        let answer = |seed| {
            let trial = Trial::of(ENVIRONMENT_PROGRAMS[0].hash, seed).expect("known");
            trial.answer(&runtime.attempt(&trial).expect("runs")).expect("an answer")
        };
        assert_eq!(answer(SEED), answer(SEED));
        assert_ne!(answer(SEED), answer(B256::repeat_byte(8)));
    }

    /// What the guest writes depends on every byte of the seed; fuel leaves room.
    #[test]
    fn the_guest_reads_all_of_its_seed_and_ends_well() {
        let runtime = Runtime::new(Limits::default(), no_torch()).expect("supported");
        let mut seen = std::collections::BTreeSet::new();
        for place in [0, 15, 31] {
            let mut seed = SEED;
            seed.0[place] ^= 1;
            let trial = Trial::of(ENVIRONMENT_PROGRAMS[0].hash, seed).expect("known");
            let found = runtime.attempt(&trial).expect("runs");
            assert_eq!(found.metrics["exitStatus"], 0);
            assert!(found.metrics["fuel"] < 1_000_000_000, "fuel {}", found.metrics["fuel"]);
            seen.insert(found.files[0].sha256);
        }
        assert_eq!(seen.len(), 3);
    }

    #[test]
    fn arguments_are_numbers_between_minus_one_and_one() {
        let read = safetensors::decode(&tensors(SEED, &[&[2, 3], &[4]])).expect("reads");
        assert_eq!(read["argument0"].shape, [2, 3]);
        let Numbers::Float(list) = &read["argument1"].numbers else { panic!("floats") };
        assert_eq!(list.len(), 4);
        assert!(list.iter().all(|number| (-1.0..1.0).contains(number)));
    }

    #[test]
    fn a_figure_is_answered_as_a_whole_number() {
        let trial = Trial::of(ENVIRONMENT_PROGRAMS[1].hash, SEED).expect("known");
        let output = Output { metrics: BTreeMap::from([(FIGURE.into(), -2)]), ..Output::default() };
        let answer = trial.answer(&manifest_of(&trial, output)).expect("an answer");
        assert_eq!(answer, B256::from(I256::try_from(-2).expect("small").into_raw()));
    }
}
