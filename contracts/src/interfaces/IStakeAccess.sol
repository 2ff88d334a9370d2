// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Stake, StakeExit} from "../types/Aic.sol";

/// @title Gives access to services for a stake of AIC that has stood for a while.
/// @dev A stake ripens: the part that counts comes nearer to the whole by half in each half-life. So a stake
/// that is made for one call counts for nothing. Nothing here can be paused; what an exit waits for is fixed
/// when it is asked for. Amounts are 1e-18 AIC.
interface IStakeAccess {
    /// @notice Only the timelock changes terms.
    error StakeAccessNotGovernor(address caller);
    /// @notice The value of this term is out of its bounds.
    error StakeAccessBadTerm(bytes32 term);
    /// @notice Nothing, or more than the account has, was named.
    error StakeAccessBadAmount(uint256 amount, uint256 available);
    /// @notice The exit waits until this second.
    error StakeAccessExitPending(uint48 freeAt);

    /// @notice An account put AIC into its stake; `total` is what it has now.
    event Staked(address indexed account, uint256 amount, uint256 total);
    /// @notice An account takes AIC out of its stake; all that it takes out is free from this second on.
    event ExitRequested(address indexed account, uint256 amount, uint48 freeAt);
    /// @notice An account put what it took out back into its stake.
    event ExitCancelled(address indexed account, uint256 amount);
    /// @notice AIC left.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    /// @notice The stakes that the tiers ask for, from the first, changed.
    event TiersSet(uint96[] thresholds);
    /// @notice The wait of exits that are asked for from now on changed.
    event ExitSecondsSet(uint48 oldSeconds, uint48 exitSeconds);

    /// @notice Stakes the caller's AIC, which it has approved.
    /// @dev Reverts: `StakeAccessBadAmount`, and those of the token.
    function stake(uint256 amount) external;

    /// @notice As `stake`, approving by a signature (ERC-2612).
    /// @dev A permit that somebody else has used before is no reason to fail: the approval is there.
    function stakeWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Takes AIC out of the stake; it counts no more, and is free after the wait.
    /// @dev A second exit joins the first and both wait anew.
    function requestExit(uint256 amount) external;

    /// @notice Puts all that is on its way out back into the stake; it ripens again.
    function cancelExit() external;

    /// @notice Pays out all that has waited.
    /// @dev Reverts: `StakeAccessBadAmount`, `StakeAccessExitPending`.
    function withdraw(address to) external;

    /// @notice Changes what the tiers ask for. The timelock only.
    /// @param thresholds One to eight, ascending, above zero.
    function setTiers(uint96[] calldata thresholds) external;

    /// @notice Changes the wait of later exits. The timelock only.
    /// @param exitSeconds One hour to thirty days, inclusive.
    function setExitSeconds(uint48 exitSeconds) external;

    /// @notice Whether an account may use a service of a tier now. Tier zero is open to all.
    function mayUse(address account, uint8 tier) external view returns (bool);
    /// @notice The highest tier whose threshold the ripe stake reaches; zero: none.
    function tierOf(address account) external view returns (uint8);
    /// @notice The part of an account's stake that counts now, rounded down.
    function ripeOf(address account) external view returns (uint96);
    /// @notice An account's stake as kept.
    function stakeOf(address account) external view returns (Stake memory);
    /// @notice What an account takes out.
    function exitOf(address account) external view returns (StakeExit memory);
    /// @notice What the tiers ask for, from the first.
    function tiers() external view returns (uint96[] memory thresholds);
    /// @notice Seconds from the asking to the end of an exit.
    function exitSeconds() external view returns (uint48);
}
