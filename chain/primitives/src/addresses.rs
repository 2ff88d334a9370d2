//! Names the fixed addresses of precompiles and system contracts.

use alloy_primitives::{Address, address};

/// Addresses of our precompiles; each holds the code `0xfe` in genesis.
pub mod precompile {
    use super::{Address, address};

    /// Chip signatures (P-256), up to 256 at once.
    pub const SE_VERIFY: Address = address!("0x0000000000000000000000000000000000555401");
    /// Aggregated proofs of computing power (BLS12-381).
    pub const POCI_VERIFY: Address = address!("0x0000000000000000000000000000000000555402");
    /// Draw proofs (ECVRF-P256-SHA256-TAI).
    pub const VRF_VERIFY: Address = address!("0x0000000000000000000000000000000000555403");
    /// Equality of discrete logarithms, for disputed hand-overs.
    pub const DLEQ_VERIFY: Address = address!("0x0000000000000000000000000000000000555404");
}

/// A contract that stands in genesis at a fixed address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemContract {
    /// Past beacons, written by a system call before each block's transactions.
    BeaconHistory,
    /// Admitted vendors and the roots of their chip batches.
    VendorRegistry,
    /// Reads of the registry for which it has no room.
    PociViews,
    /// Chips, operators, power and availability.
    PociRegistry,
    /// Block rewards and the burn sink.
    Emission,
    /// The only contract that moves money.
    Vault,
    /// Signed orders, filled on chain.
    OrderBook,
    /// The escrow of rentals, called pi in the papers.
    RpoiEscrow,
    /// Disputed intervals of rentals.
    IntervalCourt,
    /// Opens rentals: checks what the escrow then keeps.
    RentalDesk,
    /// Ratings after settled rentals.
    RatingBook,
    /// Jobs: budget, commitment, reveal, payment.
    JobEscrow,
    /// Roots of results, challenges, proofs for contracts.
    ResultRollup,
    /// Datasets: fingerprints, sales, what buyers say of them.
    DatasetMarket,
    /// How good operators surely are, and what the chain saw them do wrong.
    Ranking,
    /// Drawn operators who answer disputed questions.
    Committee,
    /// Proofs of which chips are there.
    Availability,
    /// Checks of what a registration of chips claims.
    ChipAdmission,
    /// Judges hand-overs that a renter opens in public.
    HandoverCourt,
    /// Rounds in which operators prove the environment that they compute in.
    EnvironmentProof,
    /// Questions to single chips, with bond and deadline.
    ChipChallenges,
    /// Slashes chips by what they signed.
    ChipEvidence,
}

impl SystemContract {
    /// All system contracts, in the order of their deployment in genesis.
    pub const ALL: [Self; 22] = [
        Self::BeaconHistory,
        Self::VendorRegistry,
        Self::PociViews,
        Self::PociRegistry,
        Self::Emission,
        Self::Vault,
        Self::OrderBook,
        Self::RpoiEscrow,
        Self::IntervalCourt,
        Self::RentalDesk,
        Self::RatingBook,
        Self::JobEscrow,
        Self::ResultRollup,
        Self::DatasetMarket,
        Self::Ranking,
        Self::Committee,
        Self::Availability,
        Self::ChipAdmission,
        Self::HandoverCourt,
        Self::EnvironmentProof,
        Self::ChipChallenges,
        Self::ChipEvidence,
    ];

    /// The contract's name, equal to its Solidity name and its file in `contracts/abi`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeaconHistory => "BeaconHistory",
            Self::VendorRegistry => "VendorRegistry",
            Self::PociRegistry => "PociRegistry",
            Self::Emission => "Emission",
            Self::Vault => "Vault",
            Self::OrderBook => "OrderBook",
            Self::RpoiEscrow => "RpoiEscrow",
            Self::IntervalCourt => "IntervalCourt",
            Self::RentalDesk => "RentalDesk",
            Self::RatingBook => "RatingBook",
            Self::JobEscrow => "JobEscrow",
            Self::ResultRollup => "ResultRollup",
            Self::DatasetMarket => "DatasetMarket",
            Self::Ranking => "Ranking",
            Self::Committee => "Committee",
            Self::Availability => "Availability",
            Self::ChipAdmission => "ChipAdmission",
            Self::HandoverCourt => "HandoverCourt",
            Self::EnvironmentProof => "EnvironmentProof",
            Self::ChipChallenges => "ChipChallenges",
            Self::ChipEvidence => "ChipEvidence",
            Self::PociViews => "PociViews",
        }
    }
}

/// The address at which a system contract stands in genesis.
pub const fn system_address(contract: SystemContract) -> Address {
    match contract {
        SystemContract::BeaconHistory => address!("0x0000000000000000000000000000000000555410"),
        SystemContract::VendorRegistry => address!("0x0000000000000000000000000000000000555411"),
        SystemContract::PociRegistry => address!("0x0000000000000000000000000000000000555412"),
        SystemContract::Emission => address!("0x0000000000000000000000000000000000555413"),
        SystemContract::Vault => address!("0x0000000000000000000000000000000000555414"),
        SystemContract::OrderBook => address!("0x0000000000000000000000000000000000555415"),
        SystemContract::RpoiEscrow => address!("0x0000000000000000000000000000000000555416"),
        SystemContract::RatingBook => address!("0x0000000000000000000000000000000000555417"),
        SystemContract::JobEscrow => address!("0x0000000000000000000000000000000000555418"),
        SystemContract::ResultRollup => address!("0x0000000000000000000000000000000000555419"),
        SystemContract::DatasetMarket => address!("0x000000000000000000000000000000000055541D"),
        SystemContract::Ranking => address!("0x000000000000000000000000000000000055541E"),
        SystemContract::IntervalCourt => address!("0x000000000000000000000000000000000055541f"),
        SystemContract::RentalDesk => address!("0x0000000000000000000000000000000000555420"),
        SystemContract::Committee => address!("0x000000000000000000000000000000000055541B"),
        SystemContract::Availability => address!("0x0000000000000000000000000000000000555422"),
        SystemContract::ChipAdmission => address!("0x0000000000000000000000000000000000555423"),
        SystemContract::HandoverCourt => address!("0x000000000000000000000000000000000055541A"),
        SystemContract::EnvironmentProof => address!("0x000000000000000000000000000000000055541C"),
        SystemContract::ChipChallenges => address!("0x0000000000000000000000000000000000555424"),
        SystemContract::ChipEvidence => address!("0x0000000000000000000000000000000000555425"),
        SystemContract::PociViews => address!("0x0000000000000000000000000000000000555426"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_contract_has_an_address_of_its_own() {
        let all: std::collections::BTreeSet<_> =
            SystemContract::ALL.into_iter().map(system_address).collect();
        assert_eq!(all.len(), SystemContract::ALL.len());
    }
}
