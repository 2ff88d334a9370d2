// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IFuelBook} from "../interfaces/IFuelBook.sol";
import {IVault} from "../interfaces/IVault.sol";
import {TalosSchedule} from "../types/Issue.sol";

/// @title Burns operators' fuel evenly over a cycle, a twentieth of it to the foundation.
abstract contract FuelBook is IFuelBook {
    using SafeCast for uint256;

    /// @dev One slot; wei of an operator that had not burned at height `since`, burning until `until`.
    struct Tank {
        uint128 left;
        uint64 since;
        uint64 until;
    }

    /// @dev The foundation gets one part in so many of what burns.
    uint256 private constant FOUNDATION_PART = 20;

    IVault private immutable VAULT;
    address private immutable FOUNDATION;
    uint256 private immutable LEAST_WEI;
    /// @dev Blocks in a cycle, rounded up.
    uint64 private immutable CYCLE_BLOCKS;

    /// @dev Written by `fillFuel` and `burnFuel`.
    mapping(address operator => Tank) private _tanks;

    /// @param talos All zero if the schedule is another.
    constructor(TalosSchedule memory talos) {
        VAULT = IVault(talos.fuel.vault);
        FOUNDATION = talos.fuel.foundation;
        LEAST_WEI = talos.fuel.leastWei;
        uint64 perBlock = talos.blockSeconds;
        CYCLE_BLOCKS = perBlock == 0 ? 0 : (talos.cycleSeconds + perBlock - 1) / perBlock;
    }

    /// @inheritdoc IFuelBook
    function fillFuel(address operator) external payable {
        if (!_needsFuel()) revert FuelBookNotUsed();
        if (msg.value < LEAST_WEI) revert FuelBookTooLittle(msg.value, LEAST_WEI);

        burnFuel(operator);
        Tank storage tank = _tanks[operator];
        tank.left += msg.value.toUint128();
        tank.since = uint64(block.number);
        tank.until = uint64(block.number) + CYCLE_BLOCKS;

        emit FuelFilled(operator, msg.sender, msg.value, tank.until);
    }

    /// @inheritdoc IFuelBook
    function burnFuel(address operator) public returns (uint256 due) {
        Tank storage tank = _tanks[operator];
        due = _due(tank);
        if (due == 0) return 0;
        uint256 share = due / FOUNDATION_PART;

        tank.left -= due.toUint128();
        tank.since = uint64(block.number);
        _destroy(due - share);

        emit FuelBurned(operator, due - share, share);

        if (share != 0) VAULT.deposit{value: share}(FOUNDATION);
    }

    /// @inheritdoc IFuelBook
    function isFueled(address operator) public view returns (bool) {
        return block.number < _tanks[operator].until;
    }

    /// @inheritdoc IFuelBook
    function fuelOf(address operator) external view returns (uint256 left, uint64 until) {
        Tank storage tank = _tanks[operator];
        return (tank.left - _due(tank), tank.until);
    }

    /// @dev Counts wei that stay here for ever.
    function _destroy(uint256 amount) internal virtual;

    /// @dev Whether rewards need fuel.
    function _needsFuel() internal view returns (bool) {
        return LEAST_WEI != 0;
    }

    /// @dev What burned since the tank was last written, rounded down; all of it at the end.
    function _due(Tank storage tank) private view returns (uint256) {
        uint256 left = tank.left;
        if (block.number >= tank.until) return left;
        return left * (block.number - tank.since) / (tank.until - tank.since);
    }
}
