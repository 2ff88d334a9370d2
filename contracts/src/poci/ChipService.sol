// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {EpochBits} from "../libraries/EpochBits.sol";
import {OperatorBook} from "../libraries/OperatorBook.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {BookedProof, ChipSignature, ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Keeps chips in service: proofs of availability, misses, suspension and return.
abstract contract ChipService is ChipBooks, IPociRegistry {
    using ChipLedger for ChipLedger.Ledger;
    using ChipLedger for ChipLedger.ChipRecord;
    using EpochBits for EpochBits.Row;
    using OperatorBook for OperatorBook.Operator;
    using PociVerify for bytes;
    using SafeCast for uint256;

    /// @inheritdoc IPociRegistry
    function bookProof(address account, uint64 epoch, bytes calldata absentKeys)
        external
        returns (BookedProof memory booked)
    {
        if (msg.sender != AVAILABILITY) revert PociRegistryNotAvailability(msg.sender);
        if (epoch != _epochNow()) revert PociRegistryWrongEpoch(epoch, _epochNow());
        OperatorBook.Operator storage operator = _ledger.operators[account];
        if (operator.hasProven(epoch)) revert PociRegistryAlreadyProven(account, epoch);
        BlsKey memory aggregate;
        uint32 count;
        (aggregate, count, booked.width) = _snapshot(account, epoch);
        if (count == 0) revert PociRegistryNoChips(account, epoch);
        ChipId[] memory absent = _absentOf(operator.number, epoch, absentKeys);

        operator.setProven(epoch);
        if (!IS_OPENED) operator.answered.set(epoch);
        booked.absent = _noteMisses(absent, epoch, absentKeys, operator);
        booked.present = count - absent.length.toUint32();
        booked.aggregateKey = PociVerify.toBytes(aggregate);
        booked.message = _messageOf(account, epoch);
    }

    /// @inheritdoc IPociRegistry
    function bookOpening(address account, uint64 epoch) external {
        if (msg.sender != AVAILABILITY) revert PociRegistryNotAvailability(msg.sender);
        OperatorBook.Operator storage operator = _ledger.operators[account];
        if (operator.answered.isSet(epoch)) revert PociRegistryAlreadyOpened(account, epoch);

        operator.answered.set(epoch);
    }

    /// @dev The absent chips: ascending by index, each one counted in the snapshot that the proof reads.
    function _absentOf(uint32 number, uint64 epoch, bytes calldata keys)
        private
        view
        returns (ChipId[] memory absent)
    {
        uint256 count = keys.length / PociVerify.KEY_BYTES;
        _requireLength("absent", keys.length, count * PociVerify.KEY_BYTES);
        absent = new ChipId[](count);
        uint256 next = 0;
        for (uint256 i = 0; i < count; ++i) {
            absent[i] = _ledger.keyOwner[keccak256(_keySlice(keys, i))];
            ChipLedger.ChipRecord storage chip = _ledger.chips[absent[i]];
            bool isListed = chip.operator == number && chip.index >= next;
            if (!isListed || !chip.countedAt(epoch - LOOKBACK)) revert PociRegistryBadAbsentList(i);
            next = uint256(chip.index) + 1;
        }
    }

    /// @dev Counts a miss of every absent chip and suspends those that missed too often.
    function _noteMisses(
        ChipId[] memory absent,
        uint64 epoch,
        bytes calldata keys,
        OperatorBook.Operator storage operator
    ) private returns (uint32[] memory indices) {
        indices = new uint32[](absent.length);
        bytes memory suspended = PociVerify.keyList(absent.length);
        for (uint256 i = 0; i < absent.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[absent[i]];
            indices[i] = chip.index;
            _ledger.noteMiss(absent[i], epoch);
            uint8 misses = _ledger.missesOf(absent[i], epoch, LOOKBACK);
            emit ChipMissed(absent[i], epoch, misses);
            if (chip.untilEpoch != ChipLedger.OPEN || misses < MISSES_TO_SUSPEND) continue;
            suspended.append(_keySlice(keys, i));
            _suspend(absent[i], chip, epoch);
        }
        if (suspended.length != 0) operator.addKeys(epoch, LOOKBACK, "", suspended);
    }

    function _suspend(ChipId id, ChipLedger.ChipRecord storage chip, uint64 epoch) private {
        _ledger.depart(chip, epoch);
        _setSuspended(id, chip);
    }

    /// @inheritdoc IPociRegistry
    function suspendSilent(ChipId[] calldata chips, bytes calldata blsKeys) external {
        _requireLength("blsKeys", blsKeys.length, chips.length * PociVerify.KEY_BYTES);
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            if (!_isOverdue(chips[i], _answeredFor(chips[i]))) _refuse(chips[i], chip.state);

            _takeOffLine(chip, _keyAt(chips[i], blsKeys, i));
            _setSuspended(chips[i], chip);
        }
    }

    /// @inheritdoc IPociRegistry
    function resume(ChipId id, ChipSignature calldata signed, bytes calldata blsKey) external {
        ChipLedger.ChipRecord storage chip = _operatorsOwn(id);
        uint64 epoch = _epochNow();
        ChipState state = _stateOf(id);
        if (state != ChipState.Suspended) _refuse(id, state);
        if (chip.state != ChipState.Suspended) revert PociRegistryOverdue(id);
        // An opening may still read the term that ended: it looks back from the epoch before this one.
        uint64 earliest = chip.untilEpoch + LOOKBACK + 1;
        if (epoch < earliest) revert PociRegistryWrongEpoch(earliest, epoch);
        _requireSigned(id, signed, _messageOf(msg.sender, epoch));
        bytes memory key = _onlyKey(id, blsKey);

        chip.state = ChipState.Active;
        _ledger.comeBack(id, epoch, LOOKBACK);
        _ledger.operators[msg.sender].addKeys(epoch, LOOKBACK, key, "");

        emit ChipResumed(id);
    }

    function _requireSigned(ChipId id, ChipSignature calldata signed, bytes32 message) private view {
        bool isKey = ChipId.unwrap(PociMessages.chipId(signed.x, signed.y)) == ChipId.unwrap(id);
        if (isKey && SeVerify.isSigned(message, signed)) return;
        revert PociRegistryBadAttestation(id);
    }
}
