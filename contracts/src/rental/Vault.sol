// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVault} from "../interfaces/IVault.sol";
import {VaultBook} from "../libraries/VaultBook.sol";
import {VaultBooks} from "./VaultBooks.sol";
import {VaultTokens} from "./VaultTokens.sol";

/// @title Holds everybody's money: the only contract that pays out, and only to who asks for his own.
/// @dev Here the coin comes in and goes out. Coin that is forced in (a withdrawal, a self-destruct) belongs
/// to nobody and stays, and so does what is sent of a token without `depositToken`.
contract Vault is VaultTokens {
    using VaultBook for VaultBook.Book;

    /// @param governor_ Admits and dismisses tokens, and nothing else.
    /// @param purse_ Takes what of a token would be burned if it were coin.
    /// @param keepers The escrows: they lock, release and burn.
    constructor(address emission, address governor_, address purse_, address[] memory keepers)
        VaultBooks(emission, purse_, keepers)
        VaultTokens(governor_)
    {}

    /// @inheritdoc IVault
    function deposit(address account) external payable {
        if (msg.value == 0) revert VaultNothingSent(account);

        _coin.credit(account, msg.value);

        emit Deposited(account, msg.sender, msg.value);
    }

    /// @inheritdoc IVault
    function withdraw(address payable to, uint256 amount) external nonReentrant {
        _coin.debit(msg.sender, amount);

        emit Withdrawn(msg.sender, to, amount);

        (bool paid,) = to.call{value: amount}("");
        if (!paid) revert VaultPaymentRefused(to, amount);
    }
}
