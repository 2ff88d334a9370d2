// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IPociViews} from "../interfaces/IPociViews.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {EpochBits} from "../libraries/EpochBits.sol";
import {OperatorBook} from "../libraries/OperatorBook.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {BlsKey, PociVerify} from "../precompiles/PociVerify.sol";
import {Chip, ChipState, PociParameters} from "../types/Chips.sol";
import {ChipId, ChipPlaces} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Answers the reads for which the registry has no room below EIP-170.
/// @dev Runs in the registry's storage: the registry hands on what it does not know by DELEGATECALL. That is
/// safe because nothing here can write. Every function is a view, so that the compiler lets none of them
/// write, send or call but by STATICCALL, and the code has no such instruction
/// (`test/solidity/unit/PociViews.t.sol` walks through it). The address is an immutable of the registry, its
/// code cannot change, and the layout is that of `ChipBooks`, from which both inherit and which alone
/// declares storage. Immutables are this contract's own: it is made with the registry's parameters. Asked
/// at its own address, it answers from storage in which nothing ever stands.
contract PociViews is ChipBooks, IPociViews {
    using ChipLedger for ChipLedger.ChipRecord;
    using ChipLedger for ChipLedger.Ledger;
    using EpochBits for EpochBits.Row;
    using OperatorBook for OperatorBook.Operator;
    using SumTree for SumTree.Tree;

    constructor(PociParameters memory parameters) ChipBooks(parameters) {}

    /// @dev The last to be asked.
    fallback() external {
        revert IPociRegistry.PociRegistryUnknownCall(msg.sig);
    }

    /// @inheritdoc IPociViews
    function segmentAt(uint128 kappa) external view returns (ChipId chip, address operator, uint64 phi) {
        uint64 total = _ledger.line.total;
        if (kappa >= total) revert IPociRegistry.PociRegistryBeyondPower(kappa, total);
        // forge-lint: disable-next-line(unsafe-typecast)
        chip = _ledger.chipAt[_ledger.line.find(uint64(kappa))]; // fits: below the total
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        return (chip, _ledger.accountOf(record), record.phi);
    }

    /// @inheritdoc IPociViews
    function totalPower() external view returns (uint128) {
        return _ledger.line.total;
    }

    /// @inheritdoc IPociViews
    function isProven(address operator, uint64 epoch) external view returns (bool) {
        return _ledger.operators[operator].isAnswered(epoch, _epochNow());
    }

    /// @inheritdoc IPociViews
    function bondPerPhi() external view returns (uint128) {
        return BOND_PER_PHI;
    }

    /// @inheritdoc IPociViews
    function line() external view returns (uint32 places, uint64 greatestPhi) {
        return (_ledger.line.places, _ledger.line.greatest);
    }

    /// @inheritdoc IPociViews
    function activeAt(uint32 place) external view returns (ChipId chip, address operator, uint64 phi) {
        chip = _ledger.chipAt[place];
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        operator = _ledger.accountOf(record);
        if (_stateOf(chip) == ChipState.Active) phi = record.phi;
    }

    /// @inheritdoc IPociViews
    function powerOf(address operator) external view returns (uint128) {
        return _ledger.operators[operator].power;
    }

    /// @inheritdoc IPociViews
    function chipOf(ChipId chip) external view returns (Chip memory held) {
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        held.state = record.state;
        held.operator = _ledger.accountOf(record);
        (held.batch, held.model) = VENDORS.batchAt(record.batch);
        (held.index, held.segment, held.phi) = (record.index, record.segment, record.phi);
        held.registrations = _ledger.registrationsOf(chip);
        held.registeredEpoch = _ledger.registeredIn(chip);
        held.bond = _bondHeld(chip, record);
        held.misses = _ledger.missesOf(chip, _epochNow(), LOOKBACK);
        held.rentals = record.rentals;
        held.exitAt = _ledger.pasts[chip].exitAt;
    }

    /// @inheritdoc IPociViews
    function kindOf(ChipId chip) external view returns (uint32 model, uint64 phi) {
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        (model,) = VENDORS.kindAt(record.batch);
        phi = record.phi;
    }

    /// @inheritdoc IPociViews
    function chipsAt(ChipPlaces[] calldata places) external view returns (ChipId[] memory) {
        return _chipsAt(places);
    }

    /// @inheritdoc IPociViews
    function missesIn(ChipId chip, uint64 firstEpoch, uint64 lastEpoch) external view returns (uint64) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(_missesIn(chip, firstEpoch, lastEpoch)); // fits: at most as many as epochs
    }

    /// @inheritdoc IPociViews
    function missesAt(ChipPlaces[] calldata places, uint64 firstEpoch, uint64 lastEpoch)
        external
        view
        returns (uint256 missed)
    {
        ChipId[] memory chips = _chipsAt(places);
        for (uint256 i = 0; i < chips.length; ++i) {
            missed += _missesIn(chips[i], firstEpoch, lastEpoch);
        }
    }

    /// @inheritdoc IPociViews
    function keyOwnerOf(bytes32 blsKeyHash) external view returns (ChipId) {
        return _ledger.keyOwner[blsKeyHash];
    }

    /// @inheritdoc IPociViews
    function vrfKeyOf(address operator) external view returns (bytes memory) {
        OperatorBook.Operator storage found = _ledger.operators[operator];
        if (found.vrfPrefix == 0) return "";
        return abi.encodePacked(found.vrfPrefix, found.vrfX);
    }

    /// @inheritdoc IPociViews
    function chipsOf(address operator) external view returns (ChipId[] memory chips) {
        uint32[] memory segments = _ledger.operators[operator].segments();
        chips = new ChipId[](segments.length);
        for (uint256 i = 0; i < chips.length; ++i) {
            chips[i] = _ledger.chipAt[segments[i]];
        }
    }

    /// @inheritdoc IPociViews
    function snapshotOf(address operator, uint64 epoch)
        external
        view
        returns (bytes memory aggregateKey, uint32 count)
    {
        BlsKey memory key;
        (key, count,) = _snapshot(operator, epoch);
        return (PociVerify.toBytes(key), count);
    }

    /// @inheritdoc IPociViews
    function widthOf(address operator, uint64 epoch) external view returns (uint32 width) {
        (,, width) = _snapshot(operator, epoch);
    }

    /// @inheritdoc IPociViews
    function standsOn(address operator, uint64 epoch, ChipId[] calldata chips)
        external
        view
        returns (uint32[] memory places)
    {
        uint32 number = _ledger.operators[operator].number;
        // Before the first snapshot nothing counts, as in an epoch that no chip reaches.
        uint256 snapshot = epoch < LOOKBACK ? type(uint256).max : epoch - LOOKBACK;
        places = new uint32[](chips.length);
        for (uint256 i = 0; i < chips.length; ++i) {
            ChipLedger.ChipRecord storage chip = _ledger.chips[chips[i]];
            // All at once: one read of the slot. The term of a chip that never was is empty.
            (uint32 owner, uint32 first, uint32 end, uint32 place) =
                (chip.operator, chip.fromEpoch, chip.untilEpoch, chip.index);
            bool isCounted = owner == number && first <= snapshot && snapshot < end;
            if (!isCounted) revert IPociRegistry.PociRegistryNotCounted(chips[i], operator, epoch);
            places[i] = place;
        }
    }

    /// @inheritdoc IPociViews
    function countedOn(address account, uint64 epoch, uint32[] calldata places)
        external
        view
        returns (ChipId[] memory chips)
    {
        OperatorBook.Operator storage operator = _ledger.operators[account];
        chips = new ChipId[](places.length);
        for (uint256 i = 0; i < places.length; ++i) {
            (bool isTaken, uint32 segment) = operator.segmentAt(places[i]);
            if (!isTaken || epoch < LOOKBACK) continue;
            ChipId chip = _ledger.chipAt[segment];
            if (_ledger.chips[chip].countedAt(epoch - LOOKBACK)) chips[i] = chip;
        }
    }

    /// @inheritdoc IPociViews
    function isOpened(address operator, uint64 epoch) external view returns (bool) {
        return _ledger.operators[operator].answered.isSet(epoch);
    }

    /// @dev Epochs of a range, both ends included, that a chip missed.
    function _missesIn(ChipId chip, uint64 firstEpoch, uint64 lastEpoch) private view returns (uint256) {
        uint64 current = _epochNow();
        uint64 end = lastEpoch < current ? lastEpoch + 1 : current;
        return _ledger.missesIn(chip, ChipLedger.Span(firstEpoch, end, current, LOOKBACK));
    }
}
