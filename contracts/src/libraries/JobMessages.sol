// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {JobId, OrderHash} from "../types/Ids.sol";
import {JobSpec, ResultLeaf} from "../types/Jobs.sol";
import {Tags} from "./Tags.sol";

/// @title Hashes what clients sign and workers commit to (`docs/protocol.md`, sections 2 and 4).
library JobMessages {
    bytes32 internal constant JOB_TYPEHASH = keccak256(
        "JobSpec(address client,address worker,bytes32 rental,bytes32 programHash,bytes32 inputHash,"
        "bytes32 environmentHash,bytes32 kernelProfile,uint64 seed,bytes32 paramsHash,uint8 tolerance,"
        "uint128 price,uint64 deadline,uint256 nonce)"
    );

    bytes32 internal constant REQUESTS_TYPEHASH = keccak256("JobRequests(bytes32 bid,bytes32[] jobs)");

    /// @dev EIP-712 struct hash of what a bid's maker signs that lets others open jobs under it.
    function requestsHash(OrderHash bid, JobId[] memory jobs) internal pure returns (bytes32) {
        return keccak256(abi.encode(REQUESTS_TYPEHASH, bid, keccak256(abi.encodePacked(jobs))));
    }

    /// @dev EIP-712 struct hash, domain "UtilityNet JobEscrow", "1".
    function hash(JobSpec calldata spec) internal pure returns (bytes32) {
        return keccak256(abi.encode(JOB_TYPEHASH, spec));
    }

    /// @dev What a worker commits to and later opens.
    function commitment(bytes32 resultRoot, bytes32 salt, address worker, JobId job)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(Tags.RESULT_COMMIT, resultRoot, salt, worker, job));
    }

    /// @dev What a member of a committee says that found a result.
    function verdict(bytes32 resultRoot, uint64 steps) internal pure returns (bytes32) {
        return keccak256(abi.encode(resultRoot, steps));
    }

    /// @dev A leaf of a batch of results.
    function leafHash(ResultLeaf calldata leaf) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), leaf.job, leaf.resultRoot, uint256(leaf.steps)));
    }
}
