// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";

/// @title Gives beacons on chains that make no system call for us: hashes of past blocks.
/// @dev Keeps nothing: BLOCKHASH knows 256 blocks, EIP-2935's contract 8,191. A block's beacon is known from
/// the next block on. Safety: who makes blocks there can withhold one to draw again, and chooses among few,
/// as with PREVRANDAO.
contract BlockhashBeacons is IBeaconHistory {
    /// @dev EIP-2935.
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    bytes32 private constant TAG = keccak256("UNC/v1/foreign-beacon");

    /// @inheritdoc IBeaconHistory
    function store() external view {
        revert BeaconHistoryNotSystem(msg.sender);
    }

    /// @inheritdoc IBeaconHistory
    function beaconAt(uint64 height) external view returns (bytes32 beacon) {
        bytes32 hash = height < block.number ? _hashOf(height) : bytes32(0);
        if (hash == 0) revert BeaconHistoryUnknown(height, uint64(block.number));
        return keccak256(abi.encode(TAG, block.chainid, hash));
    }

    /// @dev Zero if it is not kept.
    function _hashOf(uint64 height) private view returns (bytes32 hash) {
        hash = blockhash(height);
        if (hash != 0) return hash;
        (bool isKept, bytes memory answer) = HISTORY.staticcall(abi.encode(height));
        if (isKept && answer.length == 32) hash = abi.decode(answer, (bytes32));
    }
}
