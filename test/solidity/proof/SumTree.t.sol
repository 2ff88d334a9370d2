// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SumTree} from "contracts/src/libraries/SumTree.sol";

import {Proof} from "./Proof.sol";

/// @title Proves that the tree finds what a plain row would, for all weights on a few places of two levels.
contract SumTreeProof is Proof {
    using SumTree for SumTree.Tree;

    SumTree.Tree private _tree;

    function check_find_agreesWithARow(uint64 a, uint64 b, uint64 c, uint64 point) external {
        assumeSum(a, b, c);
        _tree.set(1, a);
        _tree.set(3, b);
        _tree.set(6, c);
        vm.assume(point < a + b + c);

        uint32 place = _tree.find(point);

        assert(place == (point < a ? 1 : point < a + b ? 3 : 6));
    }

    function check_set_replacesTheOldWeight(uint64 a, uint64 b, uint64 c) external {
        assumeSum(a, b, c);
        _tree.set(2, a);
        _tree.set(5, b);
        _tree.set(2, c);

        assert(_tree.weightAt(2) == c && _tree.weightAt(5) == b);
        assert(_tree.total == b + c);
    }

    /// @dev A sum that does not fit is refused, and never wraps.
    function check_set_neverWraps(uint64 a, uint64 b) external {
        _tree.set(0, a);

        try this.set(1, b) {
            assert(uint256(a) + b <= type(uint64).max);
            assert(_tree.total == a + b);
        } catch {
            assert(uint256(a) + b > type(uint64).max);
        }
    }

    function set(uint32 place, uint64 weight) external {
        _tree.set(place, weight);
    }

    function assumeSum(uint64 a, uint64 b, uint64 c) private pure {
        vm.assume(a < 2 ** 62 && b < 2 ** 62 && c < 2 ** 62);
    }
}
