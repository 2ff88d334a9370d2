// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {PlaceList} from "contracts/src/libraries/PlaceList.sol";
import {ChipPlaces} from "contracts/src/types/Ids.sol";

contract PlaceListTest is Test {
    uint256 private constant MOST = 128;

    function testFuzz_read_isWhatWasPut(uint32[] memory places) public view {
        uint256 count = places.length < MOST ? places.length : MOST;
        ChipPlaces[] memory words = PlaceList.room(count);
        for (uint256 i = 0; i < count; ++i) {
            places[i] &= type(uint32).max >> 1; // as the registry gives them out
            PlaceList.put(words, i, places[i]);
        }

        uint32[] memory found = this.read(words);

        assertEq(words.length, (count + 7) / 8, "eight to a word");
        assertEq(found.length, count, "count");
        for (uint256 i = 0; i < count; ++i) {
            assertEq(found[i], places[i], "place");
        }
    }

    function testFuzz_only_isTheOneAtAPosition(uint32[20] memory places, uint256 position) public view {
        position = bound(position, 0, 19);
        ChipPlaces[] memory words = PlaceList.room(20);
        for (uint256 i = 0; i < 20; ++i) {
            places[i] &= type(uint32).max >> 1;
            PlaceList.put(words, i, places[i]);
        }

        uint32[] memory found = this.read(PlaceList.only(words[position / PlaceList.LANES], position));

        assertEq(found.length, 1, "one");
        assertEq(found[0], places[position], "place");
    }

    function test_read_ofNothingIsEmpty() public view {
        assertEq(this.read(PlaceList.room(0)).length, 0, "no word");
        assertEq(this.read(PlaceList.room(3)).length, 0, "empty words");
    }

    function read(ChipPlaces[] calldata words) external pure returns (uint32[] memory) {
        return PlaceList.read(words);
    }
}
