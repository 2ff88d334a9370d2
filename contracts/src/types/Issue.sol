// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev The schedules that a chain may choose from, once, in genesis.
enum IssueKind {
    Tiered,
    Halving,
    Talos
}

/// @dev The white paper's issue of UNC by height (figure 6): 100 UNC a block, then 75, then 50, then
/// 30 - 0.01 (1 - e^(-beta d)) / (e^beta - 1) at d blocks after n3.
struct TieredSchedule {
    /// last height, inclusive, that earns 100 UNC
    uint64 n1;
    /// last height, inclusive, that earns 75 UNC; up to n3 exclusive: 50 UNC
    uint64 n2;
    /// first height of the falling tier
    uint64 n3;
    /// fall per block of the last tier, in 1e-18; above 0.000333, so that the reward stays positive
    uint256 betaWad;
    /// gwei that may ever be issued
    uint128 capGwei;
}

/// @dev The white paper's eq. 23, q = q0 0.5^(t / 2 years), t = height x block time.
struct HalvingSchedule {
    /// q0: gwei that a block would earn at t = 0
    uint64 firstGwei;
    /// time in which the reward halves
    uint64 halvingSeconds;
    /// nominal time of a block
    uint64 blockSeconds;
    /// gwei that may ever be issued
    uint128 capGwei;
}

/// @dev The white paper's Talos age (section 4.6.1): cycles of equal length, each issues 5 % less than the
/// one before it, evenly over its time.
struct TalosSchedule {
    /// gwei that the first cycle issues
    uint64 firstGwei;
    uint64 cycleSeconds;
    /// nominal time of a block
    uint64 blockSeconds;
    /// gwei that may ever be issued; at most 19.9 times the first cycle, since the series ends at 20
    uint128 capGwei;
    FuelTerms fuel;
}

/// @dev What an operator must burn to earn under the Talos schedule.
struct FuelTerms {
    /// wei, the least of one filling; zero: rewards need no fuel
    uint128 leastWei;
    /// gets 5 % of what burns
    address foundation;
    /// holds the foundation's share until it is withdrawn
    address vault;
}

/// @dev The schedule of a chain; only the part of its kind is read.
struct IssuePlan {
    IssueKind kind;
    TieredSchedule tiered;
    HalvingSchedule halving;
    TalosSchedule talos;
}
