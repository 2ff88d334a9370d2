// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {ChallengeState} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Those who should judge, or bring a job to its end, say nothing.
contract VerifierSilenceTest is JobFixture {
    /// @dev iExec's workers go unpaid when the scheduler is silent. Here silence pays neither party and takes
    /// nothing from either; it costs those who are silent.
    function test_attack_silentCommitteesNeitherPayNorStrip() public {
        JobId job = openJob();
        BatchId batch = deliver(job);
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        for (uint256 i = 0; i < ATTEMPTS; ++i) {
            draw(subject);
            skipSeconds(COMMIT + 1);
            vm.prank(stranger);
            committee.poke(subject);
        }
        vm.startPrank(stranger);
        rollup.resolve(batch, 0);
        jobs.refund(job);
        rollup.finalise(batch);
        vm.stopPrank();

        assertEq(uint8(rollup.challengeOf(batch, 0).state), uint8(ChallengeState.Void), "nobody knows");
        assertEq(vault.freeOf(worker), POST_BOND, "the poster's bond is whole");
        assertEq(vault.freeOf(challenger), rollup.challengePrice(), "the challenger's money is whole");
        assertEq(vault.freeOf(client), 10 ether, "the job can be done elsewhere");
        uint256 lost = 0;
        for (uint256 i = 0; i < SEATS; ++i) {
            lost += STAKE - committee.standingOf(members[i]).free;
        }
        assertEq(lost, ATTEMPTS * SEATS * uint256(SEAT_BOND), "silence costs its bond, each time");
        assertEq(emission.burned(), lost, "and pays nobody");
    }

    /// @dev Nobody but a stranger acts after the last opening: all get what is theirs.
    function test_attack_silentPartiesDoNotKeepMembersFromTheirPay() public {
        BatchId batch = postBatch();
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        draw(subject);
        voteAll(subject, verdictOn(0));
        skipSeconds(APPEAL + 1);
        vm.startPrank(stranger);
        committee.poke(subject);
        rollup.resolve(batch, 0);
        rollup.finalise(batch);
        vm.stopPrank();
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(vault.freeOf(members[i]), PAY, "member");
        }
        assertEq(vault.freeOf(worker), POST_BOND + CHALLENGE_BOND, "poster");
    }
}
