// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {AdmissionCall} from "../libraries/AdmissionCall.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {OperatorBook} from "../libraries/OperatorBook.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {PociVerify} from "../precompiles/PociVerify.sol";
import {VrfVerify} from "../precompiles/VrfVerify.sol";
import {Admitted, ChipRegistration, ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Lets chips in that were admitted, a whole call at once, and takes their bonds.
abstract contract ChipEntry is ChipBooks, IPociRegistry {
    using ChipLedger for ChipLedger.ChipRecord;
    using ChipLedger for ChipLedger.Ledger;
    using OperatorBook for OperatorBook.Operator;
    using PociVerify for bytes;
    using SafeCast for uint256;
    using SumTree for SumTree.Tree;

    /// @dev What is written once for all chips of a registration.
    struct Intake {
        uint32 epoch;
        /// number of the operator
        uint32 operator;
        /// chips that had no place on the line before
        uint32 fresh;
        /// units of phi
        uint64 power;
        bytes keys;
        /// phi of the fresh chips
        uint32[] weights;
        /// place of each chip on the line
        uint32[] segments;
        /// place of each chip in its operator's list
        uint32[] places;
    }

    /// @inheritdoc IPociRegistry
    function register(ChipRegistration[] calldata chips, bytes calldata vrfKey) external payable {
        uint256 count = chips.length;
        if (count == 0) revert PociRegistryNothingToRegister(msg.sender);
        if (count > PociVerify.MOST_POSSESSIONS) {
            revert PociRegistryBadLength("chips", count, PociVerify.MOST_POSSESSIONS);
        }
        OperatorBook.Operator storage operator = _ledger.operators[msg.sender];
        _setVrfKey(operator, vrfKey);
        Intake memory intake;
        uint32[] memory nonces;
        (intake.segments, nonces) = _placesFor(chips);
        Admitted[] memory admitted = AdmissionCall.check(ADMISSION, msg.sender, chips, nonces);

        intake.epoch = uint256(_epochNow()).toUint32();
        intake.operator = _ledger.enrol(msg.sender);
        intake.keys = PociVerify.keyList(count);
        intake.weights = new uint32[](count);
        intake.places = operator.list(intake.segments);
        for (uint256 i = 0; i < count; ++i) {
            _book(chips[i], i, admitted[i], intake);
        }
        uint256 bond = uint256(intake.power) * BOND_PER_PHI;
        if (msg.value != bond) revert PociRegistryBondMismatch(msg.value, bond);
        _ledger.line.append(intake.weights, intake.fresh);
        operator.power += intake.power;
        operator.addKeys(intake.epoch, LOOKBACK, intake.keys, "");

        if (bond != 0) VAULT.lockSent{value: bond}(msg.sender, _bondOf(msg.sender));
    }

    /// @dev The place on the line that each chip has, or gets, and its registrations so far: what its
    /// attestation names.
    function _placesFor(ChipRegistration[] calldata chips)
        private
        view
        returns (uint32[] memory segments, uint32[] memory nonces)
    {
        (segments, nonces) = (new uint32[](chips.length), new uint32[](chips.length));
        uint32 next = _ledger.line.places;
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipRegistration calldata entry = chips[i];
            ChipId id = PociMessages.chipId(entry.x, entry.y);
            if (_requireFree(id, keccak256(entry.blsKey))) segments[i] = next++;
            else (segments[i], nonces[i]) = (_ledger.chips[id].segment, _ledger.pasts[id].again + 1);
        }
    }

    /// @dev A chip is registered once at a time. It and its BLS key belong together for ever, from the first
    /// registration of either.
    function _requireFree(ChipId id, bytes32 keyHash) private view returns (bool isFresh) {
        ChipState state = _ledger.chips[id].state;
        if (state != ChipState.None && state != ChipState.Exited) revert PociRegistryChipTaken(id, state);
        isFresh = state == ChipState.None;
        ChipId owner = isFresh ? ChipId.wrap(0) : id;
        if (ChipId.unwrap(_ledger.keyOwner[keyHash]) != ChipId.unwrap(owner)) {
            revert PociRegistryKeyTaken(id, keyHash);
        }
    }

    /// @dev Writes the record of the chip at number `i` and puts it on the line.
    function _book(ChipRegistration calldata entry, uint256 i, Admitted admitted, Intake memory intake)
        private
    {
        ChipId id = PociMessages.chipId(entry.x, entry.y);
        bytes calldata key = entry.blsKey;
        (uint32 phi, uint32 segment) = (admitted.phiOf(), intake.segments[i]);
        bool isFresh = _putOnLine(id, keccak256(key), segment, phi, intake);
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        chip.write(
            ChipLedger.ChipRecord({
                state: ChipState.Pending,
                operator: intake.operator,
                batch: admitted.batchOf(),
                phi: phi,
                index: intake.places[i],
                segment: segment,
                fromEpoch: intake.epoch,
                untilEpoch: ChipLedger.OPEN,
                rentals: 0,
                hasMissed: !isFresh && chip.hasMissed,
                hasPast: !isFresh
            })
        );
        intake.power += phi;
        intake.keys.append(key);
        _announce(entry, id, phi, intake.places[i]);
    }

    /// @dev Puts a chip on the line, on its old place at once and on a new one with others.
    function _putOnLine(ChipId id, bytes32 keyHash, uint32 segment, uint32 phi, Intake memory intake)
        private
        returns (bool isFresh)
    {
        isFresh = _requireFree(id, keyHash); // no other chip of this registration took it, either
        if (isFresh) {
            _ledger.chipAt[segment] = id;
            _ledger.keyOwner[keyHash] = id;
            intake.weights[intake.fresh++] = phi;
        } else {
            _ledger.line.set(segment, phi);
            _ledger.pasts[id] = ChipLedger.ChipPast(_ledger.pasts[id].again + 1, false, 0, 0, 0, 0);
        }
    }

    function _announce(ChipRegistration calldata entry, ChipId id, uint32 phi, uint32 index) private {
        emit ChipRegistered(
            id, msg.sender, entry.batch, phi, index, entry.x, entry.y, entry.blsKey, entry.wrappedKeys
        );
    }

    function _setVrfKey(OperatorBook.Operator storage operator, bytes calldata key) private {
        if (key.length == 0) {
            if (operator.vrfPrefix == 0) revert PociRegistryNoVrfKey(msg.sender);
            return;
        }
        _requireLength("vrfKey", key.length, VrfVerify.KEY_BYTES);
        uint8 prefix = uint8(key[0]);
        if (prefix != 2 && prefix != 3) revert PociRegistryBadVrfKey(msg.sender, prefix);
        (operator.vrfPrefix, operator.vrfX) = (prefix, bytes32(key[1:]));
        emit VrfKeySet(msg.sender, key);
    }
}
