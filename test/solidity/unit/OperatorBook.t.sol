// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {stdError} from "forge-std/Test.sol";

import {OperatorBook} from "contracts/src/libraries/OperatorBook.sol";

import {PociFixture} from "../lib/PociFixture.sol";

contract OperatorBookTest is PociFixture {
    using OperatorBook for OperatorBook.Operator;

    OperatorBook.Operator private _book;
    /// @dev What stands on each place: 1 + segment, 0 when it is free.
    uint32[] private _row;
    uint32[] private _free;

    /// @dev Several chips at once, against a plain row and a stack of free places.
    function testFuzz_list_reusesFreePlaces(uint256 seed, uint8 steps) public {
        uint32 taken = 0;
        for (uint256 i = 0; i < steps % 64; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            // forge-lint: disable-next-line(unsafe-typecast)
            uint32 place = taken == 0 ? 0 : uint32((seed >> 8) % _row.length); // fits: below the length
            if (seed % 3 == 0 && taken != 0 && _row[place] != 0) {
                _book.unlist(place);
                _row[place] = 0;
                _free.push(place);
                --taken;
                continue;
            }
            uint32[] memory newcomers = new uint32[]((seed >> 16) % 12);
            for (uint256 j = 0; j < newcomers.length; ++j) {
                // forge-lint: disable-next-line(unsafe-typecast)
                newcomers[j] = uint32(1000 + 12 * i + j); // fits: below 2^11
            }
            uint32[] memory places = _book.list(newcomers);
            assertEq(places.length, newcomers.length, "as many");
            for (uint256 j = 0; j < newcomers.length; ++j) {
                uint32 expected = expectedPlace();
                assertEq(places[j], expected, "place");
                _row[expected] = 1 + newcomers[j];
                ++taken;
            }
        }

        uint32[] memory segments = _book.segments();
        assertEq(segments.length, taken, "taken");
        uint256 next = 0;
        for (uint32 place = 0; place < _row.length; ++place) {
            (bool isTaken, uint32 segment) = _book.segmentAt(place);
            assertEq(isTaken, _row[place] != 0, "is taken");
            if (!isTaken) continue;
            assertEq(segment, _row[place] - 1, "segment");
            assertEq(segments[next++], segment, "in order");
        }
    }

    /// @dev The place that was freed last, or a new one.
    function expectedPlace() private returns (uint32 place) {
        if (_free.length == 0) {
            _row.push(0);
            return uint32(_row.length - 1);
        }
        place = _free[_free.length - 1];
        _free.pop();
    }

    function test_list_takesSegmentsBelowTheBitThatMarksAPlace() public {
        uint32 most = (1 << 31) - 1;
        uint32 place = _book.list(one(most))[0];
        (bool isTaken, uint32 segment) = _book.segmentAt(place);
        assertTrue(isTaken, "taken");
        assertEq(segment, most, "segment");

        vm.expectRevert(stdError.assertionError);
        this.list(most + 1);
    }

    function list(uint32 segment) external {
        _book.list(one(segment));
    }

    function test_snapshotAt_knowsTheEpochsThatProofsRead() public {
        for (uint64 epoch = 0; epoch < 6; ++epoch) {
            if (epoch != 0) mineToEpoch(epoch);
            registerFrom(epoch, 1);
            for (uint64 read = epoch < 2 ? 0 : epoch - 1; read <= epoch; ++read) {
                (, uint32 count) = views.snapshotOf(operator, read);
                assertEq(count, read, "one more in each epoch");
            }
        }
    }

    function test_snapshotAt_revertsWhen_theEpochIsForgotten() public {
        for (uint64 epoch = 0; epoch < 4; ++epoch) {
            if (epoch != 0) mineToEpoch(epoch);
            registerFrom(epoch, 1);
        }

        vm.expectRevert(abi.encodeWithSelector(OperatorBook.OperatorBookForgotten.selector, uint64(0)));
        views.snapshotOf(operator, 1);
    }

    function test_snapshotAt_ofAQuietOperatorReachesBack() public {
        register(3);
        mineToEpoch(40);

        (, uint32 count) = views.snapshotOf(operator, 2);

        assertEq(count, 3);
    }
}
