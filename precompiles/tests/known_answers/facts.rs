//! Reads answers that were computed elsewhere (`tests/facts`).

use serde::Deserialize;

/// A VRF proof from RFC 9381, or from another implementation.
#[derive(Debug, Deserialize)]
pub(crate) struct VrfFact {
    pub(crate) source: String,
    pub(crate) sk: String,
    pub(crate) pk: String,
    pub(crate) alpha: String,
    pub(crate) pi: String,
    pub(crate) beta: String,
}

/// One message signed by several keys, from another implementation.
#[derive(Debug, Deserialize)]
pub(crate) struct BlsFact {
    pub(crate) msg: String,
    pub(crate) sks: Vec<String>,
    pub(crate) pks: Vec<String>,
    pub(crate) apk: String,
    pub(crate) sigs: Vec<String>,
    pub(crate) aggregate: String,
    pub(crate) possession: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct BlsFacts {
    cases: Vec<BlsFact>,
}

/// A proof of equal logarithms, from another implementation.
#[derive(Debug, Deserialize)]
pub(crate) struct DleqFact {
    pub(crate) secret: String,
    pub(crate) nonce: String,
    pub(crate) context: String,
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) c: String,
    pub(crate) d: String,
    pub(crate) challenge: String,
    pub(crate) response: String,
}

pub(crate) fn vrf() -> Vec<VrfFact> {
    serde_json::from_str(include_str!("../facts/ecvrf-p256-sha256-tai.json")).expect("facts decode")
}

pub(crate) fn dleq() -> Vec<DleqFact> {
    serde_json::from_str(include_str!("../facts/dleq.json")).expect("facts decode")
}

pub(crate) fn bls() -> Vec<BlsFact> {
    let facts: BlsFacts =
        serde_json::from_str(include_str!("../facts/bls-min-pk.json")).expect("facts decode");
    facts.cases
}

/// Bytes of a hex string.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("facts are hex")
}
