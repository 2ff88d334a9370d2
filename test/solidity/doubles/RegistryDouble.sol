// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "contracts/src/interfaces/IPociRegistry.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

/// @title Stands in for the chip registry where only reserving and freeing chips matters.
/// @dev Refuses what the registry refuses: a foreign chip, a rented chip, a caller that is not the escrow.
contract RegistryDouble {
    address private immutable ESCROW;

    mapping(ChipId chip => address) private _operators;
    mapping(ChipId chip => bool) public isRented;

    constructor(address escrow) {
        ESCROW = escrow;
    }

    function give(ChipId chip, address operator) external {
        _operators[chip] = operator;
    }

    function reserve(address operator, ChipId[] calldata chips) external {
        if (msg.sender != ESCROW) revert IPociRegistry.PociRegistryNotEscrow(msg.sender);
        for (uint256 i = 0; i < chips.length; ++i) {
            if (_operators[chips[i]] != operator) {
                revert IPociRegistry.PociRegistryNotOperator(chips[i], operator);
            }
            if (isRented[chips[i]]) revert IPociRegistry.PociRegistryChipRented(chips[i]);
            isRented[chips[i]] = true;
        }
    }

    function free(ChipId[] calldata chips) external {
        if (msg.sender != ESCROW) revert IPociRegistry.PociRegistryNotEscrow(msg.sender);
        for (uint256 i = 0; i < chips.length; ++i) {
            require(isRented[chips[i]], "freed a chip that was not reserved");
            isRented[chips[i]] = false;
        }
    }
}
