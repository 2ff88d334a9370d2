// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ITokenVault} from "../interfaces/ITokenVault.sol";
import {VaultBook} from "../libraries/VaultBook.sol";
import {VaultBooks} from "./VaultBooks.sol";

/// @title Lets tokens into the vault and out of it.
/// @dev A token is a stranger's code: whatever it calls while it is called finds the vault's doors shut.
abstract contract VaultTokens is VaultBooks {
    using SafeERC20 for IERC20;
    using VaultBook for VaultBook.Book;

    /// @inheritdoc ITokenVault
    address public immutable governor; // forge-lint: disable-line(screaming-snake-case-immutable)

    constructor(address governor_) {
        governor = governor_;
    }

    modifier onlyGovernor() {
        _requireGovernor();
        _;
    }

    /// @inheritdoc ITokenVault
    function admit(address token) external onlyGovernor {
        if (token.code.length == 0) revert VaultNoToken(token);
        if (_standings[token] == Standing.Admitted) revert VaultAdmitted(token);

        _standings[token] = Standing.Admitted;

        emit TokenAdmitted(token);
    }

    /// @inheritdoc ITokenVault
    function dismiss(address token) external onlyGovernor {
        _requireAdmitted(token);

        _standings[token] = Standing.Dismissed;

        emit TokenDismissed(token);
    }

    /// @inheritdoc ITokenVault
    function depositToken(address token, address account, uint256 amount)
        external
        nonReentrant
        returns (uint256 received)
    {
        // A dismissed token, too: who has a deal in it may need a bond for its dispute.
        if (_standings[token] == Standing.Unknown) revert VaultNotAdmitted(token);
        uint256 before = _heldOf(token);
        uint256 owed = _tokens[token].owed();
        if (before < owed) revert VaultTokenShort(token, before, owed);

        // The call comes first: only the balance after it says what came in.
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 held = _heldOf(token);
        if (held <= before) revert VaultNothingReceived(token, account);
        received = held - before;
        _tokens[token].requireRoom(received);
        _tokens[token].credit(account, received);

        emit TokenDeposited(token, account, msg.sender, received);
    }

    /// @inheritdoc ITokenVault
    function withdrawToken(address token, address to, uint256 amount)
        external
        nonReentrant
        returns (uint256 sent)
    {
        uint256 owed = _tokens[token].owed();
        _tokens[token].debit(msg.sender, amount);
        uint256 held = _heldOf(token);
        sent = held < owed ? Math.mulDiv(amount, held, owed) : amount; // rounded down: the rest stays for all

        emit TokenWithdrawn(token, msg.sender, to, amount, sent);

        IERC20(token).safeTransfer(to, sent);
    }

    function _heldOf(address token) private view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    function _requireGovernor() private view {
        if (msg.sender != governor) revert VaultNotGovernor(msg.sender);
    }
}
