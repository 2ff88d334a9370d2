// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BatchId, JobId} from "../types/Ids.sol";
import {
    Batch,
    Challenge,
    ChallengeState,
    DataRequest,
    RequestState,
    ResultLeaf,
    ResultStanding
} from "../types/Jobs.sol";

/// @title Keeps roots of results: open to challenge for a while, then final and provable to any contract.
/// @dev Leaf: keccak256(0x00 ‖ job ‖ resultRoot ‖ steps(32)); node: keccak256(0x01 ‖ left ‖ right);
/// a level of odd length promotes its last node; `index` says left or right at each level.
/// Bonds and fees are in the vault, under the purposes `BatchId`, the leaf's key keccak256(abi.encode(batch,
/// index)), and keccak256(abi.encode("data", batch, index)). The leaf's key is the committee's subject.
interface IResultRollup {
    /// @notice The rollup cannot be built with this value of the field.
    error ResultRollupBadParameter(bytes32 field);
    /// @notice The root is zero, there are no leaves, or the data pointer is longer than 256 bytes.
    error ResultRollupBadRoot(bytes32 root, uint32 leaves, uint256 pointerBytes);
    /// @notice The value sent is not what is due, in wei.
    error ResultRollupBondMismatch(uint256 sent, uint256 required);
    /// @notice No such batch was posted.
    error ResultRollupUnknownBatch(BatchId batch);
    /// @notice The last second, inclusive, for a challenge or a request is over.
    error ResultRollupTooLate(BatchId batch, uint64 until);
    /// @notice The window is open until the second `challengeUntil`, inclusive, or disputes wait.
    error ResultRollupNotFinal(BatchId batch, uint64 challengeUntil, uint32 openDisputes);
    /// @notice The path does not lead from this leaf at this place to the root.
    error ResultRollupBadPath(BatchId batch, uint256 index);
    /// @notice The leaf is disputed, was judged, or has fallen.
    error ResultRollupAlreadyChallenged(BatchId batch, uint256 index);
    /// @notice The challenge is in a state in which this cannot be done.
    error ResultRollupWrongState(BatchId batch, uint256 index, ChallengeState state);
    /// @notice The committee has not decided.
    error ResultRollupUndecided(BatchId batch, uint256 index);
    /// @notice The batch's bond has gone back, or burned, before.
    error ResultRollupBondReturned(BatchId batch);
    /// @notice The request is in a state in which this cannot be done.
    error ResultRollupWrongRequest(BatchId batch, uint256 index, RequestState state);
    /// @notice The poster may serve the data until this second, inclusive.
    error ResultRollupNotDue(BatchId batch, uint256 index, uint64 deadline);
    /// @notice The manifest is not the one that the leaf names.
    error ResultRollupBadManifest(bytes32 served, bytes32 resultRoot);

    /// @notice A batch was posted; its bond is `postBond()` wei.
    /// @param challengeUntil Last second, inclusive, in which a leaf may be challenged.
    event RootPosted(
        BatchId indexed batch,
        address indexed poster,
        bytes32 root,
        uint32 leaves,
        string dataPointer,
        uint64 challengeUntil
    );
    /// @notice A leaf was disputed; `subject` is the committee's case.
    event LeafChallenged(
        BatchId indexed batch,
        uint256 indexed index,
        JobId indexed job,
        bytes32 subject,
        address challenger,
        bytes32 resultRoot,
        uint64 steps
    );
    /// @notice The committee found what the leaf says.
    event LeafUpheld(BatchId indexed batch, uint256 indexed index, JobId indexed job);
    /// @notice The committee found another result, or that none is served: the leaf has fallen.
    event LeafOverturned(BatchId indexed batch, uint256 indexed index, JobId indexed job, bytes32 found);
    /// @notice No committee could say: the leaf has fallen without fault, bonds went back.
    event LeafVoided(BatchId indexed batch, uint256 indexed index, JobId indexed job);
    /// @notice Somebody wants a leaf's data on chain; the poster has until the second `deadline`, inclusive.
    event DataRequested(
        BatchId indexed batch, uint256 indexed index, address indexed requester, uint64 deadline
    );
    /// @notice A leaf and its manifest are in this transaction's calldata.
    event DataServed(BatchId indexed batch, uint256 indexed index, JobId indexed job, uint64 challengeUntil);
    /// @notice Nobody served a leaf's data: the leaf has fallen.
    event DataWithheld(BatchId indexed batch, uint256 indexed index);
    /// @notice A batch is final; so much of the bond, in wei, went back to its poster.
    event BatchFinal(BatchId indexed batch, uint128 bondReturned);

    /// @notice Posts the root over a batch of results; the value sent is the bond, exactly.
    /// @param dataPointer Where the leaves and results are served, at most 256 bytes.
    /// @return batch keccak256(abi.encode(chainId, this, poster, count of the poster's batches before)).
    function postRoot(bytes32 root, uint32 leaves, string calldata dataPointer)
        external
        payable
        returns (BatchId batch);

    /// @notice Disputes one leaf; the value sent is `challengePrice()`, exactly: the bond, and the
    /// committee's price. Anyone, once a leaf, until the window closes, inclusive.
    function challenge(BatchId batch, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        external
        payable;

    /// @notice Does what the committee has decided. Anyone.
    /// @dev The verdict of a result is keccak256(abi.encode(resultRoot, steps)). The leaf's own: the
    /// challenger's bond goes to the poster. Another, or reason 1 (not served): the leaf falls; the
    /// challenger has its bond back, and of the poster's, half of which burns in any case, what the committee
    /// cost, a refund of gas and, for the batch's first leaf with another finding, half of what it risked.
    /// Reason 0 or no verdict: the leaf falls, everybody has his bond back. Who is no party, appealed and was
    /// right has its cost and gas from the bond that is lost, before others, and that half in the
    /// challenger's stead.
    function resolve(BatchId batch, uint256 index) external;

    /// @notice Asks for a leaf's data on chain; the value sent is `dataFee()`, exactly. Anyone, once a leaf.
    function requestData(BatchId batch, uint256 index) external payable;

    /// @notice Answers with the leaf and the manifest that it names (sha256 = resultRoot); the fee goes to
    /// the poster, and the window is open again, for as long as it was. Anyone.
    function serveData(
        BatchId batch,
        ResultLeaf calldata leaf,
        uint256 index,
        bytes32[] calldata path,
        bytes calldata manifest
    ) external;

    /// @notice Ends a request that nobody answered: the leaf falls, the fee goes back. Anyone.
    function lapse(BatchId batch, uint256 index) external;

    /// @notice Returns the poster's bond of a final batch to its free balance, or burns what is left if a
    /// leaf fell through its fault. Anyone.
    function finalise(BatchId batch) external;

    /// @notice Whether a result is in a batch that is final and has not fallen. For contracts.
    function proveResult(BatchId batch, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        external
        view
        returns (bool);

    /// @notice Whether the window of a batch is over and no dispute waits.
    function isFinal(BatchId batch) external view returns (bool);
    /// @notice Whether a leaf has fallen.
    function hasFallen(BatchId batch, uint256 index) external view returns (bool);
    /// @notice Whether a leaf has fallen through its poster's fault.
    function isAtFault(BatchId batch, uint256 index) external view returns (bool);
    /// @notice Whether this result of a job is disputed, or fell, in any batch of this poster.
    function resultOf(address poster, JobId job, bytes32 resultRoot)
        external
        view
        returns (ResultStanding memory);
    /// @notice A batch as kept; zeros if it was not posted.
    function batchOf(BatchId batch) external view returns (Batch memory);
    /// @notice The challenge of a leaf; zeros if there was none.
    function challengeOf(BatchId batch, uint256 index) external view returns (Challenge memory);
    /// @notice The request for a leaf's data; zeros if there was none.
    function requestOf(BatchId batch, uint256 index) external view returns (DataRequest memory);
    /// @notice The committee's subject for a leaf.
    function subjectOf(BatchId batch, uint256 index) external view returns (bytes32);
    /// @notice Seconds after posting in which a leaf may be challenged, and its data requested.
    function challengeSeconds() external view returns (uint64);
    /// @notice Wei that a poster leaves per batch.
    function postBond() external view returns (uint128);
    /// @notice Wei that a challenger risks per leaf.
    function challengeBond() external view returns (uint128);
    /// @notice Wei that a challenger sends: its bond and the committee's price.
    function challengePrice() external view returns (uint128);
    /// @notice Wei that a request for data costs.
    function dataFee() external view returns (uint128);
}
