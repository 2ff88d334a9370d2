// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev How opinions are weighed. Weights are wei of burned fees, kept in gwei.
struct RatingRules {
    /// 1 to 100: what a newcomer is worth
    uint8 priorScore;
    /// fees that the prior stands for, at least one gwei
    uint128 priorWeight;
    /// fees that count from one rater for one ratee in a period
    uint128 pairCap;
    uint64 pairPeriodSeconds;
    /// after which a weight has halved, not zero
    uint64 halfLifeSeconds;
}
