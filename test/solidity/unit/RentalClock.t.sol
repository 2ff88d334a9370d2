// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {RentalClock} from "contracts/src/libraries/RentalClock.sol";
import {RentalState} from "contracts/src/types/Rentals.sol";

/// @dev Its every value is walked by `proof/RentalClock.t.sol`; here are the plain ones.
contract RentalClockTest is Test {
    function test_usedSeconds_isZeroBeforeTheStart() public pure {
        RentalClock.Clock memory clock;

        assertEq(RentalClock.usedSeconds(clock, 1000), 0);
    }

    function test_usedSeconds_stopsWithTheEnd() public pure {
        RentalClock.Clock memory clock;
        clock.duration = 100;
        RentalClock.start(clock, 1000);

        assertEq(RentalClock.usedSeconds(clock, 1040), 40, "while time runs");
        RentalClock.finish(clock, 1050, 15);
        assertEq(RentalClock.usedSeconds(clock, 9999), 50, "for ever after");
    }

    function test_advanced_walksThroughAllThatNeedsNobody() public pure {
        RentalClock.Clock memory clock;
        (clock.state, clock.duration, clock.deadline) = (RentalState.HandedOver, 100, 1000);

        clock = RentalClock.advanced(clock, 15, 1101);

        assertTrue(clock.state == RentalState.Ended, "state");
        assertEq(clock.startedAt, 1000, "silence starts the time");
        assertEq(clock.endedAt, 1100, "its duration ends it");
        assertEq(clock.deadline, 1115, "and the parties owe their commitments");
    }
}
