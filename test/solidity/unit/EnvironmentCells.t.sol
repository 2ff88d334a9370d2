// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EnvironmentMessages} from "contracts/src/libraries/EnvironmentMessages.sol";
import {EnvironmentProgram} from "contracts/src/types/Environments.sol";
import {Tolerance} from "contracts/src/types/Jobs.sol";

import {EnvironmentFixture} from "../lib/EnvironmentFixture.sol";

/// @title Answers of approximate programs: who agrees with whom.
contract EnvironmentCellsTest is EnvironmentFixture {
    function cell(int256 answer, uint64 width) private pure returns (int256) {
        EnvironmentProgram memory program =
            EnvironmentProgram({programHash: 0, tolerance: Tolerance.Approximate, width: width});
        return int256(uint256(EnvironmentMessages.cellOf(program, number(answer))));
    }

    function test_cellOf_roundsDownOnBothSidesOfZero() public pure {
        assertEq(cell(0, 10), 0, "0");
        assertEq(cell(9, 10), 0, "9");
        assertEq(cell(10, 10), 1, "10");
        assertEq(cell(-1, 10), -1, "-1");
        assertEq(cell(-10, 10), -1, "-10");
        assertEq(cell(-11, 10), -2, "-11");
        assertEq(cell(type(int256).min, 1), type(int256).min, "least");
        assertEq(cell(type(int256).max, 1), type(int256).max, "greatest");
    }

    function testFuzz_cellOf_answersWithinAWidthAreNeighbours(int256 answer, uint64 distance, uint64 width)
        public
        pure
    {
        width = uint64(bound(width, 1, type(uint64).max));
        distance = uint64(bound(distance, 0, width));
        answer = bound(answer, type(int256).min, type(int256).max - int256(uint256(distance)));
        int256 far = cell(answer + int256(uint256(distance)), width);
        int256 near = cell(answer, width);
        assertTrue(far == near || far == near + 1);
    }

    /// @dev Two widths apart is never in one pair of cells.
    function testFuzz_cellOf_answersTwoWidthsApartAreNone(int256 answer, uint64 width) public pure {
        width = uint64(bound(width, 1, type(uint64).max));
        int256 span = 2 * int256(uint256(width));
        answer = bound(answer, type(int256).min, type(int256).max - span);
        assertGt(cell(answer + span, width), cell(answer, width) + 1);
    }

    function test_neighbour_wrapsAtTheEnds() public pure {
        assertEq(EnvironmentMessages.neighbour(0, true), bytes32(type(uint256).max), "below zero");
        assertEq(EnvironmentMessages.neighbour(bytes32(type(uint256).max), false), 0, "above the last");
    }

    function round(int256 first, int256 second, int256 third) private returns (bool, bool, bool) {
        uint64 played = currentEpoch();
        (address[3] memory all, int256[3] memory said) = ([alice, bob, carol], [first, second, third]);
        for (uint256 i = 0; i < 3; ++i) {
            commit(all[i], number(said[i]));
        }
        nextEpoch();
        for (uint256 i = 0; i < 3; ++i) {
            reveal(all[i], number(said[i]));
        }
        nextEpoch();
        return (
            environment.hasPassed(alice, played),
            environment.hasPassed(bob, played),
            environment.hasPassed(carol, played)
        );
    }

    function useThree(EnvironmentProgram[] memory programs) private {
        useCatalogue(programs);
        power.addChip(alice, 1);
        power.addChip(bob, 1);
        power.addChip(carol, 1);
    }

    function test_reveal_floatsThatDifferByLessThanTheWidthAgree() public {
        useThree(approximateOnly());
        (bool a, bool b, bool c) = round(999, 1001, 5000);
        assertTrue(a && b, "two cells, one answer");
        assertFalse(c, "far away");
    }

    function test_reveal_floatsBelowZeroAgreeWithThoseAbove() public {
        useThree(approximateOnly());
        (bool a, bool b, bool c) = round(-1, 1, -3000);
        assertTrue(a && b, "either side of zero");
        assertFalse(c, "far away");
    }

    function test_reveal_exactAnswersOneApartDisagree() public {
        useThree(exactOnly());
        (bool a, bool b, bool c) = round(7, 7, 8);
        assertTrue(a && b, "equal");
        assertFalse(c, "one off");
    }
}
