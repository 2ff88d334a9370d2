// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {Case, CaseState, Seat, SeatState} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

/// @title Tests whom the draw of a committee names.
contract CommitteeDrawTest is CommitteeFixture {
    function test_draw_seatsThirdPartiesInTheOrderOfTheSteps() public {
        power.add(plaintiff);
        power.add(defendant);
        power.addChip(newMember("strong"), 2); // chips of one unit are hit by every third of their steps
        power.addChip(members[0], 0); // not active: never hit
        enlist(plaintiff, STAKE);
        enlist(defendant, STAKE);
        convene();
        Case memory waiting = committee.caseOf(SUBJECT);
        (address[] memory expected, uint256[] memory weights) = drawnBy(waiting);
        mineTo(waiting.drawHeight);

        vm.expectEmit(COMMITTEE);
        emit ICommittee.CommitteeDrawn(SUBJECT, 0, expected, time() + COMMIT);
        committee.draw(SUBJECT);

        Seat[] memory seats = seatsNow(SUBJECT);
        assertEq(seats.length, SEATS, "seats");
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(seats[i].member, expected[i], "member");
            assertEq(seats[i].weight, weights[i], "as many as hit it");
            assertEq(uint8(seats[i].state), uint8(SeatState.Drawn), "state");
            assertEq(committee.standingOf(expected[i]).held, SEAT_BOND, "bond");
            assertEq(committee.standingOf(expected[i]).seats, 1, "one seat each");
        }
        Case memory kept = committee.caseOf(SUBJECT);
        assertEq(uint8(kept.state), uint8(CaseState.Committing), "state");
        assertEq(kept.owing, SEATS, "owing");
        assertEq(kept.deadline, time() + COMMIT, "deadline");
    }

    function test_draw_followsPower() public {
        address strong = newMember("strong");
        power.addChip(strong, 6); // 7 of 12 units
        for (uint256 i = 0; i < SEATS; ++i) {
            enlist(members[i], 60 * uint256(SEAT_BOND));
        }
        enlist(strong, 60 * uint256(SEAT_BOND));
        uint256 hits = 0;
        for (uint256 i = 0; i < 60; ++i) {
            bytes32 subject = keccak256(abi.encode(i));
            uint256 price = committee.priceOf(MIN_SEATS);
            vm.prank(asker);
            committee.convene{value: price}(subject, plaintiff, defendant, MIN_SEATS);
            drawAsItFalls(subject);
            if (committee.seatsOf(subject, 0)[0].member == strong) ++hits;
        }
        assertApproxEqAbs(hits, 35, 12, "7 of 12, three standard deviations");
    }

    /// @dev With fewer operators than seats all steps are made, and weights are shares of power.
    function test_draw_weighsByPower() public {
        for (uint256 i = 1; i < SEATS; ++i) {
            retireAll(members[i]);
        }
        address strong = newMember("strong");
        power.addChip(strong, 2); // 3 of 5 units
        newMember("last");
        convene();
        drawAsItFalls(SUBJECT);

        Seat[] memory seats = seatsNow(SUBJECT);
        uint256 weight = 0;
        uint256 own = 0;
        for (uint256 i = 0; i < seats.length; ++i) {
            weight += seats[i].weight;
            if (seats[i].member == strong) own = seats[i].weight;
        }
        assertEq(seats.length, 3, "who is there");
        assertApproxEqAbs(own * 100 / weight, 60, 25, "three standard deviations");
    }

    function test_draw_seatsWhoIsThereWhenTheyAreFewerThanTheSeatsButEnough() public {
        retireAll(members[0]);
        retireAll(members[1]);
        seat();
        assertEq(seatsNow(SUBJECT).length, MIN_SEATS);
    }

    function test_draw_passesOverAStakeBelowTheBond() public {
        vm.prank(members[0]);
        committee.retire(STAKE - SEAT_BOND + 1);
        seat();
        assertEq(seatsNow(SUBJECT).length, SEATS - 1);
    }

    function test_draw_withTooFewWaitsForAnotherBeaconAndEndsAfterTheLastAttempt() public {
        for (uint256 i = 0; i < MIN_SEATS; ++i) {
            retireAll(members[i]);
        }
        convene();
        mineTo(committee.caseOf(SUBJECT).drawHeight);

        vm.expectEmit(COMMITTEE);
        emit ICommittee.CommitteeFailed(SUBJECT, 0);
        committee.draw(SUBJECT);
        Case memory kept = committee.caseOf(SUBJECT);
        assertEq(uint8(kept.state), uint8(CaseState.Waiting), "another try");
        assertEq(kept.round, 1, "round");
        assertEq(kept.drawHeight, vm.getBlockNumber() + DELAY, "beacon");

        mineTo(kept.drawHeight);
        vm.expectEmit(COMMITTEE);
        emit ICommittee.CaseClosed(SUBJECT, 0, 0, 0);
        committee.draw(SUBJECT);

        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Undecided), "state");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS), "the price is back");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), 0, "lock");
    }

    function test_draw_endsWithoutAnyChipOnTheLine() public {
        power.clear();
        convene();
        draw(SUBJECT);
        draw(SUBJECT);
        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Undecided));
    }

    function test_draw_revertsWhen_beaconIsNotThere() public {
        convene();
        uint64 head = uint64(vm.getBlockNumber());
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeNotDrawable.selector, head + DELAY, head));
        committee.draw(SUBJECT);
    }

    function test_draw_revertsWhen_drawn() public {
        seat();
        vm.expectRevert(wrongState(SUBJECT, CaseState.Committing));
        committee.draw(SUBJECT);
    }

    function test_poke_waitsAnewWhenTheBeaconIsForgotten() public {
        convene();
        uint64 drawHeight = committee.caseOf(SUBJECT).drawHeight;
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeNotDue.selector, SUBJECT, uint64(0)));
        committee.poke(SUBJECT);
        vm.roll(drawHeight + 8192);

        vm.expectEmit(COMMITTEE);
        emit ICommittee.DrawAwaited(SUBJECT, 0, drawHeight + 8192 + DELAY);
        committee.poke(SUBJECT);

        assertEq(committee.caseOf(SUBJECT).drawHeight, drawHeight + 8192 + DELAY);
    }

    function retireAll(address member) private {
        vm.prank(member);
        committee.retire(STAKE);
    }

    /// @dev Whom a first draw names, and how often.
    function drawnBy(Case memory waiting)
        private
        view
        returns (address[] memory found, uint256[] memory weights)
    {
        (found, weights) = (new address[](SEATS), new uint256[](SEATS));
        uint256 count = 0;
        for (uint256 step = 0; step < 128 && count < SEATS; ++step) {
            address owner = hitBy(SUBJECT, waiting, step, beaconOf(waiting.drawHeight));
            if (owner == address(0) || owner == plaintiff || owner == defendant) continue;
            uint256 place = 0;
            while (place < count && found[place] != owner) ++place;
            if (place == count) found[count++] = owner;
            ++weights[place];
        }
        assertEq(count, SEATS, "filled");
    }
}
