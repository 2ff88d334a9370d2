// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChipId} from "contracts/src/types/Ids.sol";

/// @title Stands in for the registry where only presence in an epoch matters: says what it was told.
contract PresenceDouble {
    uint64 private immutable EPOCH_BLOCKS;

    mapping(ChipId chip => mapping(uint64 epoch => bool)) public wasPresent;

    constructor(uint64 epochBlocks) {
        EPOCH_BLOCKS = epochBlocks;
    }

    function set(ChipId chip, uint64 epoch, bool isPresent) external {
        wasPresent[chip][epoch] = isPresent;
    }

    function currentEpoch() external view returns (uint64) {
        return uint64(block.number) / EPOCH_BLOCKS;
    }
}
