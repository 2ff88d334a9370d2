// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";
import {SystemCaller} from "../libraries/SystemCaller.sol";

/// @title Keeps the beacons of the last 8,192 blocks, for draws and samples that contracts check.
contract BeaconHistory is IBeaconHistory {
    /// @dev Blocks whose beacons are kept.
    uint256 private constant KEPT = 8192;

    /// @dev Beacon of height h at h % KEPT; written by `store`, once a block.
    mapping(uint256 place => bytes32 beacon) private _beacons;

    /// @dev The beacon of the block of deployment, which is genesis for the system contract.
    constructor() {
        _beacons[block.number % KEPT] = bytes32(block.prevrandao);
    }

    /// @inheritdoc IBeaconHistory
    function store() external {
        if (msg.sender != SystemCaller.SYSTEM) revert BeaconHistoryNotSystem(msg.sender);

        _beacons[block.number % KEPT] = bytes32(block.prevrandao);
    }

    /// @inheritdoc IBeaconHistory
    function beaconAt(uint64 height) external view returns (bytes32 beacon) {
        if (height > block.number || block.number - height >= KEPT) {
            revert BeaconHistoryUnknown(height, uint64(block.number));
        }
        beacon = _beacons[height % KEPT];
        // Never stored: before the deployment, or genesis without a beacon.
        if (beacon == 0) revert BeaconHistoryUnknown(height, uint64(block.number));
    }
}
