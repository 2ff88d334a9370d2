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
import {PlaceList} from "../libraries/PlaceList.sol";
import {PociMessages} from "../libraries/PociMessages.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {ChipState, PociParameters} from "../types/Chips.sol";
import {ChipId, ChipPlaces} from "../types/Ids.sol";

/// @title Holds the books of chips and reads them: what the parts of the registry, and its views, share.
/// @dev The only contract of them that declares storage: all that inherit it have the same layout.
abstract contract ChipBooks {
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
    address internal immutable CHALLENGES;
    address internal immutable EVIDENCE;
    /// @dev Blocks.
    uint64 internal immutable EPOCH;
    /// @dev Epochs.
    uint64 internal immutable LOOKBACK;
    uint64 internal immutable EXIT_SECONDS;
    uint8 internal immutable MISSES_TO_SUSPEND;
    /// @dev Whether a proof's sample must be opened.
    bool internal immutable IS_OPENED;

    /// @dev Wei.
    uint128 internal immutable BOND_PER_PHI;

    /// @dev Blocks whose beacons are kept: the beacon of an epoch must outlast the epoch.
    uint64 private constant BEACONS_KEPT = 8192;

    /// @dev Chips, operators and the segment line; written by every function but the reads.
    ChipLedger.Ledger internal _ledger;

    constructor(PociParameters memory parameters) {
        bool isEpoch = parameters.epochBlocks != 0 && parameters.epochBlocks < BEACONS_KEPT;
        if (!isEpoch) revert IPociRegistry.PociRegistryBadParameter("epochBlocks");
        if (parameters.lookbackEpochs == 0) revert IPociRegistry.PociRegistryBadParameter("lookbackEpochs");
        if (parameters.missesToSuspend == 0) {
            revert IPociRegistry.PociRegistryBadParameter("missesToSuspend");
        }
        BEACONS = IBeaconHistory(parameters.beacons);
        ADMISSION = IChipAdmission(parameters.admission);
        VENDORS = IVendorRegistry(parameters.vendors);
        VAULT = IVault(parameters.vault);
        ESCROW = parameters.escrow;
        AVAILABILITY = parameters.availability;
        CHALLENGES = parameters.challenges;
        EVIDENCE = parameters.evidence;
        EPOCH = parameters.epochBlocks;
        LOOKBACK = parameters.lookbackEpochs;
        EXIT_SECONDS = parameters.exitSeconds;
        MISSES_TO_SUSPEND = parameters.missesToSuspend;
        IS_OPENED = parameters.sampleSize != 0;
        BOND_PER_PHI = parameters.bondPerPhi;
    }

    /// @dev What time and others alone have made of a chip by the current block.
    function _stateOf(ChipId id) internal view returns (ChipState) {
        (, bool isRevoked) = VENDORS.kindAt(_ledger.chips[id].batch);
        return _stateWhen(id, isRevoked, _answeredFor(id));
    }

    /// @dev The same, where is known what chips of a batch, and of an operator, have in common.
    /// @param answered `_answeredBy` its operator.
    function _stateWhen(ChipId id, bool isRevoked, uint256 answered) internal view returns (ChipState) {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        ChipState state = chip.state;
        bool isInService =
            state == ChipState.Pending || state == ChipState.Active || state == ChipState.Suspended;
        if (!isInService) return state;
        if (isRevoked) return ChipState.Quarantined;
        if (_isOverdue(id, answered)) return ChipState.Suspended;
        bool isOver = state == ChipState.Pending && _ledger.registeredIn(id) < _epochNow();
        return isOver ? ChipState.Active : state;
    }

    /// @dev What present chips sign in an epoch.
    function _messageOf(address operator, uint64 epoch) internal view returns (bytes32) {
        uint64 height = epoch == 0 ? 0 : epoch * EPOCH - 1;
        return PociMessages.availability(operator, epoch, BEACONS.beaconAt(height));
    }

    /// @dev Height / E.
    function _epochNow() internal view returns (uint64) {
        return uint64(block.number) / EPOCH;
    }

    /// @dev What a proof of an epoch is checked against.
    function _snapshot(address operator, uint64 epoch)
        internal
        view
        returns (BlsKey memory key, uint32 count, uint32 places)
    {
        if (epoch < LOOKBACK) return (PociVerify.infinity(), 0, 0);
        return _ledger.operators[operator].snapshotAt(epoch - LOOKBACK, LOOKBACK);
    }

    /// @dev Whether a chip on the line missed so many epochs in a row that it should not be there.
    function _isOverdue(ChipId id, uint256 answered) internal view returns (bool) {
        uint64 epoch = _epochNow();
        ChipLedger.Span memory span = ChipLedger.Span(0, epoch, epoch, LOOKBACK);
        return _ledger.isOverdue(id, span, answered, MISSES_TO_SUSPEND);
    }

    /// @dev `_answeredBy` a chip's operator.
    function _answeredFor(ChipId id) internal view returns (uint256) {
        return _answeredBy(_ledger.operatorOf(_ledger.chips[id]));
    }

    /// @dev Which of the 256 epochs before this one an operator answered for, the latest in the highest bit.
    function _answeredBy(OperatorBook.Operator storage operator) internal view returns (uint256) {
        uint64 epoch = _epochNow();
        return operator.answeredBefore(epoch, epoch);
    }

    /// @dev The chips of places that were given out.
    function _chipsAt(ChipPlaces[] calldata words) internal view returns (ChipId[] memory chips) {
        uint32[] memory places = PlaceList.read(words);
        chips = new ChipId[](places.length);
        for (uint256 i = 0; i < chips.length; ++i) {
            chips[i] = _ledger.chipAt[places[i]];
        }
    }

    /// @dev The chip, if the caller is its operator.
    function _operatorsOwn(ChipId id) internal view returns (ChipLedger.ChipRecord storage chip) {
        chip = _ledger.chips[id];
        if (_ledger.accountOf(chip) != msg.sender) {
            revert IPociRegistry.PociRegistryNotOperator(id, msg.sender);
        }
    }

    /// @dev Takes a chip off the line and out of its operator's sum, if it counts.
    function _takeOffLine(ChipLedger.ChipRecord storage chip, bytes memory key) internal {
        if (chip.untilEpoch != ChipLedger.OPEN) return;
        uint64 epoch = _epochNow();
        _ledger.depart(chip, epoch);
        _ledger.operatorOf(chip).addKeys(epoch, LOOKBACK, "", key);
    }

    /// @dev Marks a chip that was taken off the line, in this epoch.
    function _setSuspended(ChipId id, ChipLedger.ChipRecord storage chip) internal {
        chip.state = ChipState.Suspended;

        emit IPociRegistry.ChipSuspended(id, _epochNow());
    }

    /// @dev The key, which must be the chip's.
    function _onlyKey(ChipId id, bytes calldata blsKey) internal view returns (bytes memory) {
        _requireLength("blsKey", blsKey.length, PociVerify.KEY_BYTES);
        return _keyAt(id, blsKey, 0);
    }

    /// @dev The key at a position of a list, which must be the chip's.
    function _keyAt(ChipId id, bytes calldata keys, uint256 position) internal view returns (bytes memory) {
        bytes calldata key = _keySlice(keys, position);
        bytes32 hash = keccak256(key);
        if (ChipId.unwrap(_ledger.keyOwner[hash]) != ChipId.unwrap(id)) {
            revert IPociRegistry.PociRegistryOtherKey(id, hash);
        }
        return key;
    }

    /// @dev Wei that the vault holds for a chip.
    function _bondHeld(ChipId id, ChipLedger.ChipRecord storage chip) internal view returns (uint128) {
        if (_isGone(chip.state)) return 0;
        return (uint256(chip.phi) * BOND_PER_PHI - _ledger.pasts[id].burned).toUint128();
    }

    function _requireUnrented(ChipId id, ChipLedger.ChipRecord storage chip) internal view {
        if (chip.rentals != 0) revert IPociRegistry.PociRegistryChipRented(id);
    }

    /// @dev The state forbids this. Refused in one place, since the code has little room.
    function _refuse(ChipId id, ChipState state) internal pure {
        revert IPociRegistry.PociRegistryWrongState(id, state);
    }

    /// @dev Whether a chip in this state has no bond: it was never here, left, or was slashed.
    function _isGone(ChipState state) internal pure returns (bool) {
        return state == ChipState.None || state == ChipState.Exited || state == ChipState.Slashed;
    }

    function _keySlice(bytes calldata keys, uint256 position) internal pure returns (bytes calldata) {
        return keys[position * PociVerify.KEY_BYTES:(position + 1) * PociVerify.KEY_BYTES];
    }

    function _requireLength(bytes32 field, uint256 length, uint256 expected) internal pure {
        if (length != expected) revert IPociRegistry.PociRegistryBadLength(field, length, expected);
    }

    /// @dev The vault's purpose under which an operator's bonds lie.
    function _bondOf(address operator) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(operator)));
    }
}
