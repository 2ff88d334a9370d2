// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {Committee} from "contracts/src/jobs/Committee.sol";
import {Case, CaseState, CommitteeParameters, Seat, SeatState} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

contract CommitteeTest is CommitteeFixture {
    bytes32 private constant TRUE = "true";
    bytes32 private constant FALSE = "false";

    function test_constructor_revertsWhen_noCommitteeCouldEverDecide() public {
        CommitteeParameters memory wrong = committeeParameters();
        wrong.maxAttempts = 0;
        refuse(wrong, "maxAttempts");
        wrong = committeeParameters();
        wrong.drawDelayBlocks = 0; // the beacon would be known to who asks
        refuse(wrong, "drawDelayBlocks");
        wrong = committeeParameters();
        wrong.minSeats = 0;
        refuse(wrong, "minSeats");
        wrong = committeeParameters();
        wrong.appealSeats = MIN_SEATS - 1;
        refuse(wrong, "appealSeats");
        wrong.appealSeats = 16;
        refuse(wrong, "appealSeats");
        wrong = committeeParameters();
        wrong.seatBond = 0; // silence would cost nothing
        refuse(wrong, "seatBond");
    }

    function test_constructor_acceptsTheFewestAndTheMostSeatsOfAnAppeal() public {
        CommitteeParameters memory wanted = committeeParameters();
        wanted.appealSeats = MIN_SEATS;
        assertEq(new Committee(wanted).appealSeats(), MIN_SEATS, "fewest");
        wanted.appealSeats = 15;
        assertEq(new Committee(wanted).appealSeats(), 15, "most");
    }

    function test_priceOf_coversFeesAndGasAtTheHighestBaseFee() public view {
        assertEq(committee.priceOf(SEATS), 5 * (uint256(SEAT_FEE) + 250_000 * 100 gwei));
    }

    function test_convene_waitsForALaterBeacon() public {
        uint128 price = committee.priceOf(SEATS);
        uint64 height = uint64(vm.getBlockNumber()) + DELAY;

        vm.expectEmit(COMMITTEE);
        emit ICommittee.CaseOpened(SUBJECT, asker, plaintiff, defendant, SEATS);
        vm.expectEmit(COMMITTEE);
        emit ICommittee.DrawAwaited(SUBJECT, 0, height);
        convene();

        Case memory kept = committee.caseOf(SUBJECT);
        assertEq(uint8(kept.state), uint8(CaseState.Waiting), "state");
        assertEq(kept.convener, asker, "convener");
        assertEq(kept.plaintiff, plaintiff, "plaintiff");
        assertEq(kept.defendant, defendant, "defendant");
        assertEq(kept.seats, SEATS, "seats");
        assertEq(kept.drawHeight, height, "height");
        assertEq(kept.places, 5, "places");
        assertEq(kept.greatestPhi, 1, "phi");
        assertEq(kept.pot, price, "pot");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), price, "locked");
    }

    function test_convene_revertsWhen_callerIsNoConvener() public {
        uint256 price = committee.priceOf(SEATS);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeNotConvener.selector, plaintiff));
        vm.prank(plaintiff);
        committee.convene{value: price}(SUBJECT, plaintiff, defendant, SEATS);
    }

    function test_convene_revertsWhen_seatsAreOutOfRange() public {
        vm.startPrank(asker);
        vm.expectRevert(badSeats(2));
        committee.convene(SUBJECT, plaintiff, defendant, 2);
        vm.expectRevert(badSeats(16));
        committee.convene(SUBJECT, plaintiff, defendant, 16);
        vm.stopPrank();
    }

    function test_convene_acceptsTheMostSeats() public {
        uint256 price = committee.priceOf(15);
        vm.prank(asker);
        committee.convene{value: price}(SUBJECT, plaintiff, defendant, 15);

        assertEq(committee.caseOf(SUBJECT).seats, 15);
    }

    function test_convene_revertsWhen_priceIsNotExact() public {
        uint256 price = committee.priceOf(SEATS);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteePriceMismatch.selector, price + 1, price));
        vm.prank(asker);
        committee.convene{value: price + 1}(SUBJECT, plaintiff, defendant, SEATS);
    }

    function test_convene_revertsWhen_subjectWasAskedAbout() public {
        convene();
        uint256 price = committee.priceOf(SEATS);
        vm.expectRevert(wrongState(SUBJECT, CaseState.Waiting));
        vm.prank(asker);
        committee.convene{value: price}(SUBJECT, plaintiff, defendant, SEATS);
    }

    function test_commit_bindsTheMember() public {
        seat();
        address member = memberAt(2);
        bytes32 commitment = commitmentOf(member, SUBJECT, TRUE);

        vm.expectEmit(COMMITTEE);
        emit ICommittee.VerdictCommitted(SUBJECT, 0, member);
        commitAs(member, SUBJECT, TRUE);

        Seat memory kept = seatsNow(SUBJECT)[2];
        assertEq(uint8(kept.state), uint8(SeatState.Committed), "state");
        assertEq(kept.word, commitment, "commitment");
        assertEq(committee.caseOf(SUBJECT).owing, SEATS - 1, "owing");
    }

    function test_commit_revertsWhen_callerHasNoSeatOrHasCommitted() public {
        seat();
        vm.expectRevert(notOwed(stranger));
        vm.prank(stranger);
        committee.commit(SUBJECT, TRUE);

        address member = memberAt(0);
        commitAs(member, SUBJECT, TRUE);
        vm.expectRevert(notOwed(member));
        vm.prank(member);
        committee.commit(SUBJECT, FALSE);
    }

    function test_commit_revertsWhen_late() public {
        seat();
        uint64 deadline = time() + COMMIT;
        skipSeconds(COMMIT + 1);
        address member = memberAt(0);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeTooLate.selector, SUBJECT, deadline));
        vm.prank(member);
        committee.commit(SUBJECT, TRUE);
    }

    function test_commit_theLastOneBeginsTheOpening() public {
        seat();
        for (uint256 i = 0; i < SEATS - 1; ++i) {
            commitAs(memberAt(i), SUBJECT, TRUE);
        }

        vm.expectEmit(COMMITTEE);
        emit ICommittee.RevealBegan(SUBJECT, 0, time() + REVEAL);
        commitAs(memberAt(SEATS - 1), SUBJECT, TRUE);

        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Revealing), "state");
        assertEq(committee.caseOf(SUBJECT).owing, SEATS, "owing");
    }

    function test_poke_beginsTheOpeningOfWhoCommittedInTime() public {
        seat();
        commitAs(memberAt(0), SUBJECT, TRUE);
        vm.expectRevert(notDue(time() + COMMIT));
        committee.poke(SUBJECT);
        skipSeconds(COMMIT + 1);

        vm.prank(stranger);
        committee.poke(SUBJECT);

        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Revealing), "state");
        assertEq(committee.caseOf(SUBJECT).owing, 1, "owing");
    }

    function test_reveal_revertsWhen_notWhatWasCommitted() public {
        seat();
        for (uint256 i = 0; i < SEATS; ++i) {
            commitAs(memberAt(i), SUBJECT, TRUE);
        }
        address member = memberAt(0);
        bytes32 opened = commitmentOf(member, SUBJECT, FALSE);
        bytes32 kept = commitmentOf(member, SUBJECT, TRUE);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeBadReveal.selector, SUBJECT, opened, kept));
        revealAs(member, SUBJECT, FALSE);
    }

    function test_reveal_revertsWhen_notCommittedOrTwiceOrLate() public {
        seat();
        address silent = memberAt(4);
        for (uint256 i = 0; i < 4; ++i) {
            commitAs(memberAt(i), SUBJECT, TRUE);
        }
        address member = memberAt(0);
        vm.expectRevert(wrongState(SUBJECT, CaseState.Committing));
        revealAs(member, SUBJECT, TRUE);
        skipSeconds(COMMIT + 1);
        committee.poke(SUBJECT);
        vm.expectRevert(notOwed(silent));
        revealAs(silent, SUBJECT, TRUE);
        revealAs(member, SUBJECT, TRUE);
        vm.expectRevert(notOwed(member));
        revealAs(member, SUBJECT, TRUE);
        uint64 deadline = time() + REVEAL;
        skipSeconds(REVEAL + 1);
        member = memberAt(1);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeTooLate.selector, SUBJECT, deadline));
        revealAs(member, SUBJECT, TRUE);
    }

    function test_reveal_theLastOneRules() public {
        seat();
        for (uint256 i = 0; i < SEATS; ++i) {
            commitAs(memberAt(i), SUBJECT, i < 3 ? TRUE : FALSE);
        }
        for (uint256 i = 0; i < SEATS - 1; ++i) {
            revealAs(memberAt(i), SUBJECT, i < 3 ? TRUE : FALSE);
        }

        vm.expectEmit(COMMITTEE);
        emit ICommittee.VerdictRevealed(SUBJECT, 0, memberAt(4), FALSE);
        vm.expectEmit(COMMITTEE);
        emit ICommittee.CaseRuled(SUBJECT, 0, TRUE, 3, SEATS, time() + APPEAL);
        revealAs(memberAt(4), SUBJECT, FALSE);

        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Ruled), "state");
        (bool isDecided,,,) = committee.verdictOf(SUBJECT);
        assertFalse(isDecided, "not before the time for an appeal is over");
    }

    /// @dev One with most of the power and a second one against three: votes are weighed, bonds and pay are
    /// each member's own, and none has more than half a bond of others.
    function test_reveal_theMajorityIsOneOfWeight() public {
        for (uint256 i = 0; i < 10; ++i) {
            power.add(members[0]);
        }
        convene();
        drawAsItFalls(SUBJECT);
        Seat[] memory seats = seatsNow(SUBJECT);
        assertEq(seats.length, SEATS, "seats");
        bytes32[] memory verdicts = new bytes32[](SEATS);
        (uint8 own, uint8 all) = (0, 0);
        for (uint256 i = 0; i < SEATS; ++i) {
            all += seats[i].weight;
            bool isTrue = seats[i].member == members[0] || seats[i].member == members[1];
            if (isTrue) own += seats[i].weight;
            verdicts[i] = isTrue ? TRUE : FALSE;
        }
        uint256 burned = emission.burned();

        vote(SUBJECT, verdicts);
        close(SUBJECT);

        (, bytes32 verdict, uint8 agreeing, uint8 weight) = committee.verdictOf(SUBJECT);
        assertEq(verdict, TRUE, "verdict");
        assertEq(agreeing, own, "agreeing");
        assertEq(weight, all, "of all weight");
        assertEq(vault.freeOf(members[0]), PAY + SEAT_BOND / 2, "one fee, half a bond");
        assertEq(vault.freeOf(members[1]), PAY + SEAT_BOND / 2, "whatever it weighs");
        assertEq(emission.burned() - burned, 3 * uint256(SEAT_BOND) - SEAT_BOND / 2 * 2, "the rest burns");
        assertEq(committee.standingOf(members[2]).outvoted, 1, "one bond each");
        assertEq(committee.standingOf(members[2]).free, STAKE - SEAT_BOND, "one bond each");
    }

    function test_poke_closesARuledCaseAndPaysTheMajority() public {
        seat();
        voteAll(SUBJECT, TRUE);
        uint64 deadline = committee.caseOf(SUBJECT).deadline;
        vm.expectRevert(notDue(deadline));
        committee.poke(SUBJECT);
        vm.warp(deadline + 1);

        vm.expectEmit(COMMITTEE);
        emit ICommittee.CaseClosed(SUBJECT, TRUE, SEATS, 5 * PAY);
        vm.prank(stranger);
        committee.poke(SUBJECT);

        (bool isDecided, bytes32 verdict, uint8 agreeing, uint8 seats) = committee.verdictOf(SUBJECT);
        assertTrue(isDecided, "decided");
        assertEq(verdict, TRUE, "verdict");
        assertEq(agreeing, SEATS, "agreeing");
        assertEq(seats, SEATS, "seats");
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(vault.freeOf(members[i]), PAY, "fee and gas");
            assertEq(committee.standingOf(members[i]).free, STAKE, "bond");
        }
        assertEq(committee.costOf(SUBJECT), 5 * PAY, "cost");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS) - 5 * PAY, "rest of the price");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), 0, "lock");
    }

    function test_close_takesTheBondsOfTheMinorityAndTheSilent() public {
        seat();
        vote(SUBJECT, five(TRUE, FALSE, TRUE, SILENT, TRUE));
        uint256 burned = emission.burned();
        close(SUBJECT);

        uint256 share = uint256(SEAT_BOND) / 3; // half of two bonds, to three
        assertEq(vault.freeOf(memberAt(0)), PAY + share, "majority");
        assertEq(vault.freeOf(memberAt(2)), PAY + share, "majority");
        assertEq(vault.freeOf(memberAt(4)), PAY + share, "majority");
        assertEq(vault.freeOf(memberAt(1)), 0, "minority");
        assertEq(vault.freeOf(memberAt(3)), 0, "silent");
        assertEq(emission.burned() - burned, 2 * uint256(SEAT_BOND) - 3 * share, "burned");
        assertEq(vault.lockedOf(COMMITTEE, STAKES), 5 * STAKE - 2 * uint256(SEAT_BOND), "stakes");
    }

    function test_reveal_withoutMajorityAsksAnotherCommittee() public {
        seat();
        vote(SUBJECT, five(TRUE, TRUE, FALSE, FALSE, "third"));

        Case memory kept = committee.caseOf(SUBJECT);
        assertEq(uint8(kept.state), uint8(CaseState.Waiting), "state");
        assertEq(kept.round, 1, "round");
        assertEq(kept.attempts, 1, "attempts");
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(committee.standingOf(members[i]).free, STAKE, "nobody was wrong");
        }

        draw(SUBJECT);
        voteAll(SUBJECT, FALSE);
        close(SUBJECT);
        (bool isDecided, bytes32 verdict,,) = committee.verdictOf(SUBJECT);
        assertTrue(isDecided, "decided");
        assertEq(verdict, FALSE, "verdict");
    }

    function test_reveal_ofHalfTheSeatsIsNoMajority() public {
        uint256 price = committee.priceOf(4);
        vm.prank(asker);
        committee.convene{value: price}(SUBJECT, plaintiff, defendant, 4);
        draw(SUBJECT);
        bytes32[] memory verdicts = new bytes32[](4);
        (verdicts[0], verdicts[1], verdicts[2], verdicts[3]) = (TRUE, TRUE, FALSE, "third");

        vote(SUBJECT, verdicts);

        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Waiting), "state");
        assertEq(committee.caseOf(SUBJECT).attempts, 1, "attempts");
    }

    function test_poke_asksAnotherCommitteeWhenMostAreSilent() public {
        seat();
        address[] memory sat = new address[](SEATS);
        for (uint256 i = 0; i < SEATS; ++i) {
            sat[i] = memberAt(i);
        }
        vote(SUBJECT, five(TRUE, TRUE, SILENT, SILENT, SILENT));

        uint256 share = SEAT_BOND / 2; // of half of three bonds, to two
        assertEq(uint8(committee.caseOf(SUBJECT).state), uint8(CaseState.Waiting), "state");
        assertEq(vault.freeOf(sat[0]), share, "who worked is paid by who was silent");
        assertEq(vault.freeOf(sat[1]), share, "who worked is paid by who was silent");
        assertEq(committee.standingOf(sat[0]).free, STAKE, "bond");
        assertEq(committee.standingOf(sat[2]).free, STAKE - SEAT_BOND, "silent");
    }

    function test_poke_endsUndecidedAfterTheLastSilentCommittee() public {
        convene();
        for (uint256 i = 0; i < ATTEMPTS; ++i) {
            draw(SUBJECT);
            skipSeconds(COMMIT + 1);
            committee.poke(SUBJECT);
        }

        (bool isDecided, bytes32 verdict, uint8 agreeing,) = committee.verdictOf(SUBJECT);
        assertTrue(isDecided, "over");
        assertEq(verdict, 0, "verdict");
        assertEq(agreeing, 0, "nobody agrees");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS), "the price is back");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), 0, "lock");
    }

    function test_poke_countsWhenSomeDoNotOpen() public {
        seat();
        for (uint256 i = 0; i < SEATS; ++i) {
            commitAs(memberAt(i), SUBJECT, TRUE);
        }
        for (uint256 i = 0; i < 3; ++i) {
            revealAs(memberAt(i), SUBJECT, TRUE);
        }
        vm.expectRevert(notDue(time() + REVEAL));
        committee.poke(SUBJECT);
        skipSeconds(REVEAL + 1);
        committee.poke(SUBJECT);
        close(SUBJECT);

        (, bytes32 verdict, uint8 agreeing,) = committee.verdictOf(SUBJECT);
        assertEq(verdict, TRUE, "verdict");
        assertEq(agreeing, 3, "agreeing");
        assertEq(committee.standingOf(memberAt(3)).silent, 1, "a commitment that is not opened is silence");
    }

    function test_close_aReasonCostsNothingAndEarnsNothing() public {
        seat();
        vote(SUBJECT, five(TRUE, TRUE, TRUE, NOT_SERVED, NOT_SERVED));
        close(SUBJECT);

        assertEq(vault.freeOf(memberAt(0)), PAY, "majority");
        assertEq(vault.freeOf(memberAt(3)), 0, "no fee for a reason");
        assertEq(committee.standingOf(memberAt(3)).free, STAKE, "no loss either");
        assertEq(committee.standingOf(memberAt(3)).outvoted, 0, "record");
    }

    function test_close_aReasonOfTheMajorityTakesNoBondOfWhoFoundSomething() public {
        seat();
        vote(SUBJECT, five(NOT_SERVED, NOT_SERVED, NOT_SERVED, TRUE, TRUE));
        close(SUBJECT);

        (, bytes32 verdict, uint8 agreeing,) = committee.verdictOf(SUBJECT);
        assertEq(verdict, NOT_SERVED, "verdict");
        assertEq(agreeing, 3, "agreeing");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS), "nobody earned");
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(committee.standingOf(members[i]).free, STAKE, "bond");
        }
    }

    function test_close_theLeastWordAboveTheReasonsIsAFinding() public {
        seat();
        voteAll(SUBJECT, bytes32(uint256(1 << 16)));
        close(SUBJECT);

        assertEq(vault.freeOf(members[0]), PAY);
    }

    function test_close_refundsGasAtABoundedBaseFee() public {
        vm.fee(1000 gwei);
        seat();
        voteAll(SUBJECT, TRUE);
        close(SUBJECT);
        assertEq(vault.freeOf(members[0]), uint256(SEAT_FEE) + 250_000 * 100 gwei, "member");
        assertEq(vault.freeOf(plaintiff), 0, "all of the price is spent");
    }

    function test_poke_revertsWhen_thereIsNoCaseOrItIsOver() public {
        vm.expectRevert(wrongState(SUBJECT, CaseState.None));
        committee.poke(SUBJECT);
        seat();
        voteAll(SUBJECT, TRUE);
        close(SUBJECT);
        vm.expectRevert(wrongState(SUBJECT, CaseState.Decided));
        committee.poke(SUBJECT);
    }

    function refuse(CommitteeParameters memory wrong, bytes32 field) private {
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeBadParameter.selector, field));
        new Committee(wrong);
    }

    function badSeats(uint8 seats) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICommittee.CommitteeBadSeats.selector, seats, MIN_SEATS, 15);
    }

    function notOwed(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICommittee.CommitteeNotOwed.selector, SUBJECT, caller);
    }

    function notDue(uint64 deadline) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICommittee.CommitteeNotDue.selector, SUBJECT, deadline);
    }
}
