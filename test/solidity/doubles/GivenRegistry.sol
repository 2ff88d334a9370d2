// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChipLedger} from "contracts/src/libraries/ChipLedger.sol";
import {EpochBits} from "contracts/src/libraries/EpochBits.sol";
import {OperatorBook} from "contracts/src/libraries/OperatorBook.sol";
import {SumTree} from "contracts/src/libraries/SumTree.sol";
import {PociRegistry} from "contracts/src/poci/PociRegistry.sol";
import {ChipState, PociParameters} from "contracts/src/types/Chips.sol";
import {ChipId} from "contracts/src/types/Ids.sol";

/// @title The registry itself, but for its entry: chips are given and epochs answered without any proof.
contract GivenRegistry is PociRegistry {
    using ChipLedger for ChipLedger.ChipRecord;
    using ChipLedger for ChipLedger.Ledger;
    using EpochBits for EpochBits.Row;
    using OperatorBook for OperatorBook.Operator;
    using SumTree for SumTree.Tree;

    constructor(PociParameters memory parameters) PociRegistry(parameters) {}

    /// @dev A chip of a batch's number with one unit of power, as `register` books it.
    function give(ChipId chip, address account, uint32 batch) public {
        uint32 segment = _ledger.line.places;
        uint32[] memory weights = new uint32[](1);
        weights[0] = 1;
        _ledger.line.append(weights, 1);
        _ledger.chipAt[segment] = chip;
        ChipLedger.ChipRecord memory record;
        record.state = ChipState.Pending;
        record.operator = _ledger.enrol(account);
        (record.batch, record.phi, record.segment) = (batch, 1, segment);
        uint32[] memory segments = new uint32[](1);
        segments[0] = segment;
        record.index = _ledger.operators[account].list(segments)[0];
        (record.fromEpoch, record.untilEpoch) = (uint32(_epochNow()), ChipLedger.OPEN);
        _ledger.chips[chip].write(record);
        _ledger.operators[account].power += 1;
    }

    /// @dev The same, with a key that counts in its operator's sum.
    function giveKey(ChipId chip, address account, bytes calldata key) external {
        give(chip, account, 1);
        _ledger.keyOwner[keccak256(key)] = chip;
        _ledger.operators[account].addKeys(_epochNow(), LOOKBACK, key, "");
    }

    /// @dev A chip leaves the line in this epoch, which it missed.
    function suspend(ChipId chip) external {
        ChipLedger.ChipRecord storage record = _ledger.chips[chip];
        _ledger.noteMiss(chip, _epochNow());
        _ledger.depart(record, _epochNow());
        _setSuspended(chip, record);
    }

    /// @dev All chips of an operator were there in the epochs from `first` up to and without `end`.
    function answer(address account, uint64 first, uint64 end) external {
        _ledger.operators[account].answered.fill(first, end);
        _ledger.operators[account].setProven(end - 1);
    }
}
