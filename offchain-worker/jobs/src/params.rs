//! Reads a job's parameters: a JSON file whose SHA-256 the specification names.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Parameters by kind of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Params {
    /// A WASM module reads the input on stdin and writes its result to stdout.
    Wasm(WasmParams),
    /// A TorchScript module maps input tensors to output tensors.
    TorchInfer(InferParams),
    /// A small language model learns the input text.
    TorchTrain(TrainParams),
}

/// How a WASM guest is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WasmParams {
    /// Arguments after the program's name.
    #[serde(default)]
    pub args: Vec<String>,
    /// Instructions it may spend, in wasmtime's fuel, one more for each byte that it reads or writes.
    #[serde(default = "default_fuel")]
    pub fuel: u64,
    /// Linear memory, in bytes.
    #[serde(default = "default_memory_bytes")]
    pub memory_bytes: u64,
    /// stdout and stderr together, in bytes.
    #[serde(default = "default_output_bytes")]
    pub output_bytes: u64,
}

/// How a TorchScript module is run; the input is a safetensors file, its tensors are the arguments in order of name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InferParams {
    /// Largest accepted difference of a metric in its own unit, by metric; for class APPROXIMATE.
    #[serde(default)]
    pub tolerance: BTreeMap<String, u64>,
}

/// How a model is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrainParams {
    /// What is trained.
    #[serde(default)]
    pub model: ModelKind,
    /// Adam steps.
    #[serde(default = "default_train_steps")]
    pub steps: u64,
    /// Sequences in a batch.
    #[serde(default = "default_batch")]
    pub batch: u32,
    /// Characters that the model sees before the one it predicts (MLP), or in one sequence (GRU).
    #[serde(default = "default_context")]
    pub context: u32,
    /// Width of a character's embedding.
    #[serde(default = "default_embedding")]
    pub embedding: u32,
    /// Width of the hidden layer.
    #[serde(default = "default_hidden")]
    pub hidden: u32,
    /// Adam's step, in millionths.
    #[serde(default = "default_rate_micro")]
    pub rate_micro: u32,
    /// Steps between two points of the loss curve.
    #[serde(default = "default_every")]
    pub every: u64,
    /// As in [`InferParams`].
    #[serde(default)]
    pub tolerance: BTreeMap<String, u64>,
}

/// Architecture of the trained model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// Embeddings of the last characters, one hidden layer.
    #[default]
    Mlp,
    /// A gated recurrent unit over the sequence.
    Gru,
}

const fn default_fuel() -> u64 {
    10_000_000_000
}
const fn default_memory_bytes() -> u64 {
    256 << 20
}
const fn default_output_bytes() -> u64 {
    16 << 20
}
const fn default_train_steps() -> u64 {
    400
}
const fn default_batch() -> u32 {
    128
}
const fn default_context() -> u32 {
    8
}
const fn default_embedding() -> u32 {
    16
}
const fn default_hidden() -> u32 {
    128
}
const fn default_rate_micro() -> u32 {
    5_000
}
const fn default_every() -> u64 {
    50
}

impl Default for WasmParams {
    fn default() -> Self {
        Self {
            args: Vec::new(),
            fuel: default_fuel(),
            memory_bytes: default_memory_bytes(),
            output_bytes: default_output_bytes(),
        }
    }
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            model: ModelKind::default(),
            steps: default_train_steps(),
            batch: default_batch(),
            context: default_context(),
            embedding: default_embedding(),
            hidden: default_hidden(),
            rate_micro: default_rate_micro(),
            every: default_every(),
            tolerance: BTreeMap::new(),
        }
    }
}

impl Params {
    /// Reads the parameters' file.
    ///
    /// # Errors
    /// When it is not JSON, names an unknown kind or an unknown field.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The parameters' file.
    ///
    /// # Panics
    /// Never: all of it is strings and integers.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and integers are always written")
    }

    /// The kind's name, as in the file.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Wasm(_) => "wasm",
            Self::TorchInfer(_) => "torch-infer",
            Self::TorchTrain(_) => "torch-train",
        }
    }

    /// Largest accepted difference by metric, for class APPROXIMATE.
    pub const fn tolerance(&self) -> Option<&BTreeMap<String, u64>> {
        match self {
            Self::Wasm(_) => None,
            Self::TorchInfer(infer) => Some(&infer.tolerance),
            Self::TorchTrain(train) => Some(&train.tolerance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_not_given_take_their_defaults() {
        let read = Params::decode(br#"{"kind":"torch-train","steps":7}"#).expect("reads");
        assert_eq!(read, Params::TorchTrain(TrainParams { steps: 7, ..TrainParams::default() }));
        assert_eq!(
            Params::decode(br#"{"kind":"wasm"}"#).expect("reads"),
            Params::Wasm(WasmParams::default())
        );
    }

    #[test]
    fn what_was_written_is_read_again() {
        let params = Params::Wasm(WasmParams { args: vec!["--top".into()], ..Default::default() });
        assert_eq!(Params::decode(&params.encode()).expect("reads"), params);
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(Params::decode(br#"{"kind":"wasm","fule":1}"#).is_err());
    }
}
