//! Tests the promises that WASM jobs rest on, with the guests that scripts/guests builds.

use super::*;
use utnet_jobs::sha256;

fn guest(name: &str) -> Vec<u8> {
    let path = format!("{}/../target/guests/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("scripts/guests was run before")
}

fn request(args: &[&str], stdin: &[u8]) -> WasmRequest {
    WasmRequest {
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        stdin: stdin.to_vec(),
        seed: 1,
        fuel: 100_000_000,
        memory_bytes: 16 << 20,
        output_bytes: 1 << 20,
        kill_after: Duration::from_secs(300),
    }
}

fn run(name: &str, request: &WasmRequest) -> Result<Output, WasmError> {
    let bytes = guest(name);
    WasmRuntime::new().expect("supported").run(&sha256(&bytes), &bytes, request)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.files["stdout"].clone()).expect("text")
}

#[test]
fn words_are_counted_and_ranked() {
    let text = b"The cat saw the dog; the dog ran.";
    let output = run("wordrank", &request(&["--top", "3"], text)).expect("runs");
    let wanted = r#"{"words":8,"distinct":5,"top":[["the",3],["dog",2],["cat",1]]}"#;
    assert_eq!(stdout(&output).trim_end(), wanted);
    assert_eq!(output.metrics["exitStatus"], 0);
}

#[test]
fn a_large_input_is_read_to_its_end() {
    let text = b"one two two ".repeat(50_000);
    let output = run("wordrank", &request(&["--format", "tsv"], &text)).expect("runs");
    assert_eq!(stdout(&output), "1\ttwo\t100000\n2\tone\t50000\n");
}

#[test]
fn the_same_job_gives_the_same_bytes_and_fuel() {
    let asked = request(&[], b"some words and some more words");
    let (first, again) = (run("wordrank", &asked), run("wordrank", &asked));
    assert_eq!(first.expect("runs"), again.expect("runs"));
}

#[test]
fn reading_costs_fuel_for_every_byte() {
    let short = run("wordrank", &request(&[], &[b' '; 100])).expect("runs").steps;
    let long = run("wordrank", &request(&[], &[b' '; 1_100])).expect("runs").steps;
    assert!(long > short + 1_000);
}

#[test]
fn a_failing_guest_has_a_result_with_its_status_and_stderr() {
    let output = run("wordrank", &request(&["--what"], b"")).expect("ended by itself");
    assert_eq!(output.metrics["exitStatus"], 2);
    assert!(output.files["stderr"].starts_with(b"wordrank: usage"));
}

#[test]
fn a_guest_has_no_clock_no_files_no_environment_and_seeded_chance() {
    let output = run("probe", &request(&[], b"")).expect("runs");
    let text = stdout(&output);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "clock 0 0 0");
    assert!(lines[1].starts_with("random 0 "));
    assert_eq!(lines[2..], ["open -1", "environment empty"]);

    let same = run("probe", &request(&[], b"")).expect("runs");
    let other = run("probe", &WasmRequest { seed: 2, ..request(&[], b"") }).expect("runs");
    assert_eq!(output, same);
    assert_ne!(text, stdout(&other));
}

#[test]
fn fuel_ends_a_guest_that_never_would() {
    let refused = run("probe", &request(&["spin"], b""));
    assert!(matches!(refused, Err(WasmError::OutOfFuel { fuel: 100_000_000 })));
}

#[test]
fn the_kill_switch_ends_a_guest_with_endless_fuel() {
    let endless = WasmRequest {
        fuel: u64::MAX,
        kill_after: Duration::from_millis(1),
        ..request(&["spin"], b"")
    };
    assert!(matches!(run("probe", &endless), Err(WasmError::Killed)));
}

#[test]
fn memory_ends_where_the_job_says() {
    let mebibytes = |limit: u64| {
        let asked = WasmRequest { memory_bytes: limit << 20, ..request(&["grow"], b"") };
        let output = run("probe", &asked).expect("runs");
        stdout(&output).trim().strip_prefix("grew ").and_then(|n| n.parse::<u64>().ok())
    };
    assert_eq!(mebibytes(16), Some(15));
    assert_eq!(mebibytes(64), Some(63));
}

#[test]
fn output_beyond_the_limit_ends_the_guest() {
    let refused = run("probe", &request(&["flood"], b""));
    assert!(matches!(refused, Err(WasmError::TooMuchOutput { limit: 1_048_576 })));
}

#[test]
fn a_trap_is_no_result() {
    assert!(matches!(run("probe", &request(&["abort"], b"")), Err(WasmError::Trapped(_))));
}

#[test]
fn imports_from_elsewhere_and_broken_files_are_refused() {
    // (module (import "env" "f" (func)))
    let foreign = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x09\x01\x03env\x01f\0\0";
    let runtime = WasmRuntime::new().expect("supported");
    for bytes in [foreign.as_slice(), b"\0asm", b""] {
        let hash = sha256(bytes);
        let refused = runtime.run(&hash, bytes, &request(&[], b""));
        assert!(matches!(refused, Err(WasmError::Module(_))));
    }
}
