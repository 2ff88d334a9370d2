// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Seat} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

/// @title Somebody who knows the beacon tries to be drawn.
contract CommitteeGrindingTest is CommitteeFixture {
    address private _late = makeAddr("late");

    /// @dev The draw once read the power of the moment: whoever saw the beacon could register chips until it
    /// named him. Chips that come after the wait began must not move it.
    function test_attack_chipsThatComeAfterTheBeaconChangeNothing() public {
        uint256 before = vm.snapshotState();
        seat();
        Seat[] memory expected = seatsNow(SUBJECT);
        vm.revertToState(before);

        enlist(_late, STAKE);
        convene();
        for (uint256 i = 0; i < 29; ++i) {
            power.addChip(_late, 7);
        }
        draw(SUBJECT);

        Seat[] memory seats = seatsNow(SUBJECT);
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(seats[i].member, expected[i].member);
        }
    }

    /// @dev Chips that stand ready get their stake once the beacon is seen to name them.
    function test_attack_stakeThatComesAfterTheBeaconIsNotDrawn() public {
        for (uint256 i = 0; i < 29; ++i) {
            power.add(_late);
        }
        convene();
        mineTo(committee.caseOf(SUBJECT).drawHeight);
        enlist(_late, STAKE);
        committee.draw(SUBJECT);

        Seat[] memory seats = seatsNow(SUBJECT);
        for (uint256 i = 0; i < seats.length; ++i) {
            assertNotEq(seats[i].member, _late);
        }
    }

    /// @dev One operator with most of the power has one seat.
    function test_attack_muchPowerIsOneSeat() public {
        enlist(_late, STAKE);
        for (uint256 i = 0; i < 29; ++i) {
            power.add(_late);
        }
        convene();
        draw(SUBJECT);

        uint256 own = 0;
        Seat[] memory seats = seatsNow(SUBJECT);
        for (uint256 i = 0; i < seats.length; ++i) {
            if (seats[i].member == _late) ++own;
        }
        assertEq(own, 1);
    }

    /// @dev The parties have most of the power, and judge themselves.
    function test_attack_partiesAreNotDrawn() public {
        enlist(plaintiff, STAKE);
        enlist(defendant, STAKE);
        for (uint256 i = 0; i < 6; ++i) {
            power.add(plaintiff);
            power.add(defendant);
        }
        convene();
        draw(SUBJECT);

        Seat[] memory seats = seatsNow(SUBJECT);
        assertEq(seats.length, SEATS, "the others");
        for (uint256 i = 0; i < seats.length; ++i) {
            assertTrue(seats[i].member != plaintiff && seats[i].member != defendant);
        }
    }
}
