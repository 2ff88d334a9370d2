// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ITokenVault} from "../interfaces/ITokenVault.sol";
import {IVault} from "../interfaces/IVault.sol";

/// @title Keeps who owns what of one kind of money: free balances, locks, and their sums.
/// @dev Pure bookkeeping: the vault moves what is booked. All units of a book together stay below 2^128, so
/// that no part of it can overflow when it moves, nor one half of the totals run into the other: of the coin
/// there are fewer, of a token `requireRoom` is asked before units come in.
library VaultBook {
    struct Book {
        /// units in all free balances (lower half) and in all locks (upper half): most moves touch both
        uint256 totals;
        /// units that an account may withdraw or commit
        mapping(address account => uint256) free;
        /// units that a keeper holds for a purpose (a rental, a job, a bond)
        mapping(address keeper => mapping(bytes32 purpose => uint256)) locked;
    }

    uint256 private constant LOCKED = 1 << 128;

    /// @dev Books what came in for an account.
    function credit(Book storage book, address account, uint256 amount) internal {
        unchecked {
            book.totals += amount; // cannot wrap: all units together fit
            book.free[account] += amount; // cannot wrap: part of the total
        }
    }

    /// @dev Books what came in for the caller's purpose.
    function creditLocked(Book storage book, bytes32 purpose, uint256 amount) internal {
        unchecked {
            book.totals += amount * LOCKED; // cannot wrap: all units together fit
            book.locked[msg.sender][purpose] += amount; // cannot wrap: part of the total
        }
    }

    /// @dev Books what leaves an account.
    function debit(Book storage book, address account, uint256 amount) internal {
        _takeFree(book, account, amount);
        unchecked {
            book.totals -= amount; // cannot wrap: it was part of the lower half
        }
    }

    /// @dev Books what leaves the caller's purpose.
    function debitLocked(Book storage book, bytes32 purpose, uint256 amount) internal {
        _takeLocked(book, purpose, amount);
        unchecked {
            book.totals -= amount * LOCKED; // cannot wrap: it was part of the upper half
        }
    }

    /// @dev Moves from an account to the caller's purpose.
    function lock(Book storage book, address account, bytes32 purpose, uint256 amount) internal {
        _takeFree(book, account, amount);
        unchecked {
            book.locked[msg.sender][purpose] += amount; // cannot wrap: part of the total
            book.totals += amount * (LOCKED - 1); // cannot wrap: from the lower half to the upper
        }
    }

    /// @dev Moves from the caller's purpose to an account.
    function release(Book storage book, bytes32 purpose, address account, uint256 amount) internal {
        _takeLocked(book, purpose, amount);
        unchecked {
            book.free[account] += amount; // cannot wrap: part of the total
            book.totals -= amount * (LOCKED - 1); // cannot wrap: from the upper half to the lower
        }
    }

    /// @dev Units in all free balances, and in all locks.
    function sums(Book storage book) internal view returns (uint256 free, uint256 locked) {
        uint256 totals = book.totals;
        return (totals % LOCKED, totals / LOCKED);
    }

    /// @dev Units that the book owes in all.
    function owed(Book storage book) internal view returns (uint256) {
        (uint256 free, uint256 locked) = sums(book);
        return free + locked;
    }

    /// @dev That the book can hold an amount beside all that it holds.
    function requireRoom(Book storage book, uint256 amount) internal view {
        uint256 units = owed(book) + amount;
        if (units >= LOCKED) revert ITokenVault.VaultTooMany(units, LOCKED - 1);
    }

    function _takeFree(Book storage book, address account, uint256 amount) private {
        uint256 free = book.free[account];
        if (free < amount) revert IVault.VaultInsufficientFree(account, free, amount);
        unchecked {
            book.free[account] = free - amount; // cannot wrap: amount <= free was checked above
        }
    }

    function _takeLocked(Book storage book, bytes32 purpose, uint256 amount) private {
        uint256 locked = book.locked[msg.sender][purpose];
        if (locked < amount) revert IVault.VaultInsufficientLocked(purpose, locked, amount);
        unchecked {
            book.locked[msg.sender][purpose] = locked - amount; // cannot wrap: amount <= locked, as above
        }
    }
}
