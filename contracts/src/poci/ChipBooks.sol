// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBeaconHistory} from "../interfaces/IBeaconHistory.sol";
import {IChipAdmission} from "../interfaces/IChipAdmission.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IVault} from "../interfaces/IVault.sol";
import {IVendorRegistry} from "../interfaces/IVendorRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {EpochBits} from "../libraries/EpochBits.sol";
import {OperatorBook} from "../libraries/OperatorBook.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {Chip, ChipState, PociParameters} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";

/// @title Holds the books of chips and reads them: what the parts of the registry share.
abstract contract ChipBooks is IPociRegistry {
    using ChipLedger for ChipLedger.Ledger;
    using ChipLedger for ChipLedger.ChipRecord;
    using EpochBits for EpochBits.Row;
    using OperatorBook for OperatorBook.Operator;
    using SafeCast for uint256;
    using SumTree for SumTree.Tree;

    IBeaconHistory internal immutable BEACONS;
    IChipAdmission internal immutable ADMISSION;
    IVendorRegistry internal immutable VENDORS;
    IVault internal immutable VAULT;
    address internal immutable ESCROW;
    address internal immutable AVAILABILITY;
    /// @dev Blocks.
    uint64 internal immutable EPOCH;
    /// @dev Epochs.
    uint64 internal immutable LOOKBACK;
    uint64 internal immutable EXIT_SECONDS;
    uint8 internal immutable MISSES_TO_SUSPEND;

    /// @inheritdoc IPociRegistry
    uint128 public immutable bondPerPhi; // forge-lint: disable-line(screaming-snake-case-immutable)

    /// @dev Blocks whose beacons are kept: the beacon of an epoch must outlast the epoch.
    uint64 private constant BEACONS_KEPT = 8192;

    /// @dev Chips, operators and the segment line; written by every function but the views.
    ChipLedger.Ledger internal _ledger;

    constructor(PociParameters memory parameters) {
        bool isEpoch = parameters.epochBlocks != 0 && parameters.epochBlocks < BEACONS_KEPT;
        if (!isEpoch) revert PociRegistryBadParameter("epochBlocks");
        if (parameters.lookbackEpochs == 0) revert PociRegistryBadParameter("lookbackEpochs");
        if (parameters.missesToSuspend == 0) revert PociRegistryBadParameter("missesToSuspend");
        BEACONS = IBeaconHistory(parameters.beacons);
        ADMISSION = IChipAdmission(parameters.admission);
        VENDORS = IVendorRegistry(parameters.vendors);
        VAULT = IVault(parameters.vault);
        ESCROW = parameters.escrow;
        AVAILABILITY = parameters.availability;
        EPOCH = parameters.epochBlocks;
        LOOKBACK = parameters.lookbackEpochs;
        EXIT_SECONDS = parameters.exitSeconds;
        MISSES_TO_SUSPEND = parameters.missesToSuspend;
        bondPerPhi = parameters.bondPerPhi;
    }

    /// @inheritdoc IPociRegistry
    function segmentAt(uint128 kappa) external view returns (ChipId chip, address operator, uint64 phi) {
        uint64 total = _ledger.line.total;
        if (kappa >= total) revert PociRegistryBeyondPower(kappa, total);
        // forge-lint: disable-next-line(unsafe-typecast)
        chip = _ledger.chipAt[_ledger.line.find(uint64(kappa))]; // fits: below the total
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        return (chip, _ledger.accountOf(record), record.phi);
    }

    /// @inheritdoc IPociRegistry
    function line() external view returns (uint32 places, uint64 greatestPhi) {
        return (_ledger.line.places, _ledger.line.greatest);
    }

    /// @inheritdoc IPociRegistry
    function activeAt(uint32 place) external view returns (ChipId chip, address operator, uint64 phi) {
        chip = _ledger.chipAt[place];
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        operator = _ledger.accountOf(record);
        if (stateOf(chip) == ChipState.Active) phi = record.phi;
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
    function chipOf(ChipId chip) external view returns (Chip memory held) {
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        held.state = record.state;
        held.operator = _ledger.accountOf(record);
        (held.batch, held.model) = VENDORS.batchAt(record.batch);
        (held.index, held.segment, held.phi) = (record.index, record.segment, record.phi);
        held.registrations = _ledger.registrationsOf(chip);
        held.registeredEpoch = _ledger.registeredIn(chip);
        held.bond = _bondHeld(chip, record);
        held.misses = _ledger.missesOf(chip, currentEpoch(), LOOKBACK);
        held.rentals = record.rentals;
        held.exitAt = _ledger.pasts[chip].exitAt;
    }

    /// @inheritdoc IPociRegistry
    function kindOf(ChipId chip) external view returns (uint32 model, uint64 phi) {
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        (, model) = VENDORS.batchAt(record.batch);
        phi = record.phi;
    }

    /// @inheritdoc IPociRegistry
    function stateOf(ChipId id) public view returns (ChipState) {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        ChipState state = chip.state;
        bool isInService =
            state == ChipState.Pending || state == ChipState.Active || state == ChipState.Suspended;
        if (!isInService) return state;
        if (VENDORS.isRevokedAt(chip.batch)) return ChipState.Quarantined;
        if (_isOverdue(id)) return ChipState.Suspended;
        bool isOver = state == ChipState.Pending && _ledger.registeredIn(id) < currentEpoch();
        return isOver ? ChipState.Active : state;
    }

    /// @inheritdoc IPociRegistry
    function keyOwnerOf(bytes32 blsKeyHash) external view returns (ChipId) {
        return _ledger.keyOwner[blsKeyHash];
    }

    /// @inheritdoc IPociRegistry
    function vrfKeyOf(address operator) external view returns (bytes memory) {
        OperatorBook.Operator storage found = _ledger.operators[operator];
        if (found.vrfPrefix == 0) return "";
        return abi.encodePacked(found.vrfPrefix, found.vrfX);
    }

    /// @inheritdoc IPociRegistry
    function chipsOf(address operator) external view returns (ChipId[] memory chips) {
        uint32[] memory segments = _ledger.operators[operator].segments();
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
        return _ledger.operatorOf(chip).proven.isSet(epoch) && !_ledger.missed[id].isSet(epoch);
    }

    /// @inheritdoc IPociRegistry
    function missesIn(ChipId chip, uint64 firstEpoch, uint64 lastEpoch) external view returns (uint64) {
        uint64 end = currentEpoch();
        if (lastEpoch < end) end = lastEpoch + 1;
        return uint64(_ledger.missesIn(chip, firstEpoch, end, LOOKBACK)); // fits: at most as many as epochs
    }

    /// @inheritdoc IPociRegistry
    function isProven(address operator, uint64 epoch) public view returns (bool) {
        return _ledger.operators[operator].proven.isSet(epoch);
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

    /// @dev What a proof of an epoch is checked against.
    function _snapshot(address operator, uint64 epoch)
        internal
        view
        returns (BlsKey memory key, uint32 count)
    {
        if (epoch < LOOKBACK) return (PociVerify.infinity(), 0);
        return _ledger.operators[operator].snapshotAt(epoch - LOOKBACK, LOOKBACK);
    }

    /// @dev Whether a chip on the line missed so many epochs in a row that it should not be there.
    function _isOverdue(ChipId id) internal view returns (bool) {
        return _ledger.isOverdue(id, currentEpoch(), LOOKBACK, MISSES_TO_SUSPEND);
    }

    /// @dev The chip, if the caller is its operator.
    function _operatorsOwn(ChipId id) internal view returns (ChipLedger.ChipRecord storage chip) {
        chip = _ledger.chips[id];
        if (_ledger.accountOf(chip) != msg.sender) revert PociRegistryNotOperator(id, msg.sender);
    }

    /// @dev Takes a chip off the line and out of its operator's sum, if it counts.
    function _takeOffLine(ChipLedger.ChipRecord storage chip, bytes memory key) internal {
        if (chip.untilEpoch != ChipLedger.OPEN) return;
        uint64 epoch = currentEpoch();
        _ledger.depart(chip, epoch);
        _ledger.operatorOf(chip).addKeys(epoch, LOOKBACK, "", key);
    }

    /// @dev The key at a position of a list, which must be the chip's.
    function _keyAt(ChipId id, bytes calldata keys, uint256 position) internal view returns (bytes memory) {
        bytes calldata key = _keySlice(keys, position);
        bytes32 hash = keccak256(key);
        if (ChipId.unwrap(_ledger.keyOwner[hash]) != ChipId.unwrap(id)) {
            revert PociRegistryOtherKey(id, hash);
        }
        return key;
    }

    /// @dev Wei that the vault holds for a chip.
    function _bondHeld(ChipId id, ChipLedger.ChipRecord storage chip) internal view returns (uint128) {
        if (chip.state == ChipState.None || chip.state == ChipState.Exited) return 0;
        return (uint256(chip.phi) * bondPerPhi - _ledger.pasts[id].burned).toUint128();
    }

    function _keySlice(bytes calldata keys, uint256 position) internal pure returns (bytes calldata) {
        return keys[position * PociVerify.KEY_BYTES:(position + 1) * PociVerify.KEY_BYTES];
    }

    function _requireLength(bytes32 field, uint256 length, uint256 expected) internal pure {
        if (length != expected) revert PociRegistryBadLength(field, length, expected);
    }

    /// @dev The vault's purpose under which an operator's bonds lie.
    function _bondOf(address operator) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(operator)));
    }
}
