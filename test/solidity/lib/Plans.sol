// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    FuelTerms,
    HalvingSchedule,
    IssueKind,
    IssuePlan,
    TalosSchedule,
    TieredSchedule
} from "contracts/src/types/Issue.sol";

/// @title Names the three schedules with the white paper's figures.
library Plans {
    uint64 internal constant CYCLE_SECONDS = 200 days;
    uint64 internal constant HALVING_SECONDS = 730 days;

    /// @dev The dev chain's, n3 and beta as in `test/vectors/emission.json`.
    function tiered() internal pure returns (IssuePlan memory plan) {
        plan.kind = IssueKind.Tiered;
        plan.tiered = TieredSchedule({n1: 1000, n2: 2000, n3: 3000, betaWad: 0.0005e18, capGwei: 1e19});
    }

    /// @dev Eq. 23 with q0 = 50 UNC.
    function halving(uint64 blockSeconds) internal pure returns (IssuePlan memory plan) {
        plan.kind = IssueKind.Halving;
        plan.halving = HalvingSchedule({
            firstGwei: 50e9, halvingSeconds: HALVING_SECONDS, blockSeconds: blockSeconds, capGwei: 1e19
        });
    }

    /// @dev Section 4.6.1: 500 M in the first cycle, 9.7 G in all.
    function talos(uint64 blockSeconds) internal pure returns (IssuePlan memory plan) {
        plan.kind = IssueKind.Talos;
        plan.talos = TalosSchedule({
            firstGwei: 500_000_000e9,
            cycleSeconds: CYCLE_SECONDS,
            blockSeconds: blockSeconds,
            capGwei: 9_700_000_000e9,
            fuel: FuelTerms({leastWei: 0, foundation: address(0), vault: address(0)})
        });
    }
}
