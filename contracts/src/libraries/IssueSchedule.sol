// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {HalvingSchedule, IssueKind, IssuePlan, TalosSchedule, TieredSchedule} from "../types/Issue.sol";
import {HalvingIssue} from "./HalvingIssue.sol";
import {TalosIssue} from "./TalosIssue.sol";
import {TieredIssue} from "./TieredIssue.sol";

/// @title Asks the schedule that a chain chose: three of them behind one question.
/// @dev Reads only the part of the plan that its kind names.
library IssueSchedule {
    using HalvingIssue for HalvingSchedule;
    using TalosIssue for TalosSchedule;
    using TieredIssue for TieredSchedule;

    function validate(IssuePlan memory plan) internal pure {
        if (plan.kind == IssueKind.Tiered) plan.tiered.validate();
        else if (plan.kind == IssueKind.Halving) plan.halving.validate();
        else plan.talos.validate();
    }

    /// @dev What the block at a height earns, in gwei: floor(cum(h)) - floor(cum(h - 1)), so that rounding
    /// never drifts.
    /// @param height Not zero.
    function rewardGwei(IssuePlan storage plan, uint64 height) internal view returns (uint128) {
        if (plan.kind == IssueKind.Tiered) {
            TieredSchedule memory tiered = plan.tiered;
            return tiered.issuedGwei(height) - tiered.issuedGwei(height - 1);
        }
        if (plan.kind == IssueKind.Halving) {
            HalvingSchedule memory halving = plan.halving;
            return halving.issuedGwei(height) - halving.issuedGwei(height - 1);
        }
        TalosSchedule memory talos = plan.talos;
        return talos.issuedGwei(height) - talos.issuedGwei(height - 1);
    }
}
