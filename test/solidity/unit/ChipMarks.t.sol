// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChipRegistration, ChipState} from "contracts/src/types/Chips.sol";

import {MarkFixture} from "../lib/MarkFixture.sol";

/// @title Tests that whatever writes a chip's misses or its past marks them in its record.
contract ChipMarksTest is MarkFixture {
    function setUp() public override {
        super.setUp();
        register(8);
    }

    function test_marks_areNoneOfAChipThatNeverMissedAndNeverLeft() public {
        proveIn(1, "of8", nobody);

        assertMarked(0, false, false);
    }

    function test_marks_ofAnAbsentChip() public {
        proveIn(1, "of8without7", one(7));

        assertMarked(7, true, false);
        assertMarked(0, false, false);
    }

    /// @dev Silence is written nowhere but in the operator's book.
    function test_marks_ofAChipThatCameBack() public {
        mineToEpoch(4);
        registry.suspendSilent(only(7), entries[7].blsKey);
        assertMarked(7, false, false);
        mineToEpoch(6);

        bytes32 r = vm.parseJsonBytes32(json, ".epochs.e6.r7");
        bytes32 s = vm.parseJsonBytes32(json, ".epochs.e6.s7");
        vm.prank(operator);
        registry.resume(ids[7], signed(7, r, s), entries[7].blsKey);

        assertMarked(7, true, true);
    }

    function test_marks_ofAChipThatLeaves() public {
        vm.prank(operator);
        registry.requestExit(ids[3], entries[3].blsKey);

        assertMarked(3, false, true);
    }

    function test_marks_ofAnExpelledChip() public {
        mineToEpoch(4);
        registry.suspendSilent(only(7), entries[7].blsKey);
        mineToEpoch(146);

        registry.expel(ids[7]);

        assertMarked(7, false, true);
    }

    function test_marks_ofAPunishedChip() public {
        vm.prank(CHALLENGES);
        registry.failChallenge(ids[2], entries[2].blsKey, stranger);

        assertMarked(2, false, true);
    }

    /// @dev A record is written whole when its chip comes again: what it missed before stays marked.
    function test_marks_outliveAnotherRegistration() public {
        registerFrom(8, 24);
        proveIn(3, "of32without0and31", two(0, 31));
        vm.prank(operator);
        registry.requestExit(ids[0], entries[0].blsKey);
        mineTo(3 * EPOCH + EXIT_SECONDS);
        registry.finishExit(ids[0]);
        ChipRegistration[] memory chips = slice(0, 1);
        chips[0].r = vm.parseJsonBytes32(json, ".transfer.r");
        chips[0].s = vm.parseJsonBytes32(json, ".transfer.s");
        chips[0].possession = vm.parseJsonBytes(json, ".transfer.possession");
        bytes memory key = vm.parseJsonBytes(json, ".newVrfKey");

        vm.prank(newOperator);
        registry.register{value: bondOf(1)}(chips, key);

        assertEq(uint8(chipOf(0).state), uint8(ChipState.Pending), "registered again");
        assertEq(chipOf(0).registrations, 2, "its past is read");
        assertMarked(0, true, true);
    }

    function assertMarked(uint256 i, bool hasMissed, bool hasPast) private view {
        assertMarks(ids[i]);
        (bool missed, bool past) = marksOf(ids[i]);
        assertEq(missed, hasMissed, "has missed");
        assertEq(past, hasPast, "has a past");
        assertEq(missedBy(ids[i]) != 0, hasMissed, "a word of misses");
        assertEq(pastOf(ids[i]) != 0, hasPast, "a word of its past");
    }
}
