// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Computes Merkle roots from a leaf and its path, or from many leaves and the nodes between them.
/// @dev Leaves are hashed with 0x00 before them by the caller, nodes here with 0x01: neither is taken for the
/// other.
library MerkleTree {
    /// @dev Root of a tree whose pairs are sorted: the path alone says where a leaf is (vendor batches).
    function rootOfSorted(bytes32 leaf, bytes32[] calldata path) internal pure returns (bytes32 root) {
        root = leaf;
        assembly ("memory-safe") {
            // for each node of the path: root = root < it ? node(root, it) : node(it, root), all in the same
            // buffer beyond what is in use
            let pair := mload(0x40)
            mstore8(pair, 0x01)
            let left := add(pair, 1)
            let right := add(pair, 33)
            let end := add(path.offset, shl(5, path.length))
            for { let next := path.offset } lt(next, end) { next := add(next, 32) } {
                let other := calldataload(next)
                switch lt(root, other)
                case 0 {
                    mstore(left, other)
                    mstore(right, root)
                }
                default {
                    mstore(left, root)
                    mstore(right, other)
                }
                root := keccak256(pair, 65)
            }
        }
    }

    /// @dev Root of a tree of `width` leaves whose pairs are in order; a level of odd length promotes its
    /// last node.
    /// @param index Place of the leaf, from 0.
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
    /// @param places Of the leaves, from 0, strictly ascending and below `width`; consumed.
    /// @return root The root that leaves and nodes give.
    /// @return isWhole Whether there is a leaf and there are exactly the nodes that it needs.
    function rootOfMany(
        bytes32[] memory leaves,
        uint32[] memory places,
        uint256 width,
        bytes32[] calldata nodes
    ) internal pure returns (bytes32 root, bool isWhole) {
        assert(leaves.length == places.length);
        if (leaves.length == 0) return (bytes32(0), false);
        uint256 nodesRead = 0;
        (root, nodesRead) = _climb(leaves, places, width, nodes);
        isWhole = nodesRead == nodes.length;
    }

    /// @dev Replaces the nodes of a level by those above them until there is the root, in place: what is
    /// written never overtakes what is read, since two nodes become one, or one becomes one.
    /// @return root Of no meaning if more nodes were read than there are: what follows the list in the
    /// calldata was taken for them.
    /// @return nodesRead As many as leaves of these places need.
    function _climb(bytes32[] memory leaves, uint32[] memory places, uint256 width, bytes32[] calldata nodes)
        private
        pure
        returns (bytes32 root, uint256 nodesRead)
    {
        assembly ("memory-safe") {
            // the entries of `places`, and how far behind each of them the one of `leaves` lies
            let first := add(places, 32)
            let end := add(first, shl(5, mload(places)))
            let gap := sub(leaves, places)
            // what is hashed: 0x01 ‖ left ‖ right, written beyond what is in use
            let pair := mload(0x40)
            mstore8(pair, 0x01)
            let left := add(pair, 1)
            let next := nodes.offset

            for {} gt(width, 1) { width := shr(1, add(width, 1)) } {
                // the last place of a level of odd length, whose node is promoted; else no place
                let lone := sub(width, and(width, 1))
                let to := first
                for { let from := first } lt(from, end) { to := add(to, 32) } {
                    let place := mload(from)
                    let own := mload(add(from, gap))
                    from := add(from, 32)
                    switch and(place, 1)
                    case 0 {
                        if xor(place, lone) {
                            mstore(left, own)
                            // the sibling is the next known node, or the list has it
                            switch and(lt(from, end), eq(mload(from), add(place, 1)))
                            case 0 {
                                mstore(add(left, 32), calldataload(next))
                                next := add(next, 32)
                            }
                            default {
                                mstore(add(left, 32), mload(add(from, gap)))
                                from := add(from, 32)
                            }
                            own := keccak256(pair, 65)
                        }
                    }
                    default {
                        mstore(left, calldataload(next))
                        next := add(next, 32)
                        mstore(add(left, 32), own)
                        own := keccak256(pair, 65)
                    }
                    mstore(to, shr(1, place))
                    mstore(add(to, gap), own)
                }
                end := to
            }
            root := mload(add(first, gap))
            nodesRead := shr(5, sub(next, nodes.offset))
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
