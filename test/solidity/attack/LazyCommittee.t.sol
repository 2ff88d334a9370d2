// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "contracts/src/interfaces/ICommittee.sol";
import {CaseState} from "contracts/src/types/Committees.sol";

import {CommitteeFixture} from "../lib/CommitteeFixture.sol";

/// @title A member that does not work copies who does.
contract LazyCommitteeTest is CommitteeFixture {
    /// @dev The copy of a commitment opens only as its author's: the copier is silent and loses its bond.
    function test_attack_copiedCommitmentCannotBeOpened() public {
        seat();
        (address author, address copier) = (memberAt(0), memberAt(1));
        bytes32 commitment = commitmentOf(author, SUBJECT, "found");
        vm.prank(author);
        committee.commit(SUBJECT, commitment);
        vm.prank(copier);
        committee.commit(SUBJECT, commitment);
        for (uint256 i = 2; i < SEATS; ++i) {
            commitAs(memberAt(i), SUBJECT, "found");
        }
        revealAs(author, SUBJECT, "found");

        vm.expectPartialRevert(ICommittee.CommitteeBadReveal.selector);
        revealAs(copier, SUBJECT, "found");

        for (uint256 i = 2; i < SEATS; ++i) {
            revealAs(memberAt(i), SUBJECT, "found");
        }
        skipSeconds(REVEAL + 1);
        committee.poke(SUBJECT);
        close(SUBJECT);
        assertEq(vault.freeOf(copier), 0, "no fee");
        assertEq(committee.standingOf(copier).free, STAKE - SEAT_BOND, "no bond");
    }

    /// @dev Nobody waits with its commitment until others have opened theirs.
    function test_attack_waitingForTheOpeningsOfOthersIsTooLate() public {
        seat();
        address waiting = memberAt(0);
        for (uint256 i = 1; i < SEATS; ++i) {
            commitAs(memberAt(i), SUBJECT, "found");
        }
        skipSeconds(COMMIT + 1);
        committee.poke(SUBJECT);
        revealAs(memberAt(1), SUBJECT, "found");
        bytes32 commitment = commitmentOf(waiting, SUBJECT, "found");

        vm.expectRevert(wrongState(SUBJECT, CaseState.Revealing));
        vm.prank(waiting);
        committee.commit(SUBJECT, commitment);
    }

    /// @dev A commitment is of one committee: what was opened in the first does not serve in the next.
    function test_attack_aCommitmentDoesNotServeInTheNextCommittee() public {
        seat();
        address member = memberAt(0);
        bytes32 old = commitmentOf(member, SUBJECT, "found");
        vote(SUBJECT, five("found", "found", "other", "other", SILENT));
        draw(SUBJECT);
        vm.prank(member);
        committee.commit(SUBJECT, old);
        skipSeconds(COMMIT + 1);
        committee.poke(SUBJECT);

        vm.expectPartialRevert(ICommittee.CommitteeBadReveal.selector);
        revealAs(member, SUBJECT, "found");
    }

    /// @dev A reason instead of work costs nothing, and earns nothing either, even if all give it.
    function test_attack_reasonsOfAllEarnNothing() public {
        seat();
        voteAll(SUBJECT, CANNOT_RUN);
        close(SUBJECT);
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(vault.freeOf(members[i]), 0);
        }
        assertEq(vault.freeOf(plaintiff), committee.priceOf(SEATS), "who asked has its price back");
    }
}
