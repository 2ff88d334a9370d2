//! Runs PyTorch jobs in processes of their own, and lets these misbehave: the worker has a reason, and goes on.
#![cfg(feature = "torch")]

use std::{collections::BTreeMap, path::Path, time::Duration};
use tch::{CModule, Device, Kind, Tensor};
use utnet_jobs::{manifest::MOST_OUTPUTS, params::TrainParams};
use utnet_primitives::{Agreement, ENVIRONMENT_PROGRAMS};
use utnet_worker::compute::{
    Limits, Output, Refusal, Runtime,
    torch::{
        Operator, TorchError, TraceShape,
        process::{Order, Process},
        safetensors::{self, Array, Numbers},
        trace, trace_operator,
    },
    trial::Trial,
};

fn process(program: &str) -> Process {
    Process { program: program.into(), library_path: std::env::var_os("LD_LIBRARY_PATH") }
}

fn run(order: &Order, module: Vec<u8>, limits: &Limits) -> Result<Output, TorchError> {
    process(env!("CARGO_BIN_EXE_utnet-worker")).run(order, module, input(), limits)
}

fn input() -> Vec<u8> {
    let rows = Array { shape: vec![2, 4], numbers: Numbers::Float(vec![0.5; 8]) };
    safetensors::encode(&BTreeMap::from([("x".to_owned(), rows)]))
}

fn training(steps: u64) -> Order {
    let recipe = TrainParams { steps, every: steps, ..TrainParams::default() };
    Order::Train { recipe, seed: 1 }
}

/// A module that adds the first bytes of a file to its input.
fn spy(folder: &Path, file: &Path) -> Vec<u8> {
    let path = folder.join("spy.pt");
    let name = file.to_str().expect("text").to_owned();
    let mut forward = |given: &[Tensor]| {
        let stolen = Tensor::from_file(&name, false, 8, (Kind::Uint8, Device::Cpu));
        given.iter().map(|x| x + stolen.to_kind(Kind::Float).reshape([2, 4])).collect()
    };
    let example = Tensor::zeros([2, 4], (Kind::Float, Device::Cpu));
    let module = CModule::create_by_tracing("Spy", "forward", &[example], &mut forward);
    module.expect("traced").save(&path).expect("written");
    std::fs::read(path).expect("written")
}

#[test]
fn a_module_answers_as_it_would_here() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("model.pt");
    trace(&TraceShape { inputs: 4, hidden: 8, outputs: 3, seed: 3 }, &path).expect("traced");
    let module = std::fs::read(path).expect("written");

    let there = run(&Order::Infer, module.clone(), &Limits::default()).expect("runs");
    let here = utnet_worker::compute::torch::infer(&module, &input()).expect("runs");

    assert_eq!(there, here);
}

/// Where bytes begin in others.
fn find(all: &[u8], some: &[u8]) -> usize {
    all.windows(some.len()).position(|window| window == some).expect("there")
}

/// What a zip archive checks its files by.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}

/// A module that answers each row of its input as a tensor of its own. No tracing makes one: its text is put into the
/// archive of another.
fn rows() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("rows.pt");
    let mut forward = |given: &[Tensor]| given.iter().map(|x| x.relu().relu()).collect();
    let example = Tensor::zeros([2, 4], (Kind::Float, Device::Cpu));
    let module = CModule::create_by_tracing("Rows", "forward", &[example], &mut forward);
    module.expect("traced").save(&path).expect("written");
    let mut archive = std::fs::read(path).expect("written");

    let first = find(&archive, b"class Rows(Module)");
    let place = first + find(&archive[first..], b" -> Tensor:\n");
    let end = place + find(&archive[place..], b"PK");
    let old = crc32(&archive[first..end]).to_le_bytes();
    let text = b" -> List[Tensor]:\n    return torch.unbind(argument_1)\n";
    archive[place..end].fill(b'\n');
    archive[place..place + text.len()].copy_from_slice(text);
    let new = crc32(&archive[first..end]).to_le_bytes();
    while let Some(at) = archive.windows(4).position(|window| window == old) {
        archive[at..at + 4].copy_from_slice(&new);
    }
    archive
}

/// Thousands of outputs used to make a manifest that no transaction can show.
#[test]
fn a_module_of_more_outputs_than_a_manifest_holds_is_refused_by_everybody() {
    let outputs = |count: i64| {
        let shape = vec![count, 2];
        let numbers = Numbers::Float(vec![0.5; 2 * usize::try_from(count).expect("small")]);
        let input = BTreeMap::from([("x".to_owned(), Array { shape, numbers })]);
        let program = process(env!("CARGO_BIN_EXE_utnet-worker"));
        program.run(&Order::Infer, rows(), safetensors::encode(&input), &Limits::default())
    };
    let most = i64::try_from(MOST_OUTPUTS).expect("small");
    assert_eq!(outputs(most).expect("as many as allowed").metrics.len(), 2 * MOST_OUTPUTS);
    let refused = outputs(most + 1).expect_err("too many");
    assert!(matches!(refused, TorchError::TooManyOutputs), "{refused}");
    assert!(Refusal::from(refused).is_of_the_job());
}

#[test]
fn what_pytorch_refuses_is_told_in_its_words() {
    let refused = run(&Order::Infer, b"no zip".to_vec(), &Limits::default());
    let Err(TorchError::Refused(reason)) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("libtorch"), "{reason}");
}

#[test]
fn a_process_that_dies_fails_its_job_with_a_reason() {
    let died =
        process("/bin/false").run(&Order::Infer, vec![0; 1 << 20], input(), &Limits::default());
    let Err(TorchError::Crashed { how, .. }) = died else { panic!("{died:?}") };
    assert_eq!(how.code(), Some(1));
}

#[test]
fn a_program_that_is_not_there_is_no_crash() {
    let refused = process("/nowhere").run(&Order::Infer, Vec::new(), input(), &Limits::default());
    assert!(matches!(refused, Err(TorchError::Line(_))));
}

#[test]
fn a_job_that_runs_too_long_is_killed() {
    let limits = Limits { kill_after: Duration::from_millis(200), ..Limits::default() };
    let text = b"to be or not to be, that is the question. ".repeat(100);
    let program = process(env!("CARGO_BIN_EXE_utnet-worker"));
    let killed = program.run(&training(100_000), Vec::new(), text, &limits);
    assert!(matches!(killed, Err(TorchError::Killed { .. })), "{killed:?}");
}

#[test]
fn memory_ends_where_the_worker_says() {
    let limits = Limits { torch_memory_bytes: 2 << 30, ..Limits::default() };
    let recipe = TrainParams {
        batch: 4_096,
        context: 512,
        embedding: 1_024,
        hidden: 4_096,
        ..TrainParams::default()
    };
    let text = b"to be or not to be, that is the question. ".repeat(1_000);
    let program = process(env!("CARGO_BIN_EXE_utnet-worker"));
    let failed = program.run(&Order::Train { recipe, seed: 1 }, Vec::new(), text, &limits);
    let is_told = matches!(failed, Err(TorchError::Refused(_) | TorchError::Crashed { .. }));
    assert!(is_told, "{failed:?}");
}

#[test]
fn a_result_that_is_too_long_is_refused() {
    let limits = Limits { output_bytes: 10, ..Limits::default() };
    let text = b"to be or not to be, that is the question. ".repeat(100);
    let program = process(env!("CARGO_BIN_EXE_utnet-worker"));
    let refused = program.run(&training(1), Vec::new(), text, &limits);
    let Err(TorchError::Refused(reason)) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("longer than 10"), "{reason}");
}

/// TorchScript can open files: a renter's module could read the operator's key.
#[test]
fn a_module_cannot_read_the_operators_files() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let secret = folder.path().join("operator.key");
    std::fs::write(&secret, [7; 8]).expect("written");
    let module = spy(folder.path(), &secret);
    let here = utnet_worker::compute::torch::infer(&module, &input()).expect("nothing confines it");
    let stolen = safetensors::decode(&here.files["output.safetensors"]).expect("tensors");
    assert_eq!(stolen["output0"].numbers, Numbers::Float(vec![7.5; 8]));

    let there = run(&Order::Infer, module, &Limits::default());

    assert!(there.is_err(), "the module has read the file: {there:?}");
}

/// What stands in the tree is what its source makes, byte by byte, whoever makes it.
#[test]
fn operator_functions_in_the_tree_are_traced_from_their_source() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let all = [(Operator::Attention, "attention.pt"), (Operator::Convolution, "convolution.pt")];
    for (operator, name) in all {
        let path = folder.path().join(name);
        trace_operator(operator, &path).expect("traced");
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("environment").join(name);
        let (made, kept) = (std::fs::read(path).expect("made"), std::fs::read(kept).expect("kept"));
        assert_eq!(made, kept, "{name} is not what its source makes");
    }
}

/// The same answer from every run, another one for another seed, and wide apart: a guess is not within the width.
#[test]
fn operator_functions_answer_by_their_seed() {
    let runtime = Runtime::new(Limits::default(), process(env!("CARGO_BIN_EXE_utnet-worker")));
    let runtime = runtime.expect("supported");
    for program in &ENVIRONMENT_PROGRAMS[1..] {
        let Agreement::Within(width) = program.agreement else { panic!("approximate") };
        let answer = |seed: u8| {
            let trial = Trial::of(program.hash, [seed; 32].into()).expect("known");
            let found = runtime.attempt(&trial).expect("runs");
            assert_eq!(trial.answer(&found), trial.answer(&runtime.attempt(&trial).expect("runs")));
            found.metrics["output0MeanMicro"]
        };
        let mut answers: Vec<i64> = (0..6).map(answer).collect();
        answers.sort_unstable();
        let apart = answers.windows(2).map(|pair| pair[0].abs_diff(pair[1])).min();
        assert!(apart > Some(width), "{}: {answers:?}", program.name);
    }
}
