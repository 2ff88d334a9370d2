// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Burns the fuel that operators must fill to earn under the Talos schedule (white paper, 4.6.1).
/// @dev Fuel burns evenly over one cycle from its filling on; 5 % of what burns goes to the foundation,
/// rounded down. It can not be taken out. Time is height x nominal block time, as in the schedules.
interface IFuelBook {
    /// @notice The chain's schedule burns no fuel.
    error FuelBookNotUsed();
    /// @notice A filling is below the least one, in wei.
    error FuelBookTooLittle(uint256 offered, uint256 required);

    /// @notice An operator's fuel grew by `amount` wei; all that is left burns until the height `until`.
    event FuelFilled(address indexed operator, address indexed from, uint256 amount, uint64 until);
    /// @notice Fuel of an operator burned: wei destroyed, and wei given to the foundation.
    event FuelBurned(address indexed operator, uint256 burned, uint256 foundationShare);

    /// @notice Adds the value sent to an operator's fuel and spreads what is left over a cycle from now.
    /// @dev Anyone may call. Reverts: `FuelBookNotUsed`, `FuelBookTooLittle`.
    function fillFuel(address operator) external payable;

    /// @notice Burns what is due of an operator's fuel and credits the foundation in the Vault.
    /// @dev Anyone may call; nothing due does nothing.
    /// @return due Wei, the foundation's share included.
    function burnFuel(address operator) external returns (uint256 due);

    /// @notice Whether an operator has fuel that burns in the current block.
    function isFueled(address operator) external view returns (bool);

    /// @notice Wei of an operator that did not burn yet, and the height at which none is left, exclusive.
    function fuelOf(address operator) external view returns (uint256 left, uint64 until);
}
