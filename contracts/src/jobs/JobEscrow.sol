// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IOrderBook} from "../interfaces/IOrderBook.sol";
import {IResultRollup} from "../interfaces/IResultRollup.sol";
import {IVault} from "../interfaces/IVault.sol";
import {JobMessages} from "../libraries/JobMessages.sol";
import {OrderMessages} from "../libraries/OrderMessages.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {BatchId, JobId, OrderHash} from "../types/Ids.sol";
import {Batch, Job, JobOrders, JobSpec, JobState, ResultLeaf, ResultStanding} from "../types/Jobs.sol";
import {OrderKind} from "../types/Orders.sol";

/// @title Keeps jobs: the price is locked when a job opens and paid when its result is final.
/// @dev Safety: ResultRollup is trusted to say what is final and what has fallen. Liveness: the grace period
/// must exceed the longest life of a batch (windows, data, both instances of the committee), else a dispute
/// outlasts it and the client is refunded.
contract JobEscrow is IJobEscrow, EIP712 {
    using JobMessages for JobSpec;

    /// @dev Keeps every sum of seconds far from overflow, so that no price can be stuck by its own deadline.
    uint64 private constant MOST_SECONDS = 3650 days;

    IVault private immutable VAULT;
    IResultRollup private immutable ROLLUP;
    IOrderBook private immutable ORDERS;
    uint64 private immutable GRACE_SECONDS;

    /// @dev Written by every function but the views.
    mapping(JobId job => Job) private _jobs;

    constructor(address vault, address rollup, address orders, uint64 graceSeconds)
        EIP712("UtilityNet JobEscrow", "1")
    {
        VAULT = IVault(vault);
        ROLLUP = IResultRollup(rollup);
        ORDERS = IOrderBook(orders);
        GRACE_SECONDS = graceSeconds;
    }

    /// @inheritdoc IJobEscrow
    function open(JobSpec calldata spec, bytes calldata signature) external returns (JobId job) {
        job = hashOf(spec);
        _requireOpenable(job, spec);
        bool isConsent =
            msg.sender == spec.client || Signatures.isSignedBy(JobId.unwrap(job), spec.client, signature);
        if (!isConsent) revert JobEscrowBadSignature(spec.client);
        _open(job, spec);
    }

    /// @inheritdoc IJobEscrow
    function openFromOrders(JobOrders calldata orders, JobSpec[] calldata specs, bytes calldata signature)
        external
        returns (JobId[] memory opened)
    {
        bytes32 field = _firstMismatch(orders);
        if (field != 0) revert JobEscrowOrderMismatch(field);

        (OrderHash bid, uint128 price) = _fill(orders, specs.length);
        opened = new JobId[](specs.length);
        for (uint256 i = 0; i < specs.length; ++i) {
            field = _firstMismatch(orders, specs[i], price);
            if (field != 0) revert JobEscrowOrderMismatch(field);
            opened[i] = hashOf(specs[i]);
            _requireOpenable(opened[i], specs[i]);
            _open(opened[i], specs[i]);
        }

        // Last, when the hashes of all that was signed are known.
        if (msg.sender != orders.bid.maker) _requireRequested(orders.bid.maker, bid, opened, signature);
    }

    /// @inheritdoc IJobEscrow
    function commitResult(JobId job, bytes32 commitment) external {
        Job storage kept = _owedBy(msg.sender, job, JobState.Open);

        kept.state = JobState.Committed;
        kept.word = commitment;

        emit ResultCommitted(job, commitment);
    }

    /// @inheritdoc IJobEscrow
    function revealResult(JobId job, BatchId batch, uint256 index, bytes32 resultRoot, bytes32 salt)
        external
    {
        Job storage kept = _owedBy(msg.sender, job, JobState.Committed);
        bytes32 opened = JobMessages.commitment(resultRoot, salt, msg.sender, job);
        if (opened != kept.word) revert JobEscrowBadReveal(job, opened, kept.word);
        _requireNameable(job, batch, index);

        kept.state = JobState.Revealed;
        // forge-lint: disable-next-line(unsafe-typecast)
        kept.index = uint32(index); // fits: below the batch's leaves
        kept.word = BatchId.unwrap(batch);
        kept.resultRoot = resultRoot;

        emit ResultRevealed(job, resultRoot, batch, index);
    }

    /// @inheritdoc IJobEscrow
    function settle(JobId job, ResultLeaf calldata leaf, bytes32[] calldata path) external {
        Job storage kept = _jobs[job];
        if (kept.state != JobState.Revealed) revert JobEscrowWrongState(job, kept.state);
        bool isOurs = JobId.unwrap(leaf.job) == JobId.unwrap(job) && leaf.resultRoot == kept.resultRoot;
        if (!isOurs) revert JobEscrowLeafMismatch(job, leaf.resultRoot, kept.resultRoot);
        ResultStanding memory standing = ROLLUP.resultOf(kept.worker, job, kept.resultRoot);
        if (standing.hasFallen) revert JobEscrowFallen(job, kept.resultRoot);
        if (standing.openDisputes != 0) revert JobEscrowDisputed(job, standing.openDisputes);
        BatchId batch = BatchId.wrap(kept.word);
        if (!ROLLUP.proveResult(batch, leaf, kept.index, path)) revert JobEscrowNotFinal(job, batch);

        kept.state = JobState.Paid;

        emit JobPaid(job, kept.worker, kept.price);

        VAULT.release(JobId.unwrap(job), kept.worker, kept.price);
    }

    /// @inheritdoc IJobEscrow
    function refund(JobId job) external {
        Job storage kept = _jobs[job];
        if (kept.state == JobState.Revealed) {
            _requireUnpayable(job, kept);
        } else if (kept.state != JobState.Open && kept.state != JobState.Committed) {
            revert JobEscrowWrongState(job, kept.state);
        } else if (block.timestamp <= kept.deadline) {
            revert JobEscrowNotDue(job, kept.deadline);
        }

        kept.state = JobState.Refunded;

        emit JobRefunded(job, kept.client, kept.price);

        VAULT.release(JobId.unwrap(job), kept.client, kept.price);
    }

    /// @inheritdoc IJobEscrow
    function jobOf(JobId job) external view returns (Job memory) {
        return _jobs[job];
    }

    /// @inheritdoc IJobEscrow
    function hashOf(JobSpec calldata spec) public view returns (JobId) {
        return JobId.wrap(_hashTypedDataV4(spec.hash()));
    }

    /// @dev Locks the price of a job that its client consents to.
    function _open(JobId job, JobSpec calldata spec) private {
        Job storage kept = _jobs[job];
        kept.state = JobState.Open;
        kept.tolerance = spec.tolerance;
        kept.client = spec.client;
        kept.worker = spec.worker;
        kept.price = spec.price;
        kept.deadline = spec.deadline;

        emit JobOpened(job, spec.client, spec.worker, spec);

        VAULT.lock(spec.client, JobId.unwrap(job), spec.price);
    }

    function _fill(JobOrders calldata orders, uint256 units) private returns (OrderHash bid, uint128 price) {
        (, bid, price) = ORDERS.fill(
            orders.ask, orders.askSignature, orders.bid, orders.bidSignature, SafeCast.toUint32(units)
        );
    }

    function _requireOpenable(JobId job, JobSpec calldata spec) private view {
        if (_jobs[job].state != JobState.None) revert JobEscrowExists(job);
        if (block.timestamp > spec.deadline) revert JobEscrowExpired(job, spec.deadline);
        uint64 latest = uint64(block.timestamp) + MOST_SECONDS;
        if (spec.deadline > latest) revert JobEscrowDeadlineTooFar(job, spec.deadline, latest);
    }

    /// @dev That a bid's maker asked for these jobs under it.
    function _requireRequested(address maker, OrderHash bid, JobId[] memory opened, bytes calldata signature)
        private
        view
    {
        bytes32 digest = _hashTypedDataV4(JobMessages.requestsHash(bid, opened));
        if (!Signatures.isSignedBy(digest, maker, signature)) revert JobEscrowBadSignature(maker);
    }

    /// @dev The first field in which a request is not what the orders agreed on; zero if it is.
    function _firstMismatch(JobOrders calldata orders, JobSpec calldata spec, uint128 price)
        private
        view
        returns (bytes32)
    {
        if (spec.client != orders.bid.maker) return "client";
        if (spec.worker != orders.ask.maker) return "worker";
        if (spec.price != price) return "price";
        if (uint8(spec.tolerance) != orders.bid.validationClass) return "tolerance";
        if (!_isAllowed(orders.specification.modelHash, spec.programHash)) return "programHash";
        if (!_isAllowed(orders.specification.environmentHash, spec.environmentHash)) {
            return "environmentHash";
        }
        if (!_isAllowed(orders.specification.dataHash, spec.paramsHash)) return "paramsHash";
        if (spec.deadline < block.timestamp + orders.bid.duration) return "deadline";
        return 0;
    }

    /// @dev The first field by which the orders are none of inference, paid in coin by the client; zero if
    /// they are.
    function _firstMismatch(JobOrders calldata orders) private pure returns (bytes32) {
        if (orders.bid.kind != OrderKind.Inference) return "kind";
        if (orders.bid.token != address(0)) return "token";
        if (orders.bid.payer != address(0) && orders.bid.payer != orders.bid.maker) return "payer";
        if (OrderMessages.hash(orders.specification) != orders.bid.specHash) return "specification";
        return 0;
    }

    function _isAllowed(bytes32 agreed, bytes32 asked) private pure returns (bool) {
        return agreed == 0 || agreed == asked;
    }

    /// @dev That the caller, a worker, may name this place: in a batch of its own, early enough that others
    /// have half of the first window for their questions.
    function _requireNameable(JobId job, BatchId batch, uint256 index) private view {
        Batch memory posted = ROLLUP.batchOf(batch);
        if (posted.poster != msg.sender) revert JobEscrowForeignBatch(job, posted.poster, msg.sender);
        if (index >= posted.leaves) revert JobEscrowNoSuchPlace(job, batch, index, posted.leaves);
        uint64 latest = posted.requestUntil - (ROLLUP.challengeSeconds() + 1) / 2;
        if (block.timestamp > latest) {
            revert JobEscrowRevealTooLate(job, batch, latest, uint64(block.timestamp));
        }
    }

    /// @dev A revealed result is not paid for any more: it, or its place, fell, or it is undisputed and its
    /// time is over.
    function _requireUnpayable(JobId job, Job storage kept) private view {
        ResultStanding memory standing = ROLLUP.resultOf(kept.worker, job, kept.resultRoot);
        if (standing.hasFallen || ROLLUP.hasFallen(BatchId.wrap(kept.word), kept.index)) return;
        if (standing.openDisputes != 0) revert JobEscrowDisputed(job, standing.openDisputes);
        uint64 due = kept.deadline + GRACE_SECONDS;
        if (block.timestamp <= due) revert JobEscrowNotDue(job, due);
    }

    /// @dev The job, if the caller is its worker, it waits for what is being done, and its time is not over.
    function _owedBy(address caller, JobId job, JobState expected) private view returns (Job storage kept) {
        kept = _jobs[job];
        if (kept.state != expected) revert JobEscrowWrongState(job, kept.state);
        if (kept.worker != caller) revert JobEscrowNotWorker(job, caller);
        if (block.timestamp > kept.deadline) revert JobEscrowExpired(job, kept.deadline);
    }
}
