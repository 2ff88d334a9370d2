// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {OperatorBook} from "../libraries/OperatorBook.sol";
import {ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Reads the books of chips for draws, rewards, proofs and rentals; rarer reads are in `PociViews`.
abstract contract ChipReads is ChipBooks, IPociRegistry {
    using ChipLedger for ChipLedger.ChipRecord;
    using ChipLedger for ChipLedger.Ledger;
    using OperatorBook for OperatorBook.Operator;

    /// @inheritdoc IPociRegistry
    function stateOf(ChipId id) external view returns (ChipState) {
        return _stateOf(id);
    }

    /// @inheritdoc IPociRegistry
    function wasPresent(ChipId id, uint64 epoch) external view returns (bool) {
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (epoch < LOOKBACK || !chip.countedAt(epoch - LOOKBACK)) return false;
        bool isProvenEpoch = _ledger.operatorOf(chip).isAnswered(epoch, _epochNow());
        return isProvenEpoch && !_ledger.isMissed(id, epoch);
    }

    /// @inheritdoc IPociRegistry
    function availabilityMessage(address operator, uint64 epoch) external view returns (bytes32) {
        return _messageOf(operator, epoch);
    }

    /// @inheritdoc IPociRegistry
    function currentEpoch() external view returns (uint64) {
        return _epochNow();
    }
}
