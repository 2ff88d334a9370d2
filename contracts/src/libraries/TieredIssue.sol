// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {TieredSchedule} from "../types/Issue.sol";
import {Exponential} from "./Exponential.sol";

/// @title Computes what the tiered schedule has issued up to a height, in closed form.
/// @dev Pure. Fixed point of 36 digits ("X36"): 1 UNC = 1e36. The falling tier at distance d earns 30 - c (1
/// - e^-bd) with c = 0.01 / (e^b - 1) = 0.01 q / (1 - q), q = e^-b; its first n blocks earn (30 - c) n + c (1
/// - q^n) / (1 - q).
library TieredIssue {
    uint256 private constant ONE = Exponential.ONE;
    uint256 private constant FIRST = 100 * ONE;
    uint256 private constant SECOND = 75 * ONE;
    uint256 private constant THIRD = 50 * ONE;
    uint256 private constant LAST = 30 * ONE;
    uint256 private constant STEP = ONE / 100;

    /// @dev From betaWad (1e-18) to 36 digits.
    uint256 private constant WAD_TO_X36 = 1e18;
    /// @dev From 36 digits to gwei (1e-9).
    uint256 private constant X36_PER_GWEI = 1e27;

    /// @dev 1 - q needs this much beta: c stays below 30 UNC, the reward above zero.
    uint256 private constant LEAST_BETA_WAD = 333_300_000_000_000;
    uint256 private constant MOST_BETA_WAD = 1e18;

    /// @dev The heights do not ascend, or beta is outside of 0.0003333 to 1.
    error TieredIssueBadSchedule(uint64 n1, uint64 n2, uint64 n3, uint256 betaWad);

    function validate(TieredSchedule memory schedule) internal pure {
        bool ascends = schedule.n1 <= schedule.n2 && schedule.n2 < schedule.n3;
        bool falls = schedule.betaWad >= LEAST_BETA_WAD && schedule.betaWad <= MOST_BETA_WAD;
        if (!ascends || !falls) {
            revert TieredIssueBadSchedule(schedule.n1, schedule.n2, schedule.n3, schedule.betaWad);
        }
    }

    /// @dev What the blocks 1 to `height` earn together, in gwei, rounded down, at most the cap.
    function issuedGwei(TieredSchedule memory schedule, uint64 height) internal pure returns (uint128) {
        uint256 issued = _issuedX36(schedule, height) / X36_PER_GWEI;
        // forge-lint: disable-next-line(unsafe-typecast)
        return issued < schedule.capGwei ? uint128(issued) : schedule.capGwei; // fits: below the cap
    }

    /// @dev What the block at a height earns before rounding to gwei and before the cap, in 1e-36 UNC.
    function rewardX36(TieredSchedule memory schedule, uint64 height) internal pure returns (uint256) {
        if (height <= schedule.n1) return FIRST;
        if (height <= schedule.n2) return SECOND;
        if (height < schedule.n3) return THIRD;
        (uint256 c,) = _fall(schedule);
        return LAST - c + c * _decay(schedule, height - schedule.n3) / ONE;
    }

    function _issuedX36(TieredSchedule memory schedule, uint64 height) private pure returns (uint256) {
        if (height <= schedule.n1) return FIRST * height;
        uint256 issued = FIRST * schedule.n1;
        if (height <= schedule.n2) return issued + SECOND * (height - schedule.n1);
        issued += SECOND * (schedule.n2 - schedule.n1);
        if (height < schedule.n3) return issued + THIRD * (height - schedule.n2);
        issued += THIRD * (schedule.n3 - 1 - schedule.n2);

        uint64 blocks = height - schedule.n3 + 1;
        (uint256 c, uint256 gap) = _fall(schedule);
        return issued + (LAST - c) * blocks + c * (ONE - _decay(schedule, blocks)) / gap;
    }

    /// @return c The deepest fall, below 30 UNC.
    /// @return gap 1 - q.
    function _fall(TieredSchedule memory schedule) private pure returns (uint256 c, uint256 gap) {
        uint256 q = _decay(schedule, 1);
        gap = ONE - q;
        c = STEP * q / gap;
    }

    /// @dev e^-(beta blocks).
    function _decay(TieredSchedule memory schedule, uint64 blocks) private pure returns (uint256) {
        return Exponential.negative(schedule.betaWad * WAD_TO_X36 * blocks);
    }
}
