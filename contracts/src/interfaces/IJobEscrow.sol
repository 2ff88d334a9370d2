// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BatchId, JobId} from "../types/Ids.sol";
import {Job, JobSpec, JobState, ResultLeaf} from "../types/Jobs.sol";

/// @title Keeps jobs: the price is locked when a job opens and paid when its result is final.
/// @dev Money is in the vault, under the purpose `JobId`.
interface IJobEscrow {
    error JobEscrowExists(JobId job);
    error JobEscrowBadSignature(address client);
    error JobEscrowExpired(JobId job, uint64 deadline);
    error JobEscrowNotDue(JobId job, uint64 deadline);
    error JobEscrowNotWorker(JobId job, address caller);
    error JobEscrowWrongState(JobId job, JobState state);
    error JobEscrowBadReveal(JobId job);
    error JobEscrowLeafMismatch(JobId job, bytes32 leafRoot, bytes32 revealedRoot);
    error JobEscrowNotFinal(JobId job, BatchId batch);

    event JobOpened(JobId indexed job, address indexed client, address indexed worker, JobSpec spec);
    event ResultCommitted(JobId indexed job, bytes32 commitment);
    event ResultRevealed(JobId indexed job, bytes32 resultRoot);
    event JobPaid(JobId indexed job, address indexed worker, uint128 price);
    event JobRefunded(JobId indexed job, address indexed client, uint128 price);

    /// @notice Opens a job and locks its price from the client's free balance. The client, or anyone with its
    /// signature.
    function open(JobSpec calldata spec, bytes calldata signature) external returns (JobId job);

    /// @notice Binds the worker to a result: keccak256(abi.encode(tag "result-commit", resultRoot, salt,
    /// worker, job)).
    function commitResult(JobId job, bytes32 commitment) external;

    /// @notice Opens the commitment, not after the job's deadline. Worker only.
    function revealResult(JobId job, bytes32 resultRoot, bytes32 salt) external;

    /// @notice Pays the worker once a final batch holds the revealed result. Anyone.
    function settle(
        JobId job,
        BatchId batch,
        ResultLeaf calldata leaf,
        uint256 index,
        bytes32[] calldata path
    ) external;

    /// @notice Gives the price back: no reveal by the deadline, or the result's leaf has fallen, or it was
    /// not settled within the grace period after the deadline. Anyone.
    function refund(JobId job) external;

    function jobOf(JobId job) external view returns (Job memory);
    function hashOf(JobSpec calldata spec) external view returns (JobId);
}
