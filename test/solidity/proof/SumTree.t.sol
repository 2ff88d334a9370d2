// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SumTree} from "contracts/src/libraries/SumTree.sol";

import {Proof} from "./Proof.sol";

/// @title Proves that the tree finds what a plain row would, for all weights on a few places of two levels.
contract SumTreeProof is Proof {
    using SumTree for SumTree.Tree;

    SumTree.Tree private _tree;

    function check_find_agreesWithARow(uint32 a, uint32 b, uint32 c, uint64 point) external {
        givePlaces();
        _tree.set(1, a);
        _tree.set(3, b);
        _tree.set(9, c);
        uint64 sum = uint64(a) + b;
        vm.assume(point < sum + c);

        uint32 place = _tree.find(point);

        assert(place == (point < a ? 1 : point < sum ? 3 : 9));
    }

    function check_append_equalsSetting(uint32 a, uint32 b) external {
        uint32[] memory weights = new uint32[](10);
        (weights[7], weights[8]) = (a, b);

        _tree.append(weights, 10);

        assert(_tree.weightAt(7) == a && _tree.weightAt(8) == b);
        assert(_tree.total == uint64(a) + b);
    }

    function check_set_replacesTheOldWeight(uint32 a, uint32 b, uint32 c) external {
        givePlaces();
        _tree.set(2, a);
        _tree.set(9, b);
        _tree.set(2, c);

        assert(_tree.weightAt(2) == c && _tree.weightAt(9) == b);
        assert(_tree.total == uint64(b) + c);
    }

    /// @dev A sum that does not fit is refused, and never wraps.
    function check_set_neverWraps(uint64 total, uint32 a) external {
        givePlaces();
        _tree.total = total;

        try this.set(1, a) {
            assert(uint256(total) + a <= type(uint64).max);
            assert(_tree.total == total + a);
        } catch {
            assert(uint256(total) + a > type(uint64).max);
        }
    }

    function set(uint32 place, uint32 weight) external {
        _tree.set(place, weight);
    }

    /// @dev Ten places: two words, and a word above them.
    function givePlaces() private {
        _tree.append(new uint32[](10), 10);
    }
}
