// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {MerkleTree} from "contracts/src/libraries/MerkleTree.sol";

import {Proof} from "./Proof.sol";

/// @title Proves that one root has one leaf at each place, as far as keccak256 has no collisions.
contract MerkleTreeProof is Proof {
    function check_rootOfOrdered_hasOneLeafAtAPlace(
        uint8 index,
        bytes32 leaf,
        bytes32 other,
        bytes32[2] memory path,
        bytes32[2] memory otherPath
    ) external view {
        vm.assume(index < 4);
        (bytes32 root, bool isWhole) = this.rootOf(leaf, index, 4, toList(path));
        (bytes32 otherRoot, bool isOtherWhole) = this.rootOf(other, index, 4, toList(otherPath));
        vm.assume(isWhole && isOtherWhole && root == otherRoot);

        assert(leaf == other);
        assert(path[0] == otherPath[0] && path[1] == otherPath[1]);
    }

    /// @dev Three leaves: the last one is promoted, and its path has one node less.
    function check_rootOfOrdered_takesNoOtherLength(uint8 index, bytes32 leaf, bytes32[2] memory path)
        external
        view
    {
        (, bool isWhole) = this.rootOf(leaf, index, 3, toList(path));
        bytes32[] memory short = new bytes32[](1);
        short[0] = path[0];
        (, bool isShortWhole) = this.rootOf(leaf, index, 3, short);

        assert(isWhole == (index < 2));
        assert(isShortWhole == (index == 2));
    }

    function check_rootOfSorted_doesNotAskForTheSide(bytes32 left, bytes32 right) external view {
        bytes32[] memory path = new bytes32[](1);
        path[0] = right;
        bytes32 root = this.rootOfSorted(left, path);
        path[0] = left;

        assert(this.rootOfSorted(right, path) == root);
    }

    function rootOf(bytes32 leaf, uint256 index, uint256 width, bytes32[] calldata path)
        external
        pure
        returns (bytes32 root, bool isWhole)
    {
        return MerkleTree.rootOfOrdered(leaf, index, width, path);
    }

    function rootOfSorted(bytes32 leaf, bytes32[] calldata path) external pure returns (bytes32) {
        return MerkleTree.rootOfSorted(leaf, path);
    }

    function toList(bytes32[2] memory path) private pure returns (bytes32[] memory list) {
        list = new bytes32[](2);
        (list[0], list[1]) = (path[0], path[1]);
    }
}
