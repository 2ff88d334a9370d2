// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {HalvingSchedule} from "../types/Issue.sol";
import {Exponential} from "./Exponential.sol";

/// @title Computes what the halving schedule has issued up to a height, in closed form.
/// @dev Pure. With r = 2^-(block time / halving time), block h earns q0 r^h, and the first h blocks earn
/// q0 r (1 - r^h) / (1 - r) together. Nothing is issued after 64 halvings: a block then earns less than
/// 2^-64 q0, and up to there each step of the sum is above the error of its arithmetic, so that it never
/// falls (1 - r >= 6.9e-11, error of the sum <= 64e-36 q0 / (1 - r) < 1e-24 q0 < 2^-64 q0).
library HalvingIssue {
    uint256 private constant ONE = Exponential.ONE;

    uint256 private constant MOST_HALVINGS = 64;
    /// @dev 1,000 UNC.
    uint64 private constant MOST_FIRST_GWEI = 1e12;
    uint64 private constant MOST_HALVING_SECONDS = 1e10;

    /// @dev No reward, no time, or out of bounds.
    error HalvingIssueBadSchedule(uint64 firstGwei, uint64 halvingSeconds, uint64 blockSeconds);

    function validate(HalvingSchedule memory schedule) internal pure {
        bool pays = schedule.firstGwei != 0 && schedule.firstGwei <= MOST_FIRST_GWEI;
        bool passes = schedule.blockSeconds != 0 && schedule.blockSeconds <= schedule.halvingSeconds;
        if (!pays || !passes || schedule.halvingSeconds > MOST_HALVING_SECONDS) {
            revert HalvingIssueBadSchedule(schedule.firstGwei, schedule.halvingSeconds, schedule.blockSeconds);
        }
    }

    /// @dev What the blocks 1 to `height` earn together, in gwei, rounded down, at most the cap.
    function issuedGwei(HalvingSchedule memory schedule, uint64 height) internal pure returns (uint128) {
        uint256 last = MOST_HALVINGS * schedule.halvingSeconds / schedule.blockSeconds;
        uint256 blocks = height < last ? height : last;
        uint256 r = _left(schedule, 1);
        uint256 gone = ONE - _left(schedule, blocks);
        uint256 issued = Math.mulDiv(schedule.firstGwei * r, gone, ONE - r) / ONE;
        // forge-lint: disable-next-line(unsafe-typecast)
        return issued < schedule.capGwei ? uint128(issued) : schedule.capGwei; // fits: below the cap
    }

    /// @dev What the block at a height earns before rounding to gwei and before the cap, in 1e-36 gwei.
    function rewardX36(HalvingSchedule memory schedule, uint64 height) internal pure returns (uint256) {
        return schedule.firstGwei * _left(schedule, height);
    }

    /// @dev r^blocks.
    function _left(HalvingSchedule memory schedule, uint256 blocks) private pure returns (uint256) {
        return Exponential.halved(blocks * schedule.blockSeconds, schedule.halvingSeconds);
    }
}
