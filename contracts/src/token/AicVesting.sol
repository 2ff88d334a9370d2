// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {VestingWalletCliff} from "@openzeppelin/contracts/finance/VestingWalletCliff.sol";

/// @title Holds tokens for one beneficiary and lets them go in time: nothing before the cliff, then in
/// proportion to the time since the start.
/// @dev Anyone may call `release`; only the beneficiary is ever paid. What is held neither votes nor moves.
/// The wallet cannot change hands, so that what is not vested cannot be sold with it. A beneficiary that is a
/// contract could itself be sold: who deploys names plain accounts, or the timelock.
contract AicVesting is VestingWalletCliff {
    /// @notice The wallet stays its beneficiary's.
    error AicVestingBound(address beneficiary);

    /// @param start Second from which the time is counted.
    /// @param cliffSeconds Before which nothing is vested; at most the duration.
    /// @param durationSeconds After which all is vested.
    constructor(address beneficiary, uint64 start, uint64 cliffSeconds, uint64 durationSeconds)
        VestingWallet(beneficiary, start, durationSeconds)
        VestingWalletCliff(cliffSeconds)
    {}

    /// @notice Always fails.
    function transferOwnership(address) public view override {
        revert AicVestingBound(owner());
    }

    /// @notice Always fails: what is held would be nobody's.
    function renounceOwnership() public view override {
        revert AicVestingBound(owner());
    }
}
