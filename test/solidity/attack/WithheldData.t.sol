// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {IResultRollup} from "contracts/src/interfaces/IResultRollup.sol";
import {BatchId, JobId} from "contracts/src/types/Ids.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title A poster commits to results that it does not show.
contract WithheldDataTest is JobFixture {
    uint256 private constant SECRET = 0xABCDE;

    /// @dev Nobody can challenge a leaf that nobody has seen: so it falls unless it is shown.
    function test_attack_anUnseenLeafIsNotPaid() public {
        JobId job = openJob();
        BatchId batch = deliver(job);
        request(batch, 0);
        skipSeconds(SERVE + 1);
        rollup.lapse(batch, 0);
        bytes32[] memory path = pathOf(0);

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowNotFinal.selector, job, batch));
        jobs.settle(job, leaves[0], path);

        jobs.refund(job);
        assertEq(vault.freeOf(client), 10 ether, "the price goes back");
    }

    /// @dev A made-up result at a secret place among a million, of which nobody knew which to ask for: once
    /// the window was over it was revealed and paid.
    function test_attack_aSecretPlaceIsNotPaid() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        (BatchId batch, bytes32[] memory path) = postSecretly();
        uint256 early = vm.snapshotState();

        // Revealed when nobody can ask any more.
        skipSeconds(WINDOW + 1);
        vm.expectPartialRevert(IJobEscrow.JobEscrowRevealTooLate.selector);
        revealAt(job, batch, SECRET);

        // Revealed at another place, which others ask for in vain.
        vm.revertToState(early);
        revealAt(job, batch, SECRET + 1);
        skipSeconds(WINDOW + 1);
        assertTrue(rollup.proveResult(batch, leaves[0], SECRET, path), "it is there, and final");
        vm.expectPartialRevert(IJobEscrow.JobEscrowNotFinal.selector);
        jobs.settle(job, leaves[0], path);

        // Revealed where it is: half of the window is left for whoever wants to see it.
        vm.revertToState(early);
        skipSeconds(WINDOW / 2);
        revealAt(job, batch, SECRET);
        skipSeconds(WINDOW / 2);
        request(batch, SECRET);
        skipSeconds(SERVE + 1);
        rollup.lapse(batch, SECRET);
        vm.expectPartialRevert(IJobEscrow.JobEscrowNotFinal.selector);
        jobs.settle(job, leaves[0], path);
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

    /// @dev Leaf 0 at a secret place of a batch of 2^20, the others of which nobody has.
    function postSecretly() private returns (BatchId batch, bytes32[] memory path) {
        path = new bytes32[](20);
        bytes32 root = leafHashes[0];
        for (uint256 level = 0; level < path.length; ++level) {
            path[level] = keccak256(abi.encode("nobody's", level));
            bool isLeft = SECRET >> level & 1 == 0;
            (bytes32 left, bytes32 right) = isLeft ? (root, path[level]) : (path[level], root);
            root = keccak256(bytes.concat(hex"01", left, right));
        }
        vm.prank(worker);
        batch = rollup.postRoot{value: POST_BOND}(root, 1 << 20, "https://worker/nothing");
    }

    function revealAt(JobId job, BatchId batch, uint256 index) private {
        vm.prank(worker);
        jobs.revealResult(job, batch, index, RESULT, SALT);
    }
}
