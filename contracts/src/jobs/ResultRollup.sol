// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IResultRollup} from "../interfaces/IResultRollup.sol";
import {IVault} from "../interfaces/IVault.sol";
import {JobMessages} from "../libraries/JobMessages.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {RefereeDraw} from "../libraries/RefereeDraw.sol";
import {BatchId, JobId} from "../types/Ids.sol";
import {Batch, Challenge, ChallengeState, ResultLeaf, RollupParameters} from "../types/Jobs.sol";

/// @title Keeps roots of results: open to challenge for a while, then final and provable to any contract.
/// @dev Safety: a drawn referee is honest; BeaconHistory, PociRegistry and Vault are trusted. Liveness: a
/// referee that is silent is replaced, at most `maxAttempts` times; then the leaf stands.
contract ResultRollup is IResultRollup {
    /// @dev Most bytes of a data pointer.
    uint256 private constant MOST_POINTER_BYTES = 256;

    /// @dev Blocks for which BeaconHistory keeps a beacon.
    uint64 private constant BEACONS_KEPT = 8192;

    IVault private immutable VAULT;
    IPociRegistry private immutable REGISTRY;
    IBeaconHistory private immutable BEACONS;
    uint64 private immutable CHALLENGE_SECONDS;
    uint64 private immutable ANSWER_SECONDS;
    uint64 private immutable DRAW_DELAY;
    uint8 private immutable MAX_ATTEMPTS;

    /// @inheritdoc IResultRollup
    uint128 public immutable postBond; // forge-lint: disable-line(screaming-snake-case-immutable)
    /// @inheritdoc IResultRollup
    uint128 public immutable challengeBond; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev Batches posted so far, the nonce of the next; written by `postRoot`.
    mapping(address poster => uint256) private _posted;
    /// @dev Written by every function but the views.
    mapping(BatchId batch => Batch) private _batches;
    /// @dev Leaves that fell; written by `answer`.
    mapping(BatchId batch => uint256) private _fallen;
    /// @dev By the challenge's key; written by every function but `postRoot`, `finalise` and the views.
    mapping(bytes32 key => Challenge) private _challenges;
    /// @dev By the challenge's key; written by `challenge`.
    mapping(bytes32 key => JobId) private _challengedJob;
    /// @dev Written by `answer`.
    mapping(JobId job => bool) private _isOverturned;
    /// @dev Written by `answer`.
    mapping(address poster => mapping(JobId job => mapping(bytes32 resultRoot => bool))) private
        _isResultOverturned;

    constructor(RollupParameters memory parameters) {
        if (parameters.maxAttempts == 0) revert ResultRollupBadParameter("maxAttempts");
        if (parameters.drawDelayBlocks == 0) revert ResultRollupBadParameter("drawDelayBlocks");
        VAULT = IVault(parameters.vault);
        REGISTRY = IPociRegistry(parameters.registry);
        BEACONS = IBeaconHistory(parameters.beacons);
        CHALLENGE_SECONDS = parameters.challengeSeconds;
        ANSWER_SECONDS = parameters.answerSeconds;
        DRAW_DELAY = parameters.drawDelayBlocks;
        MAX_ATTEMPTS = parameters.maxAttempts;
        postBond = parameters.postBond;
        challengeBond = parameters.challengeBond;
    }

    // ---------------------------------------------------------------- posting

    /// @inheritdoc IResultRollup
    function postRoot(bytes32 root, uint32 leaves, string calldata dataPointer)
        external
        payable
        returns (BatchId batch)
    {
        _requireBond(postBond);
        uint256 pointerBytes = bytes(dataPointer).length;
        if (root == 0 || leaves == 0 || pointerBytes > MOST_POINTER_BYTES) {
            revert ResultRollupBadRoot(root, leaves, pointerBytes);
        }
        uint256 nonce = _posted[msg.sender]++;
        batch = BatchId.wrap(keccak256(abi.encode(block.chainid, this, msg.sender, nonce)));

        Batch storage posted = _batches[batch];
        posted.poster = msg.sender;
        posted.leaves = leaves;
        posted.challengeUntil = uint64(block.timestamp) + CHALLENGE_SECONDS;
        posted.root = root;
        posted.bond = postBond;

        emit RootPosted(batch, msg.sender, root, leaves, dataPointer, posted.challengeUntil);

        VAULT.lockSent{value: msg.value}(msg.sender, BatchId.unwrap(batch));
    }

    // ------------------------------------------------------------ challenging

    /// @inheritdoc IResultRollup
    function challenge(BatchId batch, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        external
        payable
    {
        _requireBond(challengeBond);
        Batch storage posted = _known(batch);
        if (block.timestamp > posted.challengeUntil) {
            revert ResultRollupTooLate(batch, posted.challengeUntil);
        }
        if (!_holds(posted, leaf, index, path)) revert ResultRollupBadPath(batch, index);
        bytes32 key = _keyOf(batch, index);
        Challenge storage dispute = _challenges[key];
        if (dispute.state != ChallengeState.None && dispute.state != ChallengeState.Expired) {
            revert ResultRollupAlreadyChallenged(batch, index);
        }

        posted.openChallenges += 1;
        _challengedJob[key] = leaf.job;
        delete _challenges[key];
        dispute.challenger = msg.sender;
        dispute.bond = challengeBond;
        dispute.claimedRoot = leaf.resultRoot;
        _await(dispute);

        emit LeafChallenged(batch, index, leaf.job, msg.sender, dispute.drawHeight);

        VAULT.lockSent{value: msg.value}(msg.sender, key);
    }

    /// @inheritdoc IResultRollup
    function drawReferee(BatchId batch, uint256 index) external returns (address referee) {
        Challenge storage dispute = _inState(batch, index, ChallengeState.Waiting);
        if (block.number < dispute.drawHeight) {
            revert ResultRollupNotDrawable(dispute.drawHeight, uint64(block.number));
        }

        referee = _draw(batch, index, dispute);
        dispute.attempts += 1;
        if (referee == address(0)) {
            _retry(batch, index, dispute);
            return referee;
        }
        dispute.state = ChallengeState.Drawn;
        dispute.referee = referee;
        dispute.deadline = uint64(block.timestamp) + ANSWER_SECONDS;

        emit RefereeDrawn(batch, index, referee, dispute.deadline);
    }

    /// @inheritdoc IResultRollup
    function answer(BatchId batch, uint256 index, bytes32 foundRoot) external {
        Challenge storage dispute = _inState(batch, index, ChallengeState.Drawn);
        if (msg.sender != dispute.referee) revert ResultRollupNotReferee(msg.sender, dispute.referee);
        if (block.timestamp > dispute.deadline) {
            revert ResultRollupAnswerTooLate(batch, index, dispute.deadline);
        }

        dispute.foundRoot = foundRoot;
        _batches[batch].openChallenges -= 1;
        if (foundRoot == dispute.claimedRoot) _uphold(batch, index, dispute);
        else _overturn(batch, index, dispute);
    }

    /// @inheritdoc IResultRollup
    function poke(BatchId batch, uint256 index) external {
        Challenge storage dispute = _challenges[_keyOf(batch, index)];
        if (dispute.state == ChallengeState.Drawn) {
            if (block.timestamp <= dispute.deadline) revert ResultRollupNotDue(dispute.deadline);
            _retry(batch, index, dispute);
        } else if (dispute.state == ChallengeState.Waiting) {
            // Nobody drew while the beacon was kept.
            bool isForgotten = block.number >= uint256(dispute.drawHeight) + BEACONS_KEPT;
            if (!isForgotten) revert ResultRollupNotDue(dispute.deadline);
            _await(dispute);
        } else {
            revert ResultRollupWrongState(batch, index, dispute.state);
        }
    }

    /// @inheritdoc IResultRollup
    function finalise(BatchId batch) external {
        Batch storage posted = _known(batch);
        if (!isFinal(batch)) {
            revert ResultRollupNotFinal(batch, posted.challengeUntil, posted.openChallenges);
        }
        if (posted.isBondReturned) revert ResultRollupBondReturned(batch);

        posted.isBondReturned = true;
        uint128 bond = posted.bond;
        posted.bond = 0;
        bool isForfeit = _fallen[batch] != 0;

        emit BatchFinal(batch, isForfeit ? 0 : bond);

        if (bond == 0) return;
        if (isForfeit) VAULT.burn(BatchId.unwrap(batch), bond);
        else VAULT.release(BatchId.unwrap(batch), posted.poster, bond);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IResultRollup
    function proveResult(BatchId batch, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        external
        view
        returns (bool)
    {
        return isFinal(batch) && !hasFallen(batch, index) && _holds(_batches[batch], leaf, index, path);
    }

    /// @inheritdoc IResultRollup
    function isFinal(BatchId batch) public view returns (bool) {
        Batch storage posted = _batches[batch];
        return posted.root != 0 && block.timestamp > posted.challengeUntil && posted.openChallenges == 0;
    }

    /// @inheritdoc IResultRollup
    function hasFallen(BatchId batch, uint256 index) public view returns (bool) {
        return _challenges[_keyOf(batch, index)].state == ChallengeState.Overturned;
    }

    /// @inheritdoc IResultRollup
    function isOverturned(JobId job) external view returns (bool) {
        return _isOverturned[job];
    }

    /// @inheritdoc IResultRollup
    function isResultOverturned(address poster, JobId job, bytes32 resultRoot) external view returns (bool) {
        return _isResultOverturned[poster][job][resultRoot];
    }

    /// @inheritdoc IResultRollup
    function batchOf(BatchId batch) external view returns (Batch memory) {
        return _batches[batch];
    }

    /// @inheritdoc IResultRollup
    function challengeOf(BatchId batch, uint256 index) external view returns (Challenge memory) {
        return _challenges[_keyOf(batch, index)];
    }

    // --------------------------------------------------------------- verdicts

    /// @dev The leaf stands: poster and referee share the challenger's bond; the poster has the odd wei.
    function _uphold(BatchId batch, uint256 index, Challenge storage dispute) private {
        dispute.state = ChallengeState.Upheld;
        (uint128 bond, bytes32 key) = (dispute.bond, _keyOf(batch, index));
        dispute.bond = 0;

        emit LeafUpheld(batch, index, _challengedJob[key], dispute.referee);

        VAULT.release(key, dispute.referee, bond / 2);
        VAULT.release(key, _batches[batch].poster, bond - bond / 2);
    }

    /// @dev The leaf falls: challenger and referee share as much of the poster's bond as the challenger
    /// risked, or what is left of it; the challenger has the odd wei, and its own bond back.
    function _overturn(BatchId batch, uint256 index, Challenge storage dispute) private {
        dispute.state = ChallengeState.Overturned;
        (uint128 bond, bytes32 key) = (dispute.bond, _keyOf(batch, index));
        JobId job = _challengedJob[key];
        uint256 slice = Math.min(bond, _batches[batch].bond);
        dispute.bond = 0;
        // forge-lint: disable-next-line(unsafe-typecast)
        _batches[batch].bond -= uint128(slice); // fits: at most the bond
        _fallen[batch] += 1;
        _isOverturned[job] = true;
        _isResultOverturned[_batches[batch].poster][job][dispute.claimedRoot] = true;

        emit LeafOverturned(batch, index, job, dispute.referee, dispute.foundRoot);

        VAULT.release(key, dispute.challenger, bond);
        VAULT.release(BatchId.unwrap(batch), dispute.referee, slice / 2);
        VAULT.release(BatchId.unwrap(batch), dispute.challenger, slice - slice / 2);
    }

    /// @dev Another draw, or the end of a challenge that found no referee.
    function _retry(BatchId batch, uint256 index, Challenge storage dispute) private {
        if (dispute.attempts < MAX_ATTEMPTS) {
            _await(dispute);
            return;
        }
        dispute.state = ChallengeState.Expired;
        (uint128 bond, bytes32 key) = (dispute.bond, _keyOf(batch, index));
        dispute.bond = 0;
        _batches[batch].openChallenges -= 1;

        emit ChallengeExpired(batch, index);

        VAULT.release(key, dispute.challenger, bond);
    }

    function _await(Challenge storage dispute) private {
        dispute.state = ChallengeState.Waiting;
        dispute.referee = address(0);
        dispute.deadline = 0;
        dispute.drawHeight = uint64(block.number) + DRAW_DELAY;
        (dispute.places, dispute.greatestPhi) = REGISTRY.line();
    }

    /// @dev An operator weighed by power who is neither poster nor challenger; zero if none was hit.
    function _draw(BatchId batch, uint256 index, Challenge storage dispute) private view returns (address) {
        return RefereeDraw.draw(
            REGISTRY,
            RefereeDraw.Ballot({
                batch: batch,
                index: index,
                beacon: BEACONS.beaconAt(dispute.drawHeight),
                first: dispute.attempts * RefereeDraw.STEPS,
                places: dispute.places,
                greatestPhi: dispute.greatestPhi,
                poster: _batches[batch].poster,
                challenger: dispute.challenger
            })
        );
    }

    function _inState(BatchId batch, uint256 index, ChallengeState expected)
        private
        view
        returns (Challenge storage dispute)
    {
        dispute = _challenges[_keyOf(batch, index)];
        if (dispute.state != expected) revert ResultRollupWrongState(batch, index, dispute.state);
    }

    function _known(BatchId batch) private view returns (Batch storage posted) {
        posted = _batches[batch];
        if (posted.root == 0) revert ResultRollupUnknownBatch(batch);
    }

    function _requireBond(uint128 required) private view {
        if (msg.value != required) revert ResultRollupBondMismatch(msg.value, required);
    }

    function _holds(Batch storage posted, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        private
        view
        returns (bool)
    {
        (bytes32 root, bool isWhole) =
            MerkleTree.rootOfOrdered(JobMessages.leafHash(leaf), index, posted.leaves, path);
        return isWhole && root == posted.root;
    }

    function _keyOf(BatchId batch, uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode(batch, index));
    }
}
