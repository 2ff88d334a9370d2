// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Builds Merkle trees level by level: the plain reference that `MerkleTree` is held against.
library SortedTree {
    /// @dev Root of a tree with sorted pairs; a level of odd length promotes its last node.
    function root(bytes32[] memory level) internal pure returns (bytes32) {
        while (level.length > 1) {
            level = above(level, true);
        }
        return level[0];
    }

    /// @dev Path of a leaf in the tree of `root`.
    function path(bytes32[] memory level, uint256 index) internal pure returns (bytes32[] memory) {
        return path(level, index, true);
    }

    /// @dev Root of a tree with pairs in order.
    function orderedRoot(bytes32[] memory level) internal pure returns (bytes32) {
        while (level.length > 1) {
            level = above(level, false);
        }
        return level[0];
    }

    /// @dev Path of a leaf in the tree of `orderedRoot`.
    function orderedPath(bytes32[] memory level, uint256 index) internal pure returns (bytes32[] memory) {
        return path(level, index, false);
    }

    /// @dev What `MerkleTree.rootOfMany` needs besides the leaves of ascending places.
    function manyNodes(bytes32[] memory level, uint32[] memory places)
        internal
        pure
        returns (bytes32[] memory nodes)
    {
        nodes = new bytes32[](0);
        bool[] memory isKnown = new bool[](level.length);
        for (uint256 i = 0; i < places.length; ++i) {
            isKnown[places[i]] = true;
        }
        while (level.length > 1) {
            bool[] memory isAbove = new bool[]((level.length + 1) / 2);
            for (uint256 i = 0; i < level.length; ++i) {
                if (!isKnown[i]) continue;
                isAbove[i / 2] = true;
                uint256 sibling = i ^ 1;
                if (sibling < level.length && !isKnown[sibling]) nodes = appended(nodes, level[sibling]);
            }
            level = above(level, false);
            isKnown = isAbove;
        }
    }

    function path(bytes32[] memory level, uint256 index, bool isSorted)
        private
        pure
        returns (bytes32[] memory nodes)
    {
        nodes = new bytes32[](0);
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) nodes = appended(nodes, level[sibling]);
            level = above(level, isSorted);
            index /= 2;
        }
    }

    function above(bytes32[] memory level, bool isSorted) private pure returns (bytes32[] memory upper) {
        upper = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < upper.length; ++i) {
            if (2 * i + 1 == level.length) {
                upper[i] = level[2 * i];
                continue;
            }
            (bytes32 left, bytes32 right) = (level[2 * i], level[2 * i + 1]);
            if (isSorted && right < left) (left, right) = (right, left);
            upper[i] = keccak256(bytes.concat(hex"01", left, right));
        }
    }

    function appended(bytes32[] memory list, bytes32 item) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            longer[i] = list[i];
        }
        longer[list.length] = item;
    }
}
