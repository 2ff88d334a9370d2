// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IJobEscrow} from "contracts/src/interfaces/IJobEscrow.sol";
import {IVault} from "contracts/src/interfaces/IVault.sol";
import {BatchId, JobId} from "contracts/src/types/Ids.sol";
import {Job, JobSpec, JobState, Tolerance} from "contracts/src/types/Jobs.sol";

import {JobFixture} from "../lib/JobFixture.sol";

/// @title Tests a job until its result is open: the price is locked, the worker commits and reveals.
contract JobEscrowTest is JobFixture {
    bytes32 private constant ANOTHER = "another";

    function test_hashOf_isTheEip712HashOfTheSpecification() public view {
        JobSpec memory wanted = spec();
        bytes32 typeHash = keccak256(
            "JobSpec(address client,address worker,bytes32 rental,bytes32 programHash,bytes32 inputHash,"
            "bytes32 environmentHash,bytes32 kernelProfile,uint64 seed,bytes32 paramsHash,uint8 tolerance,"
            "uint128 price,uint64 deadline,uint256 nonce)"
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("UtilityNet JobEscrow"),
                keccak256("1"),
                block.chainid,
                JOBS
            )
        );
        bytes32 body = keccak256(bytes.concat(typeHash, abi.encode(wanted)));

        assertEq(JobId.unwrap(jobs.hashOf(wanted)), keccak256(abi.encodePacked(hex"1901", domain, body)));
    }

    function test_open_locksThePrice() public {
        JobSpec memory wanted = spec();
        JobId job = jobs.hashOf(wanted);

        vm.expectEmit(JOBS);
        emit IJobEscrow.JobOpened(job, client, worker, wanted);
        vm.prank(client);
        jobs.open(wanted, "");

        Job memory kept = jobs.jobOf(job);
        assertEq(uint8(kept.state), uint8(JobState.Open), "state");
        assertEq(kept.client, client, "client");
        assertEq(kept.worker, worker, "worker");
        assertEq(kept.price, PRICE, "price");
        assertEq(kept.deadline, START + JOB_SECONDS, "deadline");
        assertEq(uint8(kept.tolerance), uint8(Tolerance.Exact), "tolerance");
        assertEq(vault.lockedOf(JOBS, JobId.unwrap(job)), PRICE, "locked");
        assertEq(vault.freeOf(client), 10 ether - PRICE, "free");
    }

    function test_open_isCarriedWithTheClientsSignature() public {
        JobSpec memory wanted = spec();
        bytes memory signature = sign(wanted, CLIENT_KEY);

        vm.prank(stranger);
        JobId job = jobs.open(wanted, signature);

        assertEq(uint8(jobs.jobOf(job).state), uint8(JobState.Open));
    }

    function test_open_revertsWhen_signatureIsAnothers() public {
        JobSpec memory wanted = spec();
        bytes memory signature = sign(wanted, 0xBAD);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowBadSignature.selector, client));
        vm.prank(stranger);
        jobs.open(wanted, signature);
    }

    function test_open_revertsWhen_opened() public {
        JobId job = openJob();
        JobSpec memory wanted = spec();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowExists.selector, job));
        vm.prank(client);
        jobs.open(wanted, "");
    }

    function test_open_revertsWhen_deadlineIsOver() public {
        JobSpec memory wanted = spec();
        JobId job = jobs.hashOf(wanted);
        vm.warp(wanted.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowExpired.selector, job, wanted.deadline));
        vm.prank(client);
        jobs.open(wanted, "");
    }

    /// @dev A deadline near the end of uint64 overflowed when the grace was added: neither `settle` nor
    /// `refund` could ever move the price.
    function test_open_revertsWhen_deadlineIsTooFar() public {
        JobSpec memory wanted = spec();
        wanted.deadline = type(uint64).max;
        JobId job = jobs.hashOf(wanted);
        uint64 latest = time() + 3650 days;

        vm.startPrank(client);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrowDeadlineTooFar.selector, job, wanted.deadline, latest)
        );
        jobs.open(wanted, "");
        wanted.deadline = latest;
        jobs.open(wanted, "");
        vm.stopPrank();
    }

    function test_open_revertsWhen_clientHasTooLittle() public {
        JobSpec memory wanted = spec();
        wanted.price = 11 ether;
        vm.expectRevert(
            abi.encodeWithSelector(
                IVault.VaultInsufficientFree.selector, client, uint256(10 ether), uint256(11 ether)
            )
        );
        vm.prank(client);
        jobs.open(wanted, "");
    }

    function test_commitResult_bindsTheWorker() public {
        JobId job = openJob();
        bytes32 sealed_ = commitment(job);

        vm.expectEmit(JOBS);
        emit IJobEscrow.ResultCommitted(job, sealed_);
        vm.prank(worker);
        jobs.commitResult(job, sealed_);

        assertEq(uint8(jobs.jobOf(job).state), uint8(JobState.Committed), "state");
        assertEq(jobs.jobOf(job).word, sealed_, "commitment");
    }

    function test_commitResult_revertsWhen_callerIsNotTheWorker() public {
        JobId job = openJob();
        vm.expectRevert(abi.encodeWithSelector(IJobEscrow.JobEscrowNotWorker.selector, job, stranger));
        vm.prank(stranger);
        jobs.commitResult(job, 0);
    }

    function test_commitResult_revertsWhen_committed() public {
        JobId job = openJob();
        vm.startPrank(worker);
        jobs.commitResult(job, commitment(job));
        vm.expectRevert(wrongState(job, JobState.Committed));
        jobs.commitResult(job, 0);
        vm.stopPrank();
    }

    function test_commitResult_revertsWhen_deadlineIsOver() public {
        JobId job = openJob();
        vm.warp(START + JOB_SECONDS + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrowExpired.selector, job, START + JOB_SECONDS)
        );
        vm.prank(worker);
        jobs.commitResult(job, 0);
    }

    function test_revealResult_namesThePlaceInTheLastSecond() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        vm.warp(START + JOB_SECONDS);
        BatchId batch = postBatch();

        vm.expectEmit(JOBS);
        emit IJobEscrow.ResultRevealed(job, RESULT, batch, 4);
        vm.prank(worker);
        jobs.revealResult(job, batch, 4, RESULT, SALT);

        assertEq(uint8(jobs.jobOf(job).state), uint8(JobState.Revealed), "state");
        assertEq(jobs.jobOf(job).resultRoot, RESULT, "result");
        assertEq(jobs.jobOf(job).word, BatchId.unwrap(batch), "batch");
        assertEq(jobs.jobOf(job).index, 4, "place");
    }

    function test_revealResult_revertsWhen_resultIsAnother() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        BatchId batch = postBatch();
        bytes32 opened = keccak256(abi.encode(keccak256("UNC/v1/result-commit"), ANOTHER, SALT, worker, job));
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrowBadReveal.selector, job, opened, commitment(job))
        );
        vm.prank(worker);
        jobs.revealResult(job, batch, 0, ANOTHER, SALT);
    }

    /// @dev Infernet's outputs can be copied from calldata; here a commitment names its worker.
    function test_revealResult_revertsWhen_commitmentWasCopied() public {
        JobSpec memory other = spec();
        other.worker = stranger;
        vm.prank(client);
        JobId job = jobs.open(other, "");
        commitResultAs(stranger, job);
        vm.deal(stranger, POST_BOND);
        BatchId batch = postBatchAs(stranger);
        vm.expectPartialRevert(IJobEscrow.JobEscrowBadReveal.selector);
        vm.prank(stranger);
        jobs.revealResult(job, batch, 0, RESULT, SALT);
    }

    function test_revealResult_revertsWhen_deadlineIsOver() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        vm.warp(START + JOB_SECONDS + 1);
        BatchId batch = postBatch();
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrowExpired.selector, job, START + JOB_SECONDS)
        );
        reveal(job, batch);
    }

    function test_revealResult_revertsWhen_batchIsNotTheWorkers() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        vm.deal(stranger, POST_BOND);
        BatchId foreign = postBatchAs(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrowForeignBatch.selector, job, stranger, worker)
        );
        reveal(job, foreign);
    }

    function test_revealResult_revertsWhen_batchIsUnknown() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrowForeignBatch.selector, job, address(0), worker)
        );
        reveal(job, BatchId.wrap("unknown"));
    }

    function test_revealResult_revertsWhen_theBatchHasNoSuchPlace() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        BatchId batch = postBatch();
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrowNoSuchPlace.selector, job, batch, 5, uint32(5))
        );
        vm.prank(worker);
        jobs.revealResult(job, batch, 5, RESULT, SALT);
    }

    function test_revealResult_revertsWhen_lessThanHalfOfTheWindowIsLeft() public {
        JobId job = openJob();
        commitResultAs(worker, job);
        BatchId batch = postBatch();
        uint64 latest = time() + WINDOW / 2;
        vm.warp(latest + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IJobEscrow.JobEscrowRevealTooLate.selector, job, batch, latest, latest + 1)
        );
        reveal(job, batch);

        vm.warp(latest);
        reveal(job, batch);
        assertEq(uint8(jobs.jobOf(job).state), uint8(JobState.Revealed), "in the last second");
    }

    function sign(JobSpec memory wanted, uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, JobId.unwrap(jobs.hashOf(wanted)));
        return abi.encodePacked(r, s, v);
    }

    function wrongState(JobId job, JobState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IJobEscrow.JobEscrowWrongState.selector, job, state);
    }
}
