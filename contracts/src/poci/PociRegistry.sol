// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IVault} from "../interfaces/IVault.sol";
import {IVendorRegistry} from "../interfaces/IVendorRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {SeVerify} from "../precompiles/SeVerify.sol";
import {VrfVerify} from "../precompiles/VrfVerify.sol";
import {AvailabilityProof, Chip, ChipRegistration, ChipState, PociParameters} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";

/// @title Keeps chips, their operators' power and the proofs of their availability.
/// @dev Safety: BeaconHistory, VendorRegistry and Vault are trusted; the escrow only to hold chips no longer
/// than it must. Liveness: silent operators lose their power when anybody calls `suspendSilent`.
contract PociRegistry is IPociRegistry, EIP712 {
    using ChipLedger for ChipLedger.Ledger;
    using ChipLedger for ChipLedger.Operator;
    using ChipLedger for ChipLedger.ChipRecord;
    using PociVerify for bytes;
    using SafeCast for uint256;
    using SumTree for SumTree.Tree;

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

    IBeaconHistory private immutable BEACONS;
    IVendorRegistry private immutable VENDORS;
    IVault private immutable VAULT;
    address private immutable ESCROW;
    /// @dev Blocks.
    uint64 private immutable EPOCH;
    /// @dev Epochs.
    uint64 private immutable LOOKBACK;
    uint64 private immutable EXIT_SECONDS;
    uint8 private immutable MISSES_TO_SUSPEND;

    /// @inheritdoc IPociRegistry
    uint128 public immutable bondPerPhi; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev Chips, operators and the segment line; written by every function but the views.
    ChipLedger.Ledger private _ledger;

    constructor(PociParameters memory parameters) EIP712("UtilityNet PociRegistry", "1") {
        BEACONS = IBeaconHistory(parameters.beacons);
        VENDORS = IVendorRegistry(parameters.vendors);
        VAULT = IVault(parameters.vault);
        ESCROW = parameters.escrow;
        EPOCH = parameters.epochBlocks;
        LOOKBACK = parameters.lookbackEpochs;
        EXIT_SECONDS = parameters.exitSeconds;
        MISSES_TO_SUSPEND = parameters.missesToSuspend;
        bondPerPhi = parameters.bondPerPhi;
    }

    // ---------------------------------------------------------------- joining

    /// @inheritdoc IPociRegistry
    function register(ChipRegistration[] calldata chips, bytes calldata vrfKey) external payable {
        uint256 count = chips.length;
        if (count == 0) revert PociRegistryNothingToRegister();
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

    // ----------------------------------------------------------- availability

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
            uint8 misses = _ledger.missesBefore(chips[i], epoch, LOOKBACK);
            if (chip.untilEpoch != ChipLedger.OPEN || misses < MISSES_TO_SUSPEND) {
                revert PociRegistryWrongState(chips[i], chip.state);
            }

            chip.misses = misses;
            _suspend(chips[i], chip, epoch);
            _subtractKey(chip, epoch);
        }
    }

    /// @inheritdoc IPociRegistry
    function resume(ChipId id, bytes32 x, bytes32 y, bytes32 r, bytes32 s) external {
        ChipLedger.ChipRecord storage chip = _operatorsOwn(id);
        uint64 epoch = currentEpoch();
        if (stateOf(id) != ChipState.Suspended) revert PociRegistryWrongState(id, stateOf(id));
        if (epoch < chip.untilEpoch + LOOKBACK) {
            revert PociRegistryWrongEpoch(chip.untilEpoch + LOOKBACK, epoch);
        }
        bool isKey = ChipId.unwrap(PociMessages.chipId(x, y)) == ChipId.unwrap(id);
        if (!isKey || !SeVerify.isSigned(availabilityMessage(msg.sender, epoch), [r, s], [x, y])) {
            revert PociRegistryBadAttestation(id);
        }

        chip.state = ChipState.Active;
        _ledger.enter(chip, epoch);
        bytes memory key = PociVerify.toBytes(chip.keyOf());
        _ledger.operators[msg.sender].addKeys(epoch, key, "");

        emit ChipResumed(id);
    }

    // ---------------------------------------------------------------- leaving

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

    /// @dev Takes a chip off the line and out of its operator's sum, if it counts.
    function _takeOffLine(ChipId id, ChipLedger.ChipRecord storage chip) private {
        if (chip.untilEpoch != ChipLedger.OPEN) return;
        uint64 epoch = currentEpoch();
        chip.misses = _ledger.missesBefore(id, epoch, LOOKBACK);
        _ledger.depart(chip, epoch);
        _subtractKey(chip, epoch);
    }

    function _subtractKey(ChipLedger.ChipRecord storage chip, uint64 epoch) private {
        _ledger.operators[chip.operator].addKeys(epoch, "", PociVerify.toBytes(chip.keyOf()));
    }

    // ---------------------------------------------------------------- renting

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

    // ------------------------------------------------------------------ views

    /// @inheritdoc IPociRegistry
    function segmentAt(uint128 kappa) external view returns (ChipId chip, address operator, uint64 phi) {
        uint64 total = _ledger.line.total;
        if (kappa >= total) revert PociRegistryBeyondPower(kappa, total);
        // forge-lint: disable-next-line(unsafe-typecast)
        chip = _ledger.chipAt[_ledger.line.find(uint64(kappa))]; // fits: below the total
        operator = _ledger.chips[chip].operator;
        phi = _ledger.chips[chip].phi;
    }

    /// @inheritdoc IPociRegistry
    function totalPower() external view returns (uint128) {
        return _ledger.line.total;
    }

    /// @inheritdoc IPociRegistry
    function powerOf(address operator) external view returns (uint128) {
        return _ledger.operators[operator].power;
    }

    /// @inheritdoc IPociRegistry
    function chipOf(ChipId chip) external view returns (Chip memory) {
        return _ledger.toChip(chip, _ledger.missesBefore(chip, currentEpoch(), LOOKBACK));
    }

    /// @inheritdoc IPociRegistry
    function stateOf(ChipId id) public view returns (ChipState) {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        ChipState state = chip.state;
        bool isInService =
            state == ChipState.Pending || state == ChipState.Active || state == ChipState.Suspended;
        if (isInService && VENDORS.isRevoked(chip.batch)) return ChipState.Quarantined;
        bool isOver = state == ChipState.Pending && chip.registeredEpoch < currentEpoch();
        return isOver ? ChipState.Active : state;
    }

    /// @inheritdoc IPociRegistry
    function blsKeyOf(ChipId chip) external view returns (bytes memory) {
        if (_ledger.chips[chip].registrations == 0) return "";
        return PociVerify.toBytes(_ledger.chips[chip].keyOf());
    }

    /// @inheritdoc IPociRegistry
    function vrfKeyOf(address operator) external view returns (bytes memory) {
        return _ledger.operators[operator].vrfKey;
    }

    /// @inheritdoc IPociRegistry
    function chipsOf(address operator) external view returns (ChipId[] memory chips) {
        uint32[] storage segments = _ledger.operators[operator].segments;
        chips = new ChipId[](segments.length);
        for (uint256 i = 0; i < chips.length; ++i) {
            chips[i] = _ledger.chipAt[segments[i]];
        }
    }

    /// @inheritdoc IPociRegistry
    function snapshotOf(address operator, uint64 epoch)
        external
        view
        returns (bytes memory aggregateKey, uint32 count)
    {
        BlsKey memory key;
        (key, count) = _snapshot(operator, epoch);
        return (PociVerify.toBytes(key), count);
    }

    /// @inheritdoc IPociRegistry
    function wasPresent(ChipId id, uint64 epoch) external view returns (bool) {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (epoch < LOOKBACK || !chip.countedAt(epoch - LOOKBACK)) return false;
        return isProven(chip.operator, epoch) && !_ledger.isMissed(id, epoch);
    }

    /// @inheritdoc IPociRegistry
    function isProven(address operator, uint64 epoch) public view returns (bool) {
        return _ledger.operators[operator].isProven(epoch);
    }

    /// @inheritdoc IPociRegistry
    function availabilityMessage(address operator, uint64 epoch) public view returns (bytes32) {
        uint64 height = epoch == 0 ? 0 : epoch * EPOCH - 1;
        return PociMessages.availability(operator, epoch, BEACONS.beaconAt(height));
    }

    /// @inheritdoc IPociRegistry
    function currentEpoch() public view returns (uint64) {
        return uint64(block.number) / EPOCH;
    }

    function _snapshot(address operator, uint64 epoch)
        private
        view
        returns (BlsKey memory key, uint32 count)
    {
        if (epoch < LOOKBACK) return (PociVerify.infinity(), 0);
        return _ledger.operators[operator].snapshotAt(epoch - LOOKBACK);
    }

    /// @dev The chip, if the caller is its operator.
    function _operatorsOwn(ChipId id) private view returns (ChipLedger.ChipRecord storage chip) {
        chip = _ledger.chips[id];
        if (chip.operator != msg.sender) revert PociRegistryNotOperator(id, msg.sender);
    }

    function _requireEscrow() private view {
        if (msg.sender != ESCROW) revert PociRegistryNotEscrow(msg.sender);
    }

    function _requireLength(bytes32 field, uint256 length, uint256 expected) private pure {
        if (length != expected) revert PociRegistryBadLength(field, length, expected);
    }

    function _idOf(ChipRegistration calldata entry) private pure returns (ChipId) {
        return PociMessages.chipId(entry.x, entry.y);
    }

    /// @dev The vault's purpose under which an operator's bonds lie.
    function _bondOf(address operator) private pure returns (bytes32) {
        return bytes32(uint256(uint160(operator)));
    }
}
