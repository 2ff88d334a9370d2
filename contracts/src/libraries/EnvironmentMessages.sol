// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EnvironmentProgram} from "../types/Environments.sol";
import {Tolerance} from "../types/Jobs.sol";
import {Tags} from "./Tags.sol";

/// @title Hashes what rounds of the environment proof are made of; this contract is EnvironmentProof.
library EnvironmentMessages {
    /// @dev What a round draws: the program and all chance in its input follow from it.
    function seed(uint64 round, bytes32 beacon) internal view returns (bytes32) {
        return keccak256(abi.encode(Tags.ENVIRONMENT, block.chainid, address(this), round, beacon));
    }

    /// @dev The drawn program's place in the catalogue; some places are likelier by less than 2^-247.
    function indexOf(bytes32 drawn, uint256 programs) internal pure returns (uint256) {
        return uint256(drawn) % programs;
    }

    /// @dev What an operator binds itself to: nobody else can open it, nor in another round.
    function commitment(uint64 round, address operator, bytes32 answer, bytes32 salt)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(Tags.ENVIRONMENT_ANSWER, block.chainid, address(this), round, operator, answer, salt)
        );
    }

    /// @dev Where answers are counted. Those of an approximate program are whole numbers; they lie in cells
    /// of one width, so that two which differ by no more lie in one cell or in neighbours. All others are
    /// hashed: nobody can find one beside another's.
    function cellOf(EnvironmentProgram memory program, bytes32 answer) internal pure returns (bytes32) {
        if (program.tolerance != Tolerance.Approximate) return keccak256(abi.encode(answer));
        // forge-lint: disable-next-line(unsafe-typecast)
        int256 number = int256(uint256(answer)); // the same bits: answers have a sign
        int256 width = int256(uint256(program.width));
        int256 cell = number / width;
        if (number % width < 0) cell -= 1; // rounded down, also below zero
        // forge-lint: disable-next-line(unsafe-typecast)
        return bytes32(uint256(cell)); // the same bits
    }

    /// @dev The cell above, or below if `isDown`; the last one's neighbour is the first.
    function neighbour(bytes32 cell, bool isDown) internal pure returns (bytes32) {
        unchecked {
            // wraps on purpose: cells that far away hold no answers that agree
            return bytes32(isDown ? uint256(cell) - 1 : uint256(cell) + 1);
        }
    }
}
