// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {RentalState} from "../types/Rentals.sol";

/// @title Tells what time alone does to a rental: silence starts it, the end of its duration ends it.
/// @dev Pure: the current second comes in. All deadlines are inclusive.
library RentalClock {
    /// @dev Marks of a rental that most have not.
    uint8 internal constant SPONSORED = 1; // somebody else paid for the renter
    uint8 internal constant IN_TOKEN = 2; // it is paid in a token
    uint8 internal constant DISPUTED = 4; // rent of it was withheld
    uint8 internal constant RENTER_COMMITTED = 8;
    uint8 internal constant OPERATOR_COMMITTED = 16;

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
        uint8 chips;
        /// sum of the marks above that it has
        uint8 marks;
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

    /// @dev Reads a whole clock at once: field by field the slot is read eleven times.
    function load(Clock storage kept) internal view returns (Clock memory clock) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(kept.slot) // clock = kept
        }
        // each cast takes its field and leaves the others
        // forge-lint: disable-start(unsafe-typecast)
        clock.state = RentalState(uint8(word));
        (clock.duration, clock.mostDuration) = (uint32(word >> 8), uint32(word >> 40));
        (clock.startedAt, clock.endedAt) = (uint40(word >> 72), uint40(word >> 112));
        clock.deadline = uint40(word >> 152);
        (clock.renterScore, clock.operatorScore) = (uint8(word >> 192), uint8(word >> 200));
        (clock.chips, clock.marks) = (uint8(word >> 208), uint8(word >> 216));
        clock.epoch = uint32(word >> 224);
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev Writes a whole clock at once.
    function store(Clock storage kept, Clock memory clock) internal {
        uint256 word = uint256(clock.state) | uint256(clock.duration) << 8;
        word |= uint256(clock.mostDuration) << 40 | uint256(clock.startedAt) << 72;
        word |= uint256(clock.endedAt) << 112 | uint256(clock.deadline) << 152;
        word |= uint256(clock.renterScore) << 192 | uint256(clock.operatorScore) << 200;
        word |= uint256(clock.chips) << 208 | uint256(clock.marks) << 216 | uint256(clock.epoch) << 224;
        assembly ("memory-safe") {
            sstore(kept.slot, word) // kept = clock
        }
    }

    function mark(Clock memory clock, uint8 which) internal pure {
        clock.marks |= which;
    }

    /// @dev Whether a rental has all of the marks.
    function has(Clock memory clock, uint8 which) internal pure returns (bool) {
        return clock.marks & which == which;
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
