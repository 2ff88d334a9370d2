//! Verifies what chips sign: `test/vectors/security_engine.json`, written by the tests of `utnet-se`.

use std::{fs, path::PathBuf};

use alloy_primitives::{Bytes, FixedBytes};
use serde::Deserialize;
use utnet_precompiles::{
    bls::{self, Possession},
    se::{self, SeItem},
    vrf,
};

/// What a chip said.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chip {
    x: FixedBytes<32>,
    y: FixedBytes<32>,
    bls_key: FixedBytes<48>,
    vrf_key: FixedBytes<33>,
    digest: FixedBytes<32>,
    r: FixedBytes<32>,
    s: FixedBytes<32>,
    message: FixedBytes<32>,
    bls_signature: FixedBytes<96>,
    context: FixedBytes<32>,
    possession: FixedBytes<96>,
    alpha: Bytes,
    pi: FixedBytes<81>,
    beta: FixedBytes<32>,
}

/// Several chips, and what they signed together.
#[derive(Deserialize)]
struct Record {
    chips: Vec<Chip>,
    aggregate: FixedBytes<96>,
    apk: FixedBytes<48>,
}

fn record() -> Record {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test/vectors/security_engine.json");
    let text = fs::read_to_string(path).expect("the file is checked in");
    serde_json::from_str(&text).expect("the file is a record")
}

#[test]
fn what_a_chip_signs_verifies() {
    for chip in record().chips {
        let Chip { digest, r, s, x, y, .. } = chip;
        assert!(se::verify(&SeItem { digest: *digest, r: *r, s: *s, x: *x, y: *y }));
        let Chip { message, bls_signature, bls_key, .. } = chip;
        assert!(bls::verify_aggregate(&message, &bls_signature, &bls_key, &[]));
        assert_eq!(vrf::verify(&chip.vrf_key, &chip.pi, &chip.alpha), Some(*chip.beta));
    }
}

#[test]
fn possessions_of_chips_verify_together() {
    let items: Vec<Possession> = record()
        .chips
        .iter()
        .map(|chip| Possession {
            context: *chip.context,
            key: *chip.bls_key,
            proof: *chip.possession,
        })
        .collect();

    assert!(bls::verify_possessions(&items));
}

#[test]
fn what_chips_sign_together_verifies_under_their_sum() {
    let Record { chips, aggregate, apk } = record();
    let keys: Vec<[u8; 48]> = chips.iter().map(|chip| *chip.bls_key).collect();

    assert_eq!(bls::sum(&keys, &[]), Some(*apk));
    assert!(bls::verify_aggregate(&chips[0].message, &aggregate, &apk, &[]));
}
