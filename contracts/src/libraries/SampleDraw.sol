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
        bool isAnyOut = absent.length + uncounted.length != 0;
        uint256 count = 0;
        unchecked {
            // cannot wrap: each draw costs gas
            for (uint256 i = 0; count < size; ++i) {
                uint32 place = _placeOf(seed, i, width);
                if (isAnyOut && (isIn(absent, place) || isIn(uncounted, place))) continue;
                count = _insert(sample, count, place);
            }
        }
    }

    /// @dev Whether two lists hold the same places in the same order.
    function areSame(uint32[] memory one, uint32[] memory other) internal pure returns (bool isEqual) {
        assembly ("memory-safe") {
            // keccak256(abi.encode(one)) == keccak256(abi.encode(other)): the lengths are hashed, too
            let length := add(32, shl(5, mload(one)))
            let otherLength := add(32, shl(5, mload(other)))
            isEqual := eq(keccak256(one, length), keccak256(other, otherLength))
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
    /// @return newCount How many there are now.
    function _insert(uint32[] memory sample, uint256 count, uint32 place)
        private
        pure
        returns (uint256 newCount)
    {
        assembly ("memory-safe") {
            // the last entry that is not greater, or the length, which is zero for the while: there the
            // search ends at the latest; then the entries behind it move up by one
            let last := add(sample, shl(5, count))
            let entry := last
            let length := mload(sample)
            mstore(sample, 0)
            for {} gt(mload(entry), place) {} { entry := sub(entry, 32) }
            let isNew := or(eq(entry, sample), xor(mload(entry), place))
            mstore(sample, length)
            newCount := count
            if isNew {
                mcopy(add(entry, 64), add(entry, 32), sub(last, entry))
                mstore(add(entry, 32), place)
                newCount := add(count, 1)
            }
        }
    }

    function _placeOf(bytes32 seed, uint256 i, uint256 width) private pure returns (uint32 place) {
        assembly ("memory-safe") {
            // place = uint32(uint256(keccak256(abi.encode(seed, i))) % width), in the scratch space; fits:
            // below the width
            mstore(0, seed)
            mstore(32, i)
            place := mod(keccak256(0, 64), width)
        }
    }
}
