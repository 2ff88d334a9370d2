// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IResultRollup} from "../interfaces/IResultRollup.sol";
import {BatchId} from "../types/Ids.sol";
import {Batch, DataRequest, RequestState, ResultLeaf, RollupParameters} from "../types/Jobs.sol";
import {ResultBatches} from "./ResultBatches.sol";

/// @title Makes posters show what they posted: a leaf whose data is not served falls, alone.
/// @dev Requests end with the first window, so they lengthen a batch's life by at most the time to serve and
/// one more window.
abstract contract ResultData is ResultBatches {
    uint64 private immutable SERVE_SECONDS;

    /// @inheritdoc IResultRollup
    uint128 public immutable dataFee; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev By the request's key.
    mapping(bytes32 key => DataRequest) private _requests;

    constructor(RollupParameters memory parameters) {
        if (parameters.dataFee == 0) revert ResultRollupBadParameter("dataFee");
        SERVE_SECONDS = parameters.serveSeconds;
        dataFee = parameters.dataFee;
    }

    /// @inheritdoc IResultRollup
    function requestData(BatchId batch, uint256 index) external payable {
        _requireValue(dataFee);
        Batch storage posted = _known(batch);
        if (block.timestamp > posted.requestUntil) revert ResultRollupTooLate(batch, posted.requestUntil);
        if (index >= posted.leaves) revert ResultRollupBadPath(batch, index);
        DataRequest storage request = _inRequest(batch, index, RequestState.None);

        request.state = RequestState.Open;
        request.requester = msg.sender;
        request.deadline = uint64(block.timestamp) + SERVE_SECONDS;
        posted.openDisputes += 1;

        emit DataRequested(batch, index, msg.sender, request.deadline);

        VAULT.lockSent{value: msg.value}(msg.sender, _requestKey(batch, index));
    }

    /// @inheritdoc IResultRollup
    function serveData(
        BatchId batch,
        ResultLeaf calldata leaf,
        uint256 index,
        bytes32[] calldata path,
        bytes calldata manifest
    ) external {
        DataRequest storage request = _inRequest(batch, index, RequestState.Open);
        if (block.timestamp > request.deadline) revert ResultRollupTooLate(batch, request.deadline);
        _requireLeaf(batch, leaf, index, path);
        bytes32 served = sha256(manifest);
        if (served != leaf.resultRoot) revert ResultRollupBadManifest(served, leaf.resultRoot);

        Batch storage posted = _batches[batch];
        request.state = RequestState.Served;
        posted.openDisputes -= 1;
        uint64 again = uint64(block.timestamp) + challengeSeconds;
        if (again > posted.challengeUntil) posted.challengeUntil = again;

        emit DataServed(batch, index, leaf.job, posted.challengeUntil);

        VAULT.release(_requestKey(batch, index), posted.poster, dataFee);
    }

    /// @inheritdoc IResultRollup
    function lapse(BatchId batch, uint256 index) external {
        DataRequest storage request = _inRequest(batch, index, RequestState.Open);
        if (block.timestamp <= request.deadline) {
            revert ResultRollupNotDue(batch, index, request.deadline);
        }

        request.state = RequestState.Lapsed;
        _batches[batch].openDisputes -= 1;
        _fell(batch, index, true);

        emit DataWithheld(batch, index);

        VAULT.release(_requestKey(batch, index), request.requester, dataFee);
    }

    /// @inheritdoc IResultRollup
    function requestOf(BatchId batch, uint256 index) external view returns (DataRequest memory) {
        return _requests[_requestKey(batch, index)];
    }

    function _inRequest(BatchId batch, uint256 index, RequestState expected)
        private
        view
        returns (DataRequest storage request)
    {
        request = _requests[_requestKey(batch, index)];
        if (request.state != expected) revert ResultRollupWrongRequest(batch, index, request.state);
    }

    function _requestKey(BatchId batch, uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode("data", batch, index));
    }
}
