//! Tests whole jobs: files in, root out.

use super::*;
use utnet_jobs::{
    environment::WASM_ENVIRONMENT,
    params::{TrainParams, WasmParams},
    sha256,
};

struct Desk {
    _folder: tempfile::TempDir,
    blobs: BlobStore,
    runtime: Runtime,
}

fn desk() -> Desk {
    let folder = tempfile::tempdir().expect("temporary folder");
    let blobs = BlobStore::open(folder.path()).expect("opens");
    let runtime = Runtime::new(Limits::default(), crate::testing::no_torch()).expect("supported");
    Desk { _folder: folder, blobs, runtime }
}

impl Desk {
    fn task(&self, params: &Params) -> Task {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/wordrank.wasm");
        let module = std::fs::read(path).expect("scripts/guests was run before");
        Task {
            job: JobId(B256::repeat_byte(9)),
            program: self.blobs.put(&module).expect("kept"),
            input: self.blobs.put(b"to be or not to be").expect("kept"),
            params: self.blobs.put(&params.encode()).expect("kept"),
            environment: sha256(WASM_ENVIRONMENT.as_bytes()),
            kernels: B256::ZERO,
            seed: 0,
            class: Class::Exact,
        }
    }

    fn run(&self, task: &Task) -> Result<Outcome, Refusal> {
        self.runtime.run(task, &self.blobs, &self.blobs)
    }
}

#[test]
fn the_root_names_a_manifest_that_names_every_file() {
    let desk = desk();
    let outcome = desk.run(&desk.task(&Params::Wasm(WasmParams::default()))).expect("done");

    let manifest = Manifest::decode(&desk.blobs.read(&outcome.root).expect("kept")).expect("reads");

    assert_eq!(manifest, outcome.manifest);
    let answer = desk.blobs.read(&manifest.files[0].sha256).expect("kept");
    assert!(answer.starts_with(br#"{"words":6,"distinct":4,"top":[["be",2],["to",2]"#));
}

#[test]
fn another_worker_finds_the_same_root() {
    let (one, two) = (desk(), desk());
    let params = Params::Wasm(WasmParams::default());
    let roots = [one.run(&one.task(&params)), two.run(&two.task(&params))]
        .map(|outcome| outcome.expect("done").root);
    assert_eq!(roots[0], roots[1]);
}

#[test]
fn a_missing_file_may_still_come() {
    let desk = desk();
    let task = Task { input: B256::ZERO, ..desk.task(&Params::Wasm(WasmParams::default())) };
    let refusal = desk.run(&task).expect_err("input is missing");
    assert!(refusal.is_retryable());
}

#[test]
fn another_environment_is_declined_for_good() {
    let desk = desk();
    let params = Params::Wasm(WasmParams::default());
    let task = Task { environment: B256::repeat_byte(1), ..desk.task(&params) };
    let refusal = desk.run(&task).expect_err("not this environment");
    assert!(matches!(refusal, Refusal::Environment { what: "environment", .. }));
    assert!(!refusal.is_retryable());
}

#[test]
fn a_job_above_the_limits_is_declined() {
    let desk = desk();
    let params = Params::Wasm(WasmParams { memory_bytes: 1 << 40, ..WasmParams::default() });
    let refusal = desk.run(&desk.task(&params)).expect_err("too much");
    assert!(matches!(refusal, Refusal::OutOfRange { what: "memory", .. }));
}

/// A result that cannot be shown on chain used to be posted, and cost the poster its bond.
#[test]
fn a_manifest_too_long_for_one_transaction_is_refused_by_everybody_and_nothing_is_kept() {
    let desk = desk();
    let task = desk.task(&Params::Wasm(WasmParams::default()));
    let result = |figures: usize| Output {
        files: BTreeMap::from([("stdout".to_owned(), b"new".to_vec())]),
        metrics: (0..figures).map(|i| (format!("figure{i:04}"), 1)).collect(),
        steps: 1,
    };
    let spare = manifest::LONGEST
        - keep(&task, result(0), &desk.blobs).expect("short").manifest.encode().len();
    // Each figure takes `"figure0000":1,`, the last one no comma.
    let most = (spare + 1) / 15;
    keep(&task, result(most), &desk.blobs).expect("as long as allowed");

    let long = Output {
        files: BTreeMap::from([("stdout".to_owned(), b"other".to_vec())]),
        ..result(most + 1)
    };
    let refusal = keep(&task, long, &desk.blobs).expect_err("too long");
    assert!(matches!(refusal, Refusal::Manifest { .. }) && refusal.is_of_the_job());
    assert!(!desk.blobs.has(&sha256(b"other")));
}

#[test]
fn floats_are_never_exact() {
    let desk = desk();
    let task =
        Task { environment: B256::ZERO, ..desk.task(&Params::TorchTrain(TrainParams::default())) };
    assert!(matches!(desk.run(&task), Err(Refusal::Class { kind: "torch-train", .. })));
}

#[cfg(not(feature = "torch"))]
#[test]
fn without_pytorch_its_jobs_are_declined_with_the_reason() {
    let desk = desk();
    let task = Task {
        environment: B256::ZERO,
        class: Class::Reproducible,
        ..desk.task(&Params::TorchTrain(TrainParams::default()))
    };
    let refusal = desk.run(&task).expect_err("no PyTorch");
    assert!(refusal.to_string().contains("scripts/libtorch"));
    assert!(!refusal.is_retryable());
}
