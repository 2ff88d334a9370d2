// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BatchId, JobId} from "../types/Ids.sol";
import {Batch, Challenge, ResultLeaf} from "../types/Jobs.sol";

/// @title Keeps roots of results: open to challenge for a while, then final and provable to any contract.
/// @dev Leaf: keccak256(0x00 ‖ job ‖ resultRoot ‖ steps(32)); node: keccak256(0x01 ‖ left ‖ right);
/// a level of odd length promotes its last node; `index` says left or right at each level.
/// Bonds are in the vault, under the purposes `BatchId` and the challenge's key keccak256(abi.encode(batch,
/// index)).
interface IResultRollup {
    error ResultRollupBadRoot();
    error ResultRollupBondMismatch(uint256 sent, uint256 required);
    error ResultRollupUnknownBatch(BatchId batch);
    error ResultRollupTooLate(BatchId batch, uint64 challengeUntil);
    error ResultRollupNotFinal(BatchId batch);
    error ResultRollupBadPath(BatchId batch, uint256 index);
    error ResultRollupAlreadyChallenged(BatchId batch, uint256 index);
    error ResultRollupWrongState(BatchId batch, uint256 index);
    error ResultRollupNotDrawable(uint64 drawHeight, uint64 head);
    error ResultRollupNotReferee(address caller, address referee);
    error ResultRollupNotDue(uint64 deadline);
    error ResultRollupBondReturned(BatchId batch);

    event RootPosted(
        BatchId indexed batch,
        address indexed poster,
        bytes32 root,
        uint32 leaves,
        string dataPointer,
        uint64 challengeUntil
    );
    event LeafChallenged(
        BatchId indexed batch, uint256 indexed index, JobId indexed job, address challenger, uint64 drawHeight
    );
    event RefereeDrawn(
        BatchId indexed batch, uint256 indexed index, address indexed referee, uint64 deadline
    );
    event LeafUpheld(BatchId indexed batch, uint256 indexed index, JobId indexed job, address referee);
    event LeafOverturned(
        BatchId indexed batch, uint256 indexed index, JobId indexed job, address referee, bytes32 foundRoot
    );
    event ChallengeExpired(BatchId indexed batch, uint256 indexed index);
    event BatchFinal(BatchId indexed batch, uint128 bondReturned);

    /// @notice Posts the root over a batch of results; the value sent is the bond, exactly.
    /// @param dataPointer Where the leaves and results are served, at most 256 bytes.
    /// @return batch keccak256(abi.encode(chainId, this, poster, count of the poster's batches before)).
    function postRoot(bytes32 root, uint32 leaves, string calldata dataPointer)
        external
        payable
        returns (BatchId batch);

    /// @notice Disputes one leaf; the value sent is the bond, exactly. Anyone, until the window closes,
    /// inclusive.
    function challenge(BatchId batch, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        external
        payable;

    /// @notice Draws the referee from a beacon later than the challenge, weighted by power, without poster
    /// and challenger. Anyone. An empty draw (nobody else has power) counts as an attempt and returns zero.
    function drawReferee(BatchId batch, uint256 index) external returns (address referee);

    /// @notice The referee says which result its own re-execution found. Equal: the challenger's bond goes to
    /// the poster and the referee, half each; different: the leaf falls, and as much of the poster's bond
    /// (what is left of it) goes to
    /// challenger and referee, half each. What a batch with a fallen leaf has left at the end burns.
    function answer(BatchId batch, uint256 index, bytes32 foundRoot) external;

    /// @notice Ends what a silent referee or a forgotten draw leaves: another draw, after the last attempt
    /// the bonds go back and the leaf stands, though it may be challenged again while the window is open.
    /// Anyone.
    function poke(BatchId batch, uint256 index) external;

    /// @notice Returns the poster's bond of a final batch to its free balance, or burns what is left if a
    /// leaf fell. Anyone.
    function finalise(BatchId batch) external;

    /// @notice Whether a result is in a batch that is final and has not fallen. For contracts.
    function proveResult(BatchId batch, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        external
        view
        returns (bool);

    function isFinal(BatchId batch) external view returns (bool);
    function hasFallen(BatchId batch, uint256 index) external view returns (bool);
    /// @notice Whether any batch's leaf for this job was overturned.
    function isOverturned(JobId job) external view returns (bool);
    /// @notice Whether any batch's leaf for this job with this result was overturned.
    function isResultOverturned(JobId job, bytes32 resultRoot) external view returns (bool);
    function batchOf(BatchId batch) external view returns (Batch memory);
    function challengeOf(BatchId batch, uint256 index) external view returns (Challenge memory);
    function postBond() external view returns (uint128);
    function challengeBond() external view returns (uint128);
}
