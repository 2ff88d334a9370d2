// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {AvailabilityProof, ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Keeps chips in service: proofs of availability, misses, suspension and return.
abstract contract ChipService is ChipBooks {
    using ChipLedger for ChipLedger.Ledger;
    using ChipLedger for ChipLedger.Operator;
    using ChipLedger for ChipLedger.ChipRecord;
    using PociVerify for bytes;

    /// @inheritdoc IPociRegistry
    function proveAvailability(AvailabilityProof calldata proof, bytes calldata authority) external {
        uint64 epoch = currentEpoch();
        address account = proof.operator;
        ChipLedger.Operator storage operator = _ledger.operators[account];
        if (proof.epoch != epoch) revert PociRegistryWrongEpoch(proof.epoch, epoch);
        if (operator.isProven(epoch)) revert PociRegistryAlreadyProven(account, epoch);
        _requireLength("signature", proof.signature.length, PociVerify.PROOF_BYTES);
        _requireAuthority(proof, authority);
        (BlsKey memory aggregate, uint32 count) = _snapshot(account, epoch);
        if (count == 0) revert PociRegistryNoChips(account, epoch);
        bytes memory absentKeys = _absentKeys(proof, operator);
        bytes32 message = availabilityMessage(account, epoch);
        if (!PociVerify.isAggregate(message, proof.signature, aggregate, absentKeys)) {
            revert PociRegistryBadAggregate(account, epoch);
        }

        _noteMisses(proof, operator);
        operator.setProven(epoch);

        emit AvailabilityProven(
            account, epoch, count - uint32(proof.absent.length), proof.absent, proof.leafRoot
        );
    }

    function _requireAuthority(AvailabilityProof calldata proof, bytes calldata authority) private view {
        if (msg.sender == proof.operator) return;
        bytes32 digest = _hashTypedDataV4(PociMessages.authority(proof));
        if (!Signatures.isSignedBy(digest, proof.operator, authority)) {
            revert PociRegistryBadAuthority(proof.operator);
        }
    }

    /// @dev Keys of the absent chips: ascending, each one counted in the snapshot that the proof reads.
    function _absentKeys(AvailabilityProof calldata proof, ChipLedger.Operator storage operator)
        private
        view
        returns (bytes memory keys)
    {
        uint32[] calldata absent = proof.absent;
        keys = PociVerify.keyList(absent.length);
        for (uint256 i = 0; i < absent.length; ++i) {
            uint32 index = absent[i];
            bool isAscending = i == 0 || absent[i - 1] < index;
            if (!isAscending || index >= operator.segments.length) revert PociRegistryBadAbsentList(i);
            ChipLedger.ChipRecord storage chip = _ledger.chips[_ledger.chipAt[operator.segments[index]]];
            bool isListed = chip.operator == proof.operator && chip.index == index;
            if (!isListed || !chip.countedAt(proof.epoch - LOOKBACK)) revert PociRegistryBadAbsentList(i);
            keys.append(chip.keyOf());
        }
    }

    /// @dev Counts a miss of every absent chip and suspends those that missed too often.
    function _noteMisses(AvailabilityProof calldata proof, ChipLedger.Operator storage operator) private {
        bytes memory suspended = PociVerify.keyList(proof.absent.length);
        for (uint256 i = 0; i < proof.absent.length; ++i) {
            ChipId id = _ledger.chipAt[operator.segments[proof.absent[i]]];
            ChipLedger.ChipRecord storage chip = _ledger.chips[id];
            uint8 misses = _ledger.miss(id, proof.epoch, _ledger.missesBefore(id, proof.epoch, LOOKBACK));
            emit ChipMissed(id, proof.epoch, misses);
            if (chip.untilEpoch != ChipLedger.OPEN || misses < MISSES_TO_SUSPEND) continue;
            suspended.append(chip.keyOf());
            _suspend(id, chip, proof.epoch);
        }
        if (suspended.length != 0) operator.addKeys(proof.epoch, "", suspended);
    }

    function _suspend(ChipId id, ChipLedger.ChipRecord storage chip, uint64 epoch) private {
        chip.state = ChipState.Suspended;
        _ledger.depart(chip, epoch);
        emit ChipSuspended(id, epoch);
    }

    /// @inheritdoc IPociRegistry
    function suspendSilent(ChipId[] calldata chips) external {
        uint64 epoch = currentEpoch();
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            if (!_isOverdue(chips[i])) revert PociRegistryWrongState(chips[i], chip.state);

            uint8 misses = _ledger.missesBefore(chips[i], epoch, LOOKBACK);
            chip.misses = misses < MISSES_TO_SUSPEND ? MISSES_TO_SUSPEND : misses;
            _suspend(chips[i], chip, epoch);
            _subtractKey(chip, epoch);
        }
    }

    /// @inheritdoc IPociRegistry
    function resume(ChipId id, bytes32 x, bytes32 y, bytes32 r, bytes32 s) external {
        ChipLedger.ChipRecord storage chip = _operatorsOwn(id);
        uint64 epoch = currentEpoch();
        ChipState state = stateOf(id);
        if (state != ChipState.Suspended) revert PociRegistryWrongState(id, state);
        if (chip.state != ChipState.Suspended) revert PociRegistryOverdue(id);
        if (epoch < chip.untilEpoch + LOOKBACK) {
            revert PociRegistryWrongEpoch(chip.untilEpoch + LOOKBACK, epoch);
        }
        bool isKey = ChipId.unwrap(PociMessages.chipId(x, y)) == ChipId.unwrap(id);
        if (!isKey || !SeVerify.isSigned(availabilityMessage(msg.sender, epoch), [r, s], [x, y])) {
            revert PociRegistryBadAttestation(id);
        }

        chip.state = ChipState.Active;
        _ledger.comeBack(id, epoch, LOOKBACK);
        bytes memory key = PociVerify.toBytes(chip.keyOf());
        _ledger.operators[msg.sender].addKeys(epoch, key, "");

        emit ChipResumed(id);
    }
}
