// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {RentalState} from "../types/Rentals.sol";

/// @title Tells what time alone does to a rental: silence starts it, the end of its duration ends it.
/// @dev Pure: the current second comes in. All deadlines are inclusive.
library RentalClock {
    /// @dev The part of a rental that moves, and what it moves by; one slot, full.
    struct Clock {
        RentalState state;
        /// seconds paid for
        uint32 duration;
        /// seconds to which it may be extended without asking the operator
        uint32 mostDuration;
        /// second in which time started; 0 before
        uint40 startedAt;
        /// second in which use ended; 0 before
        uint40 endedAt;
        /// last second, inclusive, of what the state waits for; 0 when it waits for nothing
        uint40 deadline;
        /// 1 to 100; 0 while hidden
        uint8 renterScore;
        uint8 operatorScore;
        uint16 chips;
        /// the registry's epoch in which time started, or that of the hand-over when silence started it
        uint32 epoch;
    }

    /// @dev Moves a clock through the states that need nobody: handed over, active, ended.
    function advanced(Clock memory clock, uint40 commitSeconds, uint40 second)
        internal
        pure
        returns (Clock memory)
    {
        if (clock.state == RentalState.HandedOver && second > clock.deadline) {
            start(clock, clock.deadline);
        }
        if (clock.state == RentalState.Active && second > clock.deadline) {
            finish(clock, clock.deadline, commitSeconds);
        }
        return clock;
    }

    /// @dev Time runs from `second` on.
    function start(Clock memory clock, uint40 second) internal pure {
        clock.state = RentalState.Active;
        clock.startedAt = second;
        clock.deadline = second + clock.duration;
    }

    /// @dev Use ends with `second`; the parties owe their commitments.
    function finish(Clock memory clock, uint40 second, uint40 commitSeconds) internal pure {
        clock.state = RentalState.Ended;
        clock.endedAt = second;
        clock.deadline = second + commitSeconds;
    }

    /// @dev Whether the state waits for somebody who can no longer come: the next poke closes the rental.
    function isAbandoned(Clock memory clock, uint40 second) internal pure returns (bool) {
        bool isWaiting = clock.state == RentalState.Open || clock.state == RentalState.Ended
            || clock.state == RentalState.Revealing;
        return isWaiting && second > clock.deadline;
    }

    /// @dev Whether the operator asked for the chips back: an active rental then ends before what was paid.
    function isReclaimed(Clock memory clock) internal pure returns (bool) {
        return clock.deadline != clock.startedAt + clock.duration;
    }

    /// @dev Seconds used so far, never more than the duration.
    function usedSeconds(Clock memory clock, uint40 second) internal pure returns (uint40) {
        if (clock.startedAt == 0) return 0;
        if (clock.endedAt != 0) return clock.endedAt - clock.startedAt;
        return (second < clock.deadline ? second : clock.deadline) - clock.startedAt;
    }

    /// @dev The epoch in which use ended, between the one of its start and the one of now: where the second
    /// of the end lies between theirs. Rounded down.
    function lastEpoch(Clock memory clock, uint64 epochNow, uint40 second) internal pure returns (uint64) {
        uint40 passed = second - clock.startedAt;
        if (passed == 0) return clock.epoch;
        return clock.epoch + uint64((uint256(epochNow) - clock.epoch) * usedSeconds(clock, second) / passed);
    }
}
