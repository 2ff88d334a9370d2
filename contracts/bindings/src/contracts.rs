//! Generates one module per system contract from its checked-in ABI.
#![expect(missing_docs, reason = "generated from contracts/abi")]
#![expect(clippy::too_many_arguments, reason = "generated from contracts/abi")]

use alloy_sol_types::sol;

macro_rules! contract {
    ($name:ident, $path:literal) => {
        sol! {
            #[sol(all_derives, extra_derives(serde::Serialize, serde::Deserialize))]
            $name,
            $path
        }
    };
}

contract!(BeaconHistory, "../abi/BeaconHistory.json");
contract!(VendorRegistry, "../abi/VendorRegistry.json");
contract!(PociRegistry, "../abi/PociRegistry.json");
contract!(Emission, "../abi/Emission.json");
contract!(Vault, "../abi/Vault.json");
contract!(OrderBook, "../abi/OrderBook.json");
contract!(RpoiEscrow, "../abi/RpoiEscrow.json");
contract!(IntervalCourt, "../abi/IntervalCourt.json");
contract!(RentalDesk, "../abi/RentalDesk.json");
contract!(RatingBook, "../abi/RatingBook.json");
contract!(JobEscrow, "../abi/JobEscrow.json");
contract!(ResultRollup, "../abi/ResultRollup.json");
contract!(DatasetMarket, "../abi/DatasetMarket.json");
contract!(Ranking, "../abi/Ranking.json");
contract!(Committee, "../abi/Committee.json");
contract!(Availability, "../abi/Availability.json");
contract!(ChipAdmission, "../abi/ChipAdmission.json");
contract!(HandoverCourt, "../abi/HandoverCourt.json");
contract!(EnvironmentProof, "../abi/EnvironmentProof.json");
contract!(ChipChallenges, "../abi/ChipChallenges.json");
contract!(ChipEvidence, "../abi/ChipEvidence.json");
contract!(PociViews, "../abi/PociViews.json");

/// Both contracts speak of the same struct; only its generated Rust types are two.
macro_rules! same {
    ($from:path, $to:path { $($field:ident),+ $(,)? }) => {
        impl From<$from> for $to {
            fn from(it: $from) -> Self {
                Self { $($field: it.$field),+ }
            }
        }
        impl From<$to> for $from {
            fn from(it: $to) -> Self {
                Self { $($field: it.$field),+ }
            }
        }
    };
}

/// Both escrows that fill orders take them as the book does.
macro_rules! same_order {
    ($to:path) => {
        same!(
            OrderBook::Order,
            $to {
                maker,
                side,
                kind,
                specHash,
                chipsHash,
                unitPrice,
                minUnits,
                maxUnits,
                duration,
                validFrom,
                expiry,
                payer,
                token,
                counterparty,
                minRating,
                validationClass,
                nonce,
                makerEpoch,
            }
        );
    };
}

same_order!(RentalDesk::Order);
same_order!(JobEscrow::Order);
same!(
    RentalDesk::Specification,
    JobEscrow::Specification {
        model,
        leastPhi,
        environmentHash,
        modelHash,
        dataHash,
        documentHash,
    }
);
same!(ResultRollup::ResultLeaf, JobEscrow::ResultLeaf { job, resultRoot, steps });
same!(
    RentalDesk::RentalRequest,
    RpoiEscrow::RentalRequest {
        renter,
        operator,
        bid,
        chipsHash,
        duration,
        deposit,
        rent,
        documentHash,
        renterKeyHash,
        nonce,
        deadline,
    }
);
