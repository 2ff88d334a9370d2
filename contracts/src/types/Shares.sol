// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev What one account puts into a deal, or gets of it, in the smallest units of its money.
struct Share {
    address account;
    uint256 amount;
}
