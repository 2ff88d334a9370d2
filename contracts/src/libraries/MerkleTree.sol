// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Computes Merkle roots from a leaf and its path, or from many leaves and the nodes between them.
/// @dev Leaves are hashed with 0x00 before them by the caller, nodes here with 0x01: neither is taken for the
/// other.
library MerkleTree {
    /// @dev Where a walk from many leaves stands.
    struct Level {
        /// nodes of this level that are known
        uint256 count;
        /// nodes of this level
        uint256 width;
        /// nodes of the list used so far
        uint256 used;
    }

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

    /// @dev Root of a tree as in `rootOfOrdered`, from several of its leaves at once: nodes that two paths
    /// share are computed, not given. The other nodes come in the order in which a walk needs them that goes
    /// level by level from the leaves, and from left to right in each.
    /// @param leaves Consumed: overwritten with the nodes of each level.
    /// @param places Of the leaves, from 0, strictly ascending and below `width`, at least one; consumed.
    /// @return root The root that leaves and nodes give.
    /// @return isWhole Whether there are exactly the nodes that it needs.
    function rootOfMany(
        bytes32[] memory leaves,
        uint32[] memory places,
        uint256 width,
        bytes32[] calldata nodes
    ) internal pure returns (bytes32 root, bool isWhole) {
        uint256 count = leaves.length;
        uint256 used = 0;
        for (; width > 1; width = (width + 1) >> 1) {
            (count, used) = _ascend(leaves, places, Level(count, width, used), nodes);
            if (count == 0) return (bytes32(0), false);
        }
        return (leaves[0], used == nodes.length);
    }

    /// @dev Replaces the nodes of a level by those above them, in place: what is written never overtakes what
    /// is read, since two nodes become one, or one becomes one.
    /// @return count Nodes of the next level; 0 if a node is missing.
    /// @return used Nodes of the list that are used up.
    function _ascend(
        bytes32[] memory level,
        uint32[] memory places,
        Level memory from,
        bytes32[] calldata nodes
    ) private pure returns (uint256 count, uint256 used) {
        assembly ("memory-safe") {
            used := mload(add(from, 64))
            // offsets in bytes, the same in both arrays, whose entries begin at 32
            count := 32
            let end := shl(5, add(mload(from), 1))
            mstore8(mload(0x40), 0x01)
            for { let i := 32 } lt(i, end) {} {
                let place := mload(add(places, i))
                let own := mload(add(level, i))
                i := add(i, 32)
                // all but the last node of a level of odd length, which is promoted
                if or(and(place, 1), lt(add(place, 1), mload(add(from, 32)))) {
                    let other
                    // the next known node is the sibling on the right, or the list has the sibling
                    let isNext := and(lt(i, end), eq(mload(add(places, i)), add(place, 1)))
                    switch and(isNext, iszero(and(place, 1)))
                    case 1 {
                        other := mload(add(level, i))
                        i := add(i, 32)
                    }
                    default {
                        if eq(used, nodes.length) {
                            count := 32
                            break
                        }
                        other := calldataload(add(nodes.offset, shl(5, used)))
                        used := add(used, 1)
                    }
                    // own = node(own, other), or node(other, own) if it is on the right
                    mstore(add(mload(0x40), add(1, shl(5, and(place, 1)))), own)
                    mstore(add(mload(0x40), sub(33, shl(5, and(place, 1)))), other)
                    own := keccak256(mload(0x40), 65)
                }
                mstore(add(level, count), own)
                mstore(add(places, count), shr(1, place))
                count := add(count, 32)
            }
            count := sub(shr(5, count), 1)
        }
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
