// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Keeps weights in a row and finds the one at a point of their sum, in O(log n).
/// @dev A word of level 0 holds eight weights of 32 bits; a word of level k + 1 the sums of four words of
/// level k, 64 bits each. The sum of all weights must stay below 2^64; what would pass it reverts.
library SumTree {
    using SafeCast for uint256;

    /// @dev `words` is keyed by `level << 64 | index of the word in its level`.
    struct Tree {
        mapping(uint256 key => uint256 word) words;
        /// all weights together
        uint64 total;
        /// places given out
        uint32 places;
        /// most weight that a place ever had
        uint32 greatest;
        /// levels in use; the tree has room for 8 * 4^(height - 1) weights
        uint8 height;
    }

    uint256 private constant WEIGHT_BITS = 32;
    uint256 private constant SUM_BITS = 64;
    uint256 private constant WEIGHT = type(uint32).max;
    uint256 private constant SUM = type(uint64).max;

    /// @dev A point at or beyond the sum was asked for.
    error SumTreeBeyondTotal(uint64 point, uint64 total);

    /// @dev Gives out places for the first `count` weights, one after the other; each word is written once.
    function append(Tree storage tree, uint32[] memory weights, uint256 count) internal {
        if (count == 0) return;
        uint256 first = tree.places;
        uint256 end = first + count;
        uint256 height = _grow(tree, end - 1);
        tree.places = end.toUint32();

        uint256[] memory sums = _appendLeaves(tree, first, end, weights);
        uint256 start = first >> 3;
        for (uint256 level = 1; level < height; ++level) {
            sums = _addToParents(tree, level, start, sums);
            start >>= 2;
        }
        uint256 added = 0;
        for (uint256 i = 0; i < sums.length; ++i) {
            added += sums[i];
        }
        tree.total = (tree.total + added).toUint64();
    }

    /// @dev Sets the weight at a place that was given out.
    function set(Tree storage tree, uint32 place, uint32 weight) internal {
        uint32 old = weightAt(tree, place);
        if (old == weight) return;
        if (weight > tree.greatest) tree.greatest = weight;

        // First add, then subtract: each lane is at most the total, so only the total can overflow, and it is
        // checked.
        tree.total = tree.total + weight - old;
        uint256 shift = (place & 7) * WEIGHT_BITS;
        uint256 index = place >> 3;
        tree.words[index] = tree.words[index] + (uint256(weight) << shift) - (uint256(old) << shift);
        uint256 height = tree.height;
        for (uint256 level = 1; level < height; ++level) {
            shift = (index & 3) * SUM_BITS;
            index >>= 2;
            uint256 key = (level << 64) | index;
            tree.words[key] = tree.words[key] + (uint256(weight) << shift) - (uint256(old) << shift);
        }
    }

    /// @dev The weight at a place; zero where none was set.
    function weightAt(Tree storage tree, uint32 place) internal view returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(tree.words[place >> 3] >> ((place & 7) * WEIGHT_BITS)); // the lane alone
    }

    /// @dev The place whose weight covers a point, counted from the start of the row.
    /// @param point Below the total.
    function find(Tree storage tree, uint64 point) internal view returns (uint32 place) {
        if (point >= tree.total) revert SumTreeBeyondTotal(point, tree.total);
        uint256 index = 0;
        uint256 left = point;
        for (uint256 level = tree.height - 1; level > 0; --level) {
            uint256 word = tree.words[(level << 64) | index];
            index <<= 2;
            // The four lanes sum to more than `left`, so the loop ends in the word.
            for (uint256 lane = word & SUM; left >= lane; lane = word & SUM) {
                left -= lane;
                word >>= SUM_BITS;
                ++index;
            }
        }
        uint256 weights = tree.words[index];
        index <<= 3;
        for (uint256 lane = weights & WEIGHT; left >= lane; lane = weights & WEIGHT) {
            left -= lane;
            weights >>= WEIGHT_BITS;
            ++index;
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(index); // only places below 2^32 were ever given out
    }

    /// @dev Writes new weights into level 0; returns the sum of what each word got.
    function _appendLeaves(Tree storage tree, uint256 first, uint256 end, uint32[] memory weights)
        private
        returns (uint256[] memory sums)
    {
        uint32 greatest = tree.greatest;
        sums = new uint256[]((end - 1 >> 3) - (first >> 3) + 1);
        for (uint256 place = first; place < end;) {
            uint256 index = place >> 3;
            (uint256 word, uint256 sum) = (0, 0);
            do {
                uint32 weight = weights[place - first];
                if (weight > greatest) greatest = weight;
                word |= uint256(weight) << ((place & 7) * WEIGHT_BITS);
                sum += weight;
                ++place;
            } while (place < end && place >> 3 == index);
            tree.words[index] |= word;
            sums[index - (first >> 3)] = sum;
        }
        tree.greatest = greatest;
    }

    /// @dev Adds to the sums in a level what neighbours below it, from `start` on, have got more; returns
    /// what each word of the level has got more.
    function _addToParents(Tree storage tree, uint256 level, uint256 start, uint256[] memory added)
        private
        returns (uint256[] memory sums)
    {
        uint256 end = start + added.length;
        sums = new uint256[]((end - 1 >> 2) - (start >> 2) + 1);
        for (uint256 child = start; child < end;) {
            uint256 index = child >> 2;
            (uint256 word, uint256 sum) = (0, 0);
            do {
                uint256 more = added[child - start];
                word += more << ((child & 3) * SUM_BITS);
                sum += more;
                ++child;
            } while (child < end && child >> 2 == index);
            tree.words[(level << 64) | index] += word;
            sums[index - (start >> 2)] = sum;
        }
    }

    /// @dev Adds levels until a place has room: the old root becomes the first lane of the new one.
    function _grow(Tree storage tree, uint256 place) private returns (uint256 height) {
        height = tree.height;
        if (height == 0) height = 1;
        while (place >> (2 * height + 1) != 0) {
            tree.words[height << 64] = tree.total;
            ++height;
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        tree.height = uint8(height); // at most 16, since places are below 2^32
    }
}
