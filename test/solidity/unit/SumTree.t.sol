// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Test, stdError} from "forge-std/Test.sol";

import {SumTree} from "contracts/src/libraries/SumTree.sol";

contract SumTreeTest is Test {
    using SumTree for SumTree.Tree;

    SumTree.Tree private _tree;
    SumTree.Tree private _single;
    /// @dev The plain row that the tree is held against.
    uint32[] private _row;

    function append(uint32[] memory weights) public {
        _tree.append(weights, weights.length);
        for (uint256 i = 0; i < weights.length; ++i) {
            _row.push(weights[i]);
        }
    }

    function set(uint32 place, uint32 weight) external {
        _tree.set(place, weight);
    }

    function find(uint64 point) external view returns (uint32) {
        return _tree.find(point);
    }

    /// @dev Against a plain row, over runs that begin and end anywhere in words, and changes between them.
    function testFuzz_find_agreesWithARow(uint256 seed, uint8 steps) public {
        for (uint256 i = 0; i < 1 + uint256(steps) % 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            append(run(seed, seed % 40));
            if (_row.length == 0) continue;
            // forge-lint: disable-next-line(unsafe-typecast)
            uint32 place = uint32((seed >> 8) % _row.length); // fits: below the length
            _row[place] = uint32((seed >> 64) % 9);
            _tree.set(place, _row[place]);
        }

        uint64 total = 0;
        for (uint32 place = 0; place < _row.length; ++place) {
            assertEq(_tree.weightAt(place), _row[place], "weight");
            for (uint64 point = total; point < total + _row[place]; ++point) {
                assertEq(_tree.find(point), place, "place");
            }
            total += _row[place];
        }
        assertEq(_tree.total, total, "total");
        assertEq(_tree.places, _row.length, "places");
    }

    /// @dev A run appended at once leaves the same words as its weights one by one.
    function testFuzz_append_equalsSingleWeights(uint256 seed, uint8 before, uint8 count) public {
        uint32[] memory first = run(seed, before);
        uint32[] memory second = run(~seed, count);
        SumTree.Tree storage single = _single;
        for (uint256 i = 0; i < first.length + second.length; ++i) {
            uint32[] memory one = new uint32[](1);
            one[0] = i < first.length ? first[i] : second[i - first.length];
            single.append(one, 1);
        }

        _tree.append(first, first.length);
        _tree.append(second, second.length);

        assertEq(_tree.total, single.total, "total");
        assertEq(_tree.height, single.height, "height");
        assertEq(_tree.greatest, single.greatest, "greatest");
        for (uint256 level = 0; level < single.height; ++level) {
            for (uint256 word = 0; word <= single.places >> (3 + 2 * level); ++word) {
                uint256 key = (level << 64) | word;
                assertEq(_tree.words[key], single.words[key], "word");
            }
        }
    }

    function test_append_takesTheFirstWeightsOfAList() public {
        uint32[] memory weights = run(1, 5);

        _tree.append(weights, 2);

        assertEq(_tree.places, 2, "places");
        assertEq(_tree.total, uint64(weights[0]) + weights[1], "total");
    }

    function test_set_raisesTheGreatestAndKeepsIt() public {
        append(run(1, 9));

        _tree.set(3, 1000);
        _tree.set(3, 0);

        assertEq(_tree.greatest, 1000);
    }

    function test_append_revertsWhen_sumOverflows() public {
        append(run(1, 1));
        _tree.total = type(uint64).max;
        vm.expectRevert(
            abi.encodeWithSelector(
                SafeCast.SafeCastOverflowedUintDowncast.selector, 64, uint256(type(uint64).max) + 1
            )
        );
        this.append(list(1));
    }

    function test_set_revertsWhen_sumOverflows() public {
        append(list(0));
        _tree.total = type(uint64).max;
        vm.expectRevert(stdError.arithmeticError);
        this.set(0, 1);
    }

    function test_find_revertsWhen_pointIsBeyondTheSum() public {
        append(list(5));
        vm.expectRevert(abi.encodeWithSelector(SumTree.SumTreeBeyondTotal.selector, uint64(5), uint64(5)));
        this.find(5);
    }

    function test_find_revertsWhen_treeIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(SumTree.SumTreeBeyondTotal.selector, uint64(0), uint64(0)));
        this.find(0);
    }

    function list(uint32 weight) private pure returns (uint32[] memory weights) {
        weights = new uint32[](1);
        weights[0] = weight;
    }

    /// @dev Weights below 9 from a seed.
    function run(uint256 seed, uint256 count) private pure returns (uint32[] memory weights) {
        weights = new uint32[](count);
        for (uint256 i = 0; i < count; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast)
            weights[i] = uint32(uint256(keccak256(abi.encode(seed, i))) % 9); // fits: below 9
        }
    }
}
