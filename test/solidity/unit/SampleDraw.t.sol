// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {SampleDraw} from "contracts/src/libraries/SampleDraw.sol";

contract SampleDrawTest is Test {
    uint256 private constant SIZE = 16;
    /// @dev Every second one of forty bits.
    uint256 private constant EVENS = 0x5555555555;

    function draw(bytes32 seed, uint32 width, uint32[] calldata absent, uint32[] calldata uncounted)
        external
        pure
        returns (uint32[] memory)
    {
        return SampleDraw.draw(seed, SIZE, width, absent, uncounted);
    }

    function isIn(uint32[] calldata places, uint32 place) external pure returns (bool) {
        return SampleDraw.isIn(places, place);
    }

    /// @dev Against a draw place by place into a set.
    function testFuzz_draw_equalsTheFirstThatAreLeft(bytes32 seed, uint32 width, uint256 out) public view {
        width = uint32(bound(width, 64, 5000));
        (uint32[] memory absent, uint32[] memory uncounted) = lists(out);

        uint32[] memory sample = this.draw(seed, width, absent, uncounted);

        bool[] memory isDrawn = new bool[](width);
        uint256 count = 0;
        for (uint256 i = 0; count < SIZE; ++i) {
            uint256 place = uint256(keccak256(abi.encode(seed, i))) % width;
            bool isOut = isDrawn[place] || (place < 40 && out >> place & 1 == 1);
            if (isOut) continue;
            isDrawn[place] = true;
            ++count;
        }
        uint256 at_ = 0;
        for (uint32 place = 0; place < width; ++place) {
            if (isDrawn[place]) assertEq(sample[at_++], place, "ascending, without replacement");
        }
        assertEq(at_, SIZE, "as many");
    }

    function testFuzz_draw_readsEitherListAlone(bytes32 seed, uint32 width, bool isEven) public view {
        testFuzz_draw_equalsTheFirstThatAreLeft(seed, width, isEven ? EVENS : EVENS << 1);
    }

    function testFuzz_isIn_findsWhatIsThere(uint256 set, uint32 place) public view {
        (uint32[] memory first,) = lists(set & EVENS);
        place = uint32(bound(place, 0, 41));
        bool isThere = place < 40 && (set & EVENS) >> place & 1 == 1;
        assertEq(this.isIn(first, place), isThere);
    }

    function testFuzz_areSame_comparesPlacesAndLength(uint32[] memory one, uint256 at_, uint32 change)
        public
        pure
    {
        uint32[] memory other = abi.decode(abi.encode(one), (uint32[]));
        assertTrue(SampleDraw.areSame(one, other), "the same");

        assertFalse(SampleDraw.areSame(one, new uint32[](one.length + 1)), "another length");
        if (one.length == 0 || change == 0) return;
        other[bound(at_, 0, one.length - 1)] ^= change;
        assertFalse(SampleDraw.areSame(one, other), "another place");
    }

    /// @dev How often each of 64 places is drawn in 1,000 draws of 16: 250 times, give or take six
    /// deviations.
    function test_draw_favoursNobody() public view {
        uint256[64] memory hits;
        for (uint256 i = 0; i < 1000; ++i) {
            uint32[] memory sample = this.draw(keccak256(abi.encode(i)), 64, new uint32[](0), new uint32[](0));
            for (uint256 j = 0; j < SIZE; ++j) {
                ++hits[sample[j]];
            }
        }
        for (uint256 i = 0; i < 64; ++i) {
            assertApproxEqAbs(hits[i], 250, 84);
        }
    }

    /// @dev The places below 40 whose bits are set: even ones absent, odd ones uncounted.
    function lists(uint256 set) private pure returns (uint32[] memory even, uint32[] memory odd) {
        (even, odd) = (new uint32[](20), new uint32[](20));
        (uint256 evens, uint256 odds) = (0, 0);
        for (uint32 i = 0; i < 40; ++i) {
            if (set >> i & 1 == 0) continue;
            if (i & 1 == 0) even[evens++] = i;
            else odd[odds++] = i;
        }
        assembly {
            mstore(even, evens)
            mstore(odd, odds)
        }
    }
}
