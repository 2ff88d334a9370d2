// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {TieredIssue} from "contracts/src/libraries/TieredIssue.sol";
import {TieredSchedule} from "contracts/src/types/Issue.sol";

/// @dev The outermost schedules that are good, and the first that are not.
contract TieredIssueBoundsTest is Test {
    using TieredIssue for TieredSchedule;

    uint256 private constant LEAST_BETA = 333_300_000_000_000;
    uint256 private constant MOST_BETA = 1e18;

    function validate(TieredSchedule memory schedule) external pure {
        schedule.validate();
    }

    function test_validate_acceptsATierWithoutBlocksAndBothEndsOfBeta() public view {
        this.validate(TieredSchedule(5, 5, 6, LEAST_BETA, 1));
        this.validate(TieredSchedule(5, 5, 6, MOST_BETA, 1));
    }

    function test_validate_revertsWhen_heightsOrBetaAreOneBeyond() public {
        refuse(TieredSchedule(6, 5, 7, LEAST_BETA, 1));
        refuse(TieredSchedule(5, 6, 6, LEAST_BETA, 1));
        refuse(TieredSchedule(5, 5, 6, LEAST_BETA - 1, 1));
        refuse(TieredSchedule(5, 5, 6, MOST_BETA + 1, 1));
    }

    function refuse(TieredSchedule memory schedule) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                TieredIssue.TieredIssueBadSchedule.selector,
                schedule.n1,
                schedule.n2,
                schedule.n3,
                schedule.betaWad
            )
        );
        this.validate(schedule);
    }
}
