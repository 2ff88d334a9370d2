// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipId} from "../types/Ids.sol";
import {IssuePlan} from "../types/Issue.sol";

/// @title Decides what a block earns and keeps what was issued and burned.
interface IEmission {
    /// @notice Only the node's system call decides rewards.
    error EmissionNotSystem(address caller);
    /// @notice A height at or below one that was decided.
    error EmissionWrongHeight(uint64 height, uint64 expected);

    /// @notice A block earned its operator so many gwei.
    event BlockRewarded(
        uint64 indexed height, address indexed operator, ChipId indexed chip, uint64 gweiPaid
    );
    /// @notice A block would have earned so many gwei, had the drawn chip been proven present, the operator's
    /// environment been proven, and the operator burned the fuel that the schedule asks for.
    event RewardForfeited(
        uint64 indexed height, address indexed operator, ChipId indexed chip, uint64 gweiForfeited
    );
    /// @notice Wei were destroyed.
    event Burned(address indexed from, uint256 amount);

    /// @notice Decides the reward of the current block; called by the node after its transactions.
    /// @dev The node credits the returned amount as an EIP-4895 withdrawal. Pays nothing when the operator is
    /// zero (the genesis sealer), the drawn chip was not proven present in epoch e - 2, EnvironmentProof has
    /// suspended the operator or does not answer, or the schedule burns fuel and the operator has none; what
    /// is not paid is never issued.
    /// @return gweiPaid floor(cum(h)) - floor(cum(h - 1)) in gwei, or zero.
    function onBlock(address operator, ChipId chip) external returns (uint64 gweiPaid);

    /// @notice Destroys the value sent: it can never leave this contract.
    function burn() external payable;

    /// @notice The schedule that was chosen at construction, for ever.
    function plan() external view returns (IssuePlan memory);
    /// @notice Rewards paid since genesis, in gwei.
    function issuedGwei() external view returns (uint128);
    /// @notice Wei destroyed through `burn` and as fuel.
    function burned() external view returns (uint256);
    /// @notice What the block at a height earns by the schedule, in gwei, if all conditions hold.
    function rewardAt(uint64 height) external view returns (uint64 gweiDue);
}
