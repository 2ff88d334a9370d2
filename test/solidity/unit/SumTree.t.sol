// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test, stdError} from "forge-std/Test.sol";

import {SumTree} from "contracts/src/libraries/SumTree.sol";

contract SumTreeTest is Test {
    using SumTree for SumTree.Tree;

    SumTree.Tree private _tree;
    /// @dev The plain row that the tree is held against.
    mapping(uint32 place => uint64 weight) private _row;

    function set(uint32 place, uint64 weight) external {
        _tree.set(place, weight);
    }

    function find(uint64 point) external view returns (uint32) {
        return _tree.find(point);
    }

    function testFuzz_find_agreesWithARow(uint256 seed, uint8 steps, uint32 width) public {
        width = uint32(bound(width, 1, 300));
        for (uint256 i = 0; i < 1 + uint256(steps) % 48; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            // forge-lint: disable-next-line(unsafe-typecast)
            uint32 place = uint32(seed % width); // fits: below the width
            uint64 weight = seed >> 250 == 0 ? 0 : uint64((seed >> 32) % 9);
            _tree.set(place, weight);
            _row[place] = weight;
        }

        uint64 total = 0;
        for (uint32 place = 0; place < width; ++place) {
            assertEq(_tree.weightAt(place), _row[place], "weight");
            for (uint64 point = total; point < total + _row[place]; ++point) {
                assertEq(_tree.find(point), place, "place");
            }
            total += _row[place];
        }
        assertEq(_tree.total, total, "total");
    }

    function testFuzz_set_growsToAnyPlace(uint32 place, uint32 other, uint32 weight) public {
        weight = uint32(bound(weight, 1, type(uint32).max));
        vm.assume(place != other);

        _tree.set(place, weight);
        _tree.set(other, weight);

        assertEq(_tree.find(0), place < other ? place : other, "first");
        assertEq(_tree.find(2 * uint64(weight) - 1), place < other ? other : place, "last");
    }

    function test_set_holdsTheLargestSum() public {
        _tree.set(0, type(uint64).max - 1);
        _tree.set(1, 1);

        assertEq(_tree.find(type(uint64).max - 2), 0, "last point of the first");
        assertEq(_tree.find(type(uint64).max - 1), 1, "last point");
    }

    function test_set_revertsWhen_sumOverflows() public {
        _tree.set(0, type(uint64).max);
        vm.expectRevert(stdError.arithmeticError);
        this.set(1, 1);
    }

    function test_find_revertsWhen_pointIsBeyondTheSum() public {
        _tree.set(3, 5);
        vm.expectRevert(abi.encodeWithSelector(SumTree.SumTreeBeyondTotal.selector, uint64(5), uint64(5)));
        this.find(5);
    }

    function test_find_revertsWhen_treeIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(SumTree.SumTreeBeyondTotal.selector, uint64(0), uint64(0)));
        this.find(0);
    }
}
