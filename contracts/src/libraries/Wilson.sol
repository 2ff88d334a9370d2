// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Computes how good something surely is, from how good it was seen to be, how often.
/// @dev Wilson's score interval, one-sided at 95 %. For scores between 0 and 1 it is on the safe side: none
/// varies more than yes or no.
library Wilson {
    /// @dev One, in fixed point.
    uint256 internal constant WAD = 1e18;

    /// @dev The 95th percentile of the normal distribution, and its square.
    uint256 private constant Z_WAD = 1_644_853_626_951_472_714;
    uint256 private constant ZZ_WAD = 2_705_543_454_095_414_570;

    /// @dev Lower bound of the true mean, rounded down:
    /// (n p + zz / 2 - z sqrt(n p (1 - p) + zz / 4)) / (n + zz).
    /// @param meanWad p, at most 1e18.
    /// @param observationsWad n, below 2^128.
    function lowerBoundWad(uint256 meanWad, uint256 observationsWad) internal pure returns (uint256) {
        uint256 seen = observationsWad * meanWad / WAD;
        uint256 inner = seen * (WAD - meanWad) / WAD + ZZ_WAD / 4;
        uint256 spread =
            Math.mulDiv(Z_WAD, Math.sqrt(inner * WAD, Math.Rounding.Ceil), WAD, Math.Rounding.Ceil);
        return Math.saturatingSub(seen + ZZ_WAD / 2, spread) * WAD / (observationsWad + ZZ_WAD);
    }
}
