// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Lets chips go: to renters for a while, to their operators for good, and out when they are not
/// genuine.
abstract contract ChipExit is ChipBooks {
    using SafeCast for uint256;

    /// @inheritdoc IPociRegistry
    function requestExit(ChipId id) external {
        ChipLedger.ChipRecord storage chip = _operatorsOwn(id);
        ChipState state = chip.state;
        if (state == ChipState.Exiting || state == ChipState.Exited || state == ChipState.Slashed) {
            revert PociRegistryWrongState(id, state);
        }
        if (chip.rentals != 0) revert PociRegistryChipRented(id);

        _takeOffLine(id, chip);
        chip.state = ChipState.Exiting;
        chip.exitAt = (block.timestamp + EXIT_SECONDS).toUint40();

        emit ChipExiting(id, chip.exitAt);
    }

    /// @inheritdoc IPociRegistry
    function finishExit(ChipId id) external {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (chip.state != ChipState.Exiting) revert PociRegistryWrongState(id, chip.state);
        // No proof may still read the chip when it is registered again.
        bool isRead = currentEpoch() < chip.untilEpoch + LOOKBACK;
        if (isRead || block.timestamp < chip.exitAt) revert PociRegistryExitPending(id, chip.exitAt);

        uint96 bond = chip.bond;
        chip.bond = 0;
        chip.state = ChipState.Exited;

        emit ChipExited(id, chip.operator, bond);

        if (bond != 0) VAULT.release(_bondOf(chip.operator), chip.operator, bond);
    }

    /// @inheritdoc IPociRegistry
    function quarantine(ChipId[] calldata chips) external {
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            bool isDue = chip.state != ChipState.Quarantined && stateOf(chips[i]) == ChipState.Quarantined;
            if (!isDue) revert PociRegistryWrongState(chips[i], chip.state);

            _takeOffLine(chips[i], chip);
            chip.state = ChipState.Quarantined;

            emit ChipQuarantined(chips[i]);
        }
    }

    /// @inheritdoc IPociRegistry
    function reserve(address operator, ChipId[] calldata chips) external {
        _requireEscrow();
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            if (chip.operator != operator) revert PociRegistryNotOperator(chips[i], operator);
            ChipState state = stateOf(chips[i]);
            if (state != ChipState.Active) revert PociRegistryWrongState(chips[i], state);
            if (chip.rentals != 0) revert PociRegistryChipRented(chips[i]);

            chip.rentals = 1;
        }
    }

    /// @inheritdoc IPociRegistry
    function free(ChipId[] calldata chips) external {
        _requireEscrow();
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            if (chip.rentals == 0) revert PociRegistryWrongState(chips[i], chip.state);

            chip.rentals = 0;
        }
    }

    function _requireEscrow() private view {
        if (msg.sender != ESCROW) revert PociRegistryNotEscrow(msg.sender);
    }
}
