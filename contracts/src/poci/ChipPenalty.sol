// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {ChipLedger} from "../libraries/ChipLedger.sol";
import {ChipState} from "../types/Chips.sol";
import {ChipId} from "../types/Ids.sol";
import {ChipBooks} from "./ChipBooks.sol";

/// @title Takes bonds: a part of it from a chip that does not answer, all of it from one that lied.
abstract contract ChipPenalty is ChipBooks, IPociRegistry {
    using ChipLedger for ChipLedger.Ledger;

    /// @dev One part in so many of the bond is gone when a challenge is not answered.
    uint256 private constant SILENCE_PART = 10;
    /// @dev One part in so many of what is gone is a reward for who showed it; the rest is burned.
    uint256 private constant REWARD_PART = 10;

    /// @inheritdoc IPociRegistry
    function failChallenge(ChipId id, bytes calldata blsKey, address challenger) external {
        if (msg.sender != CHALLENGES) revert PociRegistryNotChallenges(msg.sender);
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        bytes memory key = _onlyKey(id, blsKey);
        uint256 penalty = Math.ceilDiv(_bondHeld(id, chip), SILENCE_PART);
        if (_isGone(chip.state)) return;

        _suspend(id, chip, key);
        _ledger.noteBurned(id, penalty);
        uint256 reward = penalty / REWARD_PART;

        emit ChipPenalised(id, challenger, penalty - reward, reward);

        _take(_ledger.accountOf(chip), penalty - reward, challenger, reward);
    }

    /// @inheritdoc IPociRegistry
    function slash(ChipId id, bytes calldata blsKey, address reporter) external {
        if (msg.sender != EVIDENCE) revert PociRegistryNotEvidence(msg.sender);
        ChipLedger.ChipRecord storage chip = _ledger.chips[id];
        if (_isGone(chip.state)) _refuse(id, chip.state);
        bytes memory key = _onlyKey(id, blsKey);
        uint256 bond = _bondHeld(id, chip);

        _takeOffLine(chip, key);
        chip.state = ChipState.Slashed;
        address account = _ledger.accountOf(chip);
        uint256 reward = bond / REWARD_PART;

        emit ChipSlashed(id, account, reporter, bond - reward, reward);

        _take(account, bond - reward, reporter, reward);
    }

    /// @dev A chip that counts does so no more, and comes back by `resume`; others stay what they are.
    function _suspend(ChipId id, ChipLedger.ChipRecord storage chip, bytes memory key) private {
        if (chip.untilEpoch != ChipLedger.OPEN) return;
        _takeOffLine(chip, key);
        _setSuspended(id, chip);
    }

    function _take(address account, uint256 burned, address rewarded, uint256 reward) private {
        bytes32 purpose = _bondOf(account);
        if (reward != 0) VAULT.release(purpose, rewarded, reward);
        if (burned != 0) VAULT.burn(purpose, burned);
    }
}
