// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {VrfVerify} from "../precompiles/VrfVerify.sol";
import {ChipRegistration, ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Lets chips in: attestations, possessions and bonds of a whole call at once.
abstract contract ChipEntry is ChipBooks {
    using ChipLedger for ChipLedger.Ledger;
    using ChipLedger for ChipLedger.Operator;
    using PociVerify for bytes;
    using SafeCast for uint256;

    /// @dev What a registration collects, to be checked in one call to each precompile.
    struct Intake {
        uint64 epoch;
        uint256 bond;
        bytes signatures;
        bytes possessions;
        bytes keys;
    }

    /// @dev Most bytes of wrapped keys in an event.
    uint256 private constant MOST_WRAPPED_BYTES = 1024;

    /// @inheritdoc IPociRegistry
    function register(ChipRegistration[] calldata chips, bytes calldata vrfKey) external payable {
        uint256 count = chips.length;
        if (count == 0) revert PociRegistryNothingToRegister(msg.sender);
        if (count > PociVerify.MOST_POSSESSIONS) {
            revert PociRegistryBadLength("chips", count, PociVerify.MOST_POSSESSIONS);
        }
        _setVrfKey(vrfKey);

        Intake memory intake = Intake({
            epoch: currentEpoch(),
            bond: 0,
            signatures: SeVerify.batch(count),
            possessions: PociVerify.possessions(count),
            keys: PociVerify.keyList(count)
        });
        for (uint256 i = 0; i < count; ++i) {
            _admit(chips[i], i, intake);
        }
        if (msg.value != intake.bond) revert PociRegistryBondMismatch(msg.value, intake.bond);
        _checkProofs(chips, intake);
        _ledger.operators[msg.sender].addKeys(intake.epoch, intake.keys, "");

        if (msg.value != 0) VAULT.lockSent{value: msg.value}(msg.sender, _bondOf(msg.sender));
    }

    /// @dev Books one chip as if its signatures were good; `_checkProofs` finds out.
    function _admit(ChipRegistration calldata entry, uint256 i, Intake memory intake) private {
        _requireLength("blsKey", entry.blsKey.length, PociVerify.KEY_BYTES);
        _requireLength("possession", entry.possession.length, PociVerify.PROOF_BYTES);
        if (entry.wrappedKeys.length > MOST_WRAPPED_BYTES) {
            revert PociRegistryBadLength("wrappedKeys", entry.wrappedKeys.length, MOST_WRAPPED_BYTES);
        }
        ChipId id = PociMessages.chipId(entry.x, entry.y);
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (chip.state != ChipState.None && chip.state != ChipState.Exited) {
            revert PociRegistryChipTaken(id, chip.state);
        }
        if (block.timestamp > entry.deadline) revert PociRegistryAttestationExpired(id, entry.deadline);
        bytes32 keyHash = _claimKey(id, entry.blsKey);

        bytes32 digest = _hashTypedDataV4(
            PociMessages.attestation(msg.sender, keyHash, chip.registrations, entry.deadline)
        );
        SeVerify.put(intake.signatures, i, digest, [entry.r, entry.s], [entry.x, entry.y]);
        PociVerify.putPossession(
            intake.possessions,
            i,
            PociMessages.possessionContext(msg.sender, id),
            entry.blsKey,
            entry.possession
        );
        BlsKey memory key = PociVerify.fromBytes(entry.blsKey);
        intake.keys.append(key);
        intake.bond += _book(entry, id, key, intake.epoch);
    }

    /// @dev A BLS key belongs to the first chip that came with it, for ever.
    function _claimKey(ChipId id, bytes calldata key) private returns (bytes32 keyHash) {
        keyHash = keccak256(key);
        ChipId owner = _ledger.keyOwner[keyHash];
        if (ChipId.unwrap(owner) == 0) _ledger.keyOwner[keyHash] = id;
        else if (ChipId.unwrap(owner) != ChipId.unwrap(id)) revert PociRegistryKeyTaken(id, keyHash);
    }

    /// @dev Writes a chip's record and puts it on the line.
    function _book(ChipRegistration calldata entry, ChipId id, BlsKey memory key, uint64 epoch)
        private
        returns (uint256 bond)
    {
        (bool isGenuine, uint32 model, uint64 phi) =
            VENDORS.check(entry.batch, entry.x, entry.y, entry.serialHash, entry.path);
        if (!isGenuine) revert PociRegistryNotGenuine(id);
        bond = uint256(phi) * bondPerPhi;

        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        _ledger.list(id, chip, msg.sender);
        chip.state = ChipState.Pending;
        chip.model = model;
        chip.phi = phi;
        chip.bond = bond.toUint96();
        chip.registrations += 1;
        chip.registeredEpoch = uint256(epoch).toUint40();
        chip.exitAt = 0;
        chip.keyHead = key.head;
        chip.keyTail = key.tail;
        chip.batch = entry.batch;
        _ledger.enter(chip, epoch);
        _announce(entry, id, chip);
    }

    function _announce(ChipRegistration calldata entry, ChipId id, ChipLedger.ChipRecord storage chip)
        private
    {
        (uint32 model, uint64 phi, uint32 index) = (chip.model, chip.phi, chip.index);
        emit ChipRegistered(
            id, msg.sender, model, phi, index, entry.x, entry.y, entry.blsKey, entry.wrappedKeys
        );
    }

    /// @dev One call for all attestations, one for all possessions; who is at fault is looked up only on
    /// failure.
    function _checkProofs(ChipRegistration[] calldata chips, Intake memory intake) private view {
        uint256 bits = SeVerify.verify(intake.signatures);
        for (uint256 i = 0; i < chips.length; ++i) {
            if (bits >> i & 1 == 0) revert PociRegistryBadAttestation(_idOf(chips[i]));
        }
        if (PociVerify.arePossessed(intake.possessions)) return;
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipId id = _idOf(chips[i]);
            bytes memory single = PociVerify.possessions(1);
            bytes32 context = PociMessages.possessionContext(msg.sender, id);
            PociVerify.putPossession(single, 0, context, chips[i].blsKey, chips[i].possession);
            if (!PociVerify.arePossessed(single)) revert PociRegistryBadPossession(id);
        }
    }

    function _setVrfKey(bytes calldata key) private {
        ChipLedger.Operator storage operator = _ledger.operators[msg.sender];
        if (key.length == 0) {
            if (operator.vrfKey.length == 0) revert PociRegistryNoVrfKey(msg.sender);
            return;
        }
        _requireLength("vrfKey", key.length, VrfVerify.KEY_BYTES);
        operator.vrfKey = key;
        emit VrfKeySet(msg.sender, key);
    }

    function _idOf(ChipRegistration calldata entry) private pure returns (ChipId) {
        return PociMessages.chipId(entry.x, entry.y);
    }
}
