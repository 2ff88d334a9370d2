// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ResultLeaf} from "../types/Jobs.sol";

/// @title Decides between two parties about a result of class EXACT, step by step, where no committee could.
/// @dev The seam of the bisection game: a rollup that has one begins it instead of voiding the leaf.
interface IDisputeGame {
    /// @notice Begins a game over a leaf. The rollup only.
    /// @param subject The same as the committee's.
    function begin(bytes32 subject, ResultLeaf calldata leaf, address poster, address challenger) external;

    /// @notice Whether a game is over, and whether the leaf stands.
    function outcomeOf(bytes32 subject) external view returns (bool isOver, bool isUpheld);
}
