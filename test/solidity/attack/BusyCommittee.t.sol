// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {CaseState, Seat, SeatState, Standing} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

/// @title Somebody keeps honest operators busy with cases of his own, to come into their seats.
contract BusyCommitteeTest is CommitteeFixture {
    bytes32 private constant OTHER = "other";
    bytes32 private constant TRUTH = keccak256("truth");
    bytes32 private constant LIE = keccak256("lie");

    /// @dev Three operators of thirty held the stakes of all others in 24 cases of their own, and the next
    /// committee was theirs alone. Nobody is seated where the busy are as many as the members: the case ends
    /// without a verdict, and its price is back.
    function test_attack_whoHoldsAllStakesOfOthersIsNoMajority() public {
        (address[] memory honest, address[] memory liars) = operators(27, 3);
        holdStakesOf(honest, liars, 27);

        convene();
        for (uint256 i = 0; i < ATTEMPTS; ++i) {
            if (i != 0) close(SUBJECT);
            assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Waiting), "another beacon");
            draw(SUBJECT);
            assertEq(seatsNow(SUBJECT).length, 0, "no committee of liars");
        }

        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Undecided), "it ends");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS), "the price is back");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), 0, "nothing waits");
    }

    /// @dev Who was kept busy and adds to its stake while the case waits was neither member nor busy: three
    /// liars of fifteen sat alone.
    function test_attack_whoAddsToItsStakeIsNotLost() public {
        (address[] memory honest, address[] memory liars) = operators(12, 3);
        assertGe(holdStakesOf(honest, liars, 11), 11, "all but one are busy");
        convene();
        mineTo(committee.caseOf(SUBJECT).drawHeight);
        for (uint256 i = 0; i < honest.length; ++i) {
            enlist(honest[i], SEAT_BOND);
        }

        draw(SUBJECT);

        Seat[] memory seats = seatsNow(SUBJECT);
        assertEq(seats.length, SEATS, "all seats");
        bytes32[] memory verdicts = new bytes32[](SEATS);
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(uint8(seats[i].state), uint8(SeatState.Drawn), "nobody is busy any more");
            verdicts[i] = isIn(liars, seats[i].member) ? LIE : TRUTH;
        }
        vote(SUBJECT, verdicts);
        assertEq(committee.caseOf(SUBJECT).verdict, TRUTH, "the honest are most");
    }

    /// @dev As many as can be a majority sit; the busy are no votes, and two of three are not most of five.
    function test_attack_aMajorityIsOneOfTheBusyToo() public {
        keepBusy(2, SEATS);
        seat();
        Seat[] memory seats = seatsNow(SUBJECT);
        assertEq(seats.length, SEATS, "all seats");
        assertEq(uint8(seats[2].state), uint8(SeatState.Drawn), "three may find");
        assertEq(uint8(seats[3].state), uint8(SeatState.Busy), "two are busy");

        vote(SUBJECT, five(LIE, LIE, TRUTH, SILENT, SILENT));

        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Waiting), "no majority");
        assertEq(committee.caseOf(SUBJECT).attempts, 1, "it failed");
    }

    function test_attack_allThatAreFreeAreAMajority() public {
        keepBusy(2, SEATS);
        seat();
        Standing memory before = committee.standingOf(members[0]);

        vote(SUBJECT, five(TRUTH, TRUTH, TRUTH, SILENT, SILENT));
        close(SUBJECT);

        (bool isDecided, bytes32 verdict, uint8 agreeing, uint8 seats) = committee.verdictOf(SUBJECT);
        assertTrue(isDecided && verdict == TRUTH, "found");
        assertEq(agreeing, 3, "votes");
        assertEq(seats, SEATS, "of all seats");
        assertEq(
            abi.encode(committee.standingOf(members[0])), abi.encode(before), "the busy owe and earn nothing"
        );
    }

    /// @dev With a silent one among three there is no majority of five; only the silent one loses its bond.
    function test_attack_aBusyMemberIsNotSilent() public {
        keepBusy(2, SEATS);
        seat();
        address silent = memberAt(2);

        vote(SUBJECT, five(TRUTH, TRUTH, SILENT, SILENT, SILENT));

        assertEq(committee.standingOf(silent).silent, 1, "owed and was silent");
        for (uint256 i = 0; i < 2; ++i) {
            assertEq(committee.standingOf(members[i]).silent, 0, "was busy");
            assertEq(committee.standingOf(members[i]).held, SEAT_BOND, "its bond is for the other case");
        }
    }

    /// @dev As many members as busy ones are not seated; one more is.
    function test_attack_halfAreNotSeated() public {
        members.push(newMember("member 5"));
        keepBusy(3, 6);
        askFor(SUBJECT, 6);
        draw(SUBJECT);
        assertEq(committee.caseOf(SUBJECT).owing, 0, "three of six are busy");

        members.push(newMember("member 6"));
        bytes32 next = "next";
        askFor(next, 7);
        draw(next);

        assertEq(uint8(committee.caseOf(next).state), uint8(CaseState.Committing), "three of seven are");
        assertEq(committee.caseOf(next).owing, 4, "the others owe");
    }

    /// @dev One busy operator with most of the power weighs more than four free ones: they are no majority.
    function test_attack_theBusyCountByTheirWeight() public {
        for (uint256 i = 0; i < 10; ++i) {
            power.add(members[0]);
        }
        keepBusy(1, SEATS);
        convene();
        drawAsItFalls(SUBJECT);

        assertEq(seatsNow(SUBJECT).length, 0, "not seated");
        assertEq(committee.caseOf(SUBJECT).owing, 0, "nobody owes anything");
    }

    /// @dev Two draws within two blocks that one busy operator with most of the power stopped made a leaf
    /// void. After the first nothing is drawn until the committees that hold its bonds are over.
    function test_attack_aBusyOperatorDelaysButVoidsNothing() public {
        keepBusy(1, SEATS);
        for (uint256 i = 0; i < 30; ++i) {
            power.add(members[0]);
        }
        convene();
        mineTo(committee.caseOf(SUBJECT).drawHeight);
        uint64 until = time() + COMMIT + REVEAL + APPEAL;
        vm.expectEmit(COMMITTEE);
        emit ICommittee.CommitteeDrawn(SUBJECT, 0, new address[](0), until);
        committee.draw(SUBJECT);
        vm.expectRevert(wrongState(SUBJECT, CaseState.Committing));
        committee.draw(SUBJECT);
        voteAll(OTHER, TRUTH);
        close(OTHER);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeNotDue.selector, SUBJECT, until));
        committee.poke(SUBJECT);

        vm.warp(until + 1);
        committee.poke(SUBJECT);
        drawAsItFalls(SUBJECT);
        voteAll(SUBJECT, TRUTH);
        close(SUBJECT);

        (bool isDecided, bytes32 verdict,,) = committee.verdictOf(SUBJECT);
        assertTrue(isDecided, "over");
        assertEq(verdict, TRUTH, "and found");
    }

    /// @dev Without anybody busy there is nothing to wait for: see `unit/CommitteeDraw.t.sol`. Nobody owes a
    /// commitment meanwhile.
    function test_attack_nobodySitsWhileStakesAreAwaited() public {
        keepBusy(3, SEATS);
        seat();

        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeNotOwed.selector, SUBJECT, members[3]));
        vm.prank(members[3]);
        committee.commit(SUBJECT, TRUTH);
    }

    /// @dev Who spent its stake, or took it back, is not busy: it is not there.
    function test_attack_whoHasNoStakeTakesNoSeat() public {
        vm.prank(members[0]);
        committee.retire(STAKE - SEAT_BOND + 1);

        seat();

        assertEq(seatsNow(SUBJECT).length, SEATS - 1, "the others");
    }

    /// @dev The first so many members have one bond each, and another case holds it.
    function keepBusy(uint256 count, uint8 seats) private {
        for (uint256 i = 0; i < count; ++i) {
            vm.prank(members[i]);
            committee.retire(STAKE - SEAT_BOND);
        }
        askFor(OTHER, seats);
        draw(OTHER);
        assertEq(committee.caseOf(OTHER).owing, seats, "all of them sit");
    }

    function askFor(bytes32 subject, uint8 seats) private {
        uint256 price = committee.priceOf(seats);
        vm.prank(asker);
        committee.convene{value: price}(subject, plaintiff, defendant, seats);
    }

    function operators(uint256 count, uint256 lying)
        private
        returns (address[] memory honest, address[] memory liars)
    {
        power.clear();
        (honest, liars) = (new address[](count), new address[](lying));
        for (uint256 i = 0; i < count + lying; ++i) {
            address one = makeAddr(string.concat("operator ", vm.toString(i)));
            power.add(one);
            enlist(one, (i < count ? 4 : 100) * uint256(SEAT_BOND));
            if (i < count) honest[i] = one;
            else liars[i - count] = one;
        }
    }

    /// @dev The liars put questions of their own, whose committees cost them nothing but fees, until so many
    /// of the honest have no free bond.
    function holdStakesOf(address[] memory honest, address[] memory liars, uint256 wanted)
        private
        returns (uint256 busy)
    {
        uint256 price = committee.priceOf(SEATS);
        for (uint256 wave = 0; wave < 60; ++wave) {
            bytes32 subject = keccak256(abi.encode("wave", wave));
            vm.deal(asker, 100 ether);
            vm.prank(asker);
            committee.convene{value: price}(subject, liars[0], liars[1], SEATS);
            draw(subject);
            busy = 0;
            for (uint256 i = 0; i < honest.length; ++i) {
                if (committee.standingOf(honest[i]).free < SEAT_BOND) ++busy;
            }
            if (busy >= wanted) break;
        }
    }

    function isIn(address[] memory list, address one) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == one) return true;
        }
        return false;
    }
}
