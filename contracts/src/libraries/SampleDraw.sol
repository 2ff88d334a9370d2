// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Draws places of a list by a seed, without replacement.
library SampleDraw {
    /// @dev The first `size` different places that a seed draws and neither list holds, ascending.
    /// @dev The mod favours low places by less than 2^-220. Ends only if so many places are left: the caller
    /// knows that more than `size` are.
    /// @param width Places from 0 to width - 1.
    /// @param absent Ascending.
    /// @param uncounted Ascending.
    function draw(
        bytes32 seed,
        uint256 size,
        uint32 width,
        uint32[] calldata absent,
        uint32[] calldata uncounted
    ) internal pure returns (uint32[] memory sample) {
        sample = new uint32[](size);
        uint256 count = 0;
        for (uint256 i = 0; count < size; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast)
            uint32 place = uint32(uint256(_pair(seed, i)) % width); // fits: below the width
            if (isIn(absent, place) || isIn(uncounted, place)) continue;
            if (_insert(sample, count, place)) ++count;
        }
    }

    /// @dev Whether an ascending list holds a place.
    function isIn(uint32[] calldata places, uint32 place) internal pure returns (bool) {
        uint256 low = 0;
        uint256 high = places.length;
        while (low < high) {
            uint256 middle = (low + high) >> 1;
            uint32 found = places[middle];
            if (found == place) return true;
            if (found < place) low = middle + 1;
            else high = middle;
        }
        return false;
    }

    /// @dev Puts a place among the first `count` of an ascending list that has room, unless it is there.
    function _insert(uint32[] memory sample, uint256 count, uint32 place) private pure returns (bool isNew) {
        assembly ("memory-safe") {
            // the first entry that is not less than the place, from the end; then the tail moves up by one
            let first := add(sample, 32)
            let end := add(first, shl(5, count))
            let entry := end
            isNew := 1
            for {} gt(entry, first) { entry := sub(entry, 32) } {
                let before := mload(sub(entry, 32))
                if lt(before, place) { break }
                if eq(before, place) {
                    isNew := 0
                    break
                }
            }
            if isNew {
                mcopy(add(entry, 32), entry, sub(end, entry))
                mstore(entry, place)
            }
        }
    }

    function _pair(bytes32 seed, uint256 i) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            // hash = keccak256(abi.encode(seed, i)), in the scratch space
            mstore(0, seed)
            mstore(32, i)
            hash := keccak256(0, 64)
        }
    }
}
