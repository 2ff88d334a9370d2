// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Computes how much is left of something that halves in a fixed time.
/// @dev Pure. 2^-f for the fraction f of a half-life is the alternating series of e^-x with x = f ln 2 <
/// 0.694, ten terms: the error is below x^11 / 11! < 5e-10.
library HalfLife {
    /// @dev One, in fixed point.
    uint256 internal constant WAD = 1e18;

    /// @dev Natural logarithm of 2.
    uint256 private constant LN2_WAD = 693_147_180_559_945_309;

    uint256 private constant TERMS = 10;

    /// @dev 2^-(elapsed / halfLife), rounded down to about nine digits; zero after 60 half-lives.
    /// @param elapsed Seconds.
    /// @param halfLife Seconds, not zero.
    function factorWad(uint256 elapsed, uint256 halfLife) internal pure returns (uint256 factor) {
        uint256 halvings = elapsed / halfLife;
        if (halvings >= 60) return 0;
        uint256 x = (elapsed % halfLife) * LN2_WAD / halfLife;
        factor = WAD;
        // Horner from the innermost term: 1 - x/1 (1 - x/2 (1 - x/3 ..)); each bracket is between 0 and 1.
        for (uint256 n = TERMS; n > 0; --n) {
            factor = WAD - x * factor / (WAD * n);
        }
        factor >>= halvings;
    }
}
