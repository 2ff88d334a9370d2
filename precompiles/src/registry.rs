//! Lists the precompiles by address, for the node to register.

use alloy_primitives::{Address, address};

use crate::{
    dleq_verify,
    gas::Gas,
    outcome::{Halt, Output},
    poci_verify, se_verify, vrf_verify,
};

/// A pure function at a fixed address.
#[derive(Clone, Copy, Debug)]
pub struct Precompile {
    /// Where contracts call it.
    pub address: Address,
    /// What documents and traces call it.
    pub name: &'static str,
    /// Input bytes and gas budget to answer; the same bytes give the same answer on every machine.
    pub run: fn(&[u8], Gas) -> Result<Output, Halt>,
}

/// Checks up to 256 P-256 signatures of chips.
pub const SE_VERIFY: Precompile = Precompile {
    address: address!("0x0000000000000000000000000000000000555401"),
    name: "SE_VERIFY",
    run: se_verify::run,
};

/// Checks BLS aggregates with absentees, proofs of possession, and adds keys.
pub const POCI_VERIFY: Precompile = Precompile {
    address: address!("0x0000000000000000000000000000000000555402"),
    name: "POCI_VERIFY",
    run: poci_verify::run,
};

/// Checks a draw: ECVRF-P256-SHA256-TAI.
pub const VRF_VERIFY: Precompile = Precompile {
    address: address!("0x0000000000000000000000000000000000555403"),
    name: "VRF_VERIFY",
    run: vrf_verify::run,
};

/// Checks that two points have the same logarithm over two bases, in P-256.
pub const DLEQ_VERIFY: Precompile = Precompile {
    address: address!("0x0000000000000000000000000000000000555404"),
    name: "DLEQ_VERIFY",
    run: dleq_verify::run,
};

/// All precompiles of this chain beside Ethereum's, by ascending address.
pub const PRECOMPILES: [Precompile; 4] = [SE_VERIFY, POCI_VERIFY, VRF_VERIFY, DLEQ_VERIFY];

/// The precompile at an address, if there is one.
pub fn find(address: &Address) -> Option<&'static Precompile> {
    const ALL: &[Precompile] = &PRECOMPILES;
    ALL.iter().find(|precompile| precompile.address == *address)
}
