// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {Case, CaseState} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

/// @title Tests what a party, and anybody else, may do about a verdict.
contract CommitteeAppealTest is CommitteeFixture {
    bytes32 private constant TRUE = "true";
    bytes32 private constant FALSE = "false";

    /// @dev Half of what an appeal costs.
    uint256 private _price;

    function setUp() public override {
        super.setUp();
        _price = committee.priceOf(APPEAL_SEATS);
        for (uint256 i = 0; i < 3; ++i) {
            members.push(newMember(string.concat("further ", vm.toString(i))));
        }
    }

    function test_appeal_asksALargerCommittee() public {
        ruled(TRUE);

        vm.expectEmit(COMMITTEE);
        emit ICommittee.CaseAppealed(SUBJECT, defendant);
        appealAs(defendant);

        Case memory kept = committee.caseOf(SUBJECT);
        assertEq(uint8(kept.state), uint8(CaseState.Waiting), "state");
        assertTrue(kept.isAppealed, "appealed");
        assertEq(kept.appellant, defendant, "appellant");
        assertEq(kept.appealPot, _price, "pot");
        assertEq(kept.appealBond, _price, "bond");
        draw(SUBJECT);
        assertEq(seatsNow(SUBJECT).length, APPEAL_SEATS, "larger");
    }

    function test_appeal_thatChangesTheVerdictReturnsItsBondAndJudgesTheFirstCommittee() public {
        seat();
        address[] memory first = seated();
        vote(SUBJECT, five(FALSE, FALSE, FALSE, FALSE, TRUE));
        appealAs(defendant);
        draw(SUBJECT);
        address[] memory second = seated();
        voteAll(SUBJECT, TRUE);

        (bool isDecided, bytes32 verdict, uint8 agreeing, uint8 seats) = committee.verdictOf(SUBJECT);
        assertTrue(isDecided, "over at once");
        assertEq(verdict, TRUE, "verdict");
        assertEq(agreeing, APPEAL_SEATS, "agreeing");
        assertEq(seats, APPEAL_SEATS, "seats");
        assertEq(committee.standingOf(first[0]).outvoted, 1, "who was wrong loses his bond");
        uint256 share = SEAT_BOND / 2; // of four bonds that are forfeit
        uint256 pay = PAY + share + (isIn(second, first[4]) ? PAY : 0);
        assertEq(vault.freeOf(first[4]), pay, "who was right earns it");
        assertEq(vault.freeOf(defendant), 2 * _price - 7 * PAY, "bond and what the members left");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS) - PAY, "rest of the first price");
        assertEq(committee.costOf(SUBJECT), PAY, "cost");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), 0, "lock");
        assertEq(intervener(), address(0), "a party is no intervener");
    }

    function test_appeal_thatChangesNothingLosesItsBondToTheOtherParty() public {
        ruled(TRUE);
        appealAs(plaintiff);
        draw(SUBJECT);
        voteAll(SUBJECT, TRUE);

        assertEq(vault.freeOf(defendant), _price, "the other party");
        assertEq(
            vault.freeOf(plaintiff), committee.priceOf(SEATS) - 5 * PAY + _price - 7 * PAY, "what is left"
        );
        assertEq(committee.costOf(SUBJECT), 12 * PAY, "the plaintiff paid both committees");
    }

    function test_appeal_thatFindsNothingLeavesTheVerdict() public {
        ruled(TRUE);
        appealAs(defendant);
        for (uint256 i = 0; i < ATTEMPTS; ++i) {
            draw(SUBJECT);
            skipSeconds(COMMIT + 1);
            committee.poke(SUBJECT);
        }

        (bool isDecided, bytes32 verdict, uint8 agreeing,) = committee.verdictOf(SUBJECT);
        assertTrue(isDecided, "over");
        assertEq(verdict, TRUE, "verdict");
        assertEq(agreeing, SEATS, "agreeing");
        assertEq(vault.freeOf(defendant), 2 * _price, "all back");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS) - 5 * PAY, "first committee is paid");
    }

    function test_appeal_byAStrangerAsksALargerCommitteeWithoutIt() public {
        members.push(newMember("further 3"));
        ruled(TRUE);
        address caller = memberAt(0);
        vm.deal(caller, 2 * _price);

        vm.expectEmit(COMMITTEE);
        emit ICommittee.CaseAppealed(SUBJECT, caller);
        appealAs(caller);
        drawAsItFalls(SUBJECT);

        assertEq(committee.caseOf(SUBJECT).appellant, caller, "appellant");
        address[] memory second = seated();
        assertEq(second.length, APPEAL_SEATS, "larger");
        assertFalse(isIn(second, caller), "who appeals does not judge");
    }

    /// @dev A stranger that was right has its bond and what the members left; what they earned is on record.
    function test_appeal_byAStrangerThatChangesTheVerdictReturnsItsBond() public {
        seat();
        vote(SUBJECT, five(FALSE, FALSE, FALSE, TRUE, TRUE));
        vm.deal(stranger, 2 * _price);
        appealAs(stranger);
        assertEq(intervener(), address(0), "not before the end");
        draw(SUBJECT);
        voteAll(SUBJECT, TRUE);

        assertEq(vault.freeOf(stranger), 2 * _price - 7 * PAY, "bond and what the members left");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS) - 2 * PAY, "rest of the first price");
        assertEq(vault.freeOf(defendant), 0, "defendant");
        assertEq(committee.costOf(SUBJECT), 2 * PAY, "the plaintiff paid the first committee alone");
        (address who, uint128 cost) = committee.intervenerOf(SUBJECT);
        assertEq(who, stranger, "intervener");
        assertEq(cost, 7 * PAY, "and what it paid");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), 0, "lock");
    }

    function test_appeal_byAStrangerThatChangesNothingBurnsItsBond() public {
        ruled(TRUE);
        vm.deal(stranger, 2 * _price);
        appealAs(stranger);
        draw(SUBJECT);
        uint256 burned = emission.burned();
        voteAll(SUBJECT, TRUE);

        assertEq(emission.burned() - burned, _price, "burned");
        assertEq(vault.freeOf(stranger), _price - 7 * PAY, "what the members left");
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS) - 5 * PAY, "plaintiff");
        assertEq(vault.freeOf(defendant), 0, "defendant");
        assertEq(committee.costOf(SUBJECT), 5 * PAY, "the plaintiff paid the first committee alone");
        assertEq(intervener(), address(0), "nobody was right");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), 0, "lock");
    }

    function test_appeal_byAStrangerThatFindsNothingReturnsItsBond() public {
        ruled(TRUE);
        vm.deal(stranger, 2 * _price);
        appealAs(stranger);
        for (uint256 i = 0; i < ATTEMPTS; ++i) {
            draw(SUBJECT);
            skipSeconds(COMMIT + 1);
            committee.poke(SUBJECT);
        }

        assertEq(vault.freeOf(stranger), 2 * _price, "all back");
        assertEq(intervener(), address(0), "nobody was right");
        assertEq(vault.lockedOf(COMMITTEE, SUBJECT), 0, "lock");
    }

    /// @dev Two members of the first committee still owed an opening when it ruled; in the wait nobody does.
    function test_appeal_whoseDrawFindsAllBusyWaits() public {
        for (uint256 i = 0; i < members.length; ++i) {
            vm.prank(members[i]);
            committee.retire(STAKE - SEAT_BOND);
        }
        seat();
        for (uint256 i = 0; i < SEATS; ++i) {
            commitAs(memberAt(i), SUBJECT, TRUE);
        }
        for (uint256 i = 0; i < MIN_SEATS; ++i) {
            revealAs(memberAt(i), SUBJECT, TRUE);
        }
        close(SUBJECT);
        appealAs(defendant);

        draw(SUBJECT);

        Case memory kept = committee.caseOf(SUBJECT);
        assertEq(uint8(kept.state), uint8(CaseState.Committing), "the first committee is busy");
        assertEq(kept.owing, 0, "nobody owes anything");
        assertEq(kept.deadline, time() + COMMIT + REVEAL + APPEAL, "deadline");
        assertEq(kept.attempts, 0, "not yet another attempt");
        close(SUBJECT);
        assertEq(committee.caseOf(SUBJECT).attempts, 1, "one attempt");
    }

    function test_appeal_revertsWhen_anotherAppealed() public {
        ruled(TRUE);
        vm.deal(stranger, 2 * _price);
        appealAs(stranger);
        vm.expectRevert(wrongState(SUBJECT, CaseState.Waiting));
        appealAs(defendant);
    }

    function test_appeal_revertsWhen_valueIsNotTwiceThePrice() public {
        ruled(TRUE);
        vm.expectRevert(
            abi.encodeWithSelector(ICommittee.CommitteePriceMismatch.selector, _price, 2 * _price)
        );
        vm.prank(defendant);
        committee.appeal{value: _price}(SUBJECT);
    }

    function test_appeal_revertsWhen_timeIsOver() public {
        ruled(TRUE);
        uint64 deadline = committee.caseOf(SUBJECT).deadline;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ICommittee.CommitteeTooLate.selector, SUBJECT, deadline));
        vm.prank(defendant);
        committee.appeal{value: 2 * _price}(SUBJECT);
    }

    function test_appeal_revertsWhen_nothingIsRuledOrItWasAppealed() public {
        seat();
        vm.expectRevert(wrongState(SUBJECT, CaseState.Committing));
        vm.prank(defendant);
        committee.appeal{value: 2 * _price}(SUBJECT);
        voteAll(SUBJECT, TRUE);
        appealAs(defendant);
        draw(SUBJECT);
        voteAll(SUBJECT, FALSE);
        vm.expectRevert(wrongState(SUBJECT, CaseState.Decided));
        vm.prank(plaintiff);
        committee.appeal{value: 2 * _price}(SUBJECT);
    }

    function ruled(bytes32 verdict) private {
        seat();
        voteAll(SUBJECT, verdict);
    }

    function intervener() private view returns (address who) {
        (who,) = committee.intervenerOf(SUBJECT);
    }

    function appealAs(address caller) private {
        vm.prank(caller);
        committee.appeal{value: 2 * _price}(SUBJECT);
    }

    function seated() private view returns (address[] memory found) {
        found = new address[](seatsNow(SUBJECT).length);
        for (uint256 i = 0; i < found.length; ++i) {
            found[i] = memberAt(i);
        }
    }

    function isIn(address[] memory list, address one) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == one) return true;
        }
        return false;
    }
}
