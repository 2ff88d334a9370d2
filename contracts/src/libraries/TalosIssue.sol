// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {TalosSchedule} from "../types/Issue.sol";

/// @title Computes what the Talos cycles have issued up to a height, in closed form.
/// @dev Pure. Fixed point of 36 digits. k whole cycles issue 20 F (1 - 0.95^k), F being the first; the
/// running one issues F 0.95^k evenly over its time. The cap is reached while 0.95^k >= 0.005, where a
/// block's share is far above the error of the arithmetic, so that the sum never falls.
library TalosIssue {
    uint256 private constant ONE = 1e36;
    /// @dev Each cycle issues 5 % less.
    uint256 private constant KEPT = 0.95e36;
    /// @dev 1 / (1 - 0.95).
    uint256 private constant ALL_CYCLES = 20;

    uint64 private constant MOST_CYCLE_SECONDS = 1e10;

    /// @dev No reward, no time, out of bounds, or a cap that the cycles never reach.
    error TalosIssueBadSchedule(uint64 firstGwei, uint64 cycleSeconds, uint64 blockSeconds, uint128 capGwei);

    function validate(TalosSchedule memory schedule) internal pure {
        bool passes = schedule.blockSeconds != 0 && schedule.blockSeconds <= schedule.cycleSeconds
            && schedule.cycleSeconds <= MOST_CYCLE_SECONDS;
        bool isCapped = uint256(schedule.capGwei) * 10 <= uint256(schedule.firstGwei) * 199;
        if (schedule.firstGwei == 0 || !passes || !isCapped) {
            revert TalosIssueBadSchedule(
                schedule.firstGwei, schedule.cycleSeconds, schedule.blockSeconds, schedule.capGwei
            );
        }
    }

    /// @dev What the blocks 1 to `height` earn together, in gwei, rounded down, at most the cap.
    function issuedGwei(TalosSchedule memory schedule, uint64 height) internal pure returns (uint128) {
        uint256 time = uint256(height) * schedule.blockSeconds;
        uint256 first = schedule.firstGwei;
        uint256 kept = _kept(time / schedule.cycleSeconds);
        uint256 ended = ALL_CYCLES * first * (ONE - kept);
        uint256 running = first * kept * (time % schedule.cycleSeconds) / schedule.cycleSeconds;
        uint256 issued = (ended + running) / ONE;
        // forge-lint: disable-next-line(unsafe-typecast)
        return issued < schedule.capGwei ? uint128(issued) : schedule.capGwei; // fits: below the cap
    }

    /// @dev 0.95^cycles, by squaring.
    function _kept(uint256 cycles) private pure returns (uint256 power) {
        power = ONE;
        for (uint256 square = KEPT; cycles != 0; cycles >>= 1) {
            if (cycles & 1 == 1) power = power * square / ONE;
            square = square * square / ONE;
        }
    }
}
