// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Keeps weights in a row and finds the one at a point of their sum, in O(log n).
/// @dev Four lanes of 64 bits to a word: a word of level 0 holds four weights, a word of level k + 1 the sums
/// of four words of level k. The sum of all weights must stay below 2^64; `set` reverts (panic 0x11) if it
/// would not.
library SumTree {
    /// @dev `words` is keyed by `level << 64 | index of the word in its level`.
    struct Tree {
        mapping(uint256 key => uint256 word) words;
        /// all weights together
        uint64 total;
        /// levels in use; the tree has room for 4^height weights
        uint8 height;
    }

    uint256 private constant LANE_BITS = 64;
    uint256 private constant LANE = type(uint64).max;

    /// @dev A point at or beyond the sum was asked for.
    error SumTreeBeyondTotal(uint64 point, uint64 total);

    /// @dev Sets the weight at a place; room is made as needed.
    /// @param place Index of the weight, below 2^32.
    function set(Tree storage tree, uint32 place, uint64 weight) internal {
        uint8 height = _grow(tree, place);
        uint64 old = weightAt(tree, place);
        if (old == weight) return;

        // First add, then subtract: each lane is at most the total, so only the total can overflow, and it is
        // checked.
        tree.total = tree.total + weight - old;
        uint256 index = place;
        for (uint256 level = 0; level < height; ++level) {
            uint256 shift = (index & 3) * LANE_BITS;
            index >>= 2;
            uint256 key = (level << 64) | index;
            uint256 word = tree.words[key];
            uint256 lane = ((word >> shift) & LANE) + weight - old;
            tree.words[key] = (word & ~(LANE << shift)) | (lane << shift);
        }
    }

    /// @dev The weight at a place; zero where none was set.
    function weightAt(Tree storage tree, uint32 place) internal view returns (uint64) {
        return uint64(tree.words[place >> 2] >> ((place & 3) * LANE_BITS));
    }

    /// @dev The place whose weight covers a point, counted from the start of the row.
    /// @param point Below the total.
    function find(Tree storage tree, uint64 point) internal view returns (uint32 place) {
        if (point >= tree.total) revert SumTreeBeyondTotal(point, tree.total);
        uint256 index = 0;
        uint256 left = point;
        for (uint256 level = tree.height; level > 0; --level) {
            uint256 word = tree.words[((level - 1) << 64) | index];
            index <<= 2;
            // The four lanes sum to more than `left`, so the loop ends in the word.
            for (uint256 lane = word & LANE; left >= lane; lane = word & LANE) {
                left -= lane;
                word >>= LANE_BITS;
                ++index;
            }
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(index); // only places below 2^32 were ever set
    }

    /// @dev Adds levels until a place has room: the old root becomes the first lane of the new one.
    function _grow(Tree storage tree, uint32 place) private returns (uint8 height) {
        height = tree.height;
        if (uint256(place) >> (2 * uint256(height)) == 0 && height != 0) return height;
        do {
            if (height != 0) tree.words[uint256(height) << 64] = tree.total;
            ++height;
        } while (uint256(place) >> (2 * uint256(height)) != 0);
        tree.height = height;
    }
}
