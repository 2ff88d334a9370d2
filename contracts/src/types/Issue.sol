// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

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
