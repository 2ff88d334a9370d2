// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IVault} from "../interfaces/IVault.sol";

/// @title Keeps who owns what of one kind of money: free balances, locks, and their sums.
/// @dev Pure bookkeeping: the vault moves what is booked. All units of a book together stay below 2^128, so
/// that no part of it can overflow when it moves.
library VaultBook {
    struct Book {
        /// units in all free balances
        uint128 totalFree;
        /// units in all locks
        uint128 totalLocked;
        /// units that an account may withdraw or commit
        mapping(address account => uint256) free;
        /// units that a keeper holds for a purpose (a rental, a job, a bond)
        mapping(address keeper => mapping(bytes32 purpose => uint256)) locked;
    }

    /// @dev Books what came in for an account.
    function credit(Book storage book, address account, uint256 amount) internal {
        uint128 units = _fitting(book, amount);
        unchecked {
            book.totalFree += units; // cannot wrap: all units together fit
            book.free[account] += amount; // cannot wrap: part of the total
        }
    }

    /// @dev Books what came in for the caller's purpose.
    function creditLocked(Book storage book, bytes32 purpose, uint256 amount) internal {
        uint128 units = _fitting(book, amount);
        unchecked {
            book.totalLocked += units; // cannot wrap: all units together fit
            book.locked[msg.sender][purpose] += amount; // cannot wrap: part of the total
        }
    }

    /// @dev Books what leaves an account.
    function debit(Book storage book, address account, uint256 amount) internal {
        _takeFree(book, account, amount);
        unchecked {
            book.totalFree -= _part(amount); // cannot wrap: it was part of the total
        }
    }

    /// @dev Books what leaves the caller's purpose.
    function debitLocked(Book storage book, bytes32 purpose, uint256 amount) internal {
        _takeLocked(book, purpose, amount);
        unchecked {
            book.totalLocked -= _part(amount); // cannot wrap: it was part of the total
        }
    }

    /// @dev Moves from an account to the caller's purpose.
    function lock(Book storage book, address account, bytes32 purpose, uint256 amount) internal {
        _takeFree(book, account, amount);
        unchecked {
            book.locked[msg.sender][purpose] += amount; // cannot wrap: part of the total
            (book.totalFree, book.totalLocked) =
            (book.totalFree - _part(amount), book.totalLocked + _part(amount)); // nor these: see above
        }
    }

    /// @dev Moves from the caller's purpose to an account.
    function release(Book storage book, bytes32 purpose, address account, uint256 amount) internal {
        _takeLocked(book, purpose, amount);
        unchecked {
            book.free[account] += amount; // cannot wrap: part of the total
            (book.totalFree, book.totalLocked) =
            (book.totalFree + _part(amount), book.totalLocked - _part(amount)); // nor these: see above
        }
    }

    /// @dev Units that the book owes in all.
    function owed(Book storage book) internal view returns (uint256) {
        return uint256(book.totalFree) + book.totalLocked;
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

    /// @dev The amount, if the book can hold it beside all that it holds.
    function _fitting(Book storage book, uint256 amount) private view returns (uint128) {
        SafeCast.toUint128(owed(book) + amount);
        return _part(amount);
    }

    /// @dev The width of the totals: whatever is part of them fits.
    function _part(uint256 amount) private pure returns (uint128) {
        return uint128(amount); // forge-lint: disable-line(unsafe-typecast)
    }
}
