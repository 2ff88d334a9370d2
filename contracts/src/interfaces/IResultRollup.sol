// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {BatchId, JobId} from "../types/Ids.sol";
import {Batch, Challenge, ChallengeState, ResultLeaf} from "../types/Jobs.sol";

/// @title Keeps roots of results: open to challenge for a while, then final and provable to any contract.
/// @dev Leaf: keccak256(0x00 ‖ job ‖ resultRoot ‖ steps(32)); node: keccak256(0x01 ‖ left ‖ right);
/// a level of odd length promotes its last node; `index` says left or right at each level.
/// Bonds are in the vault, under the purposes `BatchId` and the challenge's key keccak256(abi.encode(batch,
/// index)).
interface IResultRollup {
    /// @notice The rollup cannot be built with this value of the field.
    error ResultRollupBadParameter(bytes32 field);
    /// @notice The root is zero, there are no leaves, or the data pointer is longer than 256 bytes.
    error ResultRollupBadRoot(bytes32 root, uint32 leaves, uint256 pointerBytes);
    /// @notice The value sent is not the bond, in wei.
    error ResultRollupBondMismatch(uint256 sent, uint256 required);
    /// @notice No such batch was posted.
    error ResultRollupUnknownBatch(BatchId batch);
    /// @notice The last second for a challenge, inclusive, is over.
    error ResultRollupTooLate(BatchId batch, uint64 challengeUntil);
    /// @notice The window is open until the second `challengeUntil`, inclusive, or challenges wait for a
    /// verdict.
    error ResultRollupNotFinal(BatchId batch, uint64 challengeUntil, uint32 openChallenges);
    /// @notice The path does not lead from this leaf at this place to the root.
    error ResultRollupBadPath(BatchId batch, uint256 index);
    /// @notice The leaf is disputed, or a referee has judged it.
    error ResultRollupAlreadyChallenged(BatchId batch, uint256 index);
    /// @notice The challenge is in a state in which this cannot be done.
    error ResultRollupWrongState(BatchId batch, uint256 index, ChallengeState state);
    /// @notice The beacon that draws comes with the block `drawHeight`.
    error ResultRollupNotDrawable(uint64 drawHeight, uint64 head);
    /// @notice Another account was drawn.
    error ResultRollupNotReferee(address caller, address referee);
    /// @notice The referee's last second, inclusive, is over: `poke` draws another.
    error ResultRollupAnswerTooLate(BatchId batch, uint256 index, uint64 deadline);
    /// @notice The referee has time until the second `deadline`, inclusive; zero: `drawReferee` is what is
    /// due.
    error ResultRollupNotDue(uint64 deadline);
    /// @notice The batch's bond has gone back, or burned, before.
    error ResultRollupBondReturned(BatchId batch);

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
    /// @notice A leaf was disputed; the block `drawHeight` brings the beacon that draws its referee.
    event LeafChallenged(
        BatchId indexed batch, uint256 indexed index, JobId indexed job, address challenger, uint64 drawHeight
    );
    /// @notice A referee was drawn and may answer until the second `deadline`, inclusive.
    event RefereeDrawn(
        BatchId indexed batch, uint256 indexed index, address indexed referee, uint64 deadline
    );
    /// @notice The referee found what the leaf says.
    event LeafUpheld(BatchId indexed batch, uint256 indexed index, JobId indexed job, address referee);
    /// @notice The referee found another result: the leaf has fallen.
    event LeafOverturned(
        BatchId indexed batch, uint256 indexed index, JobId indexed job, address referee, bytes32 foundRoot
    );
    /// @notice No referee answered in the last attempt; the challenger has its bond back.
    event ChallengeExpired(BatchId indexed batch, uint256 indexed index);
    /// @notice A batch is final; so much of the bond, in wei, went back to its poster.
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
    /// and challenger. Anyone. An empty draw (nobody else was hit) counts as an attempt and returns zero.
    /// @dev Chips that came after the challenge are not drawn; how: `libraries/RefereeDraw.sol`. Reverts:
    /// `ResultRollupWrongState`, `ResultRollupNotDrawable`.
    function drawReferee(BatchId batch, uint256 index) external returns (address referee);

    /// @notice The referee says which result its own re-execution found. Equal: the challenger's bond goes to
    /// the poster and the referee, half each; different: the leaf falls, and as much of the poster's bond
    /// (what is left of it) goes to challenger and referee, half each. What a batch with a fallen leaf has
    /// left at the end burns.
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

    /// @notice Whether the window of a batch is over and no challenge waits for a verdict.
    function isFinal(BatchId batch) external view returns (bool);
    /// @notice Whether a leaf was overturned.
    function hasFallen(BatchId batch, uint256 index) external view returns (bool);
    /// @notice Whether any batch's leaf for this job was overturned.
    function isOverturned(JobId job) external view returns (bool);
    /// @notice Whether a leaf for this job with this result was overturned in any batch of this poster.
    function isResultOverturned(address poster, JobId job, bytes32 resultRoot) external view returns (bool);
    /// @notice A batch as kept; zeros if it was not posted.
    function batchOf(BatchId batch) external view returns (Batch memory);
    /// @notice The latest challenge of a leaf; zeros if there was none.
    function challengeOf(BatchId batch, uint256 index) external view returns (Challenge memory);
    /// @notice Wei that a poster leaves per batch.
    function postBond() external view returns (uint128);
    /// @notice Wei that a challenger leaves per leaf.
    function challengeBond() external view returns (uint128);
}
