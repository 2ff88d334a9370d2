// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Counts, tells, and refuses in two ways: what every tool must be able to show.
contract Counter {
    /// @notice The sum of all that was added.
    uint256 public count;

    /// @notice Somebody added.
    event Counted(address indexed by, uint256 count);

    /// @notice More than 100 at once.
    error TooMany(uint256 asked);

    /// @notice Adds to the count; 13 is refused with a reason, more than 100 with an error.
    function add(uint256 amount) external {
        if (amount > 100) revert TooMany(amount);
        require(amount != 13, "unlucky");
        count += amount;
        emit Counted(msg.sender, count);
    }
}
