//! Hashes everything that parties sign as EIP-712 (`docs/protocol.md`, section 4).
//!
//! Structs that also travel in calls are those of the contracts' ABI; the others are declared here. Take the digest with
//! [`SolStruct::eip712_signing_hash`] and the domain of the contract that checks it.

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::{Eip712Domain, eip712_domain, sol};

pub use crate::contracts::{
    DatasetMarket::DatasetOffer,
    JobEscrow::JobSpec,
    OrderBook::Order,
    RentalDesk::{RentalRequest, Specification},
    RpoiEscrow::{OperatorHalf, RenterHalf},
};
pub use alloy_sol_types::SolStruct;

sol! {
    /// The renter starts the time; domain of `RpoiEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct Acknowledge { bytes32 rental; }

    /// The renter ends the rental early; domain of `RpoiEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct EndRental { bytes32 rental; }

    /// The payer, and the operator beyond its ask, let a rental run so many seconds in all; domain of `RpoiEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct TopUp { bytes32 rental; uint64 duration; }

    /// The operator answers for the access it hands over; domain of `RpoiEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct Handover { bytes32 rental; bytes32 accessHash; }

    /// A bid's maker lets others open these jobs under it; domain of `JobEscrow`.
    #[derive(Debug, PartialEq, Eq)]
    struct JobRequests { bytes32 bid; bytes32[] jobs; }

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

/// Domain of [`RentalRequest`], both halves, [`Acknowledge`], [`TopUp`], [`EndRental`] and [`Handover`].
pub fn rpoi_escrow_domain(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("UtilityNet RpoiEscrow", chain_id, contract)
}

/// Domain of [`JobSpec`] and [`JobRequests`].
pub fn job_escrow_domain(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("UtilityNet JobEscrow", chain_id, contract)
}

/// Domain of [`DatasetOffer`].
pub fn dataset_market_domain(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("UtilityNet DatasetMarket", chain_id, contract)
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
    use alloy_primitives::{U256, b256};
    use utnet_primitives::{SystemContract, system_address};

    fn word(n: u64) -> B256 {
        B256::from(U256::from(n))
    }

    fn account(n: u64) -> Address {
        Address::from_word(word(n))
    }

    /// Every field of these messages holds its own place, counted from 1 (enums: its parity). Source of the digests:
    /// ethers 6.17, `TypedDataEncoder.hash` over the type strings of `docs/protocol.md`.
    #[test]
    fn an_order_hashes_as_every_wallet_hashes_it() {
        let order = Order {
            maker: account(1),
            side: 0,
            kind: 1,
            specHash: word(4),
            chipsHash: word(5),
            unitPrice: 6,
            minUnits: 7,
            maxUnits: 8,
            duration: 9,
            validFrom: 10,
            expiry: 11,
            payer: account(12),
            token: account(13),
            counterparty: account(14),
            minRating: 15,
            validationClass: 1,
            nonce: U256::from(17),
            makerEpoch: 18,
        };
        let domain = order_book_domain(31_337, system_address(SystemContract::OrderBook));
        assert_eq!(
            order.eip712_signing_hash(&domain),
            b256!("0x61e2f1b2263aedba3571508b87a67392ac1630d35b6486118405561c4ed1e8ae")
        );
    }

    #[test]
    fn a_specification_hashes_as_every_wallet_hashes_it() {
        let specification = Specification {
            model: 1,
            leastPhi: 2,
            environmentHash: word(3),
            modelHash: word(4),
            dataHash: word(5),
            documentHash: word(6),
        };
        assert_eq!(
            specification.eip712_hash_struct(),
            b256!("0x43792280bbb4ff01d9873c3cd0e2d85548825ef15bdb289f8f07109d8146c1ad")
        );
    }

    #[test]
    fn a_request_and_a_handover_hash_as_every_wallet_hashes_them() {
        let request = RentalRequest {
            renter: account(1),
            operator: account(2),
            bid: word(3),
            chipsHash: word(4),
            duration: 5,
            deposit: 6,
            rent: 7,
            documentHash: word(8),
            renterKeyHash: word(9),
            nonce: U256::from(10),
            deadline: 11,
        };
        let domain = rpoi_escrow_domain(31_337, system_address(SystemContract::RpoiEscrow));
        assert_eq!(
            request.eip712_signing_hash(&domain),
            b256!("0x37148bf0747a7e88110e99d2360e15ab674bca3588e298c6b3045bd919cb1d45")
        );
        assert_eq!(
            Handover { rental: word(1), accessHash: word(2) }.eip712_signing_hash(&domain),
            b256!("0x1eef57eaef6e6c90e6b2fa619fe3bacc753e5e96abf25bc5d3455f4f94f2ae60")
        );
    }

    #[test]
    fn a_job_hashes_as_every_wallet_hashes_it() {
        let job = JobSpec {
            client: account(1),
            worker: account(2),
            rental: word(3),
            programHash: word(4),
            inputHash: word(5),
            environmentHash: word(6),
            kernelProfile: word(7),
            seed: 8,
            paramsHash: word(9),
            tolerance: 0,
            price: 11,
            deadline: 12,
            nonce: U256::from(13),
        };
        let domain = job_escrow_domain(31_337, system_address(SystemContract::JobEscrow));
        assert_eq!(
            job.eip712_signing_hash(&domain),
            b256!("0x91ba122c8f8d71f45341be909584bef3ccb9022ec51ab04c6727c5d150c2bcdb")
        );
    }

    #[test]
    fn an_offer_for_a_dataset_hashes_as_the_contract_hashes_it() {
        assert_eq!(
            DatasetOffer::eip712_encode_type(),
            "DatasetOffer(bytes32 dataset,address maker,address taker,uint128 price,\
             bytes32 buyerKeyHash,uint64 expiry,uint64 nonce)"
        );
    }

    #[test]
    fn type_strings_name_enums_and_ids_by_their_underlying_types() {
        assert_eq!(
            OperatorHalf::eip712_encode_type(),
            "OperatorHalf(bytes32 rental,bytes32 commitment,bytes32 renterHalf)"
        );
        assert!(
            Order::eip712_encode_type().starts_with("Order(address maker,uint8 side,uint8 kind,")
        );
        assert_eq!(JobRequests::eip712_encode_type(), "JobRequests(bytes32 bid,bytes32[] jobs)");
        assert!(JobSpec::eip712_encode_type().contains("bytes32 rental,bytes32 programHash,"));
    }

    #[test]
    fn nobody_absent_hashes_as_no_bytes() {
        assert_eq!(absent_hash(&[]), keccak256([]));
    }
}
