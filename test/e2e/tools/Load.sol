// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What the node's benchmark calls: a token's transfer, many new slots, one log.
contract Load {
    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Marked(uint256 indexed topic);

    mapping(address account => uint256 amount) public balanceOf;
    mapping(uint256 index => uint256 value) internal _slots;
    uint256 internal _filled;

    function transfer(address to, uint256 amount) external returns (bool) {
        unchecked {
            balanceOf[msg.sender] -= amount; // wraps: everybody has enough
            balanceOf[to] += amount;
        }
        emit Transfer(msg.sender, to, amount);
        return true;
    }

    function fill(uint256 slots) external {
        uint256 from = _filled;
        for (uint256 i = from; i < from + slots; ++i) {
            _slots[i] = i + 1;
        }
        _filled = from + slots;
    }

    function mark(uint256 topic) external {
        emit Marked(topic);
    }
}
