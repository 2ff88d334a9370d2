// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {OperatorBook} from "../libraries/OperatorBook.sol";
import {PociVerify} from "../precompiles/PociVerify.sol";
import {ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Lets chips go: to renters for a while, to their operators for good, and out when they are not
/// genuine.
abstract contract ChipExit is ChipBooks, IPociRegistry {
    using ChipLedger for ChipLedger.Ledger;
    using OperatorBook for OperatorBook.Operator;
    using SafeCast for uint256;

    /// @dev Consecutive misses with which a suspended chip may still stay.
    uint8 private constant MISSES_TO_STAY = 144;
    /// @dev One part in so many of an expelled chip's bond is burned.
    uint256 private constant EXPULSION_PART = 10;

    /// @inheritdoc IPociRegistry
    function requestExit(ChipId id, bytes calldata blsKey) external {
        ChipLedger.ChipRecord storage chip = _operatorsOwn(id);
        ChipState state = chip.state;
        if (state == ChipState.Exiting || state == ChipState.Exited || state == ChipState.Slashed) {
            revert PociRegistryWrongState(id, state);
        }
        if (chip.rentals != 0) revert PociRegistryChipRented(id);

        _requireLength("blsKey", blsKey.length, PociVerify.KEY_BYTES);

        _takeOffLine(chip, _keyAt(id, blsKey, 0));
        _startExit(id, chip);
    }

    /// @inheritdoc IPociRegistry
    function expel(ChipId id) external {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (chip.state != ChipState.Suspended) revert PociRegistryWrongState(id, chip.state);
        if (chip.rentals != 0) revert PociRegistryChipRented(id);
        uint8 misses = _ledger.missesOf(id, _epochNow(), LOOKBACK);
        if (misses <= MISSES_TO_STAY) revert PociRegistryTooFewMisses(id, misses, MISSES_TO_STAY + 1);

        uint256 burned = Math.ceilDiv(_bondHeld(id, chip), EXPULSION_PART);
        ChipLedger.ChipPast storage past = _ledger.pasts[id];
        past.burned = (past.burned + burned).toUint96();
        _startExit(id, chip);

        emit ChipExpelled(id, misses, burned);

        if (burned != 0) VAULT.burn(_bondOf(_ledger.accountOf(chip)), burned);
    }

    /// @inheritdoc IPociRegistry
    function finishExit(ChipId id) external {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (chip.state != ChipState.Exiting) revert PociRegistryWrongState(id, chip.state);
        uint40 exitAt = _ledger.pasts[id].exitAt;
        // No proof may still read the chip when it is registered again, or another one is on its place.
        bool isRead = _epochNow() <= chip.untilEpoch + LOOKBACK;
        if (isRead || block.timestamp < exitAt) revert PociRegistryExitPending(id, exitAt);

        uint128 bond = _bondHeld(id, chip);
        address account = _ledger.accountOf(chip);
        chip.state = ChipState.Exited;
        _ledger.operators[account].unlist(chip.index);

        emit ChipExited(id, account, bond);

        if (bond != 0) VAULT.release(_bondOf(account), account, bond);
    }

    /// @inheritdoc IPociRegistry
    function quarantine(ChipId[] calldata chips, bytes calldata blsKeys) external {
        _requireLength("blsKeys", blsKeys.length, chips.length * PociVerify.KEY_BYTES);
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            bool isDue = chip.state != ChipState.Quarantined && _stateOf(chips[i]) == ChipState.Quarantined;
            if (!isDue) revert PociRegistryWrongState(chips[i], chip.state);

            _takeOffLine(chip, _keyAt(chips[i], blsKeys, i));
            chip.state = ChipState.Quarantined;

            emit ChipQuarantined(chips[i]);
        }
    }

    /// @inheritdoc IPociRegistry
    function reserve(address operator, ChipId[] calldata chips) external {
        _requireEscrow();
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            if (_ledger.accountOf(chip) != operator) revert PociRegistryNotOperator(chips[i], operator);
            ChipState state = _stateOf(chips[i]);
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

    function _startExit(ChipId id, ChipLedger.ChipRecord storage chip) private {
        chip.state = ChipState.Exiting;
        uint40 exitAt = (block.timestamp + EXIT_SECONDS).toUint40();
        _ledger.pasts[id].exitAt = exitAt;

        emit ChipExiting(id, exitAt);
    }

    function _requireEscrow() private view {
        if (msg.sender != ESCROW) revert PociRegistryNotEscrow(msg.sender);
    }
}
