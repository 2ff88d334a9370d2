// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BatchId, JobId} from "../types/Ids.sol";
import {Job, JobOrders, JobSpec, JobState, ResultLeaf} from "../types/Jobs.sol";

/// @title Keeps jobs: the price is locked when a job opens and paid when its result is final.
/// @dev Money is in the vault, under the purpose `JobId`.
interface IJobEscrow {
    /// @notice The specification was opened before: its nonce makes it another.
    error JobEscrowExists(JobId job);
    /// @notice The caller is not the client and the client did not sign this.
    error JobEscrowBadSignature(address client);
    /// @notice The last second for a result, inclusive, is over.
    error JobEscrowExpired(JobId job, uint64 deadline);
    /// @notice The deadline is later than the latest second that may be agreed now: ten years ahead.
    error JobEscrowDeadlineTooFar(JobId job, uint64 deadline, uint64 latest);
    /// @notice The worker, or the final batch, has time until this second, inclusive.
    error JobEscrowNotDue(JobId job, uint64 deadline);
    /// @notice The job is another worker's.
    error JobEscrowNotWorker(JobId job, address caller);
    /// @notice The job is in a state in which this cannot be done.
    error JobEscrowWrongState(JobId job, JobState state);
    /// @notice What was opened hashes to something else than the worker's commitment.
    error JobEscrowBadReveal(JobId job, bytes32 opened, bytes32 commitment);
    /// @notice The leaf is of another job or result than what was revealed.
    error JobEscrowLeafMismatch(JobId job, bytes32 leafRoot, bytes32 revealedRoot);
    /// @notice The batch is not final, or does not hold the leaf at the revealed place.
    error JobEscrowNotFinal(JobId job, BatchId batch);
    /// @notice The batch is not the worker's own: in others' batches nothing is paid and nothing falls.
    error JobEscrowForeignBatch(JobId job, address poster, address worker);
    /// @notice The batch has no such place.
    error JobEscrowNoSuchPlace(JobId job, BatchId batch, uint256 index, uint32 leaves);
    /// @notice A place may be revealed until the second `latest`, inclusive, of the batch's first window, and
    /// it is `second` now: post the result again.
    error JobEscrowRevealTooLate(JobId job, BatchId batch, uint64 latest, uint64 second);
    /// @notice The result has fallen, in whichever batch of the worker: the price goes back by `refund`.
    error JobEscrowFallen(JobId job, bytes32 resultRoot);
    /// @notice The result is disputed in some batch of the worker: the verdict comes first.
    error JobEscrowDisputed(JobId job, uint32 openDisputes);

    /// @notice The orders, or a request under them, do not agree in this field.
    error JobEscrowOrderMismatch(bytes32 field);

    /// @notice A job was opened and its price locked.
    event JobOpened(JobId indexed job, address indexed client, address indexed worker, JobSpec spec);
    /// @notice The worker bound itself to a result.
    event ResultCommitted(JobId indexed job, bytes32 commitment);
    /// @notice The worker opened its commitment and named the place at which it posted the result.
    event ResultRevealed(JobId indexed job, bytes32 resultRoot, BatchId batch, uint256 index);
    /// @notice The price, in wei, went to the worker's free balance.
    event JobPaid(JobId indexed job, address indexed worker, uint128 price);
    /// @notice The price, in wei, went back to the client's free balance.
    event JobRefunded(JobId indexed job, address indexed client, uint128 price);

    /// @notice Opens a job and locks its price from the client's free balance. The client, or anyone with its
    /// signature.
    /// @dev Reverts: `JobEscrowExists`, `JobEscrowExpired`, `JobEscrowDeadlineTooFar`,
    /// `JobEscrowBadSignature`, `VaultInsufficientFree`.
    /// @param signature By the client over the specification; empty when the client itself sends.
    /// @return job EIP-712 hash of the specification.
    function open(JobSpec calldata spec, bytes calldata signature) external returns (JobId job);

    /// @notice Opens one job for each request under two orders of inference, at the ask's price. The bid's
    /// maker, or anyone with its EIP-712 signature over `JobRequests(bytes32 bid,bytes32[] jobs)`: its bid
    /// says what is computed, the ids of the jobs say on what.
    /// @dev A request names the maker of the ask as worker, that of the bid as client, the price as price,
    /// the orders' class as tolerance, and the specification's model, environment and data as program,
    /// environment and parameters, each unless it is zero there; the worker has at least the bid's
    /// duration. Reverts: `JobEscrowBadSignature`, `JobEscrowOrderMismatch`, what `IOrderBook.fill` and
    /// `open` revert with.
    /// @param specs Requests, as many as units are filled.
    /// @param signature By the bid's maker over all of them; empty when it sends itself.
    function openFromOrders(JobOrders calldata orders, JobSpec[] calldata specs, bytes calldata signature)
        external
        returns (JobId[] memory opened);

    /// @notice Binds the worker to a result: keccak256(abi.encode(tag "result-commit", resultRoot, salt,
    /// worker, job)). Worker only, once, not after the deadline.
    function commitResult(JobId job, bytes32 commitment) external;

    /// @notice Opens the commitment and names the place, in a batch of the worker's own, where everybody
    /// finds the result and can ask for its data; not after the job's deadline. Worker only, once.
    /// @dev At least half of the batch's first window is left. That the result lies there is proven by
    /// `settle` only, which accepts no other place. Reverts: `JobEscrowWrongState`, `JobEscrowNotWorker`,
    /// `JobEscrowExpired`, `JobEscrowBadReveal`, `JobEscrowForeignBatch`, `JobEscrowNoSuchPlace`,
    /// `JobEscrowRevealTooLate`.
    function revealResult(JobId job, BatchId batch, uint256 index, bytes32 resultRoot, bytes32 salt) external;

    /// @notice Pays the worker once the batch that it named is final and holds the result at the place that
    /// it named. Anyone.
    /// @dev A result that fell in one batch is not paid for by another. Reverts: `JobEscrowWrongState`,
    /// `JobEscrowLeafMismatch`, `JobEscrowFallen`, `JobEscrowDisputed`, `JobEscrowNotFinal`.
    function settle(JobId job, ResultLeaf calldata leaf, bytes32[] calldata path) external;

    /// @notice Gives the price back: no reveal by the deadline, or the result or its place has fallen, or it
    /// was not settled within the grace period after the deadline. Anyone.
    function refund(JobId job) external;

    /// @notice A job as kept; zeros if it was never opened.
    function jobOf(JobId job) external view returns (Job memory);
    /// @notice EIP-712 hash of a specification, its job's id.
    function hashOf(JobSpec calldata spec) external view returns (JobId);
}
