// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {EpochBits} from "contracts/src/libraries/EpochBits.sol";

contract EpochBitsTest is Test {
    using EpochBits for EpochBits.Row;

    EpochBits.Row private _row;

    function testFuzz_fill_setsTheEpochsOfTheRangeOnly(uint64 first, uint64 end) public {
        first = uint64(bound(first, 0, 700));
        end = uint64(bound(end, 0, 700));

        _row.fill(first, end);

        for (uint64 epoch = 0; epoch < 710; ++epoch) {
            assertEq(_row.isSet(epoch), first <= epoch && epoch < end, "bit");
        }
    }

    function testFuzz_recent_isTheWindowBeforeAnEpoch(uint256[2] memory words, uint64 epoch) public {
        (_row.words[0], _row.words[1]) = (words[0], words[1]);
        epoch = uint64(bound(epoch, 0, 511));

        uint256 bits = _row.recent(epoch);

        for (uint64 ago = 1; ago <= 256; ++ago) {
            bool isThere = ago <= epoch && _row.isSet(epoch - ago);
            assertEq(bits >> (256 - ago) & 1 == 1, isThere, "bit");
        }
    }

    function testFuzz_mask_holdsTheEpochsOfOneWord(uint64 start, uint64 end) public pure {
        start = uint64(bound(start, 0, 300));
        end = uint64(bound(end, start + 1, 700));

        uint256 bits = EpochBits.mask(start, end);

        for (uint64 epoch = start & ~uint64(0xff); epoch < EpochBits.wordEnd(start); ++epoch) {
            assertEq(bits & EpochBits.bit(epoch) != 0, start <= epoch && epoch < end, "bit");
        }
    }

    /// @dev Against counting bit by bit.
    function testFuzz_count_countsBits(uint256 bits) public pure {
        uint256 counted = 0;
        for (uint256 i = 0; i < 256; ++i) {
            counted += bits >> i & 1;
        }

        assertEq(EpochBits.count(bits), counted);
    }

    function test_count_holdsBothEnds() public pure {
        assertEq(EpochBits.count(0), 0, "none");
        assertEq(EpochBits.count(type(uint256).max), 256, "all");
    }
}
