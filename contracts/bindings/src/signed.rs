//! Hashes everything that parties sign as EIP-712 (`docs/protocol.md`, section 4).
//!
//! Structs that also travel in calls are those of the contracts' ABI; the others are declared here. Take the digest with
//! [`SolStruct::eip712_signing_hash`] and the domain of the contract that checks it.

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::{Eip712Domain, eip712_domain, sol};

pub use crate::contracts::{
    JobEscrow::JobSpec,
    OrderBook::Order,
    RpoiEscrow::{OperatorHalf, RentalRequest, RenterHalf},
};
pub use alloy_sol_types::SolStruct;

sol! {
    /// The renter starts the time; domain of `RpoiEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct Acknowledge { bytes32 rental; }

    /// The renter ends the rental early; domain of `RpoiEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct EndRental { bytes32 rental; }

    /// The operator answers for the access it hands over; domain of `RpoiEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct Handover { bytes32 rental; bytes32 accessHash; }

    /// The renter authorises one request to the worker's job port; domain of `JobEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct WorkerRequest { bytes32 rental; bytes32 bodyHash; uint64 deadline; }

    /// The operator lets somebody else carry its proof of availability; domain of `PociRegistry`.
    #[derive(Debug, PartialEq, Eq)]
    struct AvailabilityProof {
        address operator;
        uint64 epoch;
        bytes32 absentHash;
        bytes32 signatureHash;
        bytes32 leafRoot;
    }
}

/// Domain of [`Order`].
pub fn order_book_domain(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("UtilityNet OrderBook", chain_id, contract)
}

/// Domain of [`RentalRequest`], both halves, [`Acknowledge`], [`EndRental`] and [`Handover`].
pub fn rpoi_escrow_domain(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("UtilityNet RpoiEscrow", chain_id, contract)
}

/// Domain of [`JobSpec`] and [`WorkerRequest`].
pub fn job_escrow_domain(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("UtilityNet JobEscrow", chain_id, contract)
}

/// Domain of [`AvailabilityProof`] (and of the chips' attestations, see `utnet-primitives`).
pub fn poci_registry_domain(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("UtilityNet PociRegistry", chain_id, contract)
}

fn domain(name: &'static str, chain_id: u64, contract: Address) -> Eip712Domain {
    eip712_domain! { name: name, version: "1", chain_id: chain_id, verifying_contract: contract, }
}

/// `absentHash` of [`AvailabilityProof`]: keccak256 over the indices, each padded to a word.
pub fn absent_hash(absent: &[u32]) -> B256 {
    let words: Vec<u8> = absent
        .iter()
        .flat_map(|&index| alloy_primitives::U256::from(index).to_be_bytes::<32>())
        .collect();
    keccak256(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_strings_name_enums_and_ids_by_their_underlying_types() {
        assert_eq!(
            OperatorHalf::eip712_encode_type(),
            "OperatorHalf(bytes32 rental,bytes32 commitment,bytes32 renterHalf)"
        );
        assert!(
            Order::eip712_encode_type().starts_with("Order(address maker,uint8 side,uint8 kind,")
        );
        assert!(JobSpec::eip712_encode_type().contains("bytes32 rental,bytes32 programHash,"));
    }

    #[test]
    fn nobody_absent_hashes_as_no_bytes() {
        assert_eq!(absent_hash(&[]), keccak256([]));
    }
}
