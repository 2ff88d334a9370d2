//! Runs the known answers of `test/vectors`, and builds them again from facts and first principles.
//!
//! A case's output is stated by whoever builds it, never taken from the code under test; only gas
//! is. When the built file differs from the checked-in one, the test leaves it in a temporary
//! folder and says where, to be reviewed and copied.

mod bls;
mod case;
mod dleq;
mod facts;
mod p256_math;
mod poci_aggregate;
mod poci_possession;
mod poci_sum;
mod se;
mod vrf;

use std::{fs, path::PathBuf};

use case::{Case, Record};
use utnet_precompiles::{
    Gas, Halt, Precompile,
    registry::{DLEQ_VERIFY, POCI_VERIFY, SE_VERIFY, VRF_VERIFY},
};

/// Gas that a case has if it names no budget.
const AMPLE: u64 = 30_000_000;

fn vectors(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test/vectors").join(file)
}

fn run_file(precompile: &Precompile, file: &str) {
    let text = fs::read_to_string(vectors(file)).expect("the file is checked in");
    let records: Vec<Record> = serde_json::from_str(&text).expect("the file is an array of cases");
    assert!(!records.is_empty());
    for record in records {
        let input = hex::decode(record.input.trim_start_matches("0x")).expect("hex");
        let outcome = (precompile.run)(&input, Gas::new(record.budget.unwrap_or(AMPLE)));
        assert_eq!(record.outcome(), case::outcome_of(outcome), "{}: {}", file, record.name);
    }
}

/// Checks that each case comes out as its builder said, and that the file holds exactly these.
fn check_file(precompile: &Precompile, file: &str, cases: Vec<Case>) {
    let records: Vec<Record> = cases.into_iter().map(|case| case.record(precompile)).collect();
    let built = serde_json::to_string_pretty(&records).expect("records encode") + "\n";
    let checked_in = fs::read_to_string(vectors(file)).unwrap_or_default();
    if built != checked_in {
        let left = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
        fs::write(&left, &built).expect("the temporary folder takes files");
    }
    assert!(built == checked_in, "{file} is out of date: review the one in CARGO_TARGET_TMPDIR");
}

#[test]
fn se_verify_gives_the_known_answers() {
    run_file(&SE_VERIFY, "se_verify.json");
}

#[test]
fn poci_verify_gives_the_known_answers() {
    run_file(&POCI_VERIFY, "poci_verify.json");
}

#[test]
fn vrf_verify_gives_the_known_answers() {
    run_file(&VRF_VERIFY, "vrf_verify.json");
}

#[test]
fn dleq_verify_gives_the_known_answers() {
    run_file(&DLEQ_VERIFY, "dleq_verify.json");
}

#[test]
fn se_verify_cases_come_out_as_built() {
    check_file(&SE_VERIFY, "se_verify.json", se::cases());
}

#[test]
fn poci_verify_cases_come_out_as_built() {
    let cases = [poci_aggregate::cases(), poci_possession::cases(), poci_sum::cases()];
    check_file(&POCI_VERIFY, "poci_verify.json", cases.into_iter().flatten().collect());
}

#[test]
fn vrf_verify_cases_come_out_as_built() {
    check_file(&VRF_VERIFY, "vrf_verify.json", vrf::cases());
}

#[test]
fn dleq_verify_cases_come_out_as_built() {
    check_file(&DLEQ_VERIFY, "dleq_verify.json", dleq::cases());
}

#[test]
fn a_budget_one_below_the_price_is_out_of_gas() {
    for (precompile, file) in [
        (SE_VERIFY, "se_verify.json"),
        (POCI_VERIFY, "poci_verify.json"),
        (VRF_VERIFY, "vrf_verify.json"),
        (DLEQ_VERIFY, "dleq_verify.json"),
    ] {
        let text = fs::read_to_string(vectors(file)).expect("the file is checked in");
        let records: Vec<Record> = serde_json::from_str(&text).expect("an array of cases");
        let record = records.iter().find(|record| record.output.is_some()).expect("an answer");
        let input = hex::decode(record.input.trim_start_matches("0x")).expect("hex");
        let short = (precompile.run)(&input, Gas::new(record.gas - 1));
        assert_eq!(short, Err(Halt::OutOfGas), "{file}");
        assert!((precompile.run)(&input, Gas::new(record.gas)).is_ok(), "{file}");
    }
}
