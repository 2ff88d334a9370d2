// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Holds everybody's money: the only contract that pays out, and only to who asks for his own.
/// @dev Of the coin; tokens: `ITokenVault`. Invariant: this contract's balance = sum of free + sum of locked,
/// and what was forced in. Keepers (the escrows) are fixed at construction.
interface IVault {
    /// @notice Only keepers lock, release and burn.
    error VaultNotKeeper(address caller);
    /// @notice The account's free balance is too small, in units of its money: wei, of a token its own.
    error VaultInsufficientFree(address account, uint256 free, uint256 needed);
    /// @notice The caller holds less than this for the purpose, in units of its money.
    error VaultInsufficientLocked(bytes32 purpose, uint256 locked, uint256 needed);
    /// @notice A deposit for this account came without value.
    error VaultNothingSent(address account);
    /// @notice The account to be paid refused the coin.
    error VaultPaymentRefused(address account, uint256 amount);

    /// @notice An account's free balance grew by coin that came in. All amounts are wei.
    event Deposited(address indexed account, address indexed from, uint256 amount);
    /// @notice Coin left from an account's free balance.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    /// @notice A keeper locked an account's coin for a purpose.
    event Locked(address indexed keeper, bytes32 indexed purpose, address indexed account, uint256 amount);
    /// @notice A keeper gave coin of a purpose to an account's free balance.
    event Released(address indexed keeper, bytes32 indexed purpose, address indexed account, uint256 amount);
    /// @notice A keeper destroyed coin of a purpose.
    event LockedBurned(address indexed keeper, bytes32 indexed purpose, uint256 amount);

    /// @notice Adds the value sent to an account's free balance.
    function deposit(address account) external payable;

    /// @notice Pays from the caller's free balance.
    /// @dev Reverts: `VaultInsufficientFree`, `VaultPaymentRefused`.
    /// @param amount Wei.
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

    /// @notice Wei that an account may withdraw or commit.
    function freeOf(address account) external view returns (uint256);
    /// @notice Wei that a keeper holds for a purpose.
    function lockedOf(address keeper, bytes32 purpose) external view returns (uint256);
    /// @notice Wei in all free balances.
    function totalFree() external view returns (uint256);
    /// @notice Wei in all locks.
    function totalLocked() external view returns (uint256);
    /// @notice Whether an account may lock, release and burn.
    function isKeeper(address account) external view returns (bool);
}
