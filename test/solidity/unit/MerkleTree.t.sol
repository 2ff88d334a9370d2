// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test, stdError} from "forge-std/Test.sol";

import {MerkleTree} from "contracts/src/libraries/MerkleTree.sol";

import {SortedTree} from "../lib/SortedTree.sol";

contract MerkleTreeTest is Test {
    /// @dev The assembly against the Solidity that it stands for.
    function testFuzz_node_isTheHashOfTheTaggedPair(bytes32 left, bytes32 right) public pure {
        bytes memory before = abi.encode(left);

        bytes32 hash = MerkleTree.node(left, right);

        assertEq(hash, keccak256(abi.encodePacked(bytes1(0x01), left, right)), "hash");
        assertEq(before, abi.encode(left), "memory in use stays");
    }

    bytes32 private constant A = "a";
    bytes32 private constant B = "b";
    bytes32 private constant C = "c";

    function rootOfSorted(bytes32 leaf, bytes32[] calldata path) external pure returns (bytes32) {
        return MerkleTree.rootOfSorted(leaf, path);
    }

    function rootOfOrdered(bytes32 leaf, uint256 index, uint256 width, bytes32[] calldata path)
        external
        pure
        returns (bytes32, bool)
    {
        return MerkleTree.rootOfOrdered(leaf, index, width, path);
    }

    function testFuzz_rootOfSorted_isTheTreesRoot(bytes32 seed, uint256 width, uint256 index) public view {
        bytes32[] memory leaves = leavesOf(seed, bound(width, 1, 40));
        index = bound(index, 0, leaves.length - 1);

        bytes32 root = this.rootOfSorted(leaves[index], SortedTree.path(leaves, index));

        assertEq(root, SortedTree.root(leaves));
    }

    function testFuzz_rootOfOrdered_isTheTreesRoot(bytes32 seed, uint256 width, uint256 index) public view {
        bytes32[] memory leaves = leavesOf(seed, bound(width, 1, 40));
        index = bound(index, 0, leaves.length - 1);

        (bytes32 root, bool isWhole) =
            this.rootOfOrdered(leaves[index], index, leaves.length, SortedTree.orderedPath(leaves, index));

        assertTrue(isWhole, "whole");
        assertEq(root, SortedTree.orderedRoot(leaves), "root");
    }

    function testFuzz_rootOfOrdered_bindsThePlace(bytes32 seed, uint256 width, uint256 index, uint256 other)
        public
        view
    {
        bytes32[] memory leaves = leavesOf(seed, bound(width, 2, 40));
        index = bound(index, 0, leaves.length - 1);
        other = bound(other, 0, leaves.length - 1);
        vm.assume(other != index);

        (bytes32 root, bool isWhole) =
            this.rootOfOrdered(leaves[index], other, leaves.length, SortedTree.orderedPath(leaves, index));

        assertFalse(isWhole && root == SortedTree.orderedRoot(leaves));
    }

    function rootOfMany(
        bytes32[] memory leaves,
        uint32[] memory places,
        uint256 width,
        bytes32[] calldata nodes
    ) external pure returns (bytes32, bool) {
        return MerkleTree.rootOfMany(leaves, places, width, nodes);
    }

    /// @dev Any set of leaves, against the tree that is built whole.
    function testFuzz_rootOfMany_isTheTreesRoot(bytes32 seed, uint256 width, uint256 set) public view {
        bytes32[] memory leaves = leavesOf(seed, bound(width, 1, 70));
        uint32[] memory places = placesIn(set, uint32(leaves.length));
        bytes32[] memory nodes = SortedTree.manyNodes(leaves, places);

        (bytes32 root, bool isWhole) = this.rootOfMany(chosen(leaves, places), places, leaves.length, nodes);

        assertTrue(isWhole, "whole");
        assertEq(root, SortedTree.orderedRoot(leaves), "root");
    }

    /// @dev One leaf is proven as by its path.
    function testFuzz_rootOfMany_ofOneLeafEqualsThePath(bytes32 seed, uint256 width, uint256 index)
        public
        view
    {
        bytes32[] memory leaves = leavesOf(seed, bound(width, 1, 70));
        uint32[] memory places = new uint32[](1);
        places[0] = uint32(bound(index, 0, leaves.length - 1));
        bytes32[] memory path = SortedTree.orderedPath(leaves, places[0]);

        (bytes32 many,) = this.rootOfMany(chosen(leaves, places), places, leaves.length, path);

        (bytes32 single,) = this.rootOfOrdered(leaves[places[0]], places[0], leaves.length, path);
        assertEq(many, single);
    }

    function testFuzz_rootOfMany_bindsEveryPlace(bytes32 seed, uint256 set, uint256 which, uint32 other)
        public
        view
    {
        bytes32[] memory leaves = leavesOf(seed, 40);
        uint32[] memory places = placesIn(set, 40);
        bytes32[] memory nodes = SortedTree.manyNodes(leaves, places);
        bytes32[] memory named = chosen(leaves, places);
        which = bound(which, 0, places.length - 1);
        other = uint32(bound(other, 0, 39));
        vm.assume(places[which] != other);
        named[which] = leaves[other];

        (bytes32 root, bool isWhole) = this.rootOfMany(named, places, 40, nodes);

        assertFalse(isWhole && root == SortedTree.orderedRoot(leaves));
    }

    function testFuzz_rootOfMany_refusesOneNodeLessOrMore(bytes32 seed, uint256 set) public view {
        bytes32[] memory leaves = leavesOf(seed, 40);
        uint32[] memory places = placesIn(set, 40);
        bytes32[] memory nodes = SortedTree.manyNodes(leaves, places);
        bytes32[] memory more = new bytes32[](nodes.length + 1);
        for (uint256 i = 0; i < nodes.length; ++i) {
            more[i] = nodes[i];
        }

        (, bool isMore) = this.rootOfMany(chosen(leaves, places), places, 40, more);
        assertFalse(isMore, "more");
        if (nodes.length == 0) return;
        bytes32[] memory less = new bytes32[](nodes.length - 1);
        for (uint256 i = 0; i < less.length; ++i) {
            less[i] = nodes[i];
        }
        (, bool isLess) = this.rootOfMany(chosen(leaves, places), places, 40, less);
        assertFalse(isLess, "less");
    }

    /// @dev Not even in a tree of one leaf, which is its own root.
    function test_rootOfMany_refusesNoLeaves() public view {
        (, bool isWhole) = this.rootOfMany(new bytes32[](0), new uint32[](0), 1, new bytes32[](0));
        assertFalse(isWhole);
    }

    function test_rootOfMany_revertsWhen_leavesAndPlacesAreNotAsMany() public {
        vm.expectRevert(stdError.assertionError);
        this.rootOfMany(new bytes32[](1), new uint32[](2), 2, new bytes32[](0));
    }

    /// @dev Of lists that are cut after their first entry.
    function rootOfFirst(
        bytes32[] memory leaves,
        uint32[] memory places,
        uint256 width,
        bytes32[] calldata nodes
    ) external pure returns (bytes32, bool) {
        assembly {
            mstore(leaves, 1)
            mstore(places, 1)
        }
        return MerkleTree.rootOfMany(leaves, places, width, nodes);
    }

    /// @dev What stands in memory behind the last place is not taken for its sibling.
    function test_rootOfMany_endsWithTheLastPlace() public view {
        bytes32[] memory leaves = leavesOf("seed", 8);
        uint32[] memory places = placesIn(3 << 4, 8);

        (bytes32 root, bool isWhole) =
            this.rootOfFirst(chosen(leaves, places), places, 8, SortedTree.orderedPath(leaves, 4));

        assertTrue(isWhole, "whole");
        assertEq(root, SortedTree.orderedRoot(leaves), "root");
    }

    /// @dev The places whose bits are set, at least one.
    function placesIn(uint256 set, uint32 width) private pure returns (uint32[] memory places) {
        set &= (uint256(1) << width) - 1;
        if (set == 0) set = 1;
        uint256 count = 0;
        for (uint256 i = 0; i < width; ++i) {
            if (set >> i & 1 == 1) ++count;
        }
        places = new uint32[](count);
        for (uint32 i = width; i > 0; --i) {
            if (set >> (i - 1) & 1 == 1) places[--count] = i - 1;
        }
    }

    function chosen(bytes32[] memory leaves, uint32[] memory places)
        private
        pure
        returns (bytes32[] memory some)
    {
        some = new bytes32[](places.length);
        for (uint256 i = 0; i < places.length; ++i) {
            some[i] = leaves[places[i]];
        }
    }

    function test_rootOfOrdered_refusesAnIndexBeyondTheWidth() public view {
        (, bool isWhole) = this.rootOfOrdered(0, 3, 3, new bytes32[](0));
        assertFalse(isWhole);
    }

    function test_rootOfOrdered_refusesAShortPath() public view {
        (, bool isWhole) = this.rootOfOrdered(0, 0, 4, new bytes32[](1));
        assertFalse(isWhole);
    }

    function test_rootOfOrdered_refusesALongPath() public view {
        (, bool isWhole) = this.rootOfOrdered(0, 0, 4, new bytes32[](3));
        assertFalse(isWhole);
    }

    function test_rootOfOrdered_takesALoneLeafAsTheRoot() public view {
        (bytes32 root, bool isWhole) = this.rootOfOrdered("leaf", 0, 1, new bytes32[](0));
        assertTrue(isWhole, "whole");
        assertEq(root, "leaf", "root");
    }

    function test_rootOfOrdered_promotesTheLastOfThree() public view {
        bytes32[] memory path = new bytes32[](1);
        path[0] = keccak256(abi.encodePacked(hex"01", A, B));

        (bytes32 root, bool isWhole) = this.rootOfOrdered(C, 2, 3, path);

        assertTrue(isWhole, "whole");
        assertEq(root, keccak256(abi.encodePacked(hex"01", path[0], C)), "root");
    }

    function leavesOf(bytes32 seed, uint256 width) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](width);
        for (uint256 i = 0; i < width; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
    }
}
