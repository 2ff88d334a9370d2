// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {Standing} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

contract CommitteeStakesTest is CommitteeFixture {
    function test_enlist_locksTheStake() public {
        vm.deal(stranger, 1 ether);
        uint256 before = vault.lockedOf(COMMITTEE, STAKES);

        vm.expectEmit(COMMITTEE);
        emit ICommittee.Enlisted(stranger, 0.5 ether, 0.5 ether);
        vm.prank(stranger);
        committee.enlist{value: 0.5 ether}();

        Standing memory standing = committee.standingOf(stranger);
        assertEq(standing.free, 0.5 ether, "free");
        assertEq(standing.held, 0, "held");
        assertEq(standing.since, vm.getBlockNumber(), "since");
        assertEq(vault.lockedOf(COMMITTEE, STAKES) - before, 0.5 ether, "locked");
    }

    function test_enlist_ofMoreKeepsTheHeightOfTheStake() public {
        seat();
        address member = memberAt(0);
        uint64 since = committee.standingOf(member).since;
        vm.prank(member);
        committee.retire(STAKE - SEAT_BOND);
        mineTo(since + 5);

        enlist(member, SEAT_BOND);
        assertEq(committee.standingOf(member).since, since, "a seat holds the bond that was there");

        vote(SUBJECT, five(SILENT, "a", "a", "a", "a"));
        close(SUBJECT);
        vm.prank(member);
        committee.retire(1);
        enlist(member, 1);
        assertEq(committee.standingOf(member).since, vm.getBlockNumber(), "it had less than a bond");
    }

    function test_enlist_revertsWhen_nothingIsSent() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultNothingSent.selector, stranger));
        vm.prank(stranger);
        committee.enlist();
    }

    function test_retire_givesBackWhatNoSeatHolds() public {
        address member = members[0];

        vm.expectEmit(COMMITTEE);
        emit ICommittee.Retired(member, 1 ether, STAKE - 1 ether);
        vm.prank(member);
        committee.retire(1 ether);

        assertEq(committee.standingOf(member).free, STAKE - 1 ether, "free");
        assertEq(vault.freeOf(member), 1 ether, "vault");
    }

    function test_retire_revertsWhen_aSeatHoldsTheBond() public {
        seat();
        address member = memberAt(0);
        uint256 left = STAKE - SEAT_BOND;
        assertEq(committee.standingOf(member).held, SEAT_BOND, "held");

        vm.expectRevert(
            abi.encodeWithSelector(ICommittee.CommitteeStakeTooSmall.selector, member, left, STAKE)
        );
        vm.prank(member);
        committee.retire(STAKE);
    }

    function test_draw_seatsWhoHasExactlyOneBond() public {
        for (uint256 i = 0; i < SEATS; ++i) {
            vm.prank(members[i]);
            committee.retire(STAKE - SEAT_BOND);
        }

        seat();

        assertEq(seatsNow(SUBJECT).length, SEATS, "seats");
        assertEq(committee.standingOf(memberAt(0)).free, 0, "all of it is held");
    }

    function test_standingOf_recordsWhatBecameOfSeats() public {
        seat();
        vote(SUBJECT, five("a", "a", "a", "b", SILENT));
        close(SUBJECT);

        assertEq(committee.standingOf(memberAt(0)).seats, 1, "seats");
        assertEq(committee.standingOf(memberAt(0)).agreed, 1, "agreed");
        assertEq(committee.standingOf(memberAt(3)).outvoted, 1, "outvoted");
        assertEq(committee.standingOf(memberAt(4)).silent, 1, "silent");
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(committee.standingOf(memberAt(i)).held, 0, "nothing is held");
            assertEq(committee.standingOf(memberAt(i)).free, i < 3 ? STAKE : STAKE - SEAT_BOND, "stake");
        }
    }
}
