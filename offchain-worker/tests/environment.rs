//! Keeps the known answers about rounds of the environment proof, which the contracts' tests read:
//! `test/vectors/environment.json`.

use alloy_primitives::{Address, B256, keccak256};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use utnet_primitives::{
    ENVIRONMENT_PROGRAMS, EnvironmentProgram, EnvironmentRound, Epoch, SystemContract,
    system_address,
};

const CHAIN_ID: u64 = 31_337;
const CASES: u64 = 32;

/// One round: its number, beacon, catalogue and answer are hashes of the case's number.
fn case(number: u64) -> Value {
    let word = |what: &str| keccak256(format!("{what} {number}"));
    let programs = 1 + usize::from(word("programs").0[0]) % 255;
    let round = EnvironmentRound {
        chain_id: CHAIN_ID,
        contract: system_address(SystemContract::EnvironmentProof),
        round: Epoch(u64::from_be_bytes(*word("round").0.first_chunk().expect("32 bytes"))),
    };
    let (beacon, answer, salt) = (word("beacon"), word("answer"), word("salt"));
    let operator = Address::from_word(word("operator"));
    let seed = round.seed(beacon);
    json!({
        // More than a JSON number holds.
        "round": B256::from(alloy_primitives::U256::from(round.round.0)),
        "beacon": beacon,
        "programs": programs,
        "seed": seed,
        "index": EnvironmentRound::index(seed, programs),
        "operator": operator,
        "answer": answer,
        "salt": salt,
        "commitment": round.commitment(operator, answer, salt),
    })
}

/// A program as a contract is built with it.
fn program(program: EnvironmentProgram) -> Value {
    let (tolerance, width) = program.agreement.to_terms();
    json!({ "hash": program.hash, "tolerance": tolerance, "width": width })
}

#[test]
fn the_known_answers_are_up_to_date() {
    let file = json!({
        "chainId": CHAIN_ID,
        "contract": system_address(SystemContract::EnvironmentProof),
        "programs": ENVIRONMENT_PROGRAMS.map(program),
        "cases": (0..CASES).map(case).collect::<Vec<_>>(),
    });
    let built = serde_json::to_string_pretty(&file).expect("plain values") + "\n";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test/vectors/environment.json");
    if built != fs::read_to_string(path).unwrap_or_default() {
        let left = std::env::temp_dir().join("environment.json");
        fs::write(&left, built).expect("the temporary folder takes files");
        panic!("test/vectors/environment.json is out of date: review {}", left.display());
    }
}
