// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ChipPlaces} from "../types/Ids.sol";

/// @title Packs places of chips, eight to a word: fresh slots are what a rental pays most for.
library PlaceList {
    /// @dev Places in a word.
    uint256 internal constant LANES = 8;
    uint256 private constant LANE_BITS = 32;
    uint256 private constant LANE = type(uint32).max;

    /// @dev Room for so many places, to be filled with `put`.
    function room(uint256 count) internal pure returns (ChipPlaces[] memory) {
        return new ChipPlaces[]((count + LANES - 1) / LANES);
    }

    /// @dev Writes the place at a position that is still empty.
    function put(ChipPlaces[] memory words, uint256 position, uint32 place) internal pure {
        uint256 lane = (uint256(place) + 1) << (position % LANES) * LANE_BITS;
        words[position / LANES] = ChipPlaces.wrap(ChipPlaces.unwrap(words[position / LANES]) | lane);
    }

    /// @dev A list of nothing but the place at a position of a list, out of the word where it stands.
    function only(ChipPlaces word, uint256 position) internal pure returns (ChipPlaces[] memory one) {
        one = new ChipPlaces[](1);
        one[0] = ChipPlaces.wrap(ChipPlaces.unwrap(word) >> (position % LANES) * LANE_BITS & LANE);
    }

    /// @dev The places up to the first position that is empty.
    function read(ChipPlaces[] calldata words) internal pure returns (uint32[] memory places) {
        places = new uint32[](words.length * LANES);
        uint256 count = 0;
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 word = ChipPlaces.unwrap(words[i]);
            for (; word & LANE != 0; word >>= LANE_BITS) {
                // forge-lint: disable-next-line(unsafe-typecast)
                places[count++] = uint32(word) - 1; // the lane alone
            }
        }
        assembly ("memory-safe") {
            mstore(places, count) // shorter: empty positions are left out
        }
    }
}
