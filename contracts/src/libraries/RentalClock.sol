// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {RentalState} from "../types/Rentals.sol";

/// @title Tells what time alone does to a rental: silence starts it, the end of its duration ends it.
/// @dev Pure: the current second comes in. All deadlines are inclusive.
library RentalClock {
    /// @dev The part of a rental that moves, and what it moves by; one slot.
    struct Clock {
        RentalState state;
        /// seconds paid for
        uint48 duration;
        /// second in which time started; 0 before
        uint48 startedAt;
        /// second in which use ended; 0 before
        uint48 endedAt;
        /// last second, inclusive, of what the state waits for; 0 when it waits for nothing
        uint48 deadline;
        /// 1 to 100; 0 while hidden
        uint8 renterScore;
        uint8 operatorScore;
        uint32 chips;
    }

    /// @dev Moves a clock through the states that need nobody: handed over, active, ended.
    function advanced(Clock memory clock, uint48 commitSeconds, uint48 second)
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
    function start(Clock memory clock, uint48 second) internal pure {
        clock.state = RentalState.Active;
        clock.startedAt = second;
        clock.deadline = second + clock.duration;
    }

    /// @dev Use ends with `second`; the parties owe their commitments.
    function finish(Clock memory clock, uint48 second, uint48 commitSeconds) internal pure {
        clock.state = RentalState.Ended;
        clock.endedAt = second;
        clock.deadline = second + commitSeconds;
    }

    /// @dev Whether the state waits for somebody who can no longer come: the next poke closes the rental.
    function isAbandoned(Clock memory clock, uint48 second) internal pure returns (bool) {
        bool isWaiting = clock.state == RentalState.Open || clock.state == RentalState.Ended
            || clock.state == RentalState.Revealing;
        return isWaiting && second > clock.deadline;
    }

    /// @dev Seconds used so far, never more than the duration.
    function usedSeconds(Clock memory clock, uint48 second) internal pure returns (uint48) {
        if (clock.startedAt == 0) return 0;
        if (clock.endedAt != 0) return clock.endedAt - clock.startedAt;
        return (second < clock.deadline ? second : clock.deadline) - clock.startedAt;
    }
}
