// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Share} from "../types/Shares.sol";

/// @title Holds admitted ERC-20 tokens beside the coin: the second half of the vault.
/// @dev Amounts are the token's smallest units. Each token has books of its own: whatever one of them does,
/// no other and no coin is touched. Invariant for each token: its balance here >= free + locked, unless the
/// token itself took some of it away; then what is left is shared (`withdrawToken`).
/// Needed for safety: the governor admits no token that takes more than was sent when the vault pays, and
/// none whose holdings shrink: their holders would bear it. Needed for liveness of a token: itself.
interface ITokenVault {
    /// @notice Only the governor admits and dismisses tokens.
    error VaultNotGovernor(address caller);
    /// @notice There is no contract at this address, so no token.
    error VaultNoToken(address token);
    /// @notice The token is admitted.
    error VaultAdmitted(address token);
    /// @notice The token was never admitted, or is no longer: nothing of the first comes in, no deal begins
    /// in either.
    error VaultNotAdmitted(address token);
    /// @notice A deposit for this account moved nothing of the token here.
    error VaultNothingReceived(address token, address account);
    /// @notice The token holds less here than its books owe, in its units: no deposit may fill the gap. Units
    /// that anybody sends by the token itself do.
    error VaultTokenShort(address token, uint256 held, uint256 owed);

    /// @notice With this deposit there would be more units of a token here than its books can hold.
    error VaultTooMany(uint256 units, uint256 most);

    /// @notice A token may be deposited, and deals begin in it.
    event TokenAdmitted(address indexed token);
    /// @notice No deal begins in a token any more; what is here goes on and out as before.
    event TokenDismissed(address indexed token);
    /// @notice An account's free balance of a token grew by units that came in.
    event TokenDeposited(
        address indexed token, address indexed account, address indexed from, uint256 amount
    );
    /// @notice Units left an account's free balance of a token; so many were sent for them.
    event TokenWithdrawn(
        address indexed token, address indexed account, address indexed to, uint256 amount, uint256 sent
    );
    /// @notice A keeper locked an account's units of a token for a purpose.
    event TokenLocked(
        address indexed keeper,
        bytes32 indexed purpose,
        address indexed account,
        address token,
        uint256 amount
    );
    /// @notice A keeper gave units of a token, locked for a purpose, to an account's free balance.
    event TokenReleased(
        address indexed keeper,
        bytes32 indexed purpose,
        address indexed account,
        address token,
        uint256 amount
    );

    /// @notice Lets a token in. Governor only.
    /// @dev Reverts: `VaultNotGovernor`, `VaultNoToken`, `VaultAdmitted`.
    function admit(address token) external;

    /// @notice Lets no deal begin in a token any more, nor be extended. Governor only.
    /// @dev Running deals go on, disputes about them too, deposits and withdrawals stay open. Reverts:
    /// `VaultNotGovernor`, `VaultNotAdmitted`.
    function dismiss(address token) external;

    /// @notice Takes units of a token from the caller, who has approved them, for an account's free balance;
    /// of one that was dismissed, too: a dispute in it may ask for a bond.
    /// @dev What is credited is by how much the vault's balance grew: a token that keeps a fee credits less.
    /// Reverts: `VaultNotAdmitted`, `VaultTokenShort`, `VaultNothingReceived`, `VaultTooMany`, and what the
    /// token refuses.
    /// @return received Units credited.
    function depositToken(address token, address account, uint256 amount) external returns (uint256 received);

    /// @notice Pays from the caller's free balance of a token, admitted or not.
    /// @dev If the token holds less here than its books owe, everybody who withdraws bears the same share of
    /// what is missing, rounded against who withdraws: who comes first gains nothing. Reverts:
    /// `VaultInsufficientFree` (`IVault`), and what the token refuses.
    /// @return sent Units sent; a token that keeps a fee delivers less.
    function withdrawToken(address token, address to, uint256 amount) external returns (uint256 sent);

    /// @notice Moves from an account's free balance into a lock. Keepers only; the keeper answers for the
    /// consent.
    /// @param token Zero: the coin, as by `lock`.
    function lockToken(address token, address account, bytes32 purpose, uint256 amount) external;

    /// @notice Moves from the keeper's lock to an account's free balance. Keepers only.
    /// @param token Zero: the coin, as by `release`.
    function releaseToken(address token, bytes32 purpose, address account, uint256 amount) external;

    /// @notice Locks what two accounts stake on a deal. Keepers only; the keeper answers for the consents.
    /// @dev Reverts for a token that is not admitted, or no longer: `VaultNotAdmitted`.
    /// @param token Zero: the coin.
    function lockStakes(address token, bytes32 purpose, Share calldata one, Share calldata other) external;

    /// @notice Gives two accounts their shares of a deal, and takes the rest from everybody. Keepers only.
    /// @param token Zero: the coin.
    /// @param forfeited Units of the rest. Coin is burned; a token, which nobody here can destroy, goes to
    /// the `purse`.
    function payOut(
        address token,
        bytes32 purpose,
        Share calldata one,
        Share calldata other,
        uint256 forfeited
    ) external;

    /// @notice Units of a token that an account may withdraw or commit.
    function freeTokenOf(address token, address account) external view returns (uint256);
    /// @notice Units of a token that a keeper holds for a purpose.
    function lockedTokenOf(address token, address keeper, bytes32 purpose) external view returns (uint256);
    /// @notice Units of a token in all free balances, and in all locks.
    function totalsOf(address token) external view returns (uint256 free, uint256 locked);
    /// @notice Whether a token may be deposited and deals may begin in it.
    function isAdmitted(address token) external view returns (bool);
    /// @notice Who admits and dismisses tokens, for ever.
    function governor() external view returns (address);
    /// @notice Whose free balance takes what of a token would be burned if it were coin, for ever.
    function purse() external view returns (address);
}
