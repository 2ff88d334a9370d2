// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {IStakeAccess} from "../interfaces/IStakeAccess.sol";
import {HalfLife} from "../libraries/HalfLife.sol";
import {Stake, StakeExit} from "../types/Aic.sol";

/// @title Gives access to services for a stake of AIC that has stood for a while.
contract StakeAccess is IStakeAccess {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    uint256 private constant MOST_TIERS = 8;
    uint48 private constant LEAST_EXIT = 1 hours;
    uint48 private constant MOST_EXIT = 30 days;

    /// @dev AIC: neither takes a fee nor calls anybody.
    IERC20 private immutable TOKEN;
    /// @dev The timelock.
    address private immutable GOVERNOR;
    uint48 private immutable HALF_LIFE_SECONDS;

    /// @inheritdoc IStakeAccess
    uint48 public exitSeconds;
    uint96[] private _thresholds;
    mapping(address account => Stake) private _stakes;
    mapping(address account => StakeExit) private _exits;

    /// @param halfLifeSeconds In which the part that does not count yet halves, not zero.
    constructor(
        address token,
        address governor,
        uint48 halfLifeSeconds,
        uint48 exitSeconds_,
        uint96[] memory thresholds
    ) {
        if (halfLifeSeconds == 0) revert StakeAccessBadTerm("halfLifeSeconds");
        TOKEN = IERC20(token);
        GOVERNOR = governor;
        HALF_LIFE_SECONDS = halfLifeSeconds;
        _setExitSeconds(exitSeconds_);
        _setTiers(thresholds);
    }

    modifier onlyGovernor() {
        _requireGovernor();
        _;
    }

    /// @inheritdoc IStakeAccess
    function stake(uint256 amount) external {
        _stake(amount);
    }

    /// @inheritdoc IStakeAccess
    function stakeWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Whoever sees the permit can use it first: then it fails here, and the approval stands.
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {}
            catch {}
        _stake(amount);
    }

    /// @inheritdoc IStakeAccess
    function requestExit(uint256 amount) external {
        Stake memory held = _ripened(msg.sender);
        _requireAmount(amount, held.amount);
        uint48 freeAt = Time.timestamp() + exitSeconds;

        uint96 taken = amount.toUint96();
        held.amount -= taken;
        held.ripe = Math.min(held.ripe, held.amount).toUint96();
        _stakes[msg.sender] = held;
        _exits[msg.sender] = StakeExit({amount: _exits[msg.sender].amount + taken, freeAt: freeAt});

        emit ExitRequested(msg.sender, amount, freeAt);
    }

    /// @inheritdoc IStakeAccess
    function cancelExit() external {
        uint96 amount = _exits[msg.sender].amount;
        _requireAmount(amount, amount);

        delete _exits[msg.sender];
        Stake memory held = _ripened(msg.sender);
        held.amount += amount;
        _stakes[msg.sender] = held;

        emit ExitCancelled(msg.sender, amount);
    }

    /// @inheritdoc IStakeAccess
    function withdraw(address to) external {
        StakeExit memory leaving = _exits[msg.sender];
        _requireAmount(leaving.amount, leaving.amount);
        if (Time.timestamp() < leaving.freeAt) revert StakeAccessExitPending(leaving.freeAt);

        delete _exits[msg.sender];

        emit Withdrawn(msg.sender, to, leaving.amount);

        TOKEN.safeTransfer(to, leaving.amount);
    }

    /// @inheritdoc IStakeAccess
    function setTiers(uint96[] calldata thresholds) external onlyGovernor {
        _setTiers(thresholds);
    }

    /// @inheritdoc IStakeAccess
    function setExitSeconds(uint48 newSeconds) external onlyGovernor {
        _setExitSeconds(newSeconds);
    }

    /// @inheritdoc IStakeAccess
    function mayUse(address account, uint8 tier) external view returns (bool) {
        return tier <= tierOf(account);
    }

    /// @inheritdoc IStakeAccess
    function stakeOf(address account) external view returns (Stake memory) {
        return _stakes[account];
    }

    /// @inheritdoc IStakeAccess
    function exitOf(address account) external view returns (StakeExit memory) {
        return _exits[account];
    }

    /// @inheritdoc IStakeAccess
    function tiers() external view returns (uint96[] memory thresholds) {
        return _thresholds;
    }

    /// @inheritdoc IStakeAccess
    function tierOf(address account) public view returns (uint8 tier) {
        uint96 ripe = ripeOf(account);
        while (tier < _thresholds.length && ripe >= _thresholds[tier]) ++tier;
    }

    /// @inheritdoc IStakeAccess
    function ripeOf(address account) public view returns (uint96) {
        return _ripened(account).ripe;
    }

    function _stake(uint256 amount) private {
        _requireAmount(amount, amount);

        Stake memory held = _ripened(msg.sender);
        held.amount += amount.toUint96();
        _stakes[msg.sender] = held;

        emit Staked(msg.sender, amount, held.amount);

        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _setTiers(uint96[] memory thresholds) private {
        uint256 count = thresholds.length;
        if (count == 0 || count > MOST_TIERS || thresholds[0] == 0) revert StakeAccessBadTerm("thresholds");
        for (uint256 i = 1; i < count; ++i) {
            if (thresholds[i] <= thresholds[i - 1]) revert StakeAccessBadTerm("thresholds");
        }

        _thresholds = thresholds;

        emit TiersSet(thresholds);
    }

    function _setExitSeconds(uint48 newSeconds) private {
        if (newSeconds < LEAST_EXIT || newSeconds > MOST_EXIT) revert StakeAccessBadTerm("exitSeconds");

        uint48 oldSeconds = exitSeconds;
        exitSeconds = newSeconds;

        emit ExitSecondsSet(oldSeconds, newSeconds);
    }

    /// @dev A stake as of now: what does not count yet shrinks, rounded up.
    function _ripened(address account) private view returns (Stake memory held) {
        held = _stakes[account];
        uint48 second = Time.timestamp();
        uint256 factor = HalfLife.factorWad(second - held.updatedAt, HALF_LIFE_SECONDS);
        uint256 green = Math.ceilDiv((held.amount - held.ripe) * factor, HalfLife.WAD);
        held.ripe = held.amount - green.toUint96();
        held.updatedAt = second;
    }

    function _requireGovernor() private view {
        if (msg.sender != GOVERNOR) revert StakeAccessNotGovernor(msg.sender);
    }

    function _requireAmount(uint256 amount, uint256 available) private pure {
        if (amount == 0 || amount > available) revert StakeAccessBadAmount(amount, available);
    }
}
