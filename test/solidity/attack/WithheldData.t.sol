// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {BatchId, JobId} from "contracts/src/types/Ids.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title A poster commits to results that it does not show.
contract WithheldDataTest is JobFixture {
    /// @dev Nobody can challenge a leaf that nobody has seen: so it falls unless it is shown.
    function test_attack_anUnseenLeafIsNotPaid() public {
        JobId job = openJob();
        deliver(job);
        BatchId batch = postBatch();
        request(batch, 0);
        skipSeconds(SERVE + 1);
        rollup.lapse(batch, 0);
        bytes32[] memory path = pathOf(0);

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowNotFinal.selector, job, batch));
        jobs.settle(job, batch, leaves[0], 0, path);

        vm.warp(START + JOB_SECONDS + GRACE + 1);
        jobs.refund(job);
        assertEq(vault.freeOf(client), 10 ether, "the price goes back");
    }

    /// @dev Some bytes that are not the manifest, or another leaf's, are no answer.
    function test_attack_otherBytesAreNoAnswer() public {
        BatchId batch = postBatch();
        request(batch, 1);
        bytes32[] memory path = pathOf(1);
        vm.expectPartialRevert(IResultRollup.ResultRollupBadManifest.selector);
        rollup.serveData(batch, leaves[1], 1, path, MANIFEST);
        path = pathOf(0);
        vm.expectPartialRevert(IResultRollup.ResultRollupBadPath.selector);
        rollup.serveData(batch, leaves[0], 1, path, MANIFEST);
    }

    /// @dev Served to the chain, withheld from the judges: they say so, and the leaf falls with its poster's
    /// bond. Members who were served and found the result keep their bonds, those who were not as well.
    function test_attack_filesWithheldFromTheCommitteeFellTheLeaf() public {
        BatchId batch = postBatch();
        request(batch, 0);
        serve(batch, 0);
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        draw(subject);
        vote(subject, five(NOT_SERVED, verdictOn(0), NOT_SERVED, verdictOn(0), NOT_SERVED));
        close(subject);
        rollup.resolve(batch, 0);

        assertTrue(rollup.hasFallen(batch, 0), "fallen");
        assertTrue(rollup.batchOf(batch).isAtFault, "the poster's fault");
        for (uint256 i = 0; i < SEATS; ++i) {
            assertEq(committee.standingOf(members[i]).free, STAKE, "nobody's bond");
        }
    }

    /// @dev The fee of a request is the poster's who answers: asking is no way to make it work for nothing.
    function test_attack_requestsPayThePosterWhoAnswers() public {
        BatchId batch = postBatch();
        request(batch, 0);
        serve(batch, 0);
        assertEq(vault.freeOf(worker), DATA_FEE);
    }
}
