// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ICommittee} from "../interfaces/ICommittee.sol";
import {IResultRollup} from "../interfaces/IResultRollup.sol";
import {IVault} from "../interfaces/IVault.sol";
import {JobMessages} from "../libraries/JobMessages.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {BatchId, JobId} from "../types/Ids.sol";
import {Batch, ResultLeaf, ResultStanding, RollupParameters} from "../types/Jobs.sol";

/// @title Posts batches of results and makes them final.
abstract contract ResultBatches is IResultRollup {
    /// @dev Whether and why a leaf fell.
    enum Fall {
        None,
        Faultless,
        AtFault
    }

    /// @dev Most bytes of a data pointer.
    uint256 private constant MOST_POINTER_BYTES = 256;

    IVault internal immutable VAULT;
    ICommittee internal immutable COMMITTEE;

    /// @inheritdoc IResultRollup
    uint64 public immutable challengeSeconds; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @inheritdoc IResultRollup
    uint128 public immutable postBond; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev Batches posted so far, the nonce of the next; written by `postRoot`.
    mapping(address poster => uint256) private _posted;
    mapping(BatchId batch => Batch) internal _batches;
    /// @dev By the leaf's key.
    mapping(bytes32 key => Fall) private _falls;
    /// @dev By `_resultKey`.
    mapping(bytes32 key => ResultStanding) internal _results;

    constructor(RollupParameters memory parameters) {
        VAULT = IVault(parameters.vault);
        COMMITTEE = ICommittee(parameters.committee);
        challengeSeconds = parameters.challengeSeconds;
        postBond = parameters.postBond;
    }

    /// @inheritdoc IResultRollup
    function postRoot(bytes32 root, uint32 leaves, string calldata dataPointer)
        external
        payable
        returns (BatchId batch)
    {
        _requireValue(postBond);
        uint256 pointerBytes = bytes(dataPointer).length;
        if (root == 0 || leaves == 0 || pointerBytes > MOST_POINTER_BYTES) {
            revert ResultRollupBadRoot(root, leaves, pointerBytes);
        }
        uint256 nonce = _posted[msg.sender]++;
        batch = BatchId.wrap(keccak256(abi.encode(block.chainid, this, msg.sender, nonce)));

        Batch storage posted = _batches[batch];
        posted.poster = msg.sender;
        posted.leaves = leaves;
        posted.root = root;
        posted.bond = postBond;
        posted.challengeUntil = uint64(block.timestamp) + challengeSeconds;
        posted.requestUntil = posted.challengeUntil;

        emit RootPosted(batch, msg.sender, root, leaves, dataPointer, posted.challengeUntil);

        VAULT.lockSent{value: msg.value}(msg.sender, BatchId.unwrap(batch));
    }

    /// @inheritdoc IResultRollup
    function finalise(BatchId batch) external {
        Batch storage posted = _known(batch);
        if (!isFinal(batch)) {
            revert ResultRollupNotFinal(batch, posted.challengeUntil, posted.openDisputes);
        }
        if (posted.isBondReturned) revert ResultRollupBondReturned(batch);

        posted.isBondReturned = true;
        uint128 bond = posted.bond;
        posted.bond = 0;

        emit BatchFinal(batch, posted.isAtFault ? 0 : bond);

        if (bond == 0) return;
        if (posted.isAtFault) VAULT.burn(BatchId.unwrap(batch), bond);
        else VAULT.release(BatchId.unwrap(batch), posted.poster, bond);
    }

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
        return posted.root != 0 && block.timestamp > posted.challengeUntil && posted.openDisputes == 0;
    }

    /// @inheritdoc IResultRollup
    function hasFallen(BatchId batch, uint256 index) public view returns (bool) {
        return _falls[subjectOf(batch, index)] != Fall.None;
    }

    /// @inheritdoc IResultRollup
    function isAtFault(BatchId batch, uint256 index) external view returns (bool) {
        return _falls[subjectOf(batch, index)] == Fall.AtFault;
    }

    /// @inheritdoc IResultRollup
    function resultOf(address poster, JobId job, bytes32 resultRoot)
        external
        view
        returns (ResultStanding memory)
    {
        return _results[_resultKey(poster, job, resultRoot)];
    }

    /// @inheritdoc IResultRollup
    function batchOf(BatchId batch) external view returns (Batch memory) {
        return _batches[batch];
    }

    /// @inheritdoc IResultRollup
    function subjectOf(BatchId batch, uint256 index) public pure returns (bytes32) {
        return keccak256(abi.encode(batch, index));
    }

    /// @dev A leaf falls, alone.
    function _fell(BatchId batch, uint256 index, bool isFault) internal {
        bytes32 key = subjectOf(batch, index);
        if (isFault) _batches[batch].isAtFault = true;
        if (isFault) _falls[key] = Fall.AtFault;
        else if (_falls[key] == Fall.None) _falls[key] = Fall.Faultless;
    }

    function _known(BatchId batch) internal view returns (Batch storage posted) {
        posted = _batches[batch];
        if (posted.root == 0) revert ResultRollupUnknownBatch(batch);
    }

    function _requireLeaf(BatchId batch, ResultLeaf calldata leaf, uint256 index, bytes32[] calldata path)
        internal
        view
    {
        if (!_holds(_batches[batch], leaf, index, path)) revert ResultRollupBadPath(batch, index);
    }

    function _requireValue(uint256 required) internal view {
        if (msg.value != required) revert ResultRollupBondMismatch(msg.value, required);
    }

    function _resultKey(address poster, JobId job, bytes32 resultRoot) internal pure returns (bytes32) {
        return keccak256(abi.encode(poster, job, resultRoot));
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
}
