// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChipId} from "contracts/src/types/Ids.sol";

import {PociFixture} from "./PociFixture.sol";

/// @title Looks into the registry's storage: whether what a chip's record says of its other words is true.
/// @dev The slots are those of `ChipLedger.Ledger`, which begins at slot 0.
abstract contract MarkFixture is PociFixture {
    uint256 private constant CHIPS_SLOT = 2;
    uint256 private constant PASTS_SLOT = 3;
    uint256 private constant MISSED_SLOT = 9;
    /// @dev Words of epochs that no test goes beyond.
    uint256 private constant WORDS = 4;

    /// @dev A word that is not zero is marked: without its mark nobody would read it.
    function assertMarks(ChipId id) internal view {
        (bool hasMissed, bool hasPast) = marksOf(id);
        if (pastOf(id) != 0) assertTrue(hasPast, "mark of the past");
        if (missedBy(id) != 0) assertTrue(hasMissed, "mark of the misses");
    }

    function marksOf(ChipId id) internal view returns (bool hasMissed, bool hasPast) {
        uint256 record = wordOf(id, CHIPS_SLOT);
        assertEq(record & 0xff, uint8(views.chipOf(id).state), "the slot is the record's");
        return ((record >> 240) & 0xff != 0, record >> 248 != 0);
    }

    function pastOf(ChipId id) internal view returns (uint256) {
        return wordOf(id, PASTS_SLOT);
    }

    /// @dev All words of missed epochs together.
    function missedBy(ChipId id) internal view returns (uint256 bits) {
        bytes32 row = keccak256(abi.encode(id, MISSED_SLOT));
        for (uint256 word = 0; word < WORDS; ++word) {
            bits |= uint256(vm.load(REGISTRY, keccak256(abi.encode(word, row))));
        }
    }

    function wordOf(ChipId id, uint256 slot) private view returns (uint256) {
        return uint256(vm.load(REGISTRY, keccak256(abi.encode(id, slot))));
    }
}
