// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {JobSpec} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title A worker takes another's result for its own.
contract CopiedResultTest is JobFixture {
    /// @dev Infernet's outputs can be copied from calldata. The same computation, given to two workers: the
    /// second copies the first one's commitment, and cannot open it, whatever has been shown meanwhile.
    function test_attack_aCopiedCommitmentEarnsNothing() public {
        JobId first = openJob();
        JobSpec memory same = spec();
        same.worker = stranger;
        vm.prank(client);
        JobId second = jobs.open(same, "");
        bytes32 sealed_ = commitment(first);
        deliver(first);
        vm.prank(stranger);
        jobs.commitResult(second, sealed_);
        vm.deal(stranger, POST_BOND);
        BatchId copy = postBatchAs(stranger);

        vm.expectPartialRevert(IJobEscrow.JobEscrowBadReveal.selector);
        vm.prank(stranger);
        jobs.revealResult(second, copy, 0, RESULT, SALT);

        vm.warp(START + JOB_SECONDS + 1);
        jobs.refund(second);
        assertEq(vault.freeOf(stranger), 0);
    }

    /// @dev A copier posts the batch of an honest worker under its own name.
    function test_attack_aCopiedBatchEarnsNothing() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        vm.deal(stranger, POST_BOND);
        BatchId copy = postBatchAs(stranger);
        vm.expectPartialRevert(IJobEscrow.JobEscrowForeignBatch.selector);
        reveal(job, copy);
        reveal(job, postBatch());
        skipSeconds(WINDOW + 1);
        settle(job);
        assertEq(vault.freeOf(worker), PRICE);
        assertEq(vault.freeOf(stranger), 0);
    }

    /// @dev One job in two batches, and twice in one: it is paid once.
    function test_attack_aJobIsSettledOnce() public {
        leaves[1] = leaves[0];
        leafHashes[1] = leafHashes[0];
        JobId job = openJob();
        BatchId batch = deliver(job);
        BatchId again = postBatch();
        vm.expectPartialRevert(IJobEscrow.JobEscrowWrongState.selector);
        reveal(job, again);
        skipSeconds(WINDOW + 1);
        assertTrue(rollup.proveResult(batch, leaves[1], 1, pathOf(1)), "there twice");
        settle(job);
        bytes32[] memory path = pathOf(1);
        vm.expectPartialRevert(IJobEscrow.JobEscrowWrongState.selector);
        jobs.settle(job, leaves[1], path);
        path = pathOf(0);
        vm.expectPartialRevert(IJobEscrow.JobEscrowWrongState.selector);
        jobs.settle(job, leaves[0], path);
        vm.expectPartialRevert(IJobEscrow.JobEscrowWrongState.selector);
        reveal(job, again);
        vm.expectPartialRevert(IJobEscrow.JobEscrowWrongState.selector);
        jobs.refund(job);
        assertEq(vault.freeOf(worker), PRICE);
    }

    /// @dev A result found in another environment, or with other parameters, is another job's.
    function test_attack_aSwappedEnvironmentIsAnotherJob() public {
        JobId job = openJob();
        JobSpec memory swapped = spec();
        swapped.environmentHash = keccak256("a cheaper environment");
        assertNotEq(JobId.unwrap(jobs.hashOf(swapped)), JobId.unwrap(job), "environment");
        leaves[0].job = jobs.hashOf(swapped);
        leafHashes[0] =
            keccak256(abi.encodePacked(bytes1(0), leaves[0].job, RESULT, uint256(leaves[0].steps)));
        deliver(job);
        skipSeconds(WINDOW + 1);
        bytes32[] memory path = pathOf(0);
        vm.expectPartialRevert(IJobEscrow.JobEscrowLeafMismatch.selector);
        jobs.settle(job, leaves[0], path);
    }
}
