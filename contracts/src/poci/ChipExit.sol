// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {OperatorBook} from "../libraries/OperatorBook.sol";
import {PlaceList} from "../libraries/PlaceList.sol";
import {PociVerify} from "../precompiles/PociVerify.sol";
import {ChipKind, ChipState} from "../types/Chips.sol";
import {ChipId, ChipPlaces} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Lets chips go: to renters for a while, to their operators for good, and out when they are not
/// genuine.
abstract contract ChipExit is ChipBooks, IPociRegistry {
    using ChipLedger for ChipLedger.Ledger;
    using OperatorBook for OperatorBook.Operator;
    using PlaceList for ChipPlaces[];
    using SafeCast for uint256;

    /// @dev What chips of one operator share: one look-up, and one for each batch.
    struct Shared {
        /// of the operator
        uint32 number;
        /// number of the batch that was looked up last, from 1
        uint32 batch;
        uint32 model;
        bool isRevoked;
        /// `_answeredBy` the operator
        uint256 answered;
    }

    /// @dev Consecutive misses with which a suspended chip may still stay.
    uint8 private constant MISSES_TO_STAY = 144;
    /// @dev One part in so many of an expelled chip's bond is burned.
    uint256 private constant EXPULSION_PART = 10;
    /// @dev Epochs after its own in which a leaf can be shown: `Availability` keeps as many roots.
    uint64 private constant SHOWN_EPOCHS = 8;

    /// @inheritdoc IPociRegistry
    function requestExit(ChipId id, bytes calldata blsKey) external {
        ChipLedger.ChipRecord storage chip = _operatorsOwn(id);
        ChipState state = chip.state;
        if (state == ChipState.Exiting || state == ChipState.Exited || state == ChipState.Slashed) {
            _refuse(id, state);
        }
        _requireUnrented(id, chip);

        _takeOffLine(chip, _onlyKey(id, blsKey));
        _startExit(id, chip);
    }

    /// @inheritdoc IPociRegistry
    function expel(ChipId id) external {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (chip.state != ChipState.Suspended) _refuse(id, chip.state);
        _requireUnrented(id, chip);
        uint8 misses = _ledger.missesOf(id, _epochNow(), LOOKBACK);
        if (misses <= MISSES_TO_STAY) revert PociRegistryTooFewMisses(id, misses, MISSES_TO_STAY + 1);

        uint256 burned = Math.ceilDiv(_bondHeld(id, chip), EXPULSION_PART);
        _ledger.noteBurned(id, burned);
        _startExit(id, chip);

        emit ChipExpelled(id, misses, burned);

        if (burned != 0) VAULT.burn(_bondOf(_ledger.accountOf(chip)), burned);
    }

    /// @inheritdoc IPociRegistry
    function finishExit(ChipId id) external {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (chip.state != ChipState.Exiting) _refuse(id, chip.state);
        uint40 exitAt = _ledger.pasts[id].exitAt;
        // The last proof that reads the chip is of epoch `untilEpoch + LOOKBACK - 1`. Until its leaves are
        // old the bond stays, and nobody registers the chip again or takes its place.
        bool isRead = _epochNow() < chip.untilEpoch + LOOKBACK + SHOWN_EPOCHS;
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
            if (!isDue) _refuse(chips[i], chip.state);

            _takeOffLine(chip, _keyAt(chips[i], blsKeys, i));
            chip.state = ChipState.Quarantined;

            emit ChipQuarantined(chips[i]);
        }
    }

    /// @inheritdoc IPociRegistry
    function reserve(address account, ChipId[] calldata chips)
        external
        returns (ChipPlaces[] memory places, ChipKind memory kind)
    {
        _requireEscrow();
        places = PlaceList.room(chips.length);
        Shared memory shared = _sharedBy(account);
        kind.phi = type(uint64).max;
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            // Number 0 is nobody's, and no chip's that was ever registered.
            bool isTheirs = shared.number != 0 && chip.operator == shared.number;
            if (!isTheirs) revert PociRegistryNotOperator(chips[i], account);
            _lookUp(chip.batch, shared);
            ChipState state = _stateWhen(chips[i], shared.isRevoked, shared.answered);
            if (state != ChipState.Active) _refuse(chips[i], state);
            _requireUnrented(chips[i], chip);

            chip.rentals = 1;
            places.put(i, chip.segment);
            if (chip.phi < kind.phi) kind.phi = chip.phi;
            if (i == 0) kind.model = shared.model;
            else if (kind.model != shared.model) kind.model = 0;
        }
    }

    /// @inheritdoc IPociRegistry
    function free(ChipPlaces[] calldata places) external {
        _requireEscrow();
        ChipId[] memory chips = _chipsAt(places);
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            if (chip.rentals == 0) _refuse(chips[i], chip.state);

            chip.rentals = 0;
        }
    }

    /// @dev Reads a batch, unless it is the one that was looked up last.
    function _lookUp(uint32 batch, Shared memory shared) private view {
        if (shared.batch == batch) return;
        (shared.model, shared.isRevoked) = VENDORS.kindAt(batch);
        shared.batch = batch;
    }

    function _sharedBy(address account) private view returns (Shared memory shared) {
        OperatorBook.Operator storage operator = _ledger.operators[account];
        (shared.number, shared.answered) = (operator.number, _answeredBy(operator));
    }

    function _startExit(ChipId id, ChipLedger.ChipRecord storage chip) private {
        chip.state = ChipState.Exiting;
        uint40 exitAt = (block.timestamp + EXIT_SECONDS).toUint40();
        ChipLedger.ChipPast storage past = _ledger.openPast(id);
        (past.exitAt, past.leftEpoch) = (exitAt, uint256(_epochNow()).toUint32());

        emit ChipExiting(id, exitAt);
    }

    function _requireEscrow() private view {
        if (msg.sender != ESCROW) revert PociRegistryNotEscrow(msg.sender);
    }
}
