// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Case, CaseState, Seat} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

/// @title Somebody who knows the beacon tries to be drawn.
contract CommitteeGrindingTest is CommitteeFixture {
    bytes32 private constant TRUTH = "truth";
    bytes32 private constant LIE = "lie";

    address private _late = makeAddr("late");

    /// @dev The draw once read the power of the moment: whoever saw the beacon could register chips until it
    /// named him. Chips that come after the wait began must not move it.
    function test_attack_chipsThatComeAfterTheBeaconChangeNothing() public {
        uint256 before = vm.snapshotState();
        convene();
        drawAsItFalls(SUBJECT);
        Seat[] memory expected = seatsNow(SUBJECT);
        vm.revertToState(before);

        enlist(_late, STAKE);
        convene();
        for (uint256 i = 0; i < 29; ++i) {
            power.addChip(_late, 7);
        }
        drawAsItFalls(SUBJECT);

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

    /// @dev Much power in one account is one seat, one bond and one fee; its vote weighs what its power is,
    /// as it would in many accounts, and no more.
    function test_attack_muchPowerIsOneSeat() public {
        enlist(_late, STAKE);
        for (uint256 i = 0; i < 4; ++i) {
            power.add(_late); // 4 of 9 units
        }
        uint256 own = 0;
        uint256 all = 0;
        for (uint256 i = 0; i < 40; ++i) {
            bytes32 subject = keccak256(abi.encode(i));
            uint256 held = committee.standingOf(_late).held;
            uint256 price = committee.priceOf(SEATS);
            vm.deal(asker, price);
            vm.prank(asker);
            committee.convene{value: price}(subject, plaintiff, defendant, SEATS);
            drawAsItFalls(subject);
            Seat[] memory seats = seatsNow(subject);
            uint256 count = 0;
            for (uint256 n = 0; n < seats.length; ++n) {
                all += seats[n].weight;
                if (seats[n].member != _late) continue;
                own += seats[n].weight;
                ++count;
            }
            assertLe(count, 1, "one seat");
            assertEq(committee.standingOf(_late).held - held, count * uint256(SEAT_BOND), "one bond");
            voteAll(subject, "found");
            close(subject);
        }
        assertApproxEqAbs(own * 100 / all, 44, 10, "its share of the power");
    }

    /// @dev A tenth of the power in many accounts took a committee once all of the few honest operators sat:
    /// four votes of one chip each against three of 24.
    function test_attack_powerSplitOverAccountsIsNoMajority() public {
        power.clear();
        address[] memory honest = operators("honest", 3, 24);
        operators("liar", 8, 1);
        uint256 price = committee.priceOf(APPEAL_SEATS);
        vm.prank(asker);
        committee.convene{value: price}(SUBJECT, plaintiff, defendant, APPEAL_SEATS);
        drawAsItFalls(SUBJECT);

        Seat[] memory seats = seatsNow(SUBJECT);
        assertEq(seats.length, APPEAL_SEATS, "four liars, three honest");
        bytes32[] memory verdicts = new bytes32[](APPEAL_SEATS);
        for (uint256 i = 0; i < seats.length; ++i) {
            address one = seats[i].member;
            bool isHonest = one == honest[0] || one == honest[1] || one == honest[2];
            verdicts[i] = isHonest ? TRUTH : LIE;
        }
        vote(SUBJECT, verdicts);

        assertEq(committee.caseOf(SUBJECT).verdict, TRUTH);
    }

    /// @dev One account with most of the votes took the bonds of four others, whatever it said. A verdict is
    /// of two at least; this committee has none, and nobody loses a bond.
    function test_attack_aLoneHeavyMembersVerdictDoesNotStand() public {
        for (uint256 i = 0; i < 20; ++i) {
            power.add(members[0]);
        }
        convene();
        drawAsItFalls(SUBJECT);
        Seat[] memory seats = seatsNow(SUBJECT);
        bytes32[] memory verdicts = new bytes32[](seats.length);
        (uint256 own, uint256 all) = (0, 0);
        for (uint256 i = 0; i < seats.length; ++i) {
            bool isHeavy = seats[i].member == members[0];
            all += seats[i].weight;
            if (isHeavy) own = seats[i].weight;
            verdicts[i] = isHeavy ? LIE : TRUTH;
        }
        assertGt(2 * own, all, "most of the votes");

        vote(SUBJECT, verdicts);

        Case memory kept = committee.caseOf(SUBJECT);
        assertEq(uint8(kept.state), uint8(CaseState.Waiting), "no verdict");
        assertEq(kept.attempts, 1, "another committee");
        for (uint256 i = 0; i < seats.length; ++i) {
            assertEq(committee.standingOf(seats[i].member).held, 0, "no bond is held");
            assertEq(committee.standingOf(seats[i].member).outvoted, 0, "and none is lost");
        }
    }

    /// @dev Operators with stakes and so many chips each.
    function operators(string memory name, uint256 count, uint256 chips)
        private
        returns (address[] memory found)
    {
        found = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            found[i] = makeAddr(string.concat(name, vm.toString(i)));
            enlist(found[i], STAKE);
            for (uint256 chip = 0; chip < chips; ++chip) {
                power.add(found[i]);
            }
        }
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
        drawAsItFalls(SUBJECT);

        Seat[] memory seats = seatsNow(SUBJECT);
        assertEq(seats.length, SEATS, "the others");
        for (uint256 i = 0; i < seats.length; ++i) {
            assertTrue(seats[i].member != plaintiff && seats[i].member != defendant);
        }
    }
}
