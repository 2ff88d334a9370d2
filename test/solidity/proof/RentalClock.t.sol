// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RentalClock} from "contracts/src/libraries/RentalClock.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

import {Proof} from "./Proof.sol";

/// @title Proves that time moves a rental forward only, at the same seconds whoever asks and however often.
contract RentalClockProof is Proof {
    /// @dev Far beyond the longest rental, far below overflow.
    uint40 private constant MOST = 2 ** 36;

    function check_advanced_neverGoesBack(RentalClock.Clock memory clock, uint40 commit, uint40 second)
        external
        pure
    {
        assumeClock(clock, commit, second);
        RentalState before = clock.state;

        RentalClock.Clock memory later = RentalClock.advanced(clock, commit, second);

        assert(uint8(later.state) >= uint8(before));
        assert(later.state == before || later.state == RentalState.Active || later.state == RentalState.Ended);
    }

    /// @dev The last second of a deadline still belongs to who owes something, the next one does not.
    function check_advanced_deadlineIsInclusive(RentalClock.Clock memory clock, uint40 commit) external pure {
        assumeClock(clock, commit, clock.deadline);
        RentalState before = clock.state;
        uint40 last = clock.deadline;

        assert(RentalClock.advanced(clock, commit, last).state == before);
        assert(!RentalClock.isAbandoned(clock, last));
        bool movesByItself = before == RentalState.HandedOver || before == RentalState.Active;
        RentalState next = RentalClock.advanced(clock, commit, last + 1).state;
        assert(movesByItself == (next != before));
    }

    /// @dev Whether somebody looked in between changes nothing.
    function check_advanced_isTheSameInOneStepOrTwo(
        RentalClock.Clock memory clock,
        uint40 commit,
        uint40 first,
        uint40 second
    ) external pure {
        assumeClock(clock, commit, second);
        vm.assume(first <= second);
        RentalClock.Clock memory other = copyOf(clock);

        RentalClock.Clock memory once = RentalClock.advanced(clock, commit, second);
        RentalClock.Clock memory twice =
            RentalClock.advanced(RentalClock.advanced(other, commit, first), commit, second);

        assert(once.state == twice.state && once.deadline == twice.deadline);
        assert(once.startedAt == twice.startedAt && once.endedAt == twice.endedAt);
    }

    function check_usedSeconds_isAtMostTheDuration(
        uint40 start,
        uint32 duration,
        uint40 commit,
        uint40 second
    ) external pure {
        vm.assume(start != 0 && start <= MOST && duration <= MOST && commit <= MOST);
        vm.assume(second >= start && second <= 4 * MOST);
        RentalClock.Clock memory clock;
        clock.duration = duration;
        RentalClock.start(clock, start);

        clock = RentalClock.advanced(clock, commit, second);
        uint40 used = RentalClock.usedSeconds(clock, second);

        assert(used <= duration);
        assert(used == (second - start < duration ? second - start : duration));
    }

    function check_isAbandoned_forEver(
        RentalClock.Clock memory clock,
        uint40 commit,
        uint40 first,
        uint40 second
    ) external pure {
        assumeClock(clock, commit, second);
        vm.assume(first <= second && RentalClock.isAbandoned(clock, first));

        clock = RentalClock.advanced(clock, commit, second);

        assert(RentalClock.isAbandoned(clock, second));
    }

    function assumeClock(RentalClock.Clock memory clock, uint40 commit, uint40 second) private pure {
        vm.assume(clock.duration <= MOST && clock.deadline <= MOST);
        vm.assume(commit <= MOST && second <= 4 * MOST);
    }

    function copyOf(RentalClock.Clock memory clock) private pure returns (RentalClock.Clock memory copy) {
        copy.state = clock.state;
        copy.duration = clock.duration;
        copy.startedAt = clock.startedAt;
        copy.endedAt = clock.endedAt;
        copy.deadline = clock.deadline;
    }
}
