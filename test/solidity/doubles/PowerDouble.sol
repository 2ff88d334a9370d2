// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChipId} from "contracts/src/types/Ids.sol";

/// @title Stands in for the registry where only the segment line matters: one unit of power for each name in
/// a list.
contract PowerDouble {
    address[] private _operators;

    function add(address operator) external {
        _operators.push(operator);
    }

    function totalPower() external view returns (uint128) {
        return uint128(_operators.length);
    }

    function segmentAt(uint128 kappa) external view returns (ChipId, address, uint64) {
        return (ChipId.wrap(0), _operators[kappa], 1);
    }
}
