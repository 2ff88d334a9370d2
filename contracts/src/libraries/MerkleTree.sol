// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Computes Merkle roots from a leaf and its path.
/// @dev Leaves are hashed with 0x00 before them by the caller, nodes here with 0x01: neither is taken for the
/// other.
library MerkleTree {
    /// @dev Root of a tree whose pairs are sorted: the path alone says where a leaf is (vendor batches).
    function rootOfSorted(bytes32 leaf, bytes32[] calldata path) internal pure returns (bytes32 root) {
        root = leaf;
        for (uint256 i = 0; i < path.length; ++i) {
            bytes32 other = path[i];
            root = root < other ? node(root, other) : node(other, root);
        }
    }

    /// @dev Root of a tree of `width` leaves whose pairs are in order; a level of odd length promotes its
    /// last node. @param index Place of the leaf, from 0.
    /// @return root The root that leaf and path give.
    /// @return isWhole Whether the index is in the tree and the path has exactly the nodes that it needs.
    function rootOfOrdered(bytes32 leaf, uint256 index, uint256 width, bytes32[] calldata path)
        internal
        pure
        returns (bytes32 root, bool isWhole)
    {
        if (index >= width) return (bytes32(0), false);
        root = leaf;
        uint256 used = 0;
        while (width > 1) {
            bool isPromoted = index == width - 1 && index & 1 == 0;
            if (!isPromoted) {
                if (used == path.length) return (bytes32(0), false);
                bytes32 other = path[used++];
                root = index & 1 == 0 ? node(root, other) : node(other, root);
            }
            index >>= 1;
            width = (width + 1) >> 1;
        }
        isWhole = used == path.length;
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            // hash = keccak256(abi.encodePacked(bytes1(0x01), left, right)), written beyond what is in use
            let free := mload(0x40)
            mstore8(free, 0x01)
            mstore(add(free, 1), left)
            mstore(add(free, 33), right)
            hash := keccak256(free, 65)
        }
    }
}
