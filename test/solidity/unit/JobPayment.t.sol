// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {JobState} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Tests the end of a job: its worker is paid for a final result, or its client has the price back.
contract JobPaymentTest is JobFixture {
    bytes32 private constant FALSE = "false";
    bytes32 private constant ANOTHER = "another";

    function test_settle_paysTheWorkerOfAFinalResult() public {
        JobId job = finalJob();

        vm.expectEmit(JOBS);
        emit IJobEscrow.JobPaid(job, worker, PRICE);
        vm.prank(stranger);
        settle(job);

        assertEq(uint8(jobs.jobOf(job).state), uint8(JobState.Paid), "state");
        assertEq(vault.freeOf(worker), PRICE, "worker");
        assertEq(vault.lockedOf(JOBS, JobId.unwrap(job)), 0, "lock");
    }

    function test_settle_revertsWhen_windowIsOpen() public {
        JobId job = openJob();
        BatchId batch = deliver(job);
        skipSeconds(WINDOW);
        bytes32[] memory path = pathOf(0);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowNotFinal.selector, job, batch));
        jobs.settle(job, leaves[0], path);
    }

    function test_settle_revertsWhen_leafIsOfAnotherJob() public {
        JobId job = finalJob();
        bytes32[] memory path = pathOf(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IJobEscrow.JobEscrowLeafMismatch.selector, job, leaves[1].resultRoot, RESULT
            )
        );
        jobs.settle(job, leaves[1], path);
    }

    function test_settle_revertsWhen_paid() public {
        JobId job = finalJob();
        settle(job);
        bytes32[] memory path = pathOf(0);
        vm.expectRevert(wrongState(job, JobState.Paid));
        jobs.settle(job, leaves[0], path);
    }

    function test_settle_revertsWhen_leafHasFallen() public {
        JobId job = overturnedJob();
        skipSeconds(WINDOW + 1);
        bytes32[] memory path = pathOf(0);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowFallen.selector, job, RESULT));
        jobs.settle(job, leaves[0], path);
    }

    /// @dev A worker posted a false result in two batches; the second, undisputed, paid it although a
    /// committee had overturned the result in the first.
    function test_settle_revertsWhen_theResultFellInAnotherBatch() public {
        JobId job = openJob();
        BatchId quiet = deliver(job);
        BatchId disputed = postBatch();
        dispute(disputed, 0);
        rule(disputed, 0, ANOTHER);
        skipSeconds(WINDOW + 1);
        bytes32[] memory path = pathOf(0);
        assertTrue(rollup.proveResult(quiet, leaves[0], 0, path), "the other batch is final");

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowFallen.selector, job, RESULT));
        jobs.settle(job, leaves[0], path);

        jobs.refund(job);
        assertEq(vault.freeOf(client), 10 ether, "the price goes back");
    }

    function test_refund_afterSilenceOfTheWorker() public {
        JobId job = openJob();
        vm.warp(START + JOB_SECONDS + 1);

        vm.expectEmit(JOBS);
        emit IJobEscrow.JobRefunded(job, client, PRICE);
        vm.prank(stranger);
        jobs.refund(job);

        assertEq(uint8(jobs.jobOf(job).state), uint8(JobState.Refunded), "state");
        assertEq(vault.freeOf(client), 10 ether, "client");
    }

    function test_refund_afterACommitmentThatWasNeverOpened() public {
        JobId job = openJob();
        vm.prank(worker);
        jobs.commitResult(job, commitment(job));
        vm.warp(START + JOB_SECONDS + 1);

        jobs.refund(job);

        assertEq(vault.freeOf(client), 10 ether);
    }

    function test_refund_atOnceWhenTheResultHasFallen() public {
        JobId job = overturnedJob();

        jobs.refund(job);

        assertEq(vault.freeOf(client), 10 ether);
    }

    /// @dev Somebody posts a false result for an honest worker's job and has it overturned.
    function test_refund_revertsWhen_onlyAnotherResultOfTheJobHasFallen() public {
        JobId job = openJob();
        deliver(job);
        leaves[0].resultRoot = FALSE;
        leafHashes[0] = keccak256(abi.encodePacked(bytes1(0), job, FALSE, uint256(leaves[0].steps)));
        BatchId batch = postBatch();
        dispute(batch, 0);
        rule(batch, 0, verdictOf(RESULT, leaves[0].steps));
        assertTrue(rollup.resultOf(worker, job, FALSE).hasFallen, "a leaf of the job fell");

        vm.expectRevert(notDue(job, START + JOB_SECONDS + GRACE));
        jobs.refund(job);
    }

    /// @dev Anybody could post a worker's revealed result, dispute it himself, and with members of his own
    /// take the price from the worker, at half a bond a try.
    function test_refund_revertsWhen_theResultFellInABatchOfSomebodyElse() public {
        JobId job = openJob();
        deliver(job);
        vm.deal(stranger, POST_BOND);
        BatchId foreign = postBatchAs(stranger);
        dispute(foreign, 0);
        rule(foreign, 0, ANOTHER);

        vm.expectRevert(notDue(job, START + JOB_SECONDS + GRACE));
        jobs.refund(job);

        skipSeconds(WINDOW + 1);
        settle(job);
        assertEq(vault.freeOf(worker), PRICE, "the worker is paid");
    }

    /// @dev A batch whose window is over when its place is named: nobody could ask about a result that nobody
    /// knew, and it was paid.
    function test_settle_revertsWhen_theBatchIsOlderThanTheReveal() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        BatchId old = postBatch();
        skipSeconds(WINDOW + 1);
        assertTrue(rollup.isFinal(old), "final before anybody knew");
        vm.expectPartialRevert(IJobEscrow.JobEscrowRevealTooLate.selector);
        reveal(job, old);
        bytes32[] memory path = pathOf(0);
        vm.expectRevert(wrongState(job, JobState.Committed));
        jobs.settle(job, leaves[0], path);

        BatchId again = postBatch();
        reveal(job, again);
        skipSeconds(WINDOW + 1);
        settle(job);
        assertEq(vault.freeOf(worker), PRICE, "posted again in time");
    }

    /// @dev The result lies in the batch, but not where the worker said.
    function test_settle_revertsWhen_theResultIsAtAnotherPlace() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        BatchId batch = postBatch();
        vm.prank(worker);
        jobs.revealResult(job, batch, 1, RESULT, SALT);
        skipSeconds(WINDOW + 1);
        bytes32[] memory path = pathOf(0);
        assertTrue(rollup.proveResult(batch, leaves[0], 0, path), "at place 0");

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowNotFinal.selector, job, batch));
        jobs.settle(job, leaves[0], path);
    }

    /// @dev The result was overturned nowhere: its data was asked for and not shown.
    function test_refund_atOnceWhenTheRevealedPlaceHasFallen() public {
        JobId job = openJob();
        BatchId batch = deliver(job);
        request(batch, 0);
        skipSeconds(SERVE + 1);
        rollup.lapse(batch, 0);

        jobs.refund(job);

        assertEq(vault.freeOf(client), 10 ether);
    }

    function test_refund_revertsWhen_onlyAnotherPlaceHasFallen() public {
        JobId job = openJob();
        BatchId batch = deliver(job);
        request(batch, 1);
        skipSeconds(SERVE + 1);
        rollup.lapse(batch, 1);

        vm.expectRevert(notDue(job, START + JOB_SECONDS + GRACE));
        jobs.refund(job);
    }

    function test_refund_whenNothingFinalCameWithinTheGrace() public {
        JobId job = openJob();
        deliver(job);
        vm.warp(START + JOB_SECONDS + GRACE + 1);

        jobs.refund(job);

        assertEq(vault.freeOf(client), 10 ether);
    }

    function test_refund_revertsWhen_workerHasTime() public {
        JobId job = openJob();
        vm.warp(START + JOB_SECONDS);
        vm.expectRevert(notDue(job, START + JOB_SECONDS));
        jobs.refund(job);
    }

    function test_refund_revertsWhen_graceIsNotOver() public {
        JobId job = openJob();
        deliver(job);
        vm.warp(START + JOB_SECONDS + GRACE);
        vm.expectRevert(notDue(job, START + JOB_SECONDS + GRACE));
        jobs.refund(job);
    }

    function test_refund_revertsWhen_jobIsUnknownOrOver() public {
        JobId unknown = JobId.wrap("unknown");
        vm.expectRevert(wrongState(unknown, JobState.None));
        jobs.refund(unknown);
        JobId job = openJob();
        vm.warp(START + JOB_SECONDS + 1);
        jobs.refund(job);
        vm.expectRevert(wrongState(job, JobState.Refunded));
        jobs.refund(job);
    }

    /// @dev The longest dispute fits into the grace period: a challenger cannot outlast the worker.
    function test_settle_afterTheLongestDispute() public {
        JobId job = openJob();
        vm.warp(START + JOB_SECONDS - 1);
        BatchId batch = deliver(job);
        skipSeconds(WINDOW);
        request(batch, 0);
        skipSeconds(SERVE);
        serve(batch, 0);
        skipSeconds(WINDOW);
        dispute(batch, 0);
        bytes32 subject = keyOf(batch, 0);
        voteAtTheLastMoment(subject, verdictOn(0));
        skipSeconds(APPEAL);
        uint256 price = 2 * uint256(committee.priceOf(APPEAL_SEATS));
        vm.prank(challenger);
        committee.appeal{value: price}(subject);
        voteAtTheLastMoment(subject, verdictOn(0));
        rollup.resolve(batch, 0);

        settle(job);

        assertEq(vault.freeOf(worker), PRICE + CHALLENGE_BOND + DATA_FEE + price / 2);
        assertLt(vm.getBlockTimestamp(), START + JOB_SECONDS + GRACE, "and before a refund is due");
    }

    function test_settle_revertsWhen_theResultIsDisputedInAnotherBatch() public {
        JobId job = openJob();
        deliver(job);
        BatchId disputed = postBatch();
        dispute(disputed, 0);
        skipSeconds(WINDOW + 1);
        bytes32[] memory path = pathOf(0);

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowDisputed.selector, job, uint32(1)));
        jobs.settle(job, leaves[0], path);
    }

    function test_refund_revertsWhen_theResultIsDisputed() public {
        JobId job = openJob();
        BatchId batch = deliver(job);
        dispute(batch, 0);
        vm.warp(START + JOB_SECONDS + GRACE + 1);

        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowDisputed.selector, job, uint32(1)));
        jobs.refund(job);
    }

    function test_refund_atOnceWhenNobodyCouldSay() public {
        JobId job = openJob();
        BatchId batch = deliver(job);
        dispute(batch, 0);
        rule(batch, 0, CANNOT_RUN);

        jobs.refund(job);

        assertEq(vault.freeOf(client), 10 ether);
    }

    /// @dev One committee is silent to its last second, the next opens in its last one.
    function voteAtTheLastMoment(bytes32 subject, bytes32 verdict) private {
        draw(subject);
        skipSeconds(COMMIT + 1);
        committee.poke(subject);
        draw(subject);
        skipSeconds(COMMIT);
        uint256 seats = seatsNow(subject).length;
        for (uint256 i = 0; i < seats; ++i) {
            commitAs(seatsNow(subject)[i].member, subject, verdict);
        }
        skipSeconds(REVEAL);
        for (uint256 i = 0; i < seats; ++i) {
            revealAs(seatsNow(subject)[i].member, subject, verdict);
        }
    }

    /// @dev A delivered job whose batch is final.
    function finalJob() private returns (JobId job) {
        job = openJob();
        deliver(job);
        skipSeconds(WINDOW + 1);
    }

    /// @dev A delivered job whose result a committee has overturned.
    function overturnedJob() private returns (JobId job) {
        job = openJob();
        BatchId batch = deliver(job);
        dispute(batch, 0);
        rule(batch, 0, ANOTHER);
    }

    function wrongState(JobId job, JobState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IJobEscrow.JobEscrowWrongState.selector, job, state);
    }

    function notDue(JobId job, uint64 due) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IJobEscrow.JobEscrowNotDue.selector, job, due);
    }
}
