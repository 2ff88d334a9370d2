// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Keeps the beacons of the last 8,192 blocks, for draws and samples that contracts check.
interface IBeaconHistory {
    /// @notice Only the node's system call may store a beacon.
    error BeaconHistoryNotSystem(address caller);

    /// @notice The beacon of this height is not kept: it is in the future or too old.
    /// @param height Height asked for.
    /// @param head Height of the current block, whose beacon is the newest kept.
    error BeaconHistoryUnknown(uint64 height, uint64 head);

    /// @notice Stores PREVRANDAO of the current block; called by the node before its transactions.
    function store() external;

    /// @notice The beacon (PREVRANDAO) of a block.
    /// @param height Height, at most the current one and at least the current one less 8,191.
    function beaconAt(uint64 height) external view returns (bytes32 beacon);
}
