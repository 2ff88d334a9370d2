//! Verifies what renters prove: `test/vectors/handovers.json`, written by the tests of `utnet-messages`.

use std::{fs, path::PathBuf};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use serde::Deserialize;
use utnet_precompiles::{Gas, registry::DLEQ_VERIFY};

/// The base point of P-256, compressed.
const GENERATOR: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

/// Hand-overs and their openings.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    chain_id: u64,
    escrow: Address,
    renter_key: Bytes,
    cases: Vec<Opening>,
}

#[derive(Deserialize)]
struct Opening {
    rental: B256,
    enc: Bytes,
    parity: u8,
    x: B256,
    challenge: B256,
    response: B256,
}

fn record() -> Record {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test/vectors/handovers.json");
    let text = fs::read_to_string(path).expect("the file is checked in");
    serde_json::from_str(&text).expect("the file is a record")
}

/// `02` or `03` by the parity of y, and x.
fn compressed(point: &[u8]) -> Vec<u8> {
    [&[2 + (point[64] & 1)], &point[1..33]].concat()
}

/// The call that the court makes for an opening.
fn call(record: &Record, opening: &Opening) -> Vec<u8> {
    let words = [
        keccak256("UNC/v1/complaint"),
        U256::from(record.chain_id).into(),
        record.escrow.into_word(),
        opening.rental,
    ];
    [
        keccak256(words.concat()).as_slice(),
        &hex::decode(GENERATOR).expect("hex"),
        &compressed(&record.renter_key),
        &compressed(&opening.enc),
        &[opening.parity],
        opening.x.as_slice(),
        opening.challenge.as_slice(),
        opening.response.as_slice(),
    ]
    .concat()
}

fn holds(input: &[u8]) -> bool {
    (DLEQ_VERIFY.run)(input, Gas::new(100_000)).expect("228 bytes").bytes[31] == 1
}

#[test]
fn what_a_renter_proves_verifies() {
    let record = record();
    for opening in &record.cases {
        assert!(holds(&call(&record, opening)), "{}", opening.rental);
    }
}

#[test]
fn a_proof_for_one_rental_is_none_for_another() {
    let mut record = record();
    for opening in &mut record.cases {
        opening.rental = B256::repeat_byte(1);
    }
    for opening in &record.cases {
        assert!(!holds(&call(&record, opening)));
    }
}
