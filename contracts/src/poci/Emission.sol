// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "../interfaces/IEmission.sol";
import {IEnvironmentProof} from "../interfaces/IEnvironmentProof.sol";
import {IPociRegistry} from "../interfaces/IPociRegistry.sol";
import {IssueSchedule} from "../libraries/IssueSchedule.sol";
import {SystemCaller} from "../libraries/SystemCaller.sol";
import {ChipId} from "../types/Ids.sol";
import {IssuePlan} from "../types/Issue.sol";
import {FuelBook} from "./FuelBook.sol";

/// @title Decides what a block earns and keeps what was issued and burned.
/// @dev Safety: only the node's system call moves `issuedGwei`; coin that came in never leaves, but for the
/// foundation's share of fuel. Liveness: none needed, a block whose call fails is valid and earns nothing.
contract Emission is IEmission, FuelBook {
    using IssueSchedule for IssuePlan;

    /// @dev Epochs between a proof of availability and the rewards that need it.
    uint64 private constant PROOF_AGE_EPOCHS = 2;
    /// @dev Gas for the question whether an operator is suspended; it takes a third of that.
    uint256 private constant ENVIRONMENT_GAS = 100_000;

    IPociRegistry private immutable REGISTRY;
    /// @dev Zero: rewards ask for no proof of the environment.
    address private immutable ENVIRONMENT;

    /// @dev Written by the constructor only.
    IssuePlan private _plan;
    /// @dev Gwei paid since genesis; written by `onBlock`.
    uint128 private _issuedGwei;
    /// @dev Height of the latest decision; written by `onBlock`.
    uint64 private _decided;
    /// @dev Wei; written by `burn` and by fuel that burns.
    uint256 private _burned;

    constructor(address registry, address environment, IssuePlan memory chosen) FuelBook(chosen.talos) {
        IssueSchedule.validate(chosen);
        REGISTRY = IPociRegistry(registry);
        ENVIRONMENT = environment;
        _plan = chosen;
    }

    /// @inheritdoc IEmission
    function onBlock(address operator, ChipId chip) external returns (uint64 gweiPaid) {
        if (msg.sender != SystemCaller.SYSTEM) revert EmissionNotSystem(msg.sender);
        uint64 height = uint64(block.number);
        if (height <= _decided) revert EmissionWrongHeight(height, _decided + 1);

        _decided = height;
        if (operator == address(0)) return 0;

        uint64 due = rewardAt(height);
        bool isFit = _hasEarned(chip) && !_isSuspended(operator);
        if (!isFit || (_needsFuel() && !isFueled(operator))) {
            emit RewardForfeited(height, operator, chip, due);
            return 0;
        }
        _issuedGwei += due;

        emit BlockRewarded(height, operator, chip, due);
        return due;
    }

    /// @inheritdoc IEmission
    function burn() external payable {
        _destroy(msg.value);

        emit Burned(msg.sender, msg.value);
    }

    /// @inheritdoc IEmission
    function issuedGwei() external view returns (uint128) {
        return _issuedGwei;
    }

    /// @inheritdoc IEmission
    function burned() external view returns (uint256) {
        return _burned;
    }

    /// @inheritdoc IEmission
    function plan() external view returns (IssuePlan memory) {
        return _plan;
    }

    /// @inheritdoc IEmission
    function rewardAt(uint64 height) public view returns (uint64 gweiDue) {
        if (height == 0) return 0;
        // Fits: a block earns at most 1,000 UNC, 1e12, or what a Talos cycle does, which is 64 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(_plan.rewardGwei(height));
    }

    /// @inheritdoc FuelBook
    function _destroy(uint256 amount) internal override {
        _burned += amount;
    }

    /// @dev Whether the drawn chip was proven present early enough.
    function _hasEarned(ChipId chip) private view returns (bool) {
        uint64 epoch = REGISTRY.currentEpoch();
        return epoch >= PROOF_AGE_EPOCHS && REGISTRY.wasPresent(chip, epoch - PROOF_AGE_EPOCHS);
    }

    /// @dev Whether the operator's environment is in doubt: anything but a clear no suspends.
    function _isSuspended(address operator) private view returns (bool) {
        if (ENVIRONMENT == address(0)) return false;
        bytes memory question = abi.encodeCall(IEnvironmentProof.isSuspended, (operator));
        (bool isAnswered, bytes memory answer) = ENVIRONMENT.staticcall{gas: ENVIRONMENT_GAS}(question);
        return !isAnswered || answer.length != 32 || abi.decode(answer, (uint256)) != 0;
    }
}
