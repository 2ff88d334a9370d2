// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Keeps one bit for each epoch, 256 of them to a word.
library EpochBits {
    /// @dev Bit e % 256 of word e / 256.
    struct Row {
        mapping(uint256 word => uint256 bits) words;
    }

    function isSet(Row storage row, uint64 epoch) internal view returns (bool) {
        return row.words[epoch >> 8] & bit(epoch) != 0;
    }

    function set(Row storage row, uint64 epoch) internal {
        row.words[epoch >> 8] |= bit(epoch);
    }

    /// @dev Sets all bits from `first` up to and without `end`, a word at a time.
    function fill(Row storage row, uint64 first, uint64 end) internal {
        for (uint64 start = first; start < end; start = wordEnd(start)) {
            row.words[start >> 8] |= mask(start, end);
        }
    }

    /// @dev The 256 epochs before `epoch`, the latest in the highest bit.
    function recent(Row storage row, uint64 epoch) internal view returns (uint256 bits) {
        uint256 word = epoch >> 8;
        uint256 used = epoch & 0xff;
        bits = row.words[word] << (256 - used);
        if (word != 0) bits |= row.words[word - 1] >> used;
    }

    /// @dev Those of the 256 epochs before `end` that are not before `first`, the latest in the highest bit.
    function latest(uint64 end, uint64 first) internal pure returns (uint256 bits) {
        if (end <= first) return 0;
        return end - first < 256 ? ~(type(uint256).max >> (end - first)) : type(uint256).max;
    }

    /// @dev The bit of one of the 256 epochs before `end` where the latest stands in the highest.
    function place(uint64 end, uint64 epoch) internal pure returns (uint256) {
        return uint256(1) << (256 - (end - epoch));
    }

    /// @dev Those epochs of a word that lie from `start`, which is in it, up to and without `end`, which is
    /// later.
    function mask(uint64 start, uint64 end) internal pure returns (uint256 bits) {
        bits = type(uint256).max << (start & 0xff);
        if (end < wordEnd(start)) bits &= bit(end) - 1;
    }

    /// @dev The first epoch of the next word.
    function wordEnd(uint64 epoch) internal pure returns (uint64) {
        return (epoch | 0xff) + 1;
    }

    /// @dev Place of an epoch in its word.
    function bit(uint64 epoch) internal pure returns (uint256) {
        uint256 first = 1;
        return first << (epoch & 0xff);
    }

    /// @dev How many bits of a word are set: sums of ever wider fields, added up by the product.
    function count(uint256 bits) internal pure returns (uint256) {
        unchecked {
            // cannot wrap: each field is wide enough for the bits that it counts
            bits -= (bits >> 1) & (type(uint256).max / 3);
            bits = (bits & (type(uint256).max / 5)) + ((bits >> 2) & (type(uint256).max / 5));
            bits = (bits + (bits >> 4)) & (type(uint256).max / 17);
            bits += bits >> 8;
            bits &= type(uint256).max / 257;
            bits += bits >> 16;
            bits += bits >> 32;
            bits += bits >> 64;
            return (bits + (bits >> 128)) & 0xffff;
        }
    }
}
