//! Gives the creation code of the system contracts.

use crate::contracts::{
    Availability, BeaconHistory, ChipAdmission, ChipChallenges, ChipEvidence, Committee,
    DatasetMarket, Emission, EnvironmentProof, HandoverCourt, IntervalCourt, JobEscrow, OrderBook,
    PociRegistry, PociViews, Ranking, RatingBook, RentalDesk, ResultRollup, RpoiEscrow, Vault,
    VendorRegistry,
};
use utnet_primitives::SystemContract;

/// What a contract's constructor runs from; ABI-encoded arguments (`Name::constructorCall`) are appended to it.
pub fn creation_code(contract: SystemContract) -> &'static [u8] {
    match contract {
        SystemContract::BeaconHistory => &BeaconHistory::BYTECODE,
        SystemContract::VendorRegistry => &VendorRegistry::BYTECODE,
        SystemContract::PociRegistry => &PociRegistry::BYTECODE,
        SystemContract::Emission => &Emission::BYTECODE,
        SystemContract::Vault => &Vault::BYTECODE,
        SystemContract::OrderBook => &OrderBook::BYTECODE,
        SystemContract::RpoiEscrow => &RpoiEscrow::BYTECODE,
        SystemContract::IntervalCourt => &IntervalCourt::BYTECODE,
        SystemContract::RentalDesk => &RentalDesk::BYTECODE,
        SystemContract::RatingBook => &RatingBook::BYTECODE,
        SystemContract::JobEscrow => &JobEscrow::BYTECODE,
        SystemContract::ResultRollup => &ResultRollup::BYTECODE,
        SystemContract::DatasetMarket => &DatasetMarket::BYTECODE,
        SystemContract::Ranking => &Ranking::BYTECODE,
        SystemContract::Committee => &Committee::BYTECODE,
        SystemContract::Availability => &Availability::BYTECODE,
        SystemContract::ChipAdmission => &ChipAdmission::BYTECODE,
        SystemContract::HandoverCourt => &HandoverCourt::BYTECODE,
        SystemContract::EnvironmentProof => &EnvironmentProof::BYTECODE,
        SystemContract::ChipChallenges => &ChipChallenges::BYTECODE,
        SystemContract::ChipEvidence => &ChipEvidence::BYTECODE,
        SystemContract::PociViews => &PociViews::BYTECODE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_contract_has_code_below_the_limit_of_eip_3860() {
        for contract in SystemContract::ALL {
            let length = creation_code(contract).len();
            assert!((1..=49_152).contains(&length), "{}: {length}", contract.name());
        }
    }
}
