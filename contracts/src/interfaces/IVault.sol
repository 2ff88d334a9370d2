// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Holds everybody's money: the only contract that pays out, and only to who asks for his own.
/// @dev Invariant: this contract's balance = sum of free + sum of locked. Keepers (the escrows) are
/// fixed at construction.
interface IVault {
    error VaultNotKeeper(address caller);
    error VaultInsufficientFree(address account, uint256 free, uint256 needed);
    error VaultInsufficientLocked(bytes32 purpose, uint256 locked, uint256 needed);
    error VaultNothingSent();
    error VaultPaymentRefused(address account, uint256 amount);

    event Deposited(address indexed account, address indexed from, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    event Locked(address indexed keeper, bytes32 indexed purpose, address indexed account, uint256 amount);
    event Released(address indexed keeper, bytes32 indexed purpose, address indexed account, uint256 amount);
    event LockedBurned(address indexed keeper, bytes32 indexed purpose, uint256 amount);

    /// @notice Adds the value sent to an account's free balance.
    function deposit(address account) external payable;

    /// @notice Pays from the caller's free balance.
    function withdraw(address payable to, uint256 amount) external;

    /// @notice Moves from an account's free balance into a lock. Keepers only; the keeper answers for
    /// the consent.
    function lock(address account, bytes32 purpose, uint256 amount) external;

    /// @notice Adds the value sent straight to a lock. Keepers only.
    function lockSent(address account, bytes32 purpose) external payable;

    /// @notice Moves from the keeper's lock to an account's free balance. Keepers only.
    function release(bytes32 purpose, address account, uint256 amount) external;

    /// @notice Destroys from the keeper's lock. Keepers only.
    function burn(bytes32 purpose, uint256 amount) external;

    function freeOf(address account) external view returns (uint256);
    function lockedOf(address keeper, bytes32 purpose) external view returns (uint256);
    function totalFree() external view returns (uint256);
    function totalLocked() external view returns (uint256);
    function isKeeper(address account) external view returns (bool);
}
