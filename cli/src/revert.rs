//! Explains revert data by the errors that the system contracts declare.

use alloy_primitives::hex;
use alloy_sol_types::{Panic, Revert, SolError as _, SolInterface as _};
use std::fmt::Debug;
use utnet_bindings::{
    Availability, BeaconHistory, ChipChallenges, ChipEvidence, Committee, DatasetMarket, Emission,
    EnvironmentProof, HandoverCourt, IntervalCourt, JobEscrow, OrderBook, PociRegistry, Ranking,
    RatingBook, RentalDesk, ResultRollup, RpoiEscrow, Vault, VendorRegistry,
};

/// The error's name and fields, or the bytes if no contract of ours declares it.
pub(crate) fn explain(data: &[u8]) -> String {
    if let Ok(revert) = Revert::abi_decode(data) {
        return revert.reason;
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return panic.to_string();
    }
    known(data).unwrap_or_else(|| match data {
        [] => "without a reason".to_owned(),
        unknown => format!("unknown error {}", hex::encode_prefixed(unknown)),
    })
}

fn known(data: &[u8]) -> Option<String> {
    macro_rules! first_of {
        ($($errors:path),+ $(,)?) => {
            $(if let Ok(error) = <$errors>::abi_decode(data) {
                return Some(words(&error));
            })+
        };
    }
    first_of!(
        RentalDesk::RentalDeskErrors,
        IntervalCourt::IntervalCourtErrors,
        RpoiEscrow::RpoiEscrowErrors,
        OrderBook::OrderBookErrors,
        Vault::VaultErrors,
        PociRegistry::PociRegistryErrors,
        Availability::AvailabilityErrors,
        ChipChallenges::ChipChallengesErrors,
        ChipEvidence::ChipEvidenceErrors,
        VendorRegistry::VendorRegistryErrors,
        JobEscrow::JobEscrowErrors,
        ResultRollup::ResultRollupErrors,
        DatasetMarket::DatasetMarketErrors,
        Ranking::RankingErrors,
        Committee::CommitteeErrors,
        HandoverCourt::HandoverCourtErrors,
        EnvironmentProof::EnvironmentProofErrors,
        RatingBook::RatingBookErrors,
        Emission::EmissionErrors,
        BeaconHistory::BeaconHistoryErrors,
    );
    None
}

/// `Outer(Inner { field: .. })` without the outer name, which repeats the inner one.
fn words(error: &impl Debug) -> String {
    let text = format!("{error:?}");
    match text.split_once('(') {
        Some((_, inner)) => inner.strip_suffix(')').unwrap_or(inner).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;

    #[test]
    fn an_error_of_ours_is_named_with_its_fields() {
        let error = Vault::VaultInsufficientLocked {
            purpose: Default::default(),
            locked: U256::from(1),
            needed: U256::from(2),
        };
        let text = explain(&error.abi_encode());
        assert!(text.starts_with("VaultInsufficientLocked"), "{text}");
        assert!(text.contains("needed: 2"), "{text}");
    }

    #[test]
    fn bytes_that_nobody_declares_are_shown() {
        assert_eq!(explain(&[1, 2, 3, 4]), "unknown error 0x01020304");
        assert_eq!(explain(&[]), "without a reason");
    }
}
