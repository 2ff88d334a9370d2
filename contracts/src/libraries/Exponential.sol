// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Computes e^-x and 2^-x in fixed point with 36 digits.
/// @dev Pure. x = k ln 2 + f, e^-x = 2^-k e^-f; e^-f by its series, 32 terms: the rest is below 0.7^33 / 33!
/// < 1e-41.
library Exponential {
    uint256 internal constant ONE = 1e36;

    /// @dev Natural logarithm of 2.
    uint256 private constant LN2 = 693_147_180_559_945_309_417_232_121_458_176_568;

    uint256 private constant TERMS = 32;

    /// @dev e^-x, rounded down to within 64e-36; zero from x = 120 ln 2 on.
    /// @param x In 1e-36.
    function negative(uint256 x) internal pure returns (uint256 power) {
        uint256 halvings = x / LN2;
        if (halvings >= 120) return 0;
        uint256 rest = x % LN2;
        power = ONE;
        // Horner from the innermost term: 1 - f/1 (1 - f/2 (1 - f/3 ..)); each bracket is between 0 and 1.
        for (uint256 n = TERMS; n > 0; --n) {
            power = ONE - rest * power / (ONE * n);
        }
        power >>= halvings;
    }

    /// @dev 2^-(part / whole), as exact as `negative`; exact where `whole` divides `part`.
    /// @param part Below 2^128.
    /// @param whole Not zero.
    function halved(uint256 part, uint256 whole) internal pure returns (uint256) {
        return negative(LN2 * part / whole);
    }
}
